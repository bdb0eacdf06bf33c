// A registration's effect on the location records. Pure.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { FunctionName, LocationRecord, OtherPCscf } from "@liquid-ims/location-service/record";
import { sightPCscf } from "./p-cscf-sighting.ts";
import { ageOf, type Changes, type DecisionOptions, isLive, leftRecord } from "./record-change.ts";
import type { ThirdPartyRegister } from "./third-party-register.ts";

interface Binding {
  readonly contact: string | null;
  readonly instance: string | null;
  readonly regId: number | null;
  /** Seconds. */
  readonly expires: number;
}

/** The bindings that the message says to stand. Without a body that shows contacts: one of an unknown contact. */
export function standing(message: ThirdPartyRegister): readonly Binding[] {
  const { contacts, expires } = message;
  if (expires === 0) return [];
  if (contacts === null || contacts === "*" || contacts.length === 0)
    return [{ contact: null, instance: null, regId: null, expires }];
  return contacts
    .filter(({ isRemoved }) => !isRemoved)
    .map(({ uri, instance, regId, granted }) => ({
      contact: uri,
      instance,
      regId,
      expires: granted ?? expires,
    }));
}

/** The record that an unknown contact is about: its own, else the only one it can be. */
function recordOfUnknown(
  records: readonly LocationRecord[],
  message: ThirdPartyRegister,
  table: FunctionTable,
): LocationRecord | null {
  const unknown = records.find(({ contact }) => contact === null);
  if (unknown !== undefined && isLive(unknown)) return unknown;
  const known = records.filter((record) => isLive(record) && record.contact !== null);
  const { pCscf } = message;
  const there =
    pCscf === null
      ? []
      : known.filter((record) => record.pCscf !== null && table.isSame(record.pCscf, pCscf.name));
  const candidates = known.length === 1 ? known : there;
  return candidates.length === 1 ? (candidates[0] ?? null) : (unknown ?? null);
}

function isSameDevice(record: LocationRecord, binding: Binding): boolean {
  return (
    binding.instance !== null &&
    record.instance === binding.instance &&
    (record.regId ?? null) === binding.regId
  );
}

interface Whereabouts {
  readonly pCscf: FunctionName | null;
  readonly path: readonly string[];
  readonly ambiguous: boolean;
  readonly others: readonly OtherPCscf[];
}

/** Where the binding is served now. An unknown P-CSCF leaves what is known. */
function whereaboutsOf(
  contact: string | null,
  message: ThirdPartyRegister,
  old: LocationRecord | null,
  own: readonly LocationRecord[],
  expiresAt: number,
  { now, table }: DecisionOptions,
): Whereabouts {
  const live = old !== null && isLive(old) ? old : null;
  const seen = message.pCscf;
  const kept = { pCscf: old?.pCscf ?? null, path: old?.path ?? [] };
  const beside = { ambiguous: live?.ambiguous ?? false, others: live?.others ?? [] };
  // Several contacts are known and this message could be about any of them, or about yet another.
  if (contact === null && live === null)
    beside.ambiguous = own.some((record) => isLive(record) && record.contact !== null);
  if (seen === null) return { ...kept, ...beside };
  const isKnown = kept.pCscf !== null && table.isSame(kept.pCscf, seen.name);
  const path = seen.path.length === 0 && isKnown ? kept.path : seen.path;
  if (contact !== null || live === null || live.pCscf === null) return { pCscf: seen.name, path, ...beside };
  const before = { ...beside, pCscf: live.pCscf, expiresAt: live.expiresAt };
  const sighted = sightPCscf(before, { pCscf: seen.name, expiresAt }, now, table.isSame);
  return { ...sighted, path: table.isSame(sighted.pCscf, seen.name) ? path : kept.path };
}

/**
 * Records that the binding takes the place of: the unknown contact, which now shows itself; another contact of the
 * same device and flow; and what was kept under another identity before the set's default one was known.
 */
function isSuperseded(record: LocationRecord, binding: Binding, impu: string): boolean {
  if (record.impu !== impu && record.contact === binding.contact) return true;
  return binding.contact !== null && (record.contact === null || isSameDevice(record, binding));
}

/** Writes what a standing binding means. Without a contact it is that of the only record it can be. */
export function register(
  binding: Binding,
  message: ThirdPartyRegister,
  records: readonly LocationRecord[],
  changes: Changes,
  impu: string,
  options: DecisionOptions,
): void {
  const { now, table } = options;
  const own = records.filter((record) => record.impu === impu);
  const old =
    binding.contact === null
      ? recordOfUnknown(own, message, table)
      : (own.find(({ contact }) => contact === binding.contact) ?? null);
  const live = old !== null && isLive(old) ? old : null;
  const age = ageOf(old, message);
  const isSameServer = old !== null && table.isSame(old.sCscf, message.sCscf);
  if (age === "older") {
    changes.outcomes.add("late");
    return;
  }
  if (age === "same" && isSameServer && live !== null && !live.doubtful) {
    changes.outcomes.add("duplicate");
    return;
  }
  const contact = old?.contact ?? binding.contact;
  const expiresAt = now + binding.expires * 1000;
  const where = whereaboutsOf(contact, message, old, own, expiresAt, options);
  const regId = binding.regId ?? old?.regId ?? null;
  changes.write(
    {
      ...where,
      impu,
      contact,
      implicitSet: message.isSetShown ? message.implicitSet : (old?.implicitSet ?? message.implicitSet),
      impi: message.impi ?? old?.impi ?? options.impiOf(impu),
      instance: binding.instance ?? old?.instance ?? null,
      ...(regId === null ? {} : { regId }),
      sCscf: message.sCscf,
      visitedNetwork: message.visitedNetwork ?? old?.visitedNetwork ?? null,
      registeredAt: live?.registeredAt ?? now,
      refreshedAt: now,
      // Of two devices under one record the later one to run out counts.
      expiresAt: where.ambiguous ? Math.max(expiresAt, live?.expiresAt ?? 0) : expiresAt,
      order: message.order ?? old?.order ?? null,
      doubtful: false,
      state: "registered",
      leftAt: null,
    },
    old,
  );
  for (const record of records)
    if (record !== old && isLive(record) && isSuperseded(record, binding, impu))
      changes.write(leftRecord(record, now), record);
  if (live === null) changes.outcomes.add("registered");
  else if (!isSameServer) changes.outcomes.add("S-CSCF changed");
  else if (where.pCscf !== null && (live.pCscf === null || !table.isSame(where.pCscf, live.pCscf)))
    changes.outcomes.add("P-CSCF changed");
  else changes.outcomes.add("refreshed");
}
