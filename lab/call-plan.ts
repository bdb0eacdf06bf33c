// Which calls an experiment places, drawn beforehand: the same seed, the same calls, on every clock.
import type { Random } from "@liquid-ims/runtime/random";

export interface PlannedCall {
  /** Script seconds. */
  readonly at: number;
  readonly caller: string;
  readonly callee: string;
  /** Seconds of the script from the answer to the hang-up. */
  readonly talk: number;
}

export interface CallPlanOptions {
  readonly callers: readonly string[];
  readonly callees: readonly string[];
  /** Calls per second of the script, all callers together. */
  readonly rate: number;
  /** Seconds of the script in which calls begin. */
  readonly duration: number;
  /** Default 10. */
  readonly meanTalk?: number;
  /** Default 2. */
  readonly minimumTalk?: number;
}

/** Callers and callees take turns; talking times are exponential with the mean, and at least the minimum. */
export function planCalls(random: Random, options: CallPlanOptions): PlannedCall[] {
  const { callers, callees, rate, duration, meanTalk = 10, minimumTalk = 2 } = options;
  const count = Math.floor(rate * duration);
  const calls: PlannedCall[] = [];
  for (let index = 0; index < count; index++) {
    const caller = callers[index % callers.length];
    const callee = callees[index % callees.length];
    if (caller === undefined || callee === undefined)
      throw new Error("a call plan needs callers and callees");
    // The mean of minimum + exponential(mean - minimum) is the mean asked for.
    const talk = minimumTalk - Math.log(1 - random.float()) * (meanTalk - minimumTalk);
    calls.push({ at: index / rate, caller, callee, talk });
  }
  return calls;
}
