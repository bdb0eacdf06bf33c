// The real host: how it ends, what a fault does, its clock, randomness and log. Sockets: test/compliance.
import assert from "node:assert/strict";
import test from "node:test";
import { silentLog } from "@liquid-ims/runtime/log";
import type { NodejsHost } from "@liquid-ims/runtime/nodejs";
import { createLineLog, createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { encodeText } from "@liquid-ims/runtime/text";

const loopback = { host: "127.0.0.1", port: 0 };

function create(onCrash?: (error: unknown) => void): NodejsHost {
  return createNodejsHost({ name: "a", log: silentLog, ...(onCrash === undefined ? {} : { onCrash }) });
}

test("close: timers, sockets and promises of the host are dead at once, its ports do nothing", async () => {
  const host = create();
  const peer = create();
  const happened: string[] = [];
  const socket = await host.network.udp(loopback, () => happened.push("datagram"));
  const sending = await peer.network.udp(loopback, () => happened.push("answer"));
  const listener = await host.network.listen(loopback, () => happened.push("accepted"));
  host.clock.after(0, () => happened.push("timer"), "timer");
  void host.clock.sleep(0, "sleep").then(() => happened.push("slept"));
  void host.network.udp(loopback, () => undefined).then(() => happened.push("bound"));
  sending.send(encodeText("x"), socket.local);
  const closing = host.close();
  assert.equal(host.alive, false);
  socket.send(encodeText("x"), sending.local);
  socket.close();
  void host.network.connect(listener.local).then(() => happened.push("connected"));
  host.clock.after(0, () => happened.push("late timer"), "timer").cancel();
  host.spawn("task", async () => void happened.push("spawned"));
  await closing;
  await host.close();
  await assert.rejects(peer.network.connect(listener.local), { code: "refused" });
  await peer.close();
  assert.deepEqual(happened, []);
});

test("close: peers' streams are reset", async () => {
  const host = create();
  const peer = create();
  let accept: () => void = () => undefined;
  const accepted = new Promise<void>((resolve) => {
    accept = resolve;
  });
  const listener = await host.network.listen(loopback, (stream) => {
    stream.open({ data: () => undefined, closed: () => assert.fail("told after its end") });
    accept();
  });
  const stream = await peer.network.connect(listener.local);
  const ending = new Promise((resolve) => stream.open({ data: () => undefined, closed: resolve }));
  await accepted;
  await host.close();
  assert.equal(await ending, "reset");
  await peer.close();
});

for (const what of ["timer", "datagram", "task", "task that throws at once"])
  test(`a fault in a ${what} closes the host and is told once`, async () => {
    const cause = new Error("broken");
    const crashes: unknown[] = [];
    let crashed: () => void = () => undefined;
    const done = new Promise<void>((resolve) => {
      crashed = resolve;
    });
    const host = create((error) => {
      crashes.push(error);
      crashed();
    });
    const fail = () => {
      throw cause;
    };
    if (what === "timer") for (const ms of [0, 0]) host.clock.after(ms, fail, "timer");
    if (what === "task") for (const label of ["a", "b"]) host.spawn(label, async () => fail());
    if (what === "task that throws at once") host.spawn("c", fail);
    if (what === "datagram") {
      const socket = await host.network.udp(loopback, fail);
      for (let count = 0; count < 2; count++) socket.send(encodeText("x"), socket.local);
    }
    await done;
    assert.equal(host.alive, false);
    await host.close();
    assert.deepEqual(crashes, [cause]);
  });

test("clock: never early, in order, cancellable; wall time is the machine's", async () => {
  const host = create();
  const fired: string[] = [];
  const began = host.clock.now();
  const cancelled = host.clock.after(5, () => fired.push("cancelled"), "cancelled");
  host.clock.after(8, () => fired.push("second"), "second");
  host.clock.after(3, () => fired.push("first"), "first");
  cancelled.cancel();
  await host.clock.sleep(12.5, "sleep");
  assert.ok(host.clock.now() - began >= 12.4, String(host.clock.now() - began));
  assert.deepEqual(fired, ["first", "second"]);
  assert.ok(Math.abs(host.clock.wall() - Date.now()) < 1_000);
  const far = host.clock.after(3_000_000_000, () => fired.push("at once"), "35 days");
  await host.clock.sleep(2, "sleep");
  far.cancel();
  assert.equal(fired.length, 2);
  await host.close();
});

test("randomness does not repeat, forks of one name neither", () => {
  const { random } = create();
  const drawn = new Set<number>();
  for (let count = 0; count < 3_000; count++) drawn.add(random.u32());
  assert.ok(drawn.size > 2_990);
  assert.notDeepEqual(random.fork("a").bytes(16), random.fork("a").bytes(16));
  assert.equal(random.bytes(0).length, 0);
  for (let count = 0; count < 1_000; count++) {
    const value = random.int(3);
    assert.ok(value === 0 || value === 1 || value === 2);
  }
});

test("metrics tell how much receive buffer the system gave, and what could not be sent", async () => {
  const host = create();
  const socket = await host.network.udp(loopback, () => undefined);
  socket.send(encodeText("x"), { host: "::1", port: 9 });
  const values = new Map(host.metrics.samples().map(({ name, value }) => [name, value]));
  assert.ok((values.get("network_receive_buffer_bytes") ?? 0) > 0);
  assert.equal(values.get("network_datagrams_unsent_total"), 1);
  await host.close();
});

test("line log: one JSON object a line, from the level on, with the fields of its parents", () => {
  const lines: string[] = [];
  const log = createLineLog({ level: "warn", write: (line) => lines.push(line) }).child({ host: "a" });
  log.info("not.written");
  log.child({ call: "1" }).warn("peer.slow", { ms: 12, host: "b" });
  assert.equal(lines.length, 1);
  assert.match(
    lines[0] ?? "",
    /^\{"time":"\d{4}-\d\d-\d\dT[\d:.]+Z","level":"warn","event":"peer\.slow",.*\}\n$/,
  );
  const { host, call, ms } = JSON.parse(lines[0] ?? "");
  assert.deepEqual([host, call, ms], ["b", "1", 12]);
});
