// A binding that only the P-CSCF can name by which it was made: how often its removal is tried. Procedure P step 4
// (docs/system.md).
import assert from "node:assert/strict";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { parseContacts } from "@liquid-ims/sip/header/contact";
import { buildResponse } from "@liquid-ims/sip/message";
import { openStack } from "@liquid-ims/sip/stack";
import { createUe, type Ue } from "@liquid-ims/ue-lcf/adapters/sip/ue";

interface PCscf {
  /** What it was asked for. */
  readonly heard: string[];
  readonly ready: Promise<unknown>;
}

/** A P-CSCF with all that is behind it: it writes its own mark into Contact, and answers removals by a script. */
function createPCscf(address: string, removals: readonly number[]): (host: Host) => PCscf {
  return (host) => {
    const heard: string[] = [];
    const script = [...removals];
    const ready = openStack(host, {
      listen: [{ protocol: "udp", address: { host: address, port: 5060 } }],
      user: {
        request(transaction) {
          const { request } = transaction;
          const contacts = parseContacts(request.headers);
          const [contact] = contacts === "*" ? [] : (contacts ?? []);
          const isRemoval = request.headers.get("Expires") === "0";
          heard.push(isRemoval ? "removal" : "registration");
          const status = isRemoval ? (script.shift() ?? 200) : 200;
          const bound = `<${contact?.uri};alias=${address}~1~1>;expires=600`;
          const headers = isRemoval ? [] : [["Contact", bound] as const];
          transaction.respond(buildResponse(request, status, { toTag: "p", headers }));
        },
        ack: () => undefined,
      },
    });
    return { heard, ready };
  };
}

/** A UE that has moved from one P-CSCF to another, which answers everything. */
async function move(removals: readonly number[]) {
  const simulation = new Simulation({ seed: 1 });
  const addPCscf = (address: string, script: readonly number[]) =>
    simulation.addHost(address, { addresses: [address], program: createPCscf(address, script) }).node;
  const [old, present] = [addPCscf("10.0.0.1", removals), addPCscf("10.0.0.2", [])];
  const program = (host: Host): Ue =>
    createUe({
      publicIdentity: "sip:alice@home.test",
      privateIdentity: "alice@home.test",
      credentials: { kind: "digest", password: "" },
      ...{ listen: { host: "10.0.0.9", port: 5060 }, lcf: null, pCscf: "sip:10.0.0.1:5060" },
    })(host);
  const { node: ue } = simulation.addHost("ue", { addresses: ["10.0.0.9"], program });
  await simulation.settle(Promise.all([old.ready, present.ready, ue.ready]));
  assert.equal((await simulation.settle(ue.register())).outcome, "registered");
  const moved = await simulation.settle(ue.moveTo({ name: "10.0.0.2", addresses: ["10.0.0.2"], port: 5060 }));
  assert.equal(moved.outcome, "registered");
  return { simulation, ue, old, present };
}

test("T6: a P-CSCF that is overloaded when a binding is to be removed through it is asked again", async () => {
  const { simulation, old, present } = await move([503, 500, 200]);
  await simulation.run({ ms: 60_000 });
  assert.deepEqual(old.heard, ["registration", "removal", "removal", "removal"]);
  // After each the kept binding is refreshed.
  assert.deepEqual(present.heard, new Array(4).fill("registration"));
});

test("T6: it is asked five times at most, and once where it refuses for good", async () => {
  for (const [status, times] of [
    [503, 5],
    [403, 1],
  ] as const) {
    const { simulation, old } = await move(new Array(9).fill(status));
    await simulation.run({ ms: 120_000 });
    assert.equal(old.heard.filter((what) => what === "removal").length, times, `${status}`);
  }
});

test("T6: who has come back to that P-CSCF removes nothing through it", async () => {
  const { simulation, ue, old } = await move([503]);
  await simulation.run({ ms: 2_500 });
  assert.deepEqual(old.heard, ["registration", "removal"]);
  await simulation.settle(ue.moveTo({ name: "10.0.0.1", addresses: ["10.0.0.1"], port: 5060 }));
  await simulation.run({ ms: 60_000 });
  assert.deepEqual(
    old.heard.filter((what) => what === "removal"),
    ["removal"],
  );
});
