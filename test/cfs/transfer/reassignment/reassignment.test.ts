// The change of S-CSCF on the virtual clock, with the LCF's own move procedure: what goes well.
import assert from "node:assert/strict";
import test from "node:test";
import { s1, s2 } from "../bench.ts";
import { agree, leave, lineOf, openSBench } from "./s-bench.ts";

test("cfs-ue 8: one user moves: armed, MAR, `after: 0`, record", async () => {
  const made = openSBench();
  const { bench, world } = made;
  const alice = world.add(1);
  const { id } = await bench.value(bench.operations.createTransfer(leave));
  const ended = await bench.end(id);
  assert.equal(ended.state, "COMPLETED");
  const line = lineOf(ended, alice);
  assert.deepEqual([line.from, line.to, line.state], [s1, s2, "done"]);
  assert.deepEqual(
    world.heard.map(({ command }) => [command.command, command.command === "move" ? command.after : null]),
    [
      ["move", 500],
      ["move", 0],
    ],
  );
  assert.deepEqual(
    world.registrations.map(({ sCscf }) => sCscf),
    [s2],
  );
  assert.deepEqual(
    world.hss.mars.map(({ server }) => server),
    [s2],
  );
  const { commandedAt, reassignedAt, registeredAt, recordSeenAt } = line;
  assert.ok(commandedAt !== null && reassignedAt !== null && recordSeenAt !== null);
  assert.ok(registeredAt != null && commandedAt < reassignedAt && reassignedAt < registeredAt);
  assert.ok(registeredAt - reassignedAt < 100, `${registeredAt - reassignedAt} ms`);
  agree(made, alice, s2);
  // RTR and PPR may come here for her.
  const { controller } = bench.cfs.node;
  const pushed = (privateIdentity: string, ...publicIdentities: readonly string[]) =>
    bench.simulation.settle(
      controller.pushed({
        command: "RTR",
        privateIdentity,
        publicIdentities,
        reason: "PERMANENT_TERMINATION",
      }),
    );
  assert.deepEqual(await pushed(alice.impi), [s2]);
  assert.deepEqual(await pushed("u01", "tel:+1", alice.impu), [s2]);
  assert.equal(await pushed("u02@home", "sip:u02@home"), null);
});
