// Two user agents at the level of transactions: on the virtual network and on real sockets, over UDP and TCP.
// RFC 3261 8, 13, 15, 17, 18.
import assert from "node:assert/strict";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { Simulation } from "@liquid-ims/runtime/simulation";
import type { Target, TransportProtocol } from "@liquid-ims/sip/transport";
import { addBareHost } from "../../support/virtual-hosts.ts";
import {
  ackOf,
  answer,
  newRequest,
  type Outcome,
  openNode,
  type StackNode,
  send,
  target,
} from "../stack-nodes.ts";

interface World {
  readonly alice: Host;
  readonly bob: Host;
  readonly addresses: readonly [alice: string, bob: string];
  /** Resolves with the promise, letting virtual time pass where there is any. */
  settle<T>(promise: Promise<T>): Promise<T>;
  close(): Promise<void>;
}

function virtualWorld(): World {
  const simulation = new Simulation({ seed: 4 });
  return {
    alice: addBareHost(simulation, "alice", "10.0.0.1").node,
    bob: addBareHost(simulation, "bob", "10.0.0.2").node,
    addresses: ["10.0.0.1", "10.0.0.2"],
    settle: (promise) => simulation.settle(promise),
    close: async () => undefined,
  };
}

function realWorld(host: string): World {
  const crashed = (error: unknown) => {
    throw error;
  };
  const alice = createNodejsHost({ name: "alice", log: silentLog, onCrash: crashed });
  const bob = createNodejsHost({ name: "bob", log: silentLog, onCrash: crashed });
  return {
    alice,
    bob,
    addresses: [host, host],
    settle: (promise) => promise,
    async close() {
      await alice.close();
      await bob.close();
    },
  };
}

/** Both transports at a port of the system's choice. */
function anyPort(host: string): readonly Target[] {
  return [target("udp", host, 0), target("tcp", host, 0)];
}

function finalOf(
  node: StackNode,
  method: string,
  uri: string,
  cseq: number,
  toTag?: string,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = newRequest(method, uri, { cseq, ...(toTag === undefined ? {} : { toTag }) });
    const outcome: Outcome = send(node, request, {
      onResponse(response) {
        if (response.status < 200) return;
        if (method === "INVITE" && response.status < 300) node.stack.sendAck(ackOf(request, response, uri));
        resolve(outcome);
      },
    });
  });
}

async function talk(world: World, protocol: TransportProtocol): Promise<void> {
  const [aliceAddress, bobAddress] = world.addresses;
  let acknowledged = (): void => undefined;
  const ack = new Promise<void>((resolve) => {
    acknowledged = resolve;
  });
  const alice = await world.settle(openNode(world.alice, { listen: anyPort(aliceAddress) }));
  const bob = await world.settle(
    openNode(world.bob, {
      listen: anyPort(bobAddress),
      answer(transaction) {
        if (transaction.request.method === "INVITE") answer(transaction, 180);
        answer(transaction, transaction.request.headers.get("CSeq")?.startsWith("9 ") ? 486 : 200);
      },
      ack: () => acknowledged(),
    }),
  );
  const [local] = bob.stack.local;
  assert.ok(local);
  const host = bobAddress.includes(":") ? `[${bobAddress}]` : bobAddress;
  const uri = `sip:bob@${host}:${local.address.port};transport=${protocol}`;
  const invite = await world.settle(finalOf(alice, "INVITE", uri, 1));
  assert.deepEqual(invite.statuses, [180, 200]);
  await world.settle(ack);
  assert.deepEqual((await world.settle(finalOf(alice, "BYE", uri, 2, "bob-1"))).statuses, [200]);
  assert.deepEqual((await world.settle(finalOf(alice, "OPTIONS", uri, 3))).statuses, [200]);
  assert.deepEqual((await world.settle(finalOf(alice, "INVITE", uri, 9))).statuses, [180, 486]);
  assert.deepEqual(
    bob.requests.map(({ request, source }) => `${source.protocol} ${request.method}`),
    ["INVITE", "BYE", "OPTIONS", "INVITE"].map((method) => `${protocol} ${method}`),
  );
  assert.equal(bob.acks[0]?.source.protocol, protocol);
  await world.settle(alice.stack.close());
  await world.settle(bob.stack.close());
}

for (const protocol of ["udp", "tcp"] as const) {
  test(`13, 15, 17: INVITE, ACK, BYE, OPTIONS and a refused INVITE over virtual ${protocol}`, async () => {
    await talk(virtualWorld(), protocol);
  });

  for (const host of ["127.0.0.1", "::1"]) {
    test(`13, 15, 17: INVITE, ACK, BYE, OPTIONS and a refused INVITE over real ${protocol}, ${host}`, async () => {
      const world = realWorld(host);
      try {
        await talk(world, protocol);
      } finally {
        await world.close();
      }
    });
  }
}

test("18.1.1: over real sockets a long request goes by TCP, and by UDP when that is refused", async () => {
  const world = realWorld("127.0.0.1");
  try {
    for (const listen of [anyPort("127.0.0.1"), [target("udp", "127.0.0.1", 0)]]) {
      const alice = await openNode(world.alice, { listen: anyPort("127.0.0.1") });
      const bob = await openNode(world.bob, { listen, answer: (transaction) => answer(transaction, 200) });
      const uri = `sip:bob@127.0.0.1:${bob.stack.local[0]?.address.port}`;
      await new Promise<void>((resolve) => {
        send(alice, newRequest("MESSAGE", uri, { body: "x".repeat(5_000) }), { onResponse: () => resolve() });
      });
      assert.equal(bob.requests[0]?.source.protocol, listen.length === 2 ? "tcp" : "udp");
      await alice.stack.close();
      await bob.stack.close();
    }
  } finally {
    await world.close();
  }
});
