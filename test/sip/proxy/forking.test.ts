// Response context of a stateful proxy: forks, best response, CANCEL, timer C. RFC 3261 16.5 to 16.10, RFC 6026, RFC 4320.
import assert from "node:assert/strict";
import test from "node:test";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { forward, isRejection, prepareRequest } from "@liquid-ims/sip/proxy";
import { addBareHost } from "../../support/virtual-hosts.ts";
import { answer, type NodeOptions, newRequest, openNode, send, target } from "../stack-nodes.ts";
import { proxyWorld } from "./proxy-world.ts";

/** Answers after so many ms, each status in turn; a CANCEL gets 487. */
function later(
  tag: string,
  ...steps: readonly (readonly [ms: number, status: number])[]
): Partial<NodeOptions> {
  return {
    answer(transaction, { stack }) {
      transaction.onCancel = () => answer(transaction, 487, tag);
      for (const [ms, status] of steps)
        stack.host.clock.after(ms, () => answer(transaction, status, tag), "answer");
    },
  };
}

function methods(node: { requests: readonly { request: { method: string } }[] } | undefined): string[] {
  return (node?.requests ?? []).map(({ request }) => request.method);
}

test("16.7 step 5, 16.10: the first 2xx goes upstream at once, and the other branches are cancelled", async () => {
  const { call, run, servers } = await proxyWorld([
    later("one", [50, 180], [300, 200]),
    later("two", [50, 180], [9_000, 200]),
  ]);
  const outcome = call("INVITE");
  await run(250);
  assert.deepEqual(outcome.statuses, [180, 180]);
  await run(1_000);
  assert.deepEqual(outcome.statuses, [180, 180, 200]);
  assert.deepEqual(
    servers.map((server) => server.requests[0]?.state),
    ["Accepted", "Confirmed"],
  );
});

test("16.7 step 5, RFC 6026 7.2: two servers that both accept: both 2xx go upstream", async () => {
  const { call, run } = await proxyWorld([
    later("one", [20, 180], [100, 200]),
    later("two", [20, 180], [101, 200]),
  ]);
  const outcome = call("INVITE");
  await run(1_000);
  assert.deepEqual(outcome.statuses, [180, 180, 200, 200]);
  const tags = outcome.responses.slice(2).map(({ headers }) => headers.get("To"));
  assert.equal(new Set(tags).size, 2);
});

test("RFC 6026 7.2: a 2xx that is repeated is passed on again", async () => {
  const { call, run } = await proxyWorld([later("one", [20, 200], [520, 200], [1_520, 200])]);
  const outcome = call("INVITE");
  await run(5_000);
  assert.deepEqual(outcome.statuses, [200, 200, 200]);
});

test("16.7 step 6: without a 2xx the best response goes upstream once all branches have ended", async () => {
  const { call, run } = await proxyWorld([
    later("one", [50, 500]),
    later("two", [400, 486]),
    later("three", [900, 404]),
  ]);
  const outcome = call("INVITE");
  await run(890);
  assert.deepEqual(outcome.statuses, [100]);
  await run(100);
  assert.deepEqual(outcome.statuses, [100, 486]);
});

test("16.7 step 5: a 6xx is kept until the others, cancelled by it, have ended", async () => {
  const { call, run, servers } = await proxyWorld([
    later("one", [20, 180], [100, 603]),
    later("two", [20, 180], [9_000, 200]),
  ]);
  const outcome = call("INVITE");
  await run(1_000);
  assert.deepEqual(outcome.statuses, [180, 180, 603]);
  assert.equal(servers[1]?.requests[0]?.state, "Confirmed");
});

test("16.10: a CANCEL of the caller reaches every branch, and 487 comes back", async () => {
  const { call, run, servers, proxy } = await proxyWorld([later("one", [20, 180]), later("two", [20, 183])]);
  const outcome = call("INVITE");
  await run(300);
  outcome.transaction.cancel();
  await run(1_000);
  assert.equal(outcome.statuses.at(-1), 487);
  assert.deepEqual(servers.map(methods), [["INVITE"], ["INVITE"]]);
  assert.deepEqual(methods(proxy), ["INVITE"]);
  await run(70_000);
  for (const node of [proxy, ...servers])
    assert.deepEqual({ ...node.stack.transactions }, { client: 0, server: 0 });
});

test("16.10: a CANCEL that comes before the proxy knows where to forward: 487, nothing is forwarded", async () => {
  const { simulation, alice, run, servers } = await proxyWorld([{}]);
  const { node: host } = addBareHost(simulation, "slow proxy", "10.0.0.51");
  await simulation.settle(
    openNode(host, {
      listen: [target("udp", "10.0.0.51")],
      answer(transaction, { stack }) {
        const go = () =>
          forward(stack, transaction, transaction.request, { branches: [{ uri: "sip:b@10.0.0.60" }] });
        stack.host.clock.after(1_000, go, "asks somebody else first");
      },
    }),
  );
  const outcome = send(alice, newRequest("INVITE", "sip:b@10.0.0.51"));
  await run(300);
  outcome.transaction.cancel();
  await run(300);
  assert.deepEqual(outcome.statuses, [100]);
  await run(1_000);
  assert.deepEqual(outcome.statuses, [100, 487]);
  assert.equal(servers[0]?.requests.length, 0);
});

test("16.8 timer C: an INVITE that rings for too long is cancelled; each provisional response starts it again", async () => {
  const { call, run } = await proxyWorld([later("one", [20, 180], [8_000, 180])], { timerC: 10_000 });
  const outcome = call("INVITE");
  await run(17_900);
  assert.deepEqual(outcome.statuses, [180, 180]);
  await run(500);
  assert.deepEqual(outcome.statuses, [180, 180, 487]);
});

test("16.8 timer C: is 181 s by default, and a server that then does not answer the CANCEL is a 408", async () => {
  const mute: Partial<NodeOptions> = {
    answer(transaction) {
      transaction.onCancel = () => undefined;
      answer(transaction, 180);
    },
  };
  const { call, run } = await proxyWorld([mute]);
  const outcome = call("INVITE");
  await run(181_000 + 31_000);
  assert.deepEqual(outcome.statuses, [180]);
  await run(2_000);
  assert.deepEqual(outcome.statuses, [180, 408]);
});

test("16.7 step 6, 16.9: a server that is silent counts as 408, one that cannot be reached as 503, sent as 500", async () => {
  const silent = await proxyWorld([], { branches: [{ uri: "sip:bob@10.0.0.99" }] });
  const first = silent.call("INVITE");
  await silent.run(33_000);
  assert.deepEqual(first.statuses, [100, 408]);
  const refused = await proxyWorld([{ listen: [target("udp", "10.0.0.60")] }], {
    branches: [{ uri: "sip:bob@10.0.0.60;transport=tcp" }],
  });
  const second = refused.call("INVITE");
  await refused.run(100);
  assert.deepEqual(second.statuses, [500]);
  assert.match(second.responses[0]?.headers.get("To") ?? "", /;tag=/);
});

test("RFC 4320 4.2: a non-INVITE to a silent server gets no 408, the caller's own timer ends it", async () => {
  const { call, run, proxy } = await proxyWorld([], { branches: [{ uri: "sip:bob@10.0.0.99" }] });
  const outcome = call("OPTIONS");
  await run(33_000);
  assert.ok(outcome.statuses.every((status) => status === 100));
  assert.equal(outcome.failure, "timeout");
  assert.deepEqual({ ...proxy.stack.transactions }, { client: 0, server: 0 });
});

test("16.7 step 6: a 503 becomes 500, unless the proxy is told to keep it", async () => {
  const converted = await proxyWorld([later("one", [20, 503])]);
  const first = converted.call("OPTIONS");
  await converted.run(100);
  assert.deepEqual(first.statuses, [500]);
  const kept = await proxyWorld([later("one", [20, 503])], { keep503: true });
  const second = kept.call("OPTIONS");
  await kept.run(100);
  assert.deepEqual(second.statuses, [503]);
});

test("16.9: what a branch without an answer counts as can be chosen", async () => {
  const { call, run } = await proxyWorld([], {
    branches: [{ uri: "sip:bob@unknown.test" }],
    statusOf: (cause) => (cause === "unresolvable" ? 404 : 504),
  });
  const outcome = call("INVITE");
  await run(100);
  assert.deepEqual(outcome.statuses, [404]);
});

test("16.5: with nobody to forward to, 480", async () => {
  const { call, run } = await proxyWorld([], { branches: [] });
  const outcome = call("INVITE");
  await run(100);
  assert.deepEqual(outcome.statuses, [480]);
});

test("16.7: of a forked non-INVITE the first 2xx is final, later answers are dropped", async () => {
  const finals: number[] = [];
  const { call, run } = await proxyWorld(
    [later("one", [100, 200]), later("two", [50, 404]), later("three", [150, 200])],
    {
      onFinal: (response) => finals.push(response.status),
    },
  );
  const outcome = call("OPTIONS");
  await run(1_000);
  assert.deepEqual(outcome.statuses, [200]);
  assert.deepEqual(finals, [200]);
});

test("16.3: refusals go to the caller: 483 and 420", async () => {
  const { run, alice } = await proxyWorld([{}]);
  const route = ["Route", "<sip:10.0.0.50;lr>"] as const;
  const over = newRequest("OPTIONS", "sip:bob@home.test", { headers: [route] });
  over.headers.set("Max-Forwards", "0");
  const strange = newRequest("OPTIONS", "sip:bob@home.test", {
    headers: [route, ["Proxy-Require", "foo"]],
    cseq: 2,
  });
  const outcomes = [send(alice, over), send(alice, strange)];
  await run(100);
  assert.deepEqual(
    outcomes.map(({ statuses }) => statuses),
    [[483], [420]],
  );
  assert.equal(outcomes[1]?.responses[0]?.headers.get("Unsupported"), "foo");
});

test("16: a proxy on real sockets: INVITE forked over UDP and TCP, the winner's 200 comes back", async () => {
  const host = createNodejsHost({
    name: "all",
    log: silentLog,
    onCrash: (error) => {
      throw error;
    },
  });
  const listen = [target("udp", "127.0.0.1", 0), target("tcp", "127.0.0.1", 0)];
  try {
    const busy = await openNode(host, { listen, answer: (transaction) => answer(transaction, 486) });
    const free = await openNode(host, { listen, answer: (transaction) => answer(transaction, 200) });
    const port = (node: typeof busy) => node.stack.local[0]?.address.port ?? 0;
    const proxy = await openNode(host, {
      listen,
      answer(transaction, { stack }) {
        const prepared = prepareRequest(transaction.request, { isOwn: (uri) => uri.port === port(proxy) });
        assert.ok(!isRejection(prepared));
        forward(stack, transaction, prepared.request, {
          branches: [
            { uri: `sip:bob@127.0.0.1:${port(busy)}` },
            { uri: `sip:bob@127.0.0.1:${port(free)};transport=tcp` },
          ],
        });
      },
    });
    const alice = await openNode(host, { listen });
    const statuses = await new Promise<number[]>((resolve) => {
      const outcome = send(alice, newRequest("INVITE", `sip:bob@127.0.0.1:${port(proxy)}`), {
        onResponse(response) {
          if (response.status >= 200) resolve(outcome.statuses);
        },
      });
    });
    assert.deepEqual(statuses, [200]);
    assert.equal(busy.requests[0]?.source.protocol, "udp");
    assert.equal(free.requests[0]?.source.protocol, "tcp");
    for (const node of [alice, proxy, busy, free]) await node.stack.close();
  } finally {
    await host.close();
  }
});
