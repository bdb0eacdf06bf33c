// Orders for I-CSCFs and CFDs over HTTP: what reaches the operations, and what does not. RFC 9110, RFC 9457.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { createOsCfs } from "@liquid-ims/cfs/os-cfs/http";
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import { type Call, scripted } from "./scripted-operations.ts";

const operation: FunctionOperation = {
  id: "f-1",
  action: "add",
  function: "icscf2.home",
  kind: "I-CSCF",
  state: "STARTING",
  step: "accepted",
  request: { kind: "I-CSCF", addresses: ["192.0.2.32"] },
  failed: false,
  force: false,
  startedAt: 1,
  endedAt: null,
  deadlineAt: 2,
  changes: [],
  changedAt: null,
  mayBeStoppedAt: null,
  mayBeStopped: false,
  retryAt: null,
  updates: 0,
};

async function ask(context: TestContext, method: "PUT" | "DELETE" | "GET", path: string, payload?: object) {
  const calls: Call[] = [];
  const server = await createOsCfs({ operations: scripted(calls, () => ({ ok: true, value: operation })) });
  context.after(() => server.close());
  const url = `/os-cfs/v1${path}`;
  const reply = await server.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
  return { reply, calls };
}

async function refused(context: TestContext, ...asked: ["PUT" | "DELETE", string, object?]): Promise<string> {
  const { reply, calls } = await ask(context, ...asked);
  assert.deepEqual(calls, [], "nothing was begun");
  assert.match(reply.headers["content-type"] ?? "", /^application\/problem\+json/);
  return `${reply.statusCode} ${reply.json<{ detail: string }>().detail}`;
}

test("SOL 003: PUT of a function is 202 with Location and the operation", async (context) => {
  const body = {
    kind: "CFD",
    addresses: ["::1"],
    port: 7080,
    transports: ["tcp"],
    priority: 1,
    weight: 0,
    deadline: 5,
  };
  const { reply, calls } = await ask(context, "PUT", "/functions/cfd2.home", body);
  assert.deepEqual(
    [reply.statusCode, reply.headers["location"]],
    [202, "/os-cfs/v1/function-operations/f-1"],
  );
  assert.deepEqual(reply.json(), operation);
  assert.deepEqual(calls, [{ name: "putFunction", parameters: ["cfd2.home", body] }]);
});

test("DELETE of a function: its query is read, and false where nothing is said", async (context) => {
  const bare = await ask(context, "DELETE", "/functions/icscf2.home");
  assert.deepEqual(
    [bare.reply.statusCode, bare.reply.headers["location"]],
    [202, "/os-cfs/v1/function-operations/f-1"],
  );
  assert.deepEqual(bare.calls[0]?.parameters, ["icscf2.home", { failed: false, force: false }]);
  const whole = await ask(
    context,
    "DELETE",
    "/functions/cfd.home?kind=CFD&failed=true&force=true&deadline=30",
  );
  assert.deepEqual(whole.calls[0]?.parameters, [
    "cfd.home",
    { kind: "CFD", failed: true, force: true, deadline: 30 },
  ]);
});

test("GET of a function operation", async (context) => {
  const { reply, calls } = await ask(context, "GET", "/function-operations/f-1");
  assert.equal(reply.statusCode, 200);
  assert.deepEqual(calls, [{ name: "getFunctionOperation", parameters: ["f-1"] }]);
});

test("RFC 9457: a mistyped member or value of an order is refused by name", async (context) => {
  const body = { kind: "I-CSCF", addresses: ["192.0.2.32"] };
  const put = (change: object) => refused(context, "PUT", "/functions/i.home", { ...body, ...change });
  assert.equal(
    await put({ wieght: 5 }),
    "422 wieght is 5: is no member of it; look at /os-cfs/v1/openapi.json",
  );
  assert.equal(await put({ kind: "P-CSCF" }), '422 kind is "P-CSCF": must be one of ["I-CSCF","CFD"]');
  assert.match(await put({ addresses: [] }), /^422 addresses is \[\]: /);
  assert.match(await put({ port: 0 }), /^422 port is 0: must be >= 1/);
  assert.match(await put({ weight: 65_536 }), /^422 weight is 65536: must be <= 65535/);
  assert.match(await put({ transports: ["tls"] }), /^422 transports\[0\] is "tls": must be one of/);
  assert.match(
    await refused(context, "DELETE", "/functions/i.home?failed=yes"),
    /^422 failed is "yes": must be one of/,
  );
  assert.match(
    await refused(context, "DELETE", "/functions/i.home?faild=true"),
    /^422 faild is "true": is no member/,
  );
  assert.match(
    await refused(context, "DELETE", "/functions/i.home?deadline=0"),
    /^422 deadline is "0": must match/,
  );
});
