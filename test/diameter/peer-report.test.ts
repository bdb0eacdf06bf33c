// What a node tells of its peers: what they said, and why one is not open. RFC 6733 5.3, 5.6.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../support/virtual-hosts.ts";
import { addNode, port, realm, stateOf } from "./diameter-world.ts";

const hss = `hss.${realm}`;
const cfs = `cfs.${realm}`;

function client(simulation: Simulation, peer: string, exchangeMs = 10_000) {
  const settings = { originHost: cfs, exchangeMs, peers: [{ originHost: peer, address: port("10.0.0.1") }] };
  return addNode(simulation, "10.0.0.2", settings).node;
}

test("an open peer: its CEA field by field, no trouble; the other side has the CER", async () => {
  const simulation = new Simulation({ seed: 1 });
  const settings = { originHost: hss, listen: port("10.0.0.1"), productName: "test hss", vendorId: 10_415 };
  const server = addNode(simulation, "10.0.0.1", { ...settings, peers: [{ originHost: cfs }] }).node;
  const node = client(simulation, hss);
  await simulation.run({ ms: 500 });
  const { said, trouble, state } = stateOf(node, hss);
  assert.equal(state, "I-Open");
  assert.equal(trouble, null);
  assert.deepEqual(said, {
    resultCode: 2001,
    originHost: hss,
    originRealm: realm,
    hostIpAddresses: ["10.0.0.1"],
    vendorId: 10_415,
    productName: "test hss",
    supportedVendorIds: [10_415],
    authApplicationIds: [],
    acctApplicationIds: [],
    vendorSpecificApplicationIds: [{ vendorId: 10_415, applicationId: 16_777_216 }],
    inbandSecurityIds: [],
    errorMessage: null,
  });
  const caller = stateOf(server, cfs);
  assert.deepEqual([caller.said?.originHost, caller.said?.resultCode], [cfs, null]);
});

test("refused: the code and the text of the CEA", async () => {
  const simulation = new Simulation({ seed: 1 });
  addNode(simulation, "10.0.0.1", { originHost: hss, listen: port("10.0.0.1"), peers: [] });
  const node = client(simulation, hss);
  await simulation.run({ ms: 500 });
  const { said, trouble, state } = stateOf(node, hss);
  assert.equal(state, "Closed");
  assert.deepEqual([said?.resultCode, said?.errorMessage], [3010, "this peer is not configured"]);
  assert.equal(trouble, "its answer to the CER is no CEA that can be accepted");
});

test("another identity than the configured one is shown and not accepted", async () => {
  const simulation = new Simulation({ seed: 1 });
  const settings = { originHost: hss, listen: port("10.0.0.1"), peers: [{ originHost: cfs }] };
  addNode(simulation, "10.0.0.1", settings);
  const node = client(simulation, `other.${realm}`);
  await simulation.run({ ms: 500 });
  const { said, state } = stateOf(node, `other.${realm}`);
  assert.deepEqual([state, said?.resultCode, said?.originHost], ["Closed", 2001, hss]);
});

test("nobody listens, no CEA, a closed connection: each with its reason, and forgotten once it is open", async () => {
  const simulation = new Simulation({ seed: 1 });
  const server = addBareHost(simulation, "hss", "10.0.0.1").host;
  const node = client(simulation, hss, 1_000);
  await simulation.run({ ms: 500 });
  assert.match(stateOf(node, hss).trouble ?? "", /10\.0\.0\.1:3868/);
  const listener = await simulation.settle(
    server.network.listen(port("10.0.0.1"), (stream) =>
      stream.open({ data: () => stream.end(), closed: () => undefined }),
    ),
  );
  await simulation.run({ ms: 7_000 });
  assert.equal(stateOf(node, hss).trouble, "it closed the connection without a CEA");
  listener.close();
  const silent = await simulation.settle(
    server.network.listen(port("10.0.0.1"), (stream) =>
      stream.open({ data: () => undefined, closed: () => undefined }),
    ),
  );
  await simulation.run({ ms: 8_000 });
  assert.equal(stateOf(node, hss).trouble, "it did not answer the CER");
  silent.close();
  assert.equal(stateOf(node, hss).said, null);
});
