// The adapter for PyHSS: against its REST interface over real HTTP, and what each answer means.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import test, { type TestContext } from "node:test";
import { PyHssAdapter, type PyHssOptions } from "@liquid-ims/cfs/cx/pyhss-adapter";
import type { HttpReply } from "@liquid-ims/runtime/http";
import { fetchHttp } from "@liquid-ims/runtime/nodejs/http";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { counted } from "../../support/cfs-ue-world.ts";
import { PyHssStub } from "./pyhss.ts";

const s2 = "sip:scscf2.ims.example:6060";
const alice = { privateIdentity: "001010000000001@ims.example", publicIdentity: "sip:alice@ims.example" };
const byNumber = { privateIdentity: "bob@ims.example", publicIdentity: "tel:+491700000002" };
const nobody = { privateIdentity: "carol@ims.example", publicIdentity: "sip:carol@ims.example" };

function stub(): PyHssStub {
  return new PyHssStub([
    { imsi: "001010000000001", msisdn: "491700000001" },
    { imsi: "001010000000002", msisdn: "491700000002" },
  ]);
}

/** The stub behind a real HTTP server at a port that the system chose. */
async function serve(context: TestContext, hss: PyHssStub): Promise<string> {
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const key = request.headers["provisioning-key"];
      const { status, body } = hss.answer(
        ...([request.method ?? "", request.url ?? ""] as const),
        ...([typeof key === "string" ? key : null, Buffer.concat(parts).toString()] as const),
      );
      response.writeHead(status, { "Content-Type": "application/json", Connection: "close" }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => new Promise((resolve) => server.close(resolve)));
  const at = server.address();
  assert.ok(typeof at === "object" && at !== null);
  return `http://127.0.0.1:${at.port}`;
}

function open(http: ConstructorParameters<typeof PyHssAdapter>[1], options: Partial<PyHssOptions> = {}) {
  const simulation = new Simulation({ seed: 1 });
  const { host } = simulation.addHost("cfs", { addresses: ["192.0.2.21"], program: () => undefined });
  const all = { url: "http://hss:8080", realm: "ims.example", ...options };
  const adapter = new PyHssAdapter(host, http, all);
  const assign = (user: typeof alice) => adapter.assign(user, s2, { timeoutMs: 8_000 });
  return { host, assign, registration: (user: typeof alice) => adapter.registration(user) };
}

test("PyHSS: the subscriber is found by IMSI, else by number, and PATCHed with name, realm and peer", async (context) => {
  const hss = stub();
  const url = await serve(context, hss);
  const { host, assign } = open(fetchHttp, { url: `${url}/` });
  assert.deepEqual(await assign(alice), { ok: true });
  assert.deepEqual(await assign(byNumber), { ok: true });
  for (const { scscf, scscf_realm: realm, scscf_peer: peer } of hss.subscribers)
    assert.deepEqual([scscf, realm, peer], [s2, "ims.example", "scscf2.ims.example"]);
  assert.deepEqual(
    hss.requests.map(({ method, path }) => `${method} ${path}`),
    [
      "GET /ims_subscriber/ims_subscriber_imsi/001010000000001",
      "PATCH /ims_subscriber/7",
      "GET /ims_subscriber/ims_subscriber_imsi/bob",
      "GET /ims_subscriber/ims_subscriber_msisdn/491700000002",
      "PATCH /ims_subscriber/8",
    ],
  );
  assert.equal(counted(host, "cfs_hss_adapter_requests_total", "success"), 2);
});

test("PyHSS: who is registered is read, by number too, and nothing is written; without a name he is not", async () => {
  const hss = stub();
  // Reading is not locked.
  hss.provisioningKey = "k";
  const { registration } = open(hss.port);
  assert.deepEqual(await registration(alice), { ok: true, server: null, registered: false });
  for (const subscriber of hss.subscribers) subscriber.scscf = s2;
  assert.deepEqual(await registration(byNumber), { ok: true, server: s2, registered: true });
  const unknown = await registration(nobody);
  assert.ok(!unknown.ok);
  assert.equal(unknown.reason, "unknown to the HSS");
  assert.ok(hss.requests.every(({ method }) => method === "GET"));
});

test("PyHSS: locked provisioning wants a key; without it the reason names the member", async (context) => {
  const hss = stub();
  hss.provisioningKey = "k";
  const url = await serve(context, hss);
  const refused = await open(fetchHttp, { url }).assign(alice);
  assert.ok(!refused.ok);
  assert.deepEqual([refused.reason, refused.mayBeDone], ["refused by the HSS", false]);
  assert.match(refused.detail, /401; see cx.adapter.provisioningKey/);
  assert.deepEqual(await open(fetchHttp, { url, provisioningKey: "k" }).assign(alice), { ok: true });
});

test("PyHSS: who is not there, what is refused, what is kept as it was: each is said, and nothing is done", async () => {
  const hss = stub();
  const { assign } = open(hss.port);
  const unknown = await assign(nobody);
  assert.ok(!unknown.ok);
  assert.deepEqual([unknown.reason, unknown.mayBeDone], ["unknown to the HSS", false]);
  assert.match(unknown.detail, /^GET ims_subscriber_imsi\/carol: 400 /);
  for (const [status, reason] of [
    [500, "refused by the HSS"],
    [503, "HSS too busy"],
    [429, "HSS too busy"],
  ] as const) {
    hss.patchStatus = status;
    const answer = await assign(alice);
    assert.ok(!answer.ok);
    assert.deepEqual([answer.reason, answer.mayBeDone], [reason, false]);
  }
  hss.patchStatus = null;
  hss.written = (subscriber) => {
    subscriber.scscf = "sip:old";
  };
  const kept = await assign(alice);
  assert.ok(!kept.ok);
  assert.match(kept.detail, /it has sip:old afterwards/);
});

test("PyHSS: what is not its answer names the member that is wrong; what passes is tried again", async () => {
  const answers = [
    [404, '{"Result": "Not Found"}', "refused by the HSS", /404 .*see cx\.adapter\.url$/],
    [200, "<html>It works</html>", "refused by the HSS", /see cx\.adapter\.url$/],
    [301, "", "refused by the HSS", /see cx\.adapter\.url$/],
    [502, "<html>", "HSS too busy", /502/],
    [504, "", "HSS too busy", /504/],
    [400, '[{"reason": "A database integrity error occurred: gone"}, 400]', "HSS too busy", /database/],
    [400, "null", "unknown to the HSS", /400 null/],
    [500, '{"result": "Failed"}', "unknown to the HSS", /500/],
  ] as const;
  for (const [status, body, reason, detail] of answers) {
    const { assign } = open(() => Promise.resolve({ outcome: "answer", status, body }));
    const answer = await assign(alice);
    assert.ok(!answer.ok);
    assert.deepEqual([answer.reason, answer.mayBeDone], [reason, false], `${status} ${body}`);
    assert.match(answer.detail, detail);
  }
});

test("PyHSS: no connection has done nothing; a PATCH without answer may have been done, a GET not", async (context) => {
  // A port that was free a moment ago.
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
  const free = gone.address();
  assert.ok(typeof free === "object" && free !== null);
  await new Promise((resolve) => gone.close(resolve));
  const unreachable = await open(fetchHttp, { url: `http://127.0.0.1:${free.port}` }).assign(alice);
  assert.ok(!unreachable.ok);
  assert.deepEqual([unreachable.reason, unreachable.mayBeDone], ["HSS cannot be reached", false]);
  // A server that reads and says nothing, for the time-out of the real port.
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    silent.closeAllConnections();
    return new Promise((resolve) => silent.close(resolve));
  });
  const at = silent.address();
  assert.ok(typeof at === "object" && at !== null);
  const url = `http://127.0.0.1:${at.port}`;
  const late = await open(fetchHttp, { url, timeoutMs: 50 }).assign(alice);
  assert.ok(!late.ok);
  assert.deepEqual([late.reason, late.mayBeDone], ["HSS does not answer", false]);
  const hss = stub();
  const { assign } = open((request) => {
    const lost: HttpReply = { outcome: "no answer", detail: "reset" };
    return request.method === "PATCH" ? Promise.resolve(lost) : hss.port(request);
  });
  const unanswered = await assign(alice);
  assert.ok(!unanswered.ok);
  assert.deepEqual([unanswered.reason, unanswered.mayBeDone], ["HSS does not answer", true]);
});
