// What an experiment tells the live view, four times a second of its clock.

import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import type { Lab } from "../lab.ts";
import type { Fleet } from "../ue/fleet.ts";
import type { Progress } from "./experiment.ts";

const everyMs = 250;

/** `pcscf1` of `pcscf1.open-ims.test:4060`. */
function shortName(name: string): string {
  return name.split(".")[0] ?? name;
}

function usersByFunction(fleet: Fleet): Map<string, number> {
  const users = new Map<string, number>();
  for (const registration of fleet.registrations().values()) {
    if (registration === null) continue;
    for (const name of [shortName(registration.pCscf), shortName(registration.sCscf)]) {
      users.set(name, (users.get(name) ?? 0) + 1);
    }
  }
  return users;
}

/** Gives what ends the showing. */
export function showProgress(
  host: Host,
  lab: Lab,
  fleet: Fleet,
  second: () => number,
  show: (progress: Progress) => void,
): () => void {
  let timer: Timer;
  let last = second();
  const names = [...lab.topology.pCscfs, ...lab.topology.sCscfs].map((element) => element.name);

  function tell(): void {
    const now = second();
    const passed = Math.max(1e-9, now - last);
    last = now;
    const sessions = lab.live.take();
    const users = usersByFunction(fleet);
    const { counts } = fleet;
    show({
      second: now,
      functions: names.map((name) => ({
        name,
        users: users.get(name) ?? 0,
        sessionsPerSecond: (sessions.get(name) ?? 0) / passed,
      })),
      transfer: lab.transfer === null ? null : { state: lab.transfer.state, ...lab.transfer.counts },
      callsUp: counts.up,
      callsAttempted: counts.attempted,
      dialogsKept: counts.kept,
      dialogsLost: counts.lost,
    });
    timer = host.clock.after(everyMs, tell, "progress");
  }

  timer = host.clock.after(everyMs, tell, "progress");
  return () => timer.cancel();
}
