// The CFD as its S-CSCFs and its store see it.
import assert from "node:assert/strict";
import test from "node:test";
import type { VisitedPCscf } from "@liquid-ims/cfd/visited-p-cscf";
import { formatTarget } from "@liquid-ims/sip/transport";
import { leftOut, testReference } from "../support/test-data.ts";
import { readCapture, thirdParty, ueRegister } from "./messages.ts";
import { methodsOf, openWorld } from "./world.ts";

test("TS 24.229 5.7.1.1: a REGISTER is answered 200 with the S-CSCF's Contact, the record is there", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [200]);
  assert.match(
    world.scscf1.received[0] ?? "",
    /\r\nContact: <sip:scscf1\.open-ims\.test:6060>;expires=600\r\n/,
  );
  assert.match(world.scscf1.received[0] ?? "", /\r\nTo: <sip:alice@open-ims\.test>;tag=\S+\r\n/);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
  assert.equal(world.count("cfd_registers_total", "registered"), 1);
});

const kamailio = [
  "01_initial_register_pcscf1.txt",
  "02_reregister_pcscf1.txt",
  "03_register_pcscf2_newcontact.txt",
  "04_dereg_pcscf2_other_contact_remains.txt",
  "05_dereg_last.txt",
  "06_include_register_request.txt",
  "07_include_register_response.txt",
  "08_service_info_wins.txt",
];
const openImsCore = [
  "20_openims_register_pcscf1.txt",
  "21_openims_reregister.txt",
  "22_openims_register_pcscf2.txt",
  "23_openims_dereg_one_of_two.txt",
  "24_openims_dereg_last.txt",
];

test("every captured REGISTER, byte for byte, over UDP and TCP", async (context) => {
  const folder = testReference("captures");
  if (folder === null)
    return leftOut(context, kamailio.length + openImsCore.length + 1, "captured REGISTERs");
  for (const way of ["send", "write"] as const)
    for (const names of [kamailio, openImsCore]) {
      const world = await openWorld();
      for (const name of names) {
        world.scscf1[way](readCapture(folder, name));
        await world.run(50);
      }
      const good = names.map(() => 200);
      assert.deepEqual(world.scscf1.statuses, good, way);
      assert.deepEqual(await world.lines(), ["pcscf2 doubtful"], way);
      world.scscf2[way](readCapture(folder, "09_rereg_after_mar_to_scscf2.txt"));
      await world.run(50);
      assert.deepEqual(world.scscf2.statuses, [200], way);
      assert.deepEqual(await world.lines(), ["pcscf1 registered"], way);
      for (const user of names === kamailio ? ["u01", "u02", "u03"] : [])
        assert.deepEqual(await world.lines(`sip:${user}@open-ims.test`), ["pcscf1 registered"], user);
    }
});

test("never 200 before the store has it", async () => {
  const commits: (() => void)[] = [];
  const world = await openWorld({
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        await new Promise<void>((resolve) => {
          commits.push(resolve);
        });
        await host.clock.sleep(0, "commit");
        return memory.upsert(changes);
      },
    }),
  });
  world.scscf1.send(world.fresh());
  await world.run(1_000);
  assert.deepEqual(world.scscf1.statuses, []);
  assert.deepEqual(await world.lines(), []);
  for (const commit of commits) commit();
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [200]);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
});

test("RFC 3261 17.2.2: a retransmitted REGISTER is written once and answered each time", async () => {
  let writes = 0;
  const world = await openWorld({
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        writes += 1;
        await host.clock.sleep(100, "slow commit");
        return memory.upsert(changes);
      },
    }),
  });
  const request = world.fresh();
  for (const wait of [40, 100, 500, 1_000]) {
    world.scscf1.send(request);
    await world.run(wait);
  }
  assert.equal(writes, 1);
  assert.deepEqual(world.scscf1.statuses, [200, 200, 200]);
  assert.equal((await world.memory.changesSince(0)).change, 1);
});

test("REGISTERs of one user are written in their order, those of different users do not wait for each other", async () => {
  const slow = new Set(["sip:alice@open-ims.test"]);
  const world = await openWorld({
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      get: async (impu) => {
        await host.clock.sleep(slow.delete(impu) ? 300 : 1, "get");
        return memory.get(impu);
      },
    }),
  });
  world.scscf1.send(world.fresh());
  world.scscf1.send(world.fresh({ user: "bob" }));
  await world.run(20);
  world.scscf1.send(world.fresh({ pCscf: "pcscf2" }));
  await world.run(100);
  assert.deepEqual(world.scscf1.statuses, [200], "bob's");
  await world.run(500);
  assert.deepEqual(world.scscf1.statuses, [200, 200, 200]);
  assert.deepEqual(await world.lines(), ["pcscf2 registered"]);
});

test("of two CFDs that write at once, the one that comes second reads again", async () => {
  let interfere = true;
  const world = await openWorld({
    storeOf: (memory) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        if (interfere) {
          interfere = false;
          await memory.upsert(
            changes.map(({ record, expect }) => ({ record: { ...record, pCscf: "other.cfd:1" }, expect })),
          );
        }
        return memory.upsert(changes);
      },
    }),
  });
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [200]);
  assert.deepEqual(await world.lines(), ["pcscf1 registered"]);
});

test("RFC 3261 21.5.4: a store that does not answer gives 503 with Retry-After, and all is well again later", async () => {
  let down = true;
  const world = await openWorld({
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      get: async (impu) => {
        if (down) await host.clock.sleep(100_000, "no answer");
        return memory.get(impu);
      },
    }),
  });
  world.scscf1.send(world.fresh());
  await world.run(1_900);
  assert.deepEqual(world.scscf1.statuses, []);
  await world.run(200);
  assert.deepEqual(world.scscf1.statuses, [503]);
  assert.match(world.scscf1.received.at(-1) ?? "", /\r\nRetry-After: 5\r\n/);
  down = false;
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [503, 200]);
  assert.equal(world.count("cfd_refused_total", "store"), 1);
});

test("a store that says no gives 503, and nobody's process dies of it", async () => {
  const world = await openWorld({
    storeOf: (memory) => ({
      ...methodsOf(memory),
      get: async () => {
        throw new Error("database is locked");
      },
    }),
  });
  world.scscf1.send(world.fresh());
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [503]);
});

test("a long queue gives 503 at once", async () => {
  const world = await openWorld({
    config: { queueLimit: 10, storeTimeout: 5_000 },
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        await host.clock.sleep(1_000, "slow");
        return memory.upsert(changes);
      },
    }),
  });
  for (let number = 0; number < 15; number++) world.scscf1.send(world.fresh({ user: `user${number}` }));
  await world.run(50);
  assert.deepEqual(world.scscf1.statuses, [503, 503, 503, 503, 503]);
  assert.equal(world.count("cfd_queue_length"), 10);
  await world.run(3_000);
  assert.equal(world.scscf1.statuses.filter((status) => status === 200).length, 10);
  assert.equal(world.count("cfd_queue_length"), 0);
  assert.equal(world.count("cfd_refused_total", "busy"), 5);
});

test("a REGISTER that waited too long behind others of its user gets 503 without a write", async () => {
  let writes = 0;
  const world = await openWorld({
    config: { storeTimeout: 1_000 },
    storeOf: (memory, host) => ({
      ...methodsOf(memory),
      upsert: async (changes) => {
        writes += 1;
        await host.clock.sleep(900, "slow");
        return memory.upsert(changes);
      },
    }),
  });
  for (let number = 0; number < 4; number++) world.scscf1.send(world.fresh());
  await world.run(5_000);
  assert.deepEqual(world.scscf1.statuses.sort(), [200, 200, 503, 503]);
  assert.equal(writes, 2);
});

test("R: a visited P-CSCF is told of when it is seen for the first time, a home one never", async () => {
  const seen: VisitedPCscf[] = [];
  const world = await openWorld({ more: { onVisitedPCscf: (visited) => seen.push(visited) } });
  const away = { headers: { "P-Visited-Network-ID": '"visited.example"' }, pCscf: "pcscf3" };
  world.scscf1.send(world.fresh());
  world.scscf1.send(world.fresh({ ...away, user: "bob" }));
  world.scscf1.send(world.fresh({ ...away, user: "carol" }));
  await world.run(50);
  assert.deepEqual(seen, [{ pCscf: "pcscf3.open-ims.test:4060", network: "visited.example" }]);
  assert.equal(world.count("cfd_visited_p_cscf_total"), 1);
});

test("a doubt is settled by what the S-CSCF says, where it may be asked", async () => {
  const asked: string[] = [];
  const world = await openWorld({
    more: {
      registrationState: {
        ask: async ({ sCscf, identities, target, server }) => {
          asked.push(`${sCscf} ${identities} ${formatTarget(target)} ${server}`);
          return { kind: "contacts", contacts: ["sip:alice@127.0.3.1:5060"] };
        },
      },
    },
  });
  world.scscf1.send(
    world.fresh({ embedded: ueRegister({ contact: "<sip:alice@127.0.3.1:5060>", callId: "a" }) }),
  );
  world.scscf1.send(
    world.fresh({
      embedded: ueRegister({ contact: "<sip:alice@127.0.3.2:5060>", callId: "b", pCscf: "pcscf2" }),
    }),
  );
  await world.run(50);
  world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(50);
  assert.deepEqual(asked, [
    "sip:scscf1.open-ims.test:6060 sip:alice@open-ims.test udp:127.0.1.21:6060 sip:cfd.open-ims.test:7080",
  ]);
  assert.deepEqual((await world.lines()).sort(), ["pcscf1 registered", "pcscf2 left"]);
  assert.equal(world.count("cfd_doubts_total", "settled"), 1);
});

test("a doubt stays when the S-CSCF does not say", async () => {
  const ask = async () => ({ kind: "silence", detail: "nobody there" }) as const;
  const world = await openWorld({ more: { registrationState: { ask } } });
  world.scscf1.send(world.fresh({ pCscf: "pcscf1" }));
  await world.run(50);
  world.scscf1.send(world.fresh({ pCscf: "pcscf2" }));
  await world.run(50);
  world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(50);
  assert.deepEqual(await world.lines(), ["pcscf2 doubtful"]);
  assert.equal(world.count("cfd_doubts_total", "silence"), 1);
});

test("after stop nothing is answered and nothing is left to happen", async () => {
  const world = await openWorld();
  await world.simulation.settle(world.cfd.node.stop());
  world.scscf1.send(world.fresh());
  await world.run(5_000);
  assert.deepEqual(world.scscf1.statuses, []);
  const { events } = world.simulation;
  await world.run(3_600_000);
  assert.equal(world.simulation.events, events);
});

test("the same seed gives the same run", async () => {
  const runOnce = async (seed: number) => {
    const world = await openWorld({ seed });
    for (let number = 0; number < 20; number++)
      world.scscf1.send(thirdParty({ user: `user${number % 5}`, branch: `z9hG4bK-${number}` }));
    await world.run(1_000);
    return world.simulation.traceHash;
  };
  const first = await runOnce(7);
  assert.equal(await runOnce(7), first);
  assert.notEqual(await runOnce(8), first);
});

test("a user who was known by a telephone number only: one record when the default identity of the set is shown", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ headers: { To: "<tel:+15551234>", "P-Associated-URI": undefined } }));
  await world.run(50);
  const associated = "<sip:alice@open-ims.test>, <tel:+15551234>";
  world.scscf1.send(world.fresh({ associated, headers: { To: "<tel:+15551234>" } }));
  await world.run(50);
  const records = await world.memory.get("tel:+15551234");
  assert.deepEqual(records.map(({ impu, state }) => `${impu} ${state}`).sort(), [
    "sip:alice@open-ims.test registered",
    "tel:+15551234 left",
  ]);
});
