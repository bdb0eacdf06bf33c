// What a proxy makes of a request and of its responses. RFC 3261 16.3, 16.4, 16.6, 16.7, 16.12.
import assert from "node:assert/strict";
import test from "node:test";
import type { HeaderPair, SipRequest } from "@liquid-ims/sip/message";
import { forward, forwardAck, isRejection, prepareRequest } from "@liquid-ims/sip/proxy";
import { addBareHost } from "../../support/virtual-hosts.ts";
import { ackOf, answer, newRequest, openNode, send, target } from "../stack-nodes.ts";
import { proxyUri, proxyWorld, serverAddress } from "./proxy-world.ts";

const identity = { isOwn: (uri: { host: string }) => uri.host === "p.test", supported: ["path"] };

function prepare(uri: string, ...headers: HeaderPair[]) {
  return prepareRequest(newRequest("INVITE", uri, { headers }), identity);
}

function prepared(uri: string, ...headers: HeaderPair[]): { request: SipRequest; route: string | null } {
  const result = prepare(uri, ...headers);
  assert.ok(!isRejection(result));
  return result;
}

test("16.4: our own first Route is taken off and given, its parameters too", () => {
  const { request, route } = prepared(
    "sip:bob@x.test",
    ["Route", "<sip:orig@p.test;lr;a=b>, <sip:q.test;lr>"],
    ["Route", "<sip:p.test;lr>"],
  );
  assert.equal(route, "<sip:orig@p.test;lr;a=b>");
  assert.deepEqual(request.headers.values("Route"), ["<sip:q.test;lr>", "<sip:p.test;lr>"]);
  assert.equal(request.uri, "sip:bob@x.test");
});

test("16.4: another's Route stays, and so does the Request-URI that names us", () => {
  const { request, route } = prepared("sip:p.test", ["Route", "<sip:q.test;lr>, <sip:p.test;lr>"]);
  assert.equal(route, null);
  assert.equal(request.uri, "sip:p.test");
  assert.equal(request.headers.values("Route").length, 2);
});

test("16.4: from a strict router the Request-URI is our Record-Route, the real one is the last Route", () => {
  const { request, route } = prepared("sip:p.test;lr", ["Route", "<sip:q.test;lr>, <sip:bob@ua.test:5070>"]);
  assert.equal(request.uri, "sip:bob@ua.test:5070");
  assert.deepEqual(request.headers.values("Route"), ["<sip:q.test;lr>"]);
  assert.equal(route, "<sip:p.test;lr>");
});

test("16.4: the request that was received is not changed", () => {
  const request = newRequest("INVITE", "sip:b@x.test", { headers: [["Route", "<sip:p.test;lr>"]] });
  prepareRequest(request, identity);
  assert.deepEqual(request.headers.values("Route"), ["<sip:p.test;lr>"]);
});

test("16.3: Max-Forwards 0 is 483, an unknown Proxy-Require 420 with Unsupported, a known one passes", () => {
  const request = newRequest("INVITE", "sip:b@x.test");
  request.headers.set("Max-Forwards", "0");
  const tooMany = prepareRequest(request, identity);
  assert.ok(isRejection(tooMany));
  assert.equal(tooMany.status, 483);
  const unknown = prepare("sip:b@x.test", ["Proxy-Require", "path, foo"], ["Proxy-Require", "bar"]);
  assert.ok(isRejection(unknown));
  assert.equal(unknown.status, 420);
  assert.deepEqual(unknown.headers, [["Unsupported", "foo, bar"]]);
  assert.ok(!isRejection(prepare("sip:b@x.test", ["Proxy-Require", "path"])));
});

test("16.6: the copy: Request-URI, Max-Forwards one less, Record-Route, Route in front, our Via on top", async () => {
  const { call, run, servers } = await proxyWorld([{}], {
    recordRoute: proxyUri,
    branches: [
      {
        uri: `sip:bob@${serverAddress(0)}`,
        routes: [`<sip:${serverAddress(0)};lr>`, "<sip:second.test;lr>"],
        onRequest: (copy) => copy.headers.set("P-Test", copy.headers.get("Max-Forwards") ?? ""),
      },
    ],
  });
  call("INVITE", { headers: [["X-Other", "stays; as=it is"]] });
  await run(100);
  const request = servers[0]?.requests[0]?.request;
  assert.ok(request);
  assert.equal(request.uri, `sip:bob@${serverAddress(0)}`);
  assert.equal(request.headers.get("Max-Forwards"), "69");
  assert.equal(request.headers.get("P-Test"), "69");
  assert.equal(request.headers.get("X-Other"), "stays; as=it is");
  assert.deepEqual(request.headers.values("Route"), [`<sip:${serverAddress(0)};lr>`, "<sip:second.test;lr>"]);
  assert.deepEqual(request.headers.values("Record-Route"), ["<sip:proxy@10.0.0.50:5060;lr>"]);
  const vias = request.headers.values("Via");
  assert.equal(vias.length, 2);
  assert.match(
    vias[0] ?? "",
    /^SIP\/2\.0\/UDP 10\.0\.0\.50:5060;branch=z9hG4bK[0-9a-f]{32};rport=5060;received=/,
  );
  assert.match(vias[1] ?? "", /^SIP\/2\.0\/UDP 10\.0\.0\.1:5060;.*received=10\.0\.0\.1$/);
});

test("16.6: Record-Route only where a dialog is made or refreshed; Max-Forwards 70 where there was none", async () => {
  const { run, servers, alice } = await proxyWorld([{}], { recordRoute: `<${proxyUri};lr>` });
  for (const method of ["INVITE", "SUBSCRIBE", "NOTIFY", "MESSAGE", "REGISTER"]) {
    const request = newRequest(method, "sip:bob@home.test", { headers: [["Route", `<${proxyUri};lr>`]] });
    request.headers.remove("Max-Forwards");
    send(alice, request);
    await run(50);
  }
  assert.deepEqual(
    servers[0]?.requests.map(({ request }) => [
      request.method,
      request.headers.get("Record-Route") ?? null,
      request.headers.get("Max-Forwards"),
    ]),
    [
      ["INVITE", `<${proxyUri};lr>`, "70"],
      ["SUBSCRIBE", `<${proxyUri};lr>`, "70"],
      ["NOTIFY", `<${proxyUri};lr>`, "70"],
      ["MESSAGE", null, "70"],
      ["REGISTER", null, "70"],
    ],
  );
});

test("16.6 step 6: to a strict router the first Route is the Request-URI, the real one the last Route", async () => {
  const { call, run, servers } = await proxyWorld([{}], {
    branches: [{ uri: "sip:bob@ua.test", routes: [`<sip:${serverAddress(0)}>`, "<sip:next.test;lr>"] }],
  });
  call("OPTIONS");
  await run(100);
  const request = servers[0]?.requests[0]?.request;
  assert.equal(request?.uri, `sip:${serverAddress(0)}`);
  assert.deepEqual(request?.headers.values("Route"), ["<sip:next.test;lr>", "<sip:bob@ua.test>"]);
});

test("16.6: a target of the branch is used whatever its Route and Request-URI say", async () => {
  const { call, run, servers } = await proxyWorld([{}], {
    branches: [{ uri: "sip:bob@nowhere.test", target: target("tcp", serverAddress(0)) }],
  });
  call("OPTIONS");
  await run(100);
  assert.equal(servers[0]?.requests[0]?.request.uri, "sip:bob@nowhere.test");
  assert.equal(servers[0]?.requests[0]?.source.protocol, "tcp");
});

test("16.6: a branch can be sent from another address of the proxy", async () => {
  const { simulation, run, servers, alice } = await proxyWorld([{}]);
  const { node: host } = addBareHost(simulation, "two addresses", "10.0.0.52", "10.0.0.53");
  const from = target("udp", "10.0.0.53");
  await simulation.settle(
    openNode(host, {
      listen: [target("udp", "10.0.0.52"), from],
      answer: (transaction, { stack }) =>
        forward(stack, transaction, transaction.request, {
          branches: [{ uri: `sip:bob@${serverAddress(0)}`, from }],
        }),
      ack: (request, { stack }) => forwardAck(stack, request, { uri: `sip:bob@${serverAddress(0)}`, from }),
    }),
  );
  send(alice, newRequest("OPTIONS", "sip:bob@10.0.0.52"));
  alice.stack.sendAck(newRequest("ACK", "sip:bob@10.0.0.52", { toTag: "x" }));
  await run(100);
  assert.equal(servers[0]?.requests[0]?.source.address.host, "10.0.0.53");
  assert.equal(servers[0]?.acks[0]?.source.address.host, "10.0.0.53");
});

test("16.6: an ACK to a 2xx can be sent to a target of the proxy's choice", async () => {
  const { run, proxy, servers } = await proxyWorld([{}]);
  forwardAck(proxy.stack, newRequest("ACK", "sip:bob@nowhere.test", { toTag: "x" }), {
    target: target("tcp", serverAddress(0)),
  });
  await run(100);
  assert.equal(servers[0]?.acks[0]?.source.protocol, "tcp");
  assert.equal(servers[0]?.acks[0]?.request.headers.get("Max-Forwards"), "69");
});

test("16.7: our Via comes off, the response can be edited, 100 is not passed on", async () => {
  const { call, run } = await proxyWorld(
    [
      {
        answer(transaction) {
          answer(transaction, 100);
          answer(transaction, 183);
          answer(transaction, 200);
        },
      },
    ],
    { onResponse: (response) => response.headers.add("P-Seen", String(response.status)) },
  );
  const outcome = call("INVITE");
  await run(100);
  assert.deepEqual(outcome.statuses, [183, 200]);
  assert.deepEqual(
    outcome.responses.map(({ headers }) => [headers.count("Via"), headers.get("P-Seen")]),
    [
      [1, "183"],
      [1, "200"],
    ],
  );
});

test("16.11, 16.12: with Record-Route ACK and BYE come by way of the proxy, without it they do not", async () => {
  for (const recordRoute of [proxyUri, undefined]) {
    const { alice, call, run, servers, proxy } = await proxyWorld(
      [{ answer: (transaction) => answer(transaction, 200) }],
      recordRoute === undefined ? {} : { recordRoute },
    );
    const invite = call("INVITE");
    await run(100);
    const ok = invite.responses.at(-1);
    assert.equal(ok?.status, 200);
    const routes = ok.headers.values("Record-Route").map((value): HeaderPair => ["Route", value]);
    assert.equal(routes.length, recordRoute === undefined ? 0 : 1);
    const remote = `sip:bob@${serverAddress(0)}`;
    const dialog = newRequest("INVITE", remote, { headers: routes });
    alice.stack.sendAck(ackOf(dialog, ok, remote));
    const bye = send(alice, newRequest("BYE", remote, { headers: routes, cseq: 2, toTag: "bob-1" }));
    await run(100);
    assert.deepEqual(bye.statuses, [200]);
    const [server] = servers;
    const expected = recordRoute === undefined ? 1 : 2;
    assert.equal(server?.acks[0]?.request.headers.values("Via").length, expected);
    assert.equal(server?.acks[0]?.request.headers.has("Route"), false);
    assert.equal(server?.requests[1]?.request.headers.values("Via").length, expected);
    assert.equal(proxy.acks.length, recordRoute === undefined ? 0 : 1);
  }
});

test("16.7: over a lossy link a call by way of the proxy is made, and nothing is left at the end", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { alice, call, proxy, run, servers } = await proxyWorld(
      [
        {
          answer(transaction) {
            answer(transaction, 180);
            answer(transaction, transaction.request.method === "INVITE" ? 486 : 200);
          },
        },
      ],
      { seed, link: { delayMs: 10, jitterMs: 5, loss: 0.1, duplicate: 0.05, reorder: 0.05 } },
    );
    const invite = call("INVITE");
    const options = call("OPTIONS", { cseq: 2 });
    await run(110_000);
    assert.equal(invite.statuses.at(-1), 486, `seed ${seed}`);
    assert.deepEqual(options.statuses.slice(-1), [200], `seed ${seed}`);
    for (const node of [alice, proxy, ...servers])
      assert.deepEqual({ ...node.stack.transactions }, { client: 0, server: 0 }, `seed ${seed}`);
  }
});
