// De-registration by the application: what it hears of it, and what the UE does afterwards. TS 24.229 5.1.1.6, RFC 3261
// 10.2.2.
import assert from "node:assert/strict";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { buildResponse } from "@liquid-ims/sip/message";
import { openStack } from "@liquid-ims/sip/stack";
import { createUe, type Ue } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import type { RegistrationObservation } from "@liquid-ims/ue-lcf/observation";
import { openUeWorld } from "../../ue-world.ts";

const contact = "<sip:alice@10.0.0.9:5060>";
type Line = number | "silence" | "challenge";

interface Network {
  /** What it was asked for, as `registration`, `removal`. */
  readonly heard: string[];
  /** What is answered next, by what is asked for; without a line 200. */
  readonly script: { removal: Line[]; registration: Line[] };
  readonly ready: Promise<unknown>;
}

/** A P-CSCF with all that is behind it. */
function createNetwork(address: string): (host: Host) => Network {
  return (host) => {
    const heard: string[] = [];
    const script: Network["script"] = { removal: [], registration: [] };
    const ready = openStack(host, {
      listen: [{ protocol: "udp", address: { host: address, port: 5060 } }],
      user: {
        request(transaction) {
          const { request } = transaction;
          const asked = request.headers.get("Expires") === "0" ? "removal" : "registration";
          heard.push(asked);
          const line = script[asked].shift() ?? 200;
          if (line === "silence") return;
          const status = line === "challenge" ? 401 : line;
          const stands = status === 200 && asked === "registration";
          const headers = [
            ...(stands ? [["Contact", `${contact};expires=600`] as const] : []),
            ...(status === 401 ? [["WWW-Authenticate", 'Digest realm="r", nonce="n"'] as const] : []),
          ];
          transaction.respond(buildResponse(request, status, { toTag: "p", headers }));
        },
        ack: () => undefined,
      },
    });
    return { heard, script, ready };
  };
}

/** A UE that is registered through one P-CSCF, and another one beside it. */
async function open() {
  const simulation = new Simulation({ seed: 1 });
  const [network, other] = (["10.0.0.1", "10.0.0.2"] as const).map(
    (address) => simulation.addHost(address, { addresses: [address], program: createNetwork(address) }).node,
  );
  assert.ok(network !== undefined && other !== undefined);
  const observed: string[] = [];
  const registration = ({ kind, cause, status }: RegistrationObservation) =>
    void observed.push(`${kind} ${cause} ${status}`);
  const program = (host: Host): Ue =>
    createUe({
      publicIdentity: "sip:alice@home.test",
      privateIdentity: "alice@home.test",
      credentials: { kind: "digest", password: "" },
      ...{ listen: { host: "10.0.0.9", port: 5060 }, lcf: null, pCscf: "sip:10.0.0.1:5060" },
      observer: { registration },
    })(host);
  const { node: ue } = simulation.addHost("ue", { addresses: ["10.0.0.9"], program });
  await simulation.settle(Promise.all([network.ready, other.ready, ue.ready]));
  return { simulation, ue, network, other, observed };
}

async function openRegistered() {
  const world = await open();
  assert.equal((await world.simulation.settle(world.ue.register())).outcome, "registered");
  world.observed.length = 0;
  world.network.heard.length = 0;
  return world;
}

test("TS 24.229 5.1.1.6: a 200: deregistered, and nothing more is sent", async () => {
  const { simulation, ue, network, observed } = await openRegistered();
  assert.deepEqual(await simulation.settle(ue.deregister()), { outcome: "deregistered" });
  assert.equal(ue.registration, null);
  await simulation.run({ ms: 3_600_000 });
  assert.deepEqual([network.heard, observed], [["removal"], ["removed application null"]]);
});

for (const { removal, expected, status } of [
  { removal: [403], expected: { outcome: "refused", status: 403 }, status: 403 },
  { removal: [503], expected: { outcome: "refused", status: 503 }, status: 503 },
  {
    removal: ["challenge", "challenge"],
    expected: { outcome: "refused", status: 401, authentication: "answer refused" },
    status: 401,
  },
  { removal: ["silence"], expected: { outcome: "failed", cause: "timeout" }, status: null },
] as const)
  test(`TS 24.229 5.1.1.6: ${removal.join(", ")}: the application hears it; the UE refreshes nothing from then on`, async () => {
    const { simulation, ue, network, observed } = await openRegistered();
    // Retransmissions are one transaction.
    network.script.removal.push(...removal);
    assert.deepEqual(await simulation.settle(ue.deregister()), expected);
    assert.equal(ue.registration, null);
    assert.deepEqual(observed, [`failed application ${status}`, "removed application null"]);
    await simulation.run({ ms: 3_600_000 });
    assert.deepEqual(
      [network.heard.includes("registration"), observed.length],
      [false, 2],
      network.heard.join(),
    );
  });

test("RFC 3261 10.2.2: after a refusal the application asks again, or registers again", async () => {
  const { simulation, ue, network } = await openRegistered();
  network.script.removal.push(503);
  assert.equal((await simulation.settle(ue.deregister())).outcome, "refused");
  assert.deepEqual(await simulation.settle(ue.deregister()), { outcome: "deregistered" });
  assert.equal((await simulation.settle(ue.register())).outcome, "registered");
  assert.deepEqual(network.heard, ["removal", "removal", "registration"]);
  assert.deepEqual(ue.registration?.pCscf, "10.0.0.1:5060");
});

test("RFC 3261 10.2.2: a UE that was never registered asks through its P-CSCF", async () => {
  const { simulation, ue, network } = await open();
  assert.deepEqual(await simulation.settle(ue.deregister()), { outcome: "deregistered" });
  assert.deepEqual(network.heard, ["removal"]);
});

test("TS 24.229 5.1.1.2.1: asked for while a move is under way: the move ends first, and nothing registers after it", async () => {
  const { simulation, ue, network, other } = await openRegistered();
  other.script.registration.push(503, 503);
  const moving = ue.moveTo({ name: "10.0.0.2", addresses: ["10.0.0.2"], port: 5060 });
  await simulation.run({ ms: 100 });
  const leaving = ue.deregister();
  await simulation.run({ ms: 1 });
  const late = ue.moveTo(null);
  assert.equal((await simulation.settle(moving)).outcome, "registered");
  assert.deepEqual(await simulation.settle(leaving), { outcome: "deregistered" });
  assert.deepEqual(await simulation.settle(late), {
    ...{ outcome: "failed", trouble: [], detail: "the UE is being deregistered" },
  });
  await simulation.run({ ms: 3_600_000 });
  assert.deepEqual(
    [network.heard, other.heard],
    [[], ["registration", "registration", "registration", "removal"]],
  );
  assert.equal(ue.registration, null);
});

test("TS 24.229 5.1.1.6, whole core: a P-CSCF that is dead: told after timer F; the record stands until it expires", async () => {
  const world = await openUeWorld(1);
  const { ue, identity } = await world.openUe(1, 1, { expires: 600 });
  await world.wait(500);
  world.network.kill("pcscf1");
  assert.deepEqual(await world.simulation.settle(ue.deregister()), { outcome: "failed", cause: "timeout" });
  const states = () => world.placement.rows.get(identity).map(({ state }) => state);
  assert.deepEqual([ue.registration, states()], [null, ["registered"]]);
  await world.wait(700_000);
  assert.deepEqual(states(), []);
});
