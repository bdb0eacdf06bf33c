// The window of a change of S-CSCF: from the MAR to the 200 of the new registration, and the calls that were lost in it.
import type { UserLine } from "@liquid-ims/reference-points/os-cfs";
import type { ObservedRegistration } from "@liquid-ims/ue-lcf/observation";
import type { PlacedCall, SeenRegistration } from "../ue/fleet.ts";
import type { ReportWindow } from "./report.ts";

/** Wall clock; `to` is null when the user never came to the target. */
export interface UserWindow {
  readonly user: string;
  readonly from: number;
  readonly to: number | null;
}

/** A window for each user whose name was overwritten in the HSS. */
export function userWindows(
  lines: readonly UserLine[],
  registered: readonly SeenRegistration[],
  placeOf: (registration: ObservedRegistration) => string,
): UserWindow[] {
  return lines.flatMap(({ user, to: target, reassignedAt: from }) => {
    if (from === null) return [];
    const back = registered.find(
      ({ user: who, event: { kind, at, registration } }) =>
        who === user &&
        kind === "registered" &&
        at >= from &&
        registration !== null &&
        placeOf(registration) === target,
    );
    return [{ user, from, to: back?.event.at ?? null }];
  });
}

function isIn(call: PlacedCall, { user, from, to }: UserWindow): boolean {
  if (user !== call.callee && user !== call.caller) return false;
  const ended = call.endedAt ?? Number.POSITIVE_INFINITY;
  return call.placedAt <= (to ?? Number.POSITIVE_INFINITY) && ended >= from;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** Whole tenths of a millisecond; calls that failed in nobody's window are told apart. */
export function measureWindows(
  windows: readonly UserWindow[],
  placed: readonly PlacedCall[],
): { readonly window: ReportWindow | null; readonly outside: readonly PlacedCall[] } {
  const failed = placed.filter((call) => call.failed);
  const inside = failed.filter((call) => windows.some((window) => isIn(call, window)));
  const outside = failed.filter((call) => !inside.includes(call));
  if (windows.length === 0) return { window: null, outside };
  const lengths = windows.flatMap(({ from, to }) => (to === null ? [] : [to - from])).sort((a, b) => a - b);
  const tenths = (milliseconds: number) => Math.round(milliseconds * 10) / 10;
  return {
    outside,
    window: {
      medianMilliseconds: tenths(median(lengths)),
      maxMilliseconds: tenths(lengths.at(-1) ?? 0),
      callsLost: inside.length,
    },
  };
}
