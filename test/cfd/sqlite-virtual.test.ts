// The CFD with its store in SQLite on the virtual clock: repeatable by the seed, and the same records as in memory.
import assert from "node:assert/strict";
import test from "node:test";
import type { LocationContent } from "@liquid-ims/location-service/record";
import { createSqliteRows } from "@liquid-ims/location-service/sqlite/sqlite-store";
import type { LocationStore } from "@liquid-ims/location-service/store";
import { installGuard } from "@liquid-ims/runtime/simulation/guard";
import { ueRegister } from "./messages.ts";
import { openWorld, type World, type WorldOptions } from "./world.ts";

/** Sixty users register, move, refresh, leave and come again, some of them at the same moment. */
async function play(world: World): Promise<void> {
  for (let step = 0; step < 400; step++) {
    const user = `user${(step * 7) % 60}`;
    const pCscf = step % 5 === 0 ? "pcscf2" : "pcscf1";
    const leaves = step % 11 === 10;
    const embedded = ueRegister({
      user,
      sequence: step + 1,
      pCscf,
      callId: `${user}@ue`,
      expires: leaves ? 0 : 600,
    });
    const shown = step % 3 === 0 ? {} : { embedded };
    world.scscf1.send(world.fresh({ user, pCscf, expires: leaves ? 0 : 600, ...shown }));
    if (step % 4 === 0) await world.run(step % 3);
  }
  await world.run(5_000);
}

function contentOf(records: Awaited<ReturnType<LocationStore["byFunction"]>>): LocationContent[] {
  return records
    .map(({ version: _version, change: _change, ...content }) => content)
    .sort((a, b) => (`${a.impu} ${a.contact}` < `${b.impu} ${b.contact}` ? -1 : 1));
}

async function run(store: "memory" | "SQLite", seed: number) {
  const rows = createSqliteRows(() => 0);
  const storeOf: WorldOptions["storeOf"] = (_memory, host) =>
    rows.open(() => host.clock.sleep(0.2 + host.random.float(), "location store"));
  const world = await openWorld({ seed, ...(store === "memory" ? {} : { storeOf }) });
  await play(world);
  const look = store === "memory" ? world.memory : rows.open();
  const all = await look.changesSince(0);
  const result = {
    hash: world.simulation.traceHash,
    events: world.simulation.events,
    order: all.records.map(({ impu, contact }) => `${impu} ${contact}`),
    records: contentOf(all.records),
    statuses: world.scscf1.statuses,
  };
  rows.close();
  return result;
}

test("one seed, one run: SQLite inline leaves no trace of the machine", async () => {
  const guard = installGuard();
  try {
    const [first, again, other] = [await run("SQLite", 3), await run("SQLite", 3), await run("SQLite", 4)];
    assert.deepEqual(again, first);
    assert.notEqual(other.hash, first.hash);
  } finally {
    guard.release();
  }
});

test("the same run over memory and over SQLite: the same events, answers and records", async () => {
  const memory = await run("memory", 9);
  const sqlite = await run("SQLite", 9);
  assert.ok(memory.records.length > 50);
  assert.equal(memory.statuses.length, 400);
  assert.deepEqual(sqlite, memory);
});
