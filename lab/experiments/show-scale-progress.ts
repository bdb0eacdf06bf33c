// What an experiment in which functions come and go tells the live view, four times a second of its clock.
import type { ScaleProgress } from "./experiment.ts";
import type { Orders, Run } from "./scale-run.ts";

const everyMs = 250;
/** Loads shown are means of so many looks: chance jumps from one to the next. */
const looks = 8;

/** Gives what ends the showing. */
export function showScaleProgress(
  { host, lab, registrants, first, second, now }: Run,
  orders: Orders,
  show: (progress: ScaleProgress) => void,
): () => void {
  let past = [{ at: now(), counts: new Map<string, number>() as ReadonlyMap<string, number> }];
  // First registrations are none of the script's.
  lab.live.take();
  function tell(): void {
    const present = now();
    past = [...past.slice(-looks), { at: present, counts: lab.live.take() }];
    const passed = Math.max(1e-9, present - (past[0]?.at ?? 0));
    const rateOf = (name: string) =>
      past.slice(1).reduce((sum, one) => sum + (one.counts.get(name) ?? 0), 0) / passed;
    const failed = registrants.ended.filter((one) => one.failure !== "").length;
    show({
      second: present,
      functions: [first, second].map(({ name }) => ({ name, registersPerSecond: rateOf(name) })),
      change: orders.change,
      registrations: {
        attempted: registrants.attempted,
        completed: registrants.ended.length - failed,
        failed,
      },
    });
    timer = host.clock.after(everyMs, tell, "progress");
  }
  let timer = host.clock.after(everyMs, tell, "progress");
  return () => timer.cancel();
}
