// What a plan is expected to do: how long it takes, and the users on each target. Pure.
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { Pace } from "@liquid-ims/reference-points/os-cfs";
import { defaultUsersPerSecond } from "./pace.ts";
import type { PlanLine } from "./plan.ts";

/** What a plan expects to happen. */
export interface Forecast {
  /** Milliseconds from the first command to the last; how long calls are waited for cannot be known. */
  readonly durationMs: number;
  /** Registrations on each target now, and when all planned ones have come. */
  readonly targets: readonly {
    readonly function: FunctionName;
    readonly users: number;
    readonly after: number;
  }[];
}

export interface ForecastInput {
  readonly lines: readonly PlanLine[];
  readonly pace: Pace;
  /** Registrations on each target now. */
  readonly present: readonly { readonly function: FunctionName; readonly users: number }[];
}

export function forecast({ lines, pace, present }: ForecastInput): Forecast {
  const movers = lines.filter(({ target }) => target !== null);
  const rate = pace.usersPerSecond ?? defaultUsersPerSecond;
  return {
    durationMs: pace.mode === "parallel" ? 0 : Math.round((Math.max(0, movers.length - 1) * 1000) / rate),
    targets: present.map((entry) => ({
      ...entry,
      after: entry.users + movers.filter(({ target }) => target === entry.function).length,
    })),
  };
}
