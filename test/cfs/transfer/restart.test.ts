// A CFS that is killed anywhere goes on from its store: nobody is lost, nobody is commanded to two targets.
import assert from "node:assert/strict";
import test from "node:test";
import type { TransferResource } from "@liquid-ims/cfs/operations/operations";
import { Bench, impu, key, p1, p2, p3 } from "./bench.ts";
import type { Deed } from "./phones.ts";

const users = 10;
const request = {
  function: p1,
  load: 0,
  targets: [{ function: p2 }, { function: p3 }],
  reason: "maintenance",
} as const;

interface Killing {
  readonly seed: number;
  /** Events after the beginning of the transfer; none: nobody is killed. */
  readonly kills: readonly number[];
}

interface Outcome {
  readonly bench: Bench;
  readonly ended: TransferResource;
  readonly eventsUsed: number;
  /** The trigger of the OSS/BSS had been answered before the kill. */
  readonly answered: boolean;
}

async function transferWithKills({ seed, kills }: Killing): Promise<Outcome> {
  const bench = new Bench({ seed });
  bench.users(1, users);
  // Three are in calls, two of them with each other.
  const call = { state: "confirmed", emergency: false, replaceable: true, endsAt: 100_000 } as const;
  bench.phones.change(key(2), { dialogs: [{ ...call, id: "a", role: "uac" }] });
  bench.phones.change(key(4), { dialogs: [{ ...call, id: "b", role: "uac" }] });
  bench.phones.change(key(7), { dialogs: [{ ...call, id: "b", role: "uas" }] });
  await bench.simulation.run({ ms: 20 });
  const start = bench.simulation.events;
  let begun: TransferResource | null = null;
  const ask = () =>
    bench.operations.createTransfer(request, { idempotencyKey: "k" }).then((result) => {
      if (result.ok) begun = result.value;
    });
  void ask();
  for (const kill of kills) {
    await bench.simulation.run({ event: Math.max(start + kill, bench.simulation.events) });
    bench.cfs.kill();
    await bench.simulation.run({ ms: 0.5 });
    bench.cfs.restart();
    bench.phones.redeliver();
  }
  await bench.simulation.run({ ms: 10 });
  const answered = begun !== null;
  // The OSS/BSS had no answer: it asks again with the same key.
  const { id } =
    begun ?? (await bench.value(bench.operations.createTransfer(request, { idempotencyKey: "k" })));
  const ended = await bench.end(id, 120_000);
  return { bench, ended, answered, eventsUsed: bench.simulation.events - start };
}

function check({ bench, ended }: Outcome, what: string): void {
  assert.equal(ended.state, "COMPLETED", what);
  assert.deepEqual(ended.counts, { planned: users, moved: users, left: 0 }, what);
  assert.ok(
    ended.users.every(({ state }) => state === "done"),
    what,
  );
  const places = bench.places();
  const registered = bench.phones.deeds.filter((deed: Deed) => deed.what === "registered");
  for (let n = 1; n <= users; n++) {
    const targets = new Set(
      registered.filter(({ registration }) => registration === key(n)).map(({ target }) => target),
    );
    const commanded = new Set(
      bench.phones.heard.flatMap(({ registration, command }) =>
        registration === key(n) && command.command === "move" && "pCscf" in command.target
          ? [command.target.pCscf.name]
          : [],
      ),
    );
    assert.equal(targets.size, 1, `${what}: user ${n} went to ${[...targets]}`);
    assert.equal(commanded.size, 1, `${what}: user ${n} was commanded to ${[...commanded]}`);
    assert.equal(
      registered.filter(({ registration }) => registration === key(n)).length,
      1,
      `${what}: user ${n}`,
    );
    assert.ok(targets.has(places[impu(n)] ?? ""), what);
  }
  // Nothing of it waited for a command's life to be over: what was decided before the crash was done after it.
  assert.ok(
    registered.every(({ at }) => at < 4_000),
    `${what}: ${registered.at(-1)?.at}`,
  );
  assert.deepEqual(ended.dialogs, { kept: 2, pinned: 0, lost: 0, endedMeanwhile: 0 }, what);
  assert.equal(bench.cfs.node.controller.list().length, 1, what);
}

test("system 6: a transfer of 10 users, killed at every event and restarted, loses nobody", async (context) => {
  const whole = await transferWithKills({ seed: 3, kills: [] });
  check(whole, "without a kill");
  let unanswered = 0;
  for (let event = 1; event < whole.eventsUsed; event++) {
    const outcome = await transferWithKills({ seed: 3, kills: [event] });
    check(outcome, `killed at event ${event}`);
    if (!outcome.answered) unanswered += 1;
  }
  const points = whole.eventsUsed - 1;
  context.diagnostic(`${points} crash points, ${unanswered} of them before the trigger's answer`);
  assert.ok(points > 300 && unanswered > 0);
});

test("system 6: killed twice in short order, it loses nobody", async () => {
  for (let event = 5; event < 400; event += 9)
    check(
      await transferWithKills({ seed: event, kills: [event, event + 14] }),
      `killed at ${event} and again`,
    );
});
