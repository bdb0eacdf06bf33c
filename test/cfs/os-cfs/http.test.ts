// os-cfs over HTTP: status, headers and problem details of everything that can go wrong. RFC 9110, RFC 9457.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { OperationResult, TransferResource } from "@liquid-ims/cfs/operations/operations";
import { problem } from "@liquid-ims/cfs/operations/problem";
import { createOsCfs, serveOsCfs } from "@liquid-ims/cfs/os-cfs/http";
import type { TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import { type Call, scripted } from "./scripted-operations.ts";

const request: TransferRequest = {
  function: "pcscf1.home:4060",
  load: 0.5,
  targets: [{ function: "pcscf2.home:4060" }],
  reason: "overload",
};

const transfer: TransferResource = {
  id: "t-1",
  state: "PROCESSING",
  request,
  standing: false,
  startedAt: 1,
  endedAt: null,
  counts: { planned: 1, moved: 0, left: 0 },
  dialogs: { kept: 0, pinned: 0, lost: 0, endedMeanwhile: 0 },
  users: [
    {
      user: "sip:a@home",
      from: "pcscf1.home:4060",
      to: "pcscf2.home:4060",
      state: "planned",
      reason: "",
      commandedAt: null,
      reassignedAt: null,
      recordSeenAt: null,
      endedAt: null,
    },
  ],
};

async function open(
  context: TestContext,
  answer: () => OperationResult<never> | { ok: true; value: unknown },
) {
  const calls: Call[] = [];
  const server = await createOsCfs({ operations: scripted(calls, answer), bodyLimit: 10_000 });
  context.after(() => server.close());
  return { server, calls };
}

const good = () => ({ ok: true as const, value: transfer });

async function post(context: TestContext, payload: string, headers: Record<string, string> = {}) {
  const { server, calls } = await open(context, good);
  const reply = await server.inject({
    method: "POST",
    url: "/os-cfs/v1/transfers",
    headers: { "content-type": "application/json", ...headers },
    payload,
  });
  return { reply, calls };
}

async function refused(context: TestContext, payload: unknown) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const { reply, calls } = await post(context, text);
  assert.match(reply.headers["content-type"] ?? "", /^application\/problem\+json/);
  assert.deepEqual(calls, [], "nothing was started");
  const { type, title, status, detail, remedy } = reply.json<Record<string, string>>();
  assert.ok(type?.startsWith("urn:liquid-ims:problem:") && title !== "" && remedy !== "");
  assert.equal(Number(status), reply.statusCode);
  return `${reply.statusCode} ${detail}`;
}

test("SOL 003: a transfer that begins is 202 with Location and the operation", async (context) => {
  const { reply, calls } = await post(context, JSON.stringify(request));
  assert.equal(reply.statusCode, 202);
  assert.equal(reply.headers["location"], "/os-cfs/v1/transfers/t-1");
  assert.deepEqual(reply.json(), transfer);
  assert.deepEqual(calls, [{ name: "createTransfer", parameters: [request, {}] }]);
});

test("os-cfs: the Idempotency-Key is passed on", async (context) => {
  const { calls } = await post(context, JSON.stringify(request), { "idempotency-key": "k" });
  assert.deepEqual(calls[0]?.parameters[1], { idempotencyKey: "k" });
});

test("RFC 9457: unknown members are refused, and named with their value", async (context) => {
  assert.equal(
    await refused(context, { ...request, dryrun: true }),
    "422 dryrun is true: is no member of it; look at /os-cfs/v1/openapi.json",
  );
  assert.equal(
    await refused(context, { ...request, targets: [{ function: "a", wieght: 2 }] }),
    "422 targets[0].wieght is 2: is no member of it; look at /os-cfs/v1/openapi.json",
  );
  assert.match(
    await refused(context, { ...request, pace: { mode: "fixed", rate: 5 } }),
    /^422 pace\.rate is 5/,
  );
});

test("RFC 9457: missing and wrong members are 422, with field, value and remedy", async (context) => {
  const { targets: _, ...withoutTargets } = request;
  assert.equal(await refused(context, withoutTargets), "422 targets: is missing; give it");
  assert.equal(
    await refused(context, { ...request, reason: "boredom" }),
    '422 reason is "boredom": must be one of ["overload","underload","removal","failure","maintenance"]',
  );
  assert.equal(await refused(context, { ...request, load: 2 }), "422 load is 2: must be <= 1");
  assert.equal(await refused(context, { ...request, load: "0.5" }), '422 load is "0.5": must be number');
  assert.match(await refused(context, { ...request, targets: [] }), /^422 targets is \[\]: /);
  assert.match(
    await refused(context, { ...request, users: ["sip:a@home"] }),
    /^422 body: needs either function and load/,
  );
  assert.match(
    await refused(context, { targets: request.targets, reason: "failure" }),
    /^422 body: needs either/,
  );
  const named = { users: ["a@home"], targets: request.targets, reason: "failure" };
  assert.match(await refused(context, named), /^422 users\[0\] is "a@home": must match pattern/);
  assert.match(await refused(context, []), /^422 body is \[\]: must be object/);
  assert.match(await refused(context, "null"), /^422 body is null: must be object/);
});

test("RFC 9110 15.5.1: malformed JSON is 400", async (context) => {
  assert.match(await refused(context, '{"function":'), /^400 body: .*send JSON/);
  assert.match(await refused(context, ""), /^400 body: .*send JSON/);
  assert.match(await refused(context, '{"__proto__": {}}'), /^400 body: .*send JSON/);
});

test("RFC 9110 15.5.16: another content type is 415", async (context) => {
  const { reply } = await post(context, "function=a", {
    "content-type": "application/x-www-form-urlencoded",
  });
  assert.equal(reply.statusCode, 415);
  const { detail } = reply.json<{ detail: string }>();
  assert.equal(detail, 'Content-Type is "application/x-www-form-urlencoded": send application/json');
});

test("RFC 9110 15.5.16: text is another content type, too", async (context) => {
  const { reply } = await post(context, "{}", { "content-type": "text/plain" });
  assert.equal(reply.statusCode, 415);
});

test("RFC 9110 15.5.14: a body that is too long is 413", async (context) => {
  const users = Array.from({ length: 2000 }, (_, index) => `sip:u${index}@home`);
  const detail = await refused(context, { users, targets: request.targets, reason: "failure" });
  assert.match(detail, /^413 body is \d+: send at most 10000 bytes/);
});

test("RFC 9110 15.5.5, 15.5.6: unknown paths are 404, unknown methods 405 with Allow", async (context) => {
  const { server } = await open(context, good);
  const unknown = await server.inject({ method: "GET", url: "/os-cfs/v1/nothing" });
  assert.equal(unknown.statusCode, 404);
  assert.match(unknown.headers["content-type"] ?? "", /^application\/problem\+json/);
  const wrong = await server.inject({ method: "DELETE", url: "/os-cfs/v1/transfers?x=1" });
  assert.equal(wrong.statusCode, 405);
  assert.equal(wrong.headers["allow"], "GET, POST");
  assert.equal(wrong.json<{ detail: string }>().detail, 'method is "DELETE": use GET or POST');
  const drain = await server.inject({ method: "POST", url: "/os-cfs/v1/functions/a/drain" });
  assert.deepEqual([drain.statusCode, drain.headers["allow"]], [405, "DELETE"]);
});

test("RFC 9457: a problem of an operation keeps its status and members", async (context) => {
  const details = problem("transfer-running", { field: "function", value: "p", remedy: "wait" });
  const { server } = await open(context, () => ({ ok: false, problem: details }));
  const reply = await server.inject({ method: "POST", url: "/os-cfs/v1/transfers", payload: request });
  assert.equal(reply.statusCode, 409);
  assert.equal(reply.headers["location"], undefined);
  assert.deepEqual(reply.json(), details);
});

test("RFC 9457: a fault of the CFS is 500 and says nothing of its inside", async (context) => {
  const { server } = await open(context, () => {
    throw new Error("secret path /etc");
  });
  const reply = await server.inject({ method: "GET", url: "/os-cfs/v1/functions" });
  assert.equal(reply.statusCode, 500);
  assert.doesNotMatch(reply.body, /secret/);
  assert.match(reply.headers["content-type"] ?? "", /^application\/problem\+json/);
});

test("os-cfs: each resource calls its operation", async (context) => {
  const { server, calls } = await open(context, good);
  const name = encodeURIComponent("sip:scscf1.home:6060");
  const requests = [
    ["GET", "/transfers", 200],
    ["GET", "/transfers/t-1", 200],
    ["POST", "/transfers/t-1/cancel", 202],
    ["GET", "/functions", 200],
    ["GET", `/functions/${name}`, 200],
    ["GET", "/functions/pcscf1.home:4060/users", 200],
    ["GET", "/functions/pcscf1.home:4060/can-remove", 200],
    ["DELETE", "/functions/pcscf1.home:4060/drain", 200],
    ["GET", "/users", 200],
    ["POST", "/users/sip%3Aa%40home/query", 200],
  ] as const;
  for (const [method, path, status] of requests) {
    const reply = await server.inject({ method, url: `/os-cfs/v1${path}` });
    assert.equal(reply.statusCode, status, path);
  }
  assert.deepEqual(
    calls.map(({ name: operation, parameters }) => [operation, ...parameters]),
    [
      ["listTransfers"],
      ["getTransfer", "t-1"],
      ["cancelTransfer", "t-1"],
      ["listFunctions"],
      ["getFunction", "sip:scscf1.home:6060"],
      ["listUsers", "pcscf1.home:4060"],
      ["canRemove", "pcscf1.home:4060"],
      ["endDrain", "pcscf1.home:4060"],
      ["listAllUsers"],
      ["queryUser", "sip:a@home"],
    ],
  );
});

test("OpenAPI 3.1: the document names every resource, the request's schema and the problems", async (context) => {
  const { server } = await open(context, good);
  const reply = await server.inject({ method: "GET", url: "/os-cfs/v1/openapi.json" });
  assert.equal(reply.statusCode, 200);
  const document = reply.json<{
    openapi: string;
    paths: Record<
      string,
      Record<string, { responses: Record<string, { content: Record<string, unknown> }> }>
    >;
  }>();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(Object.keys(document.paths).sort(), [
    "/os-cfs/v1/function-operations/{id}",
    "/os-cfs/v1/functions",
    "/os-cfs/v1/functions/{name}",
    "/os-cfs/v1/functions/{name}/can-remove",
    "/os-cfs/v1/functions/{name}/drain",
    "/os-cfs/v1/functions/{name}/users",
    "/os-cfs/v1/transfers",
    "/os-cfs/v1/transfers/{id}",
    "/os-cfs/v1/transfers/{id}/cancel",
    "/os-cfs/v1/users",
    "/os-cfs/v1/users/{user}/query",
  ]);
  const { responses } = document.paths["/os-cfs/v1/transfers"]?.["post"] ?? { responses: {} };
  assert.deepEqual(Object.keys(responses), ["202", "400", "404", "409", "413", "415", "422"]);
  assert.ok("application/problem+json" in (responses["422"]?.content ?? {}));
});

test("os-cfs: served on a socket, it answers and closes", async () => {
  const operations = scripted([], good);
  const server = await serveOsCfs({ operations, listen: { host: "127.0.0.1", port: 0 } });
  try {
    assert.ok(server.local.port > 0);
    const reply = await fetch(`http://127.0.0.1:${server.local.port}/os-cfs/v1/transfers/t-1`);
    assert.deepEqual([reply.status, await reply.json()], [200, transfer]);
    await assert.rejects(
      serveOsCfs({ operations, listen: server.local }),
      (error) => error instanceof Error && "code" in error && error.code === "EADDRINUSE",
    );
  } finally {
    await server.close();
  }
});
