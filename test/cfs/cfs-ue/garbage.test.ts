// Bad input at the CFS's port: it lives, counts it, and answers the next good message.
import assert from "node:assert/strict";
import test from "node:test";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildRequest, type SipResponse } from "@liquid-ims/sip/message";
import {
  aliceKey,
  boundWorld,
  cfsTarget,
  channelOf,
  counted,
  isReachable,
  query,
  type World,
  world,
} from "../../support/cfs-ue-world.ts";

const hello = [
  "SUBSCRIBE sip:cfs.open-ims.test SIP/2.0",
  "Via: SIP/2.0/UDP 127.0.1.1:4060;branch=z9hG4bKx",
  "From: <sip:alice@open-ims.test>;tag=1",
  "To: <sip:cfs.open-ims.test>",
  "Call-ID: x",
  "CSeq: 1 SUBSCRIBE",
  "Content-Length: 0",
  "",
  "",
].join("\r\n");

async function isAlive(made: World): Promise<void> {
  channelOf(made.cfs).send(aliceKey, query(made, channelOf(made.cfs).sequenceReached(aliceKey) + 1));
  const before = made.lcf.node.dialogs[0]?.notifies.length ?? 0;
  await made.simulation.run({ ms: 200 });
  assert.ok(made.cfs.alive);
  assert.ok((made.lcf.node.dialogs[0]?.notifies.length ?? 0) > before, "the next good message is answered");
  assert.ok(isReachable(made));
}

test("garbage datagrams and cut messages: the CFS lives", async () => {
  const made = await boundWorld();
  const { host } = made.lcf;
  const socket = await made.simulation.settle(
    host.network.udp({ host: "127.0.1.1", port: 0 }, () => undefined),
  );
  for (let count = 0; count < 200; count++)
    socket.send(host.random.bytes(host.random.int(400)), cfsTarget.address);
  const bytes = encodeText(hello);
  for (let length = 0; length < bytes.length; length += 7)
    socket.send(bytes.slice(0, length), cfsTarget.address);
  for (let count = 0; count < 300; count++) {
    const broken = bytes.slice();
    broken[host.random.int(broken.length)] = host.random.int(256);
    socket.send(broken, cfsTarget.address);
  }
  await made.simulation.run({ ms: 1000 });
  await isAlive(made);
});

test("half messages and garbage on TCP connections: the CFS lives", async () => {
  const made = await boundWorld();
  const { host } = made.lcf;
  for (const text of [
    hello.slice(0, 90),
    `${hello.replace("Length: 0", "Length: 99")}half`,
    "\u0000\u0001nonsense\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
  ]) {
    const stream = await made.simulation.settle(host.network.connect(cfsTarget.address));
    stream.open({ data: () => undefined, closed: () => undefined });
    stream.write(encodeText(text));
    await made.simulation.run({ ms: 50 });
    stream.end();
  }
  await made.simulation.run({ ms: 1000 });
  await isAlive(made);
});

test("bodies that are no JWS, no JSON, or of a strange kind: 403 with a reason counted", async () => {
  const made = await world();
  for (const text of ["x", "a.b.c", "..", "eyJhbGciOiJFZERTQSJ9.e30.AA", "{}", "\u0000".repeat(40)]) {
    const dialog = made.lcf.node.subscribe({ text });
    await made.simulation.run({ ms: 1100 });
    assert.equal(dialog.response?.status, 403, JSON.stringify(text));
  }
  assert.ok(counted(made.cfs.host, "cfs_ue_refused_total", "malformed") >= 4);
  const good = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 200 });
  assert.equal(good.response?.status, 200);
});

test("3261 8.2.1: other methods: 405 with Allow; NOTIFY 481; OPTIONS 200", async () => {
  const made = await world();
  const statuses: Record<string, SipResponse> = {};
  for (const method of ["INVITE", "MESSAGE", "REGISTER", "PUBLISH", "BYE", "NOTIFY", "OPTIONS", "FOO"]) {
    const request = buildRequest({
      method,
      uri: "sip:cfs.open-ims.test",
      headers: [
        ["Max-Forwards", "70"],
        ["From", "<sip:alice@open-ims.test>;tag=1"],
        ["To", "<sip:cfs.open-ims.test>"],
        ["Call-ID", `call-${method}`],
        ["CSeq", `1 ${method}`],
        ["Contact", "<sip:ue@127.0.1.1:4060>"],
        ["Event", "liquid-ims"],
        ["Subscription-State", "terminated"],
      ],
    });
    made.lcf.node.raw(request, (response) => {
      statuses[method] = response;
    });
  }
  await made.simulation.run({ ms: 200 });
  for (const method of ["INVITE", "MESSAGE", "REGISTER", "PUBLISH", "BYE", "FOO"]) {
    assert.equal(statuses[method]?.status, 405, method);
    assert.equal(statuses[method]?.headers.get("Allow"), "SUBSCRIBE, OPTIONS");
  }
  assert.equal(statuses["NOTIFY"]?.status, 481);
  assert.equal(statuses["OPTIONS"]?.status, 200);
  assert.equal(statuses["OPTIONS"]?.headers.get("Allow-Events"), "liquid-ims");
});
