// What the window of a change of S-CSCF consists of, and what the same registrations take without a MAR, in the same run.
import type { TraceEntry } from "../trace.ts";
import type { ReportWindowParts } from "./report.ts";
import { type SipFacts, sipFacts } from "./sip-facts.ts";
import { median, tenths, type UserWindow } from "./window.ts";
import { type WrittenName, writtenNames } from "./written-names.ts";

/** A REGISTER of a UE, whatever challenges it met, until its 200. Milliseconds of the trace. */
export interface UeRegistration {
  readonly user: string;
  readonly from: number;
  readonly to: number;
}

interface SipEntry {
  readonly entry: TraceEntry;
  readonly facts: SipFacts;
}

function isUe(name: string): boolean {
  return name.startsWith("ue");
}

function readSip(trace: readonly TraceEntry[]): SipEntry[] {
  return trace.flatMap((entry) => {
    const facts = sipFacts(entry);
    return facts === null ? [] : [{ entry, facts }];
  });
}

/** Registrations that a UE has begun and got a 200 for. */
function ueRegistrations(sip: readonly SipEntry[]): UeRegistration[] {
  const begun = new Map<string, number>();
  const registrations: UeRegistration[] = [];
  for (const { entry, facts } of sip) {
    const { method, status, to: user } = facts;
    if (method !== "REGISTER") continue;
    if (status === null && isUe(entry.from) && !begun.has(user)) begun.set(user, entry.at);
    if (status === null || status < 200 || status === 401 || status === 407 || !isUe(entry.to)) continue;
    const from = begun.get(user);
    begun.delete(user);
    if (status === 200 && from !== undefined) registrations.push({ user, from, to: entry.at });
  }
  return registrations;
}

/** Milliseconds; a window without one of the moments counts nowhere. */
function partsOf(
  names: readonly WrittenName[],
  sip: readonly SipEntry[],
  registrations: readonly UeRegistration[],
  window: UserWindow,
  cfs: string,
): { mar: number; order: number; command: number; registration: number } | null {
  const { user, from, to } = window;
  const answered = names.find((one) => one.user === user && one.askedAt === from)?.writtenAt ?? null;
  // The one whose 200 ends the window.
  const registration = registrations.find((one) => one.user === user && one.to === to);
  if (answered === null || registration === undefined) return null;
  const command = sip.find(
    ({ entry, facts }) =>
      entry.at >= answered &&
      entry.at <= registration.from &&
      entry.from === cfs &&
      facts.method === "NOTIFY" &&
      facts.status === null &&
      facts.to === user,
  );
  // It was under way already, or was refreshed by itself: no command has caused it.
  if (command === undefined) return null;
  return {
    mar: answered - from,
    order: command.entry.at - answered,
    command: registration.from - command.entry.at,
    registration: registration.to - registration.from,
  };
}

function medianOf(values: readonly number[]): number {
  return median(values.toSorted((a, b) => a - b));
}

export interface WindowPartsOptions {
  /** Short name of the CFS. */
  readonly cfs: string;
  /** Users who were registered anew without a MAR while the transfer ran, which is between these times of the trace. */
  readonly staying: ReadonlySet<string>;
  readonly from: number;
  readonly to: number;
}

/** Tenths of a millisecond. */
export function measureParts(
  trace: readonly TraceEntry[],
  windows: readonly UserWindow[],
  { cfs, staying, from, to }: WindowPartsOptions,
): { readonly parts: ReportWindowParts; readonly baselineMilliseconds: number | null } {
  const sip = readSip(trace);
  const registrations = ueRegistrations(sip).sort((a, b) => a.from - b.from);
  const names = writtenNames(trace, cfs);
  const all = windows
    .map((window) => partsOf(names, sip, registrations, window, cfs))
    .filter((parts) => parts !== null);
  const others = registrations.filter((one) => staying.has(one.user) && one.from >= from && one.from <= to);
  // One was begun whenever a window opened, so that both meet the same load.
  const pairs = others.flatMap(({ from: begun, to: done }, index) => {
    const parts = all[index];
    return parts === undefined ? [] : [parts.order + parts.command + (done - begun)];
  });
  return {
    parts: {
      marMilliseconds: tenths(medianOf(all.map((parts) => parts.mar))),
      orderMilliseconds: tenths(medianOf(all.map((parts) => parts.order))),
      commandMilliseconds: tenths(medianOf(all.map((parts) => parts.command))),
      registrationMilliseconds: tenths(medianOf(all.map((parts) => parts.registration))),
    },
    baselineMilliseconds: pairs.length === 0 ? null : tenths(medianOf(pairs)),
  };
}
