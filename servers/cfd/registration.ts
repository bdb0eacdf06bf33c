// A registration's effect on the location records. Pure.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationRecord } from "@liquid-ims/location-service/record";
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
  const age = ageOf(old, message);
  const isSameServer = old !== null && table.isSame(old.sCscf, message.sCscf);
  if (age === "older") {
    changes.outcomes.add("late");
    return;
  }
  if (age === "same" && isSameServer && old.state === "registered" && !old.doubtful) {
    changes.outcomes.add("duplicate");
    return;
  }
  const live = old !== null && isLive(old) ? old : null;
  const expiresAt = now + binding.expires * 1000;
  const seen = message.pCscf;
  let pCscf = seen?.name ?? old?.pCscf ?? null;
  let path = seen?.path ?? old?.path ?? [];
  if (seen !== null && seen.path.length === 0 && old?.pCscf != null && table.isSame(old.pCscf, seen.name))
    path = old.path;
  let others = live?.others ?? [];
  let ambiguous = live?.ambiguous ?? false;
  const contact = old?.contact ?? binding.contact;
  if (contact === null && live?.pCscf != null && seen !== null) {
    const before = { pCscf: live.pCscf, others, ambiguous, expiresAt: live.expiresAt };
    ({ pCscf, others, ambiguous } = sightPCscf(before, { pCscf: seen.name, expiresAt }, now, table.isSame));
    if (table.isSame(pCscf, live.pCscf) && !table.isSame(pCscf, seen.name)) path = live.path;
  } else if (contact === null && live === null) {
    // Several contacts are known and this message could be any of them, or yet another.
    ambiguous = own.some((record) => isLive(record) && record.contact !== null);
    others = [];
  }
  const regId = binding.regId ?? old?.regId ?? null;
  changes.write(
    {
      impu,
      contact,
      implicitSet: message.isSetShown ? message.implicitSet : (old?.implicitSet ?? message.implicitSet),
      impi: message.impi ?? old?.impi ?? options.impiOf(impu),
      instance: binding.instance ?? old?.instance ?? null,
      ...(regId === null ? {} : { regId }),
      pCscf,
      path,
      sCscf: message.sCscf,
      visitedNetwork: message.visitedNetwork ?? old?.visitedNetwork ?? null,
      registeredAt: live?.registeredAt ?? now,
      refreshedAt: now,
      expiresAt: ambiguous ? Math.max(expiresAt, live?.expiresAt ?? 0) : expiresAt,
      order: message.order ?? old?.order ?? null,
      doubtful: false,
      ambiguous,
      others,
      state: "registered",
      leftAt: null,
    },
    old,
  );
  // The device that shows its contact now was the unknown one, or has given up another contact, or was kept under
  // another identity of the set before the default one was known.
  for (const record of records) {
    if (record === old || !isLive(record) || binding.contact === null) continue;
    const isReplaced = record.contact === null || isSameDevice(record, binding);
    if (isReplaced || (record.impu !== impu && record.contact === binding.contact))
      changes.write(leftRecord(record, now), record);
  }
  if (binding.contact === null)
    for (const record of records)
      if (record.impu !== impu && isLive(record) && record.contact === null)
        changes.write(leftRecord(record, now), record);
  if (live === null) changes.outcomes.add("registered");
  else if (!isSameServer) changes.outcomes.add("S-CSCF changed");
  else if (pCscf !== null && (live.pCscf === null || !table.isSame(pCscf, live.pCscf)))
    changes.outcomes.add("P-CSCF changed");
  else changes.outcomes.add("refreshed");
}
