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

interface Pace {
  /** Calls per second of the script, all callers together. */
  readonly rate: number;
  /** Seconds of the script in which calls begin. */
  readonly duration: number;
  /** Default 10. */
  readonly meanTalk?: number;
  /** Default 2. */
  readonly minimumTalk?: number;
}

export interface CallPlanOptions extends Pace {
  readonly callers: readonly string[];
  readonly callees: readonly string[];
}

/** Callers and callees take turns; talking times are exponential with the mean, and at least the minimum. */
export function planCalls(random: Random, options: CallPlanOptions): PlannedCall[] {
  const { callers, callees } = options;
  return plan(random, options, (index) => [callers[index % callers.length], callees[index % callees.length]]);
}

export interface CallsAmongOptions extends Pace {
  /** At least two. */
  readonly users: readonly string[];
}

/** Callers take turns; each calls one of the others, whom chance chooses. */
export function planCallsAmong(random: Random, options: CallsAmongOptions): PlannedCall[] {
  const { users } = options;
  return plan(random, options, (index) => {
    const caller = index % users.length;
    return [users[caller], users[(caller + 1 + random.int(users.length - 1)) % users.length]];
  });
}

function plan(
  random: Random,
  { rate, duration, meanTalk = 10, minimumTalk = 2 }: Pace,
  pair: (index: number) => [caller: string | undefined, callee: string | undefined],
): PlannedCall[] {
  return Array.from({ length: Math.floor(rate * duration) }, (_, index) => {
    const [caller, callee] = pair(index);
    if (caller === undefined || callee === undefined)
      throw new Error("a call plan needs callers and callees");
    // The mean of minimum + exponential(mean - minimum) is the mean asked for.
    const talk = minimumTalk - Math.log(1 - random.float()) * (meanTalk - minimumTalk);
    return { at: index / rate, caller, callee, talk };
  });
}
