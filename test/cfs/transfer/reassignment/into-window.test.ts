// Nobody's INVITE with Replaces meets a user in his window, whenever his calls begin. System 3 S, dialog-replacement.
import assert from "node:assert/strict";
import test from "node:test";
import { s2 } from "../bench.ts";
import { leave, openSBench, type SBench } from "./s-bench.ts";
import type { Device } from "./s-world.ts";
import type { ScriptedDialog } from "./scripted-lcf.ts";

function dialog(id: string, role: "uac" | "uas"): ScriptedDialog {
  return { id, state: "confirmed", role, emergency: false, replaceable: true };
}

/** What a call of these two becomes when one of them replaces it while the other cannot be called. */
function intoWindows({ world }: SBench, caller: Device, callee: Device): string[] {
  const into: string[] = [];
  const replacedAt = world.replacedAt.bind(world);
  world.replacedAt = (key, id) => {
    const peer = key === caller.key ? callee : caller;
    if (world.hss.of(peer.impi).pending) into.push(`${id} of ${key} into the window of ${peer.key}`);
    replacedAt(key, id);
  };
  return into;
}

/**
 * Both were refused in calls with others. The call between them begins when the second pass does, and the callee hears
 * of that pass `late`: the caller may have been told to replace before the callee names the call.
 */
async function playSecondPass(late: number): Promise<string[]> {
  const opened = openSBench();
  const { bench, world } = opened;
  world.add(9);
  const caller = world.add(1, { behaviour: { dialogs: [dialog("a", "uac")] } });
  const callee = world.add(2, { behaviour: { dialogs: [dialog("b", "uac")] } });
  world.delay = (key, command) => {
    if (command.command === "move" && command.if === "replaceable") {
      caller.behaviour = { dialogs: [dialog("d", "uac")] };
      callee.behaviour = { dialogs: [dialog("d", "uas")] };
    }
    return key === callee.key && command.command === "move" && command.after > 0 ? late : 2;
  };
  const into = intoWindows(opened, caller, callee);
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 3, `late ${late}`);
  assert.equal(ended.dialogs.kept, 1, `late ${late}`);
  return into;
}

/** Both accept without a call; it begins `after` the first of them was commanded to register at the new S-CSCF. */
async function playNewCall(after: number, seed: number): Promise<{ into: string[]; kept: number }> {
  const opened = openSBench(seed);
  const { bench, world } = opened;
  // Goes first, alone, since it is not known yet that this HSS moves users.
  world.add(0);
  const caller = world.add(1, { behaviour: { registerMs: 12 } });
  const callee = world.add(2, { behaviour: { registerMs: 150 } });
  let begun = false;
  world.delay = (key, command) => {
    if (key === caller.key && command.command === "move" && command.after === 0 && !begun) {
      begun = true;
      const begin = () => {
        if (callee.sCscf === s2) return;
        caller.behaviour = { ...caller.behaviour, dialogs: [dialog("e", "uac")] };
        callee.behaviour = { ...callee.behaviour, dialogs: [dialog("e", "uas")] };
      };
      world.happens(after, "a call begins", begin);
    }
    return 2;
  };
  const into = intoWindows(opened, caller, callee);
  const { id } = await bench.value(bench.operations.createTransfer({ ...leave, pace: { mode: "parallel" } }));
  const ended = await bench.end(id);
  assert.equal(ended.counts.moved, 3, `after ${after}`);
  return { into, kept: ended.dialogs.kept };
}

test("cfs-ue 8: a callee who names a call that is being replaced has no window before that is over", async (context) => {
  const hits: string[] = [];
  for (let late = 2; late <= 240; late += 2)
    for (const one of await playSecondPass(late)) hits.push(`late ${late}: ${one}`);
  context.diagnostic("120 delays of the callee's command");
  assert.deepEqual(hits, []);
});

/** The callee belongs to a transfer of his own, which begins `after` the caller's. */
async function playTwoTransfers(after: number): Promise<string[]> {
  const opened = openSBench();
  const { bench, world } = opened;
  // It is known that this HSS moves users.
  const first = world.add(9);
  const target = { targets: [{ function: s2 }], reason: "maintenance" } as const;
  const proven = await bench.value(bench.operations.createTransfer({ users: [first.impu], ...target }));
  await bench.end(proven.id);
  const caller = world.add(1, { behaviour: { dialogs: [dialog("d", "uac")] } });
  const callee = world.add(2, { behaviour: { dialogs: [dialog("d", "uas")] } });
  const into = intoWindows(opened, caller, callee);
  const one = await bench.value(bench.operations.createTransfer({ users: [caller.impu], ...target }));
  await bench.simulation.run({ ms: after });
  const other = await bench.value(bench.operations.createTransfer({ users: [callee.impu], ...target }));
  for (const { id } of [one, other]) assert.equal((await bench.end(id)).counts.moved, 1, `after ${after}`);
  return into;
}

test("cfs-ue 8: nor is it replaced into the window of another transfer's user", async (context) => {
  const hits: string[] = [];
  for (let after = 0; after <= 400; after += 4)
    for (const one of await playTwoTransfers(after)) hits.push(`after ${after}: ${one}`);
  context.diagnostic("101 distances of two transfers");
  assert.deepEqual(hits, []);
});

/** The callee has hung up, which the caller has not heard: only the callee can say that it was his call, or does not. */
async function playHungUp(after: number, former: readonly string[]): Promise<string[]> {
  const opened = openSBench();
  const { bench, world } = opened;
  const first = world.add(9);
  const target = { targets: [{ function: s2 }], reason: "maintenance" } as const;
  const proven = await bench.value(bench.operations.createTransfer({ users: [first.impu], ...target }));
  await bench.end(proven.id);
  // Waits for the other end of another call of his, and then his INVITEs take their time.
  const calls = [dialog("d", "uac"), dialog("x", "uac")];
  const caller = world.add(1, { behaviour: { dialogs: calls, replaceMs: 60 } });
  const third = world.add(3, { behaviour: { dialogs: [dialog("x", "uas")], registerMs: 300 } });
  const callee = world.add(2, { behaviour: { former, registerMs: 80 } });
  const into = intoWindows(opened, caller, callee);
  const both = [caller.impu, third.impu];
  const one = await bench.value(bench.operations.createTransfer({ users: both, ...target }));
  await bench.simulation.run({ ms: after });
  const other = await bench.value(bench.operations.createTransfer({ users: [callee.impu], ...target }));
  for (const { id } of [one, other]) assert.equal((await bench.end(id)).counts.left, 0, `after ${after}`);
  return into.filter((one) => one.startsWith("d "));
}

test("cfs-ue 8: nor into the window of one who has hung up, whose BYE is on its way", async (context) => {
  const hits: string[] = [];
  let unsaid = 0;
  for (let after = 0; after <= 600; after += 4) {
    for (const one of await playHungUp(after, ["d"])) hits.push(`after ${after}: ${one}`);
    unsaid += (await playHungUp(after, [])).length;
  }
  context.diagnostic(`151 distances; of a device that does not name former dialogs ${unsaid} are met`);
  assert.deepEqual(hits, []);
  assert.ok(unsaid > 0, "it is the name that prevents it");
});

test("cfs-ue 8: a call that begins behind the acceptances is replaced after the windows", async (context) => {
  const hits: string[] = [];
  let kept = 0;
  for (let after = 0; after <= 40; after += 2) {
    for (let seed = 1; seed <= 10; seed += 1) {
      const played = await playNewCall(after, seed);
      kept += played.kept;
      for (const one of played.into) hits.push(`after ${after}, seed ${seed}: ${one}`);
    }
  }
  context.diagnostic(`210 beginnings, ${kept} calls replaced`);
  assert.ok(kept > 0, "some were there when the move replaced");
  assert.deepEqual(hits, []);
});
