// The window of a change of S-CSCF, as it crossed the wires: from where the CFS asks the HSS for the new name (by MAR, or
// through the HSS's own interface) to the 200 of the new registration at the UE; and the calls that were lost in it.
import { addressUri } from "@liquid-ims/sip/header/name-address";
import { parseSipUri } from "@liquid-ims/sip/uri";
import type { TraceEntry } from "../trace.ts";
import type { PlacedCall } from "../ue/fleet.ts";
import type { ReportWindow } from "./report.ts";
import { sipFacts } from "./sip-facts.ts";
import { type WrittenName, writtenNames } from "./written-names.ts";

/** Milliseconds of the trace; `to` is null when the user never came to the S-CSCF that was named. */
export interface UserWindow {
  readonly user: string;
  readonly from: number;
  readonly to: number | null;
  /** When the change was taken back, and the old S-CSCF had him again; null: it was not. */
  readonly backAt: number | null;
}

/** When nobody can meet it any more, in the trace's milliseconds. */
export function endOf({ to, backAt }: UserWindow): number {
  return to ?? backAt ?? Number.POSITIVE_INFINITY;
}

export type WindowFigures = Pick<ReportWindow, "medianMilliseconds" | "maxMilliseconds" | "callsLost">;

interface OpenWindow {
  readonly user: string;
  readonly from: number;
  readonly host: string | null;
  to: number | null;
  backAt: number | null;
}

function hostOf(uri: string): string | null {
  return parseSipUri(uri)?.host.toLowerCase() ?? null;
}

/**
 * A window for each user whose S-CSCF the CFS has changed: a name that takes a change back opens none, for the old S-CSCF
 * (`from` of the user's line) still knows him. `cfs` is the short name of the CFS.
 */
export function userWindows(
  trace: readonly TraceEntry[],
  origins: ReadonlyMap<string, string>,
  cfs: string,
): UserWindow[] {
  const windows: OpenWindow[] = [];
  const names = writtenNames(trace, cfs);
  let next = 0;
  function begin({ user, server, askedAt: from, writtenAt }: WrittenName): void {
    const host = hostOf(server);
    const open = windows.find((one) => one.to === null && one.backAt === null && one.user === user);
    const isBack = host === hostOf(origins.get(user) ?? "");
    // One that is sent again finds the window open.
    if (open !== undefined) open.backAt = isBack ? writtenAt : null;
    else if (!isBack) windows.push({ user, from, host, to: null, backAt: null });
  }
  for (const entry of trace) {
    for (let name = names[next]; name !== undefined && name.askedAt <= entry.at; name = names[++next])
      begin(name);
    if (windows.length === 0) continue;
    const facts = sipFacts(entry);
    if (facts === null || facts.method !== "REGISTER" || facts.status !== 200) continue;
    const host = facts.serviceRoute === null ? null : hostOf(addressUri(facts.serviceRoute));
    const open = windows.findLast((one) => one.to === null && one.user === facts.to && one.host === host);
    if (open !== undefined && entry.to.startsWith("ue")) open.to = entry.at;
  }
  return windows.map(({ user, from, to, backAt }) => ({ user, from, to, backAt }));
}

/** Times of the call on the trace's axis. */
function isIn(call: PlacedCall, zeroWall: number, window: UserWindow): boolean {
  const { user, from } = window;
  if (user !== call.callee && user !== call.caller) return false;
  const ended = call.endedAt === null ? Number.POSITIVE_INFINITY : call.endedAt - zeroWall;
  return call.placedAt - zeroWall <= endOf(window) && ended >= from;
}

/** Of numbers in ascending order; 0 of none. */
export function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

export function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** Tenths of a millisecond; calls that failed in nobody's window are told apart. `zeroWall`: the trace's zero. */
export function measureWindows(
  windows: readonly UserWindow[],
  placed: readonly PlacedCall[],
  zeroWall: number,
): { readonly window: WindowFigures | null; readonly outside: readonly PlacedCall[] } {
  const failed = placed.filter((call) => call.failed);
  const inside = failed.filter((call) => windows.some((window) => isIn(call, zeroWall, window)));
  const outside = failed.filter((call) => !inside.includes(call));
  const lengths = windows.flatMap(({ from, to }) => (to === null ? [] : [to - from])).sort((a, b) => a - b);
  // Nobody came to another S-CSCF, and nobody was called in vain meanwhile: the HSS has kept the old names.
  if (lengths.length === 0 && inside.length === 0) return { window: null, outside };
  return {
    outside,
    window: {
      medianMilliseconds: tenths(median(lengths)),
      maxMilliseconds: tenths(lengths.at(-1) ?? 0),
      callsLost: inside.length,
    },
  };
}
