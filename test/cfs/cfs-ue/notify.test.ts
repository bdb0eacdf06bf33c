// What becomes of a subscription by the answers to its NOTIFYs, by time and by its LCF. RFC 6665 4.2.2; cfs-ue 5.
import assert from "node:assert/strict";
import test from "node:test";
import { aliceKey, boundWorld, channelOf, isReachable, query, rowsOf } from "../../support/cfs-ue-world.ts";

test("6665 4.2.2: an error answer ends the subscription", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => ({ status: 403 });
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "dialog failed" });
  assert.equal(rowsOf(made, "subscription"), 0);
  made.lcf.node.refresh(made.dialog);
  await made.simulation.run({ ms: 200 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 481);
});

test("6665 4.2.2: an error with Retry-After only makes it suspect, and it is asked again then", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => ({ status: 500, headers: [["Retry-After", "3"]] });
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "suspect" });
  made.lcf.node.onNotify = () => ({ status: 200 });
  await made.simulation.run({ ms: 3000 });
  assert.ok(isReachable(made));
  assert.equal(made.dialog.notifies.at(-1)?.commands.length, 1);
});

test("5: 408 from the core is a time-out; it says nothing about the user", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => ({ status: 408 });
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 200 });
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "suspect" });
  assert.equal(rowsOf(made, "subscription"), 1);
});

test("5: silent for 2 s: suspect; a late 200 brings it back, and what waited is sent", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => ({ status: 200, afterMs: 3000 });
  const channel = channelOf(made.cfs);
  channel.send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 1950 });
  assert.ok(isReachable(made));
  await made.simulation.run({ ms: 150 });
  assert.deepEqual(channel.state(aliceKey), { reachable: false, reason: "suspect" });
  channel.send(aliceKey, query(made, 2));
  made.lcf.node.onNotify = () => ({ status: 200 });
  const before = made.dialog.notifies.length;
  await made.simulation.run({ ms: 500 });
  assert.equal(made.dialog.notifies.length, before, "nothing is sent in a suspect dialog");
  await made.simulation.run({ ms: 1000 });
  assert.ok(isReachable(made));
  assert.deepEqual(
    made.dialog.notifies.at(-1)?.commands.map(({ sequence }) => sequence),
    [2],
  );
});

test("5: a signed SUBSCRIBE brings a suspect dialog back", async () => {
  const made = await boundWorld();
  made.lcf.node.onNotify = () => null;
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 2500 });
  assert.equal(isReachable(made), false);
  made.lcf.node.onNotify = () => ({ status: 200 });
  made.lcf.node.refresh(made.dialog);
  await made.simulation.run({ ms: 200 });
  assert.ok(isReachable(made));
  assert.equal(made.dialog.notifies.at(-1)?.commands.length, 1);
});

test("6665 4.4.1: an expired subscription ends with terminated;reason=timeout", async () => {
  const made = await boundWorld();
  made.lcf.node.refresh(made.dialog, { expires: 60 });
  await made.simulation.run({ ms: 59_000 });
  assert.match(made.dialog.notifies.at(-1)?.state ?? "", /^active;expires=(60|59)$/);
  assert.ok(isReachable(made));
  await made.simulation.run({ ms: 2000 });
  assert.equal(made.dialog.notifies.at(-1)?.state, "terminated;reason=timeout");
  assert.deepEqual(channelOf(made.cfs).state(aliceKey), { reachable: false, reason: "expired" });
  assert.equal(rowsOf(made, "subscription"), 0);
});

test("6665 4.2.1.4: a signed Expires 0 ends it: 200, then terminated", async () => {
  const made = await boundWorld();
  made.lcf.node.refresh(made.dialog, { expires: 0 });
  await made.simulation.run({ ms: 200 });
  assert.equal(made.lcf.node.answers.at(-1)?.headers.get("Expires"), "0");
  assert.equal(made.dialog.notifies.at(-1)?.state, "terminated;reason=timeout");
  assert.equal(rowsOf(made, "subscription"), 0);
});

test("5: a signed refresh changes Contact and expiry, and every NOTIFY carries the true time left", async () => {
  const made = await boundWorld();
  await made.simulation.run({ ms: 100_000 });
  const contact = "sip:other@127.0.1.1:4060";
  made.lcf.node.refresh(made.dialog, { expires: 1800, contact });
  await made.simulation.run({ ms: 200 });
  assert.equal(made.lcf.node.answers.at(-1)?.headers.get("Expires"), "1800");
  assert.equal(made.dialog.notifies.at(-1)?.request.uri, contact);
  await made.simulation.run({ ms: 10_000 });
  channelOf(made.cfs).send(aliceKey, query(made, 1));
  await made.simulation.run({ ms: 100 });
  assert.equal(made.dialog.notifies.at(-1)?.state, "active;expires=1789");
});

test("2: a refresh below 60 s: 423, nothing changes", async () => {
  const made = await boundWorld();
  made.lcf.node.refresh(made.dialog, { expires: 3500, body: { expires: 30 } });
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 423);
  assert.ok(isReachable(made));
});

test("3261 12.2.2: a newer body under an old CSeq: 500", async () => {
  const made = await boundWorld();
  const known = made.dialog.dialog;
  assert.ok(known !== null);
  made.dialog.dialog = { ...known, localSequence: 0 };
  made.lcf.node.refresh(made.dialog);
  await made.simulation.run({ ms: 100 });
  assert.equal(made.lcf.node.answers.at(-1)?.status, 500);
});

test("3261 12.2.1.1: NOTIFYs follow the route set and repeat Event with its id", async () => {
  const made = await boundWorld();
  const { request } = made.dialog.notifies[0] ?? {};
  assert.equal(request?.headers.get("Route"), "<sip:mo@127.0.1.1:4060;lr>");
  assert.equal(request?.uri, made.lcf.node.contact);
  assert.equal(request?.headers.get("Event"), "liquid-ims");
  await made.simulation.run({ ms: 1500 });
  const other = made.lcf.node.subscribe({ event: "liquid-ims;id=9" });
  await made.simulation.run({ ms: 100 });
  assert.equal(other.notifies[0]?.request.headers.get("Event"), "liquid-ims;id=9");
});

test("3261 18.1.1: a NOTIFY over 1,300 bytes goes by TCP", async () => {
  const made = await boundWorld();
  const expected = {
    pCscf: { name: "p".repeat(200), addresses: [] },
    sCscf: { name: "s".repeat(200), addresses: [] },
  };
  const { expires } = query(made, 1);
  channelOf(made.cfs).send(aliceKey, {
    operation: "op-1",
    sequence: 1,
    expires,
    command: "move",
    target: { pCscf: { name: "t".repeat(200), addresses: [] } },
    expected,
    if: "always",
    after: 0,
    replace: "now",
    deadline: expires,
  });
  await made.simulation.run({ ms: 200 });
  const notify = made.dialog.notifies.at(-1);
  assert.equal(notify?.commands[0]?.command, "move");
  assert.match(notify?.request.headers.get("Via") ?? "", /^SIP\/2\.0\/TCP/);
});
