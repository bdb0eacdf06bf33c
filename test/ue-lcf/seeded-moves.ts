// Whole UEs over the lab's core whose both ends move at once, everything by seed: loss, delay, order, a dead P-CSCF,
// second moves, a hang-up.
import assert from "node:assert/strict";
import { fates, openUeWorld, type TestUe, type UeWorld } from "./ue-world.ts";

/** Dialogs that an end has confirmed and not ended. */
function open(end: TestUe): string[] {
  const ids = new Set<string>();
  for (const event of end.dialogs) {
    if (event.kind === "confirmed") ids.add(event.dialog.callId);
    if (event.kind === "ended") ids.delete(event.dialog.callId);
  }
  return [...ids];
}

function assertKept(ends: readonly [TestUe, TestUe], detail: string): void {
  const [a, b] = ends;
  assert.equal(open(a).length, 1, detail);
  assert.deepEqual(open(a), open(b), detail);
  for (const end of ends) {
    assert.ok(!end.heard.some((line) => line.includes("ended")), detail);
    const leg = end.dialogs.find(
      (event) => event.kind === "confirmed" && event.dialog.callId === open(end)[0],
    );
    assert.deepEqual(leg?.dialog.registration, end.ue.registration, detail);
  }
}

function assertOver(ends: readonly TestUe[], by: TestUe, detail: string): void {
  for (const end of ends) {
    assert.equal(end.ue.calls.length, 0, `${end.name} has a call; ${detail}`);
    assert.deepEqual(open(end), [], `${end.name} has a dialog; ${detail}`);
    const last = end.heard.at(-1);
    if (end === by) assert.equal(last, "call-1 ended by self", detail);
    else assert.match(last ?? "", /^call-1 ended by (peer|lost)$/, detail);
  }
}

async function moves(world: UeWorld, end: TestUe, targets: readonly number[]): Promise<void> {
  const delay = world.simulation.random.int(200);
  await new Promise<void>((resolve) => end.host.clock.after(delay, resolve, "the move begins"));
  for (const target of targets) {
    // Refused or not answered: tried again, as the LCF would.
    for (let attempt = 0; attempt < 6; attempt++) {
      const { outcome } = await end.ue.moveTo(world.pCscf(target));
      if (outcome === "registered") break;
    }
  }
}

export interface SeededRun {
  /** What was drawn, for the statistics. */
  readonly hungUp: boolean;
  readonly dead: boolean;
  readonly twice: boolean;
}

/** One call, both ends move; throws with the seed and the fates of all dialogs. */
export async function runSeed(seed: number): Promise<SeededRun> {
  const world = await openUeWorld(seed);
  const { random } = world.simulation;
  const a = await world.openUe(1, 1);
  const b = await world.openUe(2, 1);
  const ends = [a, b] as const;
  const { placed, received } = await world.connect(a, b);
  let direction = "";
  received.handlers = {
    ...received.handlers,
    mediaChanged: (remote) => {
      direction = /a=(sendrecv|sendonly|recvonly|inactive)/.exec(remote)?.[1] ?? "";
    },
  };
  // Up to 5 % lost on every hop, some overtaken by later ones, some twice.
  const loss = random.int(6) / 100;
  const jitterMs = random.int(4) * 50 + 1;
  const reorder = random.int(3) / 10;
  world.simulation.link("*", "*", { delayMs: 0.5, jitterMs, loss, reorder, duplicate: 0.02 });
  const run = { hungUp: random.int(4) === 0, dead: random.int(4) === 0, twice: random.int(3) === 0 };
  if (run.dead) world.network.kill("pcscf1");
  const second = random.int(2) + 2;
  const targets = run.twice ? [5 - second, second] : [second];
  const moved = Promise.all([moves(world, a, targets), moves(world, b, [random.int(2) + 2])]);
  const detail = () =>
    `seed ${seed}, loss ${loss}, jitter ${jitterMs} ms, reorder ${reorder}, ${JSON.stringify(run)}: ` +
    ends.map((end) => `${fates(end).join(", ")} (${end.heard.join(", ")})`).join(" | ");
  if (run.hungUp) {
    await world.wait(random.int(2000));
    const by = random.int(2) === 0 ? a : b;
    (by === a ? placed : received).hangUp();
    await world.simulation.settle(moved);
    await world.wait(60_000);
    world.simulation.link("*", "*", { delayMs: 0.5, jitterMs: 1, loss: 0 });
    await world.wait(240_000);
    assertOver(ends, by, detail());
    return run;
  }
  await world.simulation.settle(moved);
  await world.wait(60_000);
  world.simulation.link("*", "*", { delayMs: 0.5, jitterMs: 1, loss: 0 });
  await world.wait(120_000);
  assertKept(ends, detail());
  // Media follow that dialog: what is wanted now arrives at the other end.
  placed.setDirection("sendonly");
  await world.wait(10_000);
  assert.equal(direction, "sendonly", detail());
  assertKept(ends, detail());
  return run;
}

/** Runs seeds one after the other; says how many of which kind. */
export async function runSeeds(first: number, last: number): Promise<string> {
  const count = { runs: 0, hungUp: 0, dead: 0, twice: 0 };
  for (let seed = first; seed <= last; seed++) {
    const run = await runSeed(seed);
    count.runs += 1;
    if (run.hungUp) count.hungUp += 1;
    if (run.dead) count.dead += 1;
    if (run.twice) count.twice += 1;
  }
  return `${count.runs} runs: ${count.hungUp} with a hang-up, ${count.dead} with a dead P-CSCF, ${count.twice} with two moves of one end`;
}
