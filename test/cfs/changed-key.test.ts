// A CFS that signs with another key than its life before: nobody would believe it, so every LCF is told to come anew.
import assert from "node:assert/strict";
import test from "node:test";
import { createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import { type CfsKeys, cfsKeys, generateSigningKey, noteSigningKey } from "@liquid-ims/cfs/keys";
import { openLogStore } from "@liquid-ims/cfs/store/log-store";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import type { Change } from "@liquid-ims/cfs/store/store";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addAlice, aliceContact, cfsTarget, record } from "../support/cfs-ue-world.ts";

async function newKeys(simulation: Simulation): Promise<CfsKeys> {
  const { node: host } = simulation.addHost("maker", { addresses: ["127.0.9.9"], program: (self) => self });
  return cfsKeys(host.crypto, await simulation.settle(generateSigningKey(host.crypto)));
}

test("the key of the life before: none, the same, another", async () => {
  const simulation = new Simulation({ seed: 1 });
  const { node: host } = simulation.addHost("cfs", { addresses: ["127.0.0.9"], program: (self) => self });
  const store = new MemoryCfsStore();
  const make = async () => cfsKeys(host.crypto, await simulation.settle(generateSigningKey(host.crypto)));
  const [first, second] = [await make(), await make()];
  const note = (keys: CfsKeys) => simulation.settle(noteSigningKey(host, store, keys));
  assert.equal(await note(first), false);
  assert.equal(await note(first), false);
  assert.equal(await note(second), true);
  assert.equal(await note(second), false);
  assert.equal(await note(first), true);
});

test("a start with a key file after a life with the store's key: dialogs end deactivated; then never again", async () => {
  const simulation = new Simulation({ seed: 5 });
  const keys = await newKeys(simulation);
  const location = new MemoryLocationStore();
  await location.upsert([{ record: record(), expect: "absent" }]);
  const disk = simulation.disk<readonly Change[]>("cfs store", { kind: "remote" });
  const config: CfsConfig = {
    listen: [cfsTarget],
    homeDomain: "open-ims.test",
    contact: `sip:${cfsTarget.address.host}:${cfsTarget.address.port}`,
    functions: [{ kind: "P-CSCF", name: "pcscf1.open-ims.test:4060", addresses: ["127.0.1.1"] }],
  };
  const cfs = simulation.addHost("cfs", {
    addresses: [cfsTarget.address.host],
    program: (host) =>
      createCfs({
        location,
        store: openLogStore(disk.mount(host)),
        config,
        ...(host.incarnation === 0 ? {} : { keys }),
      })(host),
  });
  const lcf = addAlice(simulation, { contact: aliceContact });
  await simulation.settle(cfs.node.ready);
  await simulation.run({ ms: 100, when: () => lcf.node.ready });
  const dialog = lcf.node.subscribe();
  await simulation.run({ ms: 500 });
  assert.equal(cfs.node.reachable(), 1);
  cfs.kill();
  cfs.restart();
  await simulation.run({ ms: 200 });
  assert.equal(dialog.notifies.at(-1)?.state, "terminated;reason=deactivated");
  assert.equal(cfs.node.reachable(), 0);
  const again = lcf.node.subscribe();
  await simulation.run({ ms: 500 });
  assert.equal(again.ticket?.keys[0]?.kid, keys.signing.kid);
  cfs.kill();
  cfs.restart();
  await simulation.run({ ms: 200 });
  assert.equal(cfs.node.reachable(), 1);
});
