// The admin port on real sockets: what it says, and that garbage, long heads and slow clients do no harm.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import test, { type TestContext } from "node:test";
import { type AdminServer, isLoopbackAddress, serveAdmin } from "@liquid-ims/program/admin";
import type { Health } from "@liquid-ims/program/health";
import { createMetricsText } from "@liquid-ims/program/metrics-text";
import { Metrics } from "@liquid-ims/runtime/metrics";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";

const ready: Health = { status: "ready", listening: ["udp:127.0.0.1:7080"], details: { store: "ok" } };

async function open(
  context: TestContext,
  health: () => Promise<Health> = async () => ready,
  metrics = new Metrics(),
): Promise<AdminServer> {
  const admin = await serveAdmin({ metrics, health, listen: { host: "127.0.0.1", port: 0 } });
  context.after(() => admin.close());
  return admin;
}

/** One connection: sends the parts, gives all that came until the server closed it. */
async function talk(admin: AdminServer, ...parts: string[]): Promise<string> {
  const socket = connect(admin.local.port, admin.local.host);
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  // The server may cut the connection off while we still send.
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  await once(socket, "close");
  return answer;
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

test("GET /healthz: 200 with details when ready, 503 while starting, without a store, when stopping", async (context) => {
  let now: Health = { status: "starting", listening: [], details: {} };
  const admin = await open(context, async () => now);
  const starting = await talk(admin, get("/healthz"));
  assert.match(starting, /^HTTP\/1\.1 503 /);
  assert.match(starting, /\{"status":"starting","listening":\[\]\}\n$/);
  now = ready;
  const good = await talk(admin, get("/healthz?verbose"));
  assert.match(good, /^HTTP\/1\.1 200 [\s\S]*Content-Type: application\/json\r\n/);
  assert.match(good, /\{"status":"ready","listening":\["udp:127\.0\.0\.1:7080"\],"store":"ok"\}\n$/);
  for (const status of ["store down", "stopping"] as const) {
    now = { ...ready, status };
    assert.match(await talk(admin, get("/healthz")), /^HTTP\/1\.1 503 /);
  }
});

test("GET /metrics: counters and gauges with help, type and labels, as Prometheus reads them", async (context) => {
  const metrics = new Metrics();
  metrics.counter("cfd_refused_total", { help: "Requests not served", labels: { reason: "busy" } }).add(3);
  metrics.counter("cfd_refused_total", { help: "Requests not served", labels: { reason: 'a"b\\c' } }).add();
  metrics.gauge("cfd_queue_length", { help: "REGISTERs\nthat wait" }, () => 7);
  const admin = await open(context, undefined, metrics);
  const answer = await talk(admin, get("/metrics"));
  assert.match(answer, /Content-Type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/);
  const lines = answer.split("\n");
  for (const line of [
    "# HELP cfd_refused_total Requests not served",
    "# TYPE cfd_refused_total counter",
    'cfd_refused_total{reason="busy"} 3',
    'cfd_refused_total{reason="a\\"b\\\\c"} 1',
    "# HELP cfd_queue_length REGISTERs\\nthat wait",
    "# TYPE cfd_queue_length gauge",
    "cfd_queue_length 7",
  ])
    assert.ok(lines.includes(line), `${line}\n${answer}`);
  assert.equal(lines.filter((line) => line.startsWith("# TYPE cfd_refused_total")).length, 1);
});

test("readings at once do not count twice, and samples of one name may have different labels", async () => {
  const metrics = new Metrics();
  metrics.counter("a_total", { help: "a" }).add(2);
  metrics.counter("a_total", { help: "a", labels: { from: "x" } }).add(5);
  const text = createMetricsText({ metrics });
  const readings = await Promise.all([text.text(), text.text(), text.text()]);
  for (const reading of readings)
    assert.equal(reading, '# HELP a_total a\n# TYPE a_total counter\na_total 2\na_total{from="x"} 5\n');
});

test("other paths and methods", async (context) => {
  const admin = await open(context);
  assert.match(await talk(admin, get("/")), /^HTTP\/1\.1 404 [\s\S]*There are: \/healthz, \/metrics/);
  assert.match(await talk(admin, get("/../etc/passwd")), /^HTTP\/1\.1 404 /);
  const post = await talk(admin, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
  assert.match(post, /^HTTP\/1\.1 405 [\s\S]*Allow: GET, HEAD\r\n/);
  const head = await talk(admin, "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\n$/);
});

test("garbage, a head without end, a body without end: an error answer, and the port lives", async (context) => {
  const metrics = new Metrics();
  const admin = await open(context, undefined, metrics);
  assert.match(await talk(admin, "\u0000\u0001\u0002 garbage\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.match(await talk(admin, "REGISTER sip:x SIP/2.0\r\n\r\n"), /^HTTP\/1\.1 400 /);
  const long = `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(100_000)}`;
  assert.match(await talk(admin, long), /^(HTTP\/1\.1 431 |$)/);
  const endless = await talk(
    admin,
    "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n",
    "x".repeat(100_000),
  );
  assert.match(endless, /^HTTP\/1\.1 200 /);
  assert.match(await talk(admin, get("/healthz")), /^HTTP\/1\.1 200 /);
  const refused = metrics.samples().find(({ name }) => name === "admin_refused_total");
  assert.equal(refused?.value, 3);
});

test("slow clients hold connections, not the port: past 50 the newest are closed, and close ends them all", async () => {
  const metrics = new Metrics();
  const admin = await serveAdmin({
    metrics,
    health: async () => ready,
    listen: { host: "127.0.0.1", port: 0 },
  });
  const slow = Array.from({ length: 49 }, () => connect(admin.local.port, admin.local.host));
  await Promise.all(slow.map((socket) => once(socket, "connect")));
  for (const socket of slow) socket.on("error", () => undefined).write("GET /healthz HT");
  assert.match(await talk(admin, get("/healthz")), /^HTTP\/1\.1 200 /);
  const ended = slow.map((socket) => once(socket, "close"));
  for (const socket of slow) socket.resume();
  await admin.close();
  await Promise.all(ended);
});

test("a client that goes away in the middle is no news", async (context) => {
  const called = Promise.withResolvers<void>();
  const health = Promise.withResolvers<Health>();
  const admin = await open(context, () => {
    called.resolve();
    return health.promise;
  });
  const socket = connect(admin.local.port, admin.local.host);
  socket.write(get("/healthz"));
  await called.promise;
  socket.resetAndDestroy();
  health.resolve(ready);
  assert.match(await talk(admin, get("/healthz")), /^HTTP\/1\.1 200 /);
});

test("an address in use is the machine's fault, said in one line", async (context) => {
  const first = await open(context);
  await assert.rejects(
    serveAdmin({ metrics: new Metrics(), health: async () => ready, listen: first.local }),
    (error) =>
      error instanceof RuntimeError &&
      error.code === "address-in-use" &&
      error.message.includes(`admin listen 127.0.0.1:${first.local.port}: EADDRINUSE`),
  );
});

test("loopback addresses", () => {
  for (const host of ["127.0.0.1", "127.255.0.3", "::1"]) assert.ok(isLoopbackAddress(host), host);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1"])
    assert.ok(!isLoopbackAddress(host), host);
});
