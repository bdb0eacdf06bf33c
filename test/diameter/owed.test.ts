// What a node owes for messages that are wrong, byte by byte, and that it lives on. RFC 6733 5.3, 6.1, 7.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeAvps } from "@liquid-ims/diameter/avp";
import { findValue, isAvp } from "@liquid-ims/diameter/dictionary";
import { failedAvp, proxyInfo } from "@liquid-ims/diameter/dictionary/base";
import { publicIdentity } from "@liquid-ims/diameter/dictionary/cx";
import { type DecodedMessage, encodeMessage } from "@liquid-ims/diameter/message";
import { concatBytes, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { call, cerOf, isOpenTo, port } from "./diameter-world.ts";
import {
  avp,
  codeOf,
  head,
  identity,
  message,
  noState,
  opened,
  stranger,
  text,
  vendorGroup,
} from "./raw-messages.ts";

/** What stands in Failed-AVP, in hexadecimal. */
function failedOf(answer: DecodedMessage | undefined): string[] {
  const found = answer?.message.avps.filter((one) => isAvp(one, failedAvp)) ?? [];
  return found.map((one) => encodeHex(one.data));
}

const hexOf = (data: Uint8Array) => encodeHex(data);

interface Case {
  readonly title: string;
  readonly data: Uint8Array;
  readonly code: number;
  readonly failed: readonly string[];
}

const unknown = avp(9_999, 0xc0, encodeText("abcd"), 10415);
const zeroLength = avp(601, 0xc0, encodeText("x"), 10415, 0);
const tooLong = avp(601, 0xc0, encodeText("sip:a"), 10415, 200);
const emptyIdentity = "00000259c000000c000028af";

const cases: readonly Case[] = [
  { title: "a whole one", data: message([...head, identity]), code: 2001, failed: [] },
  {
    title: "7.1.5: an unknown AVP with the M bit is 5001, and it stands in Failed-AVP",
    data: message([...head, unknown, identity]),
    code: 5001,
    failed: [hexOf(unknown)],
  },
  {
    title: "4.1: an unknown AVP without the M bit is passed over",
    data: message([...head, avp(9_999, 0x80, encodeText("abcd"), 10415), identity]),
    code: 2001,
    failed: [],
  },
  {
    title: "4.4: an unknown AVP with the M bit within a group is 5001, with the group around it",
    data: message([...head, avp(260, 0x40, concatBytes([vendorGroup.subarray(8), unknown])), identity]),
    code: 5001,
    failed: [hexOf(avp(260, 0x40, unknown))],
  },
  {
    title: "7.1.5: an AVP of length 0 is 5014, its header filled up",
    data: message([...head, zeroLength]),
    code: 5014,
    failed: [emptyIdentity],
  },
  {
    title: "7.1.5: an AVP that is longer than its message is 5014, without payload",
    data: message([...head, tooLong]),
    code: 5014,
    failed: [emptyIdentity],
  },
  {
    title: "7.1.5: four bytes that can be no AVP are 5014, filled with zeros",
    data: message([...head, identity, Uint8Array.of(0, 0, 2, 0x5b)]),
    code: 5014,
    failed: ["0000025b00000008"],
  },
  {
    title: "7.1.5: a missing AVP is 5005, with an example",
    data: message(head),
    code: 5005,
    failed: [emptyIdentity],
  },
  {
    title: "7.1.5: a missing Auth-Session-State is 5005, with four zero bytes",
    data: message([...head.filter((one) => one !== noState), identity]),
    code: 5005,
    failed: ["000001154000000c00000000"],
  },
  {
    title: "7.1.5: an AVP that comes twice is 5009, with the second",
    data: message([...head, identity, avp(601, 0xc0, encodeText("sip:b"), 10415)]),
    code: 5009,
    failed: [hexOf(avp(601, 0xc0, encodeText("sip:b"), 10415))],
  },
  {
    title: "7.1.5: a value that is no UTF-8 is 5004",
    data: message([...head, avp(601, 0xc0, Uint8Array.of(0xff, 0xfe), 10415)]),
    code: 5004,
    failed: [hexOf(avp(601, 0xc0, Uint8Array.of(0xff, 0xfe), 10415))],
  },
  {
    title: "7.1.5: an Enumerated that nobody has defined is 5004",
    data: message([...head, identity, avp(623, 0xc0, Uint8Array.of(0, 0, 0, 9), 10415)]),
    code: 5004,
    failed: [hexOf(avp(623, 0xc0, Uint8Array.of(0, 0, 0, 9), 10415))],
  },
  {
    title: "7.1.5: an Unsigned32 of three bytes is 5014",
    data: message([
      ...head,
      identity,
      avp(628, 0x80, concatBytes([avp(266, 0x40, Uint8Array.of(0, 1, 2))]), 10415),
    ]),
    code: 5014,
    failed: [hexOf(avp(628, 0x80, avp(266, 0x40, Uint8Array.of(0, 1, 2)), 10415))],
  },
  {
    title: "7.1.3: reserved AVP flags are 3009",
    data: message([...head, avp(601, 0xc1, encodeText("sip:a"), 10415)]),
    code: 3009,
    failed: [hexOf(avp(601, 0xc1, encodeText("sip:a"), 10415))],
  },
  {
    title: "7.1.3: a request with the E bit is 3008",
    data: message([...head, identity], { flags: 0xe0 }),
    code: 3008,
    failed: [],
  },
  {
    title: "7.1.3: an unknown command is 3001",
    data: message([...head, identity], { command: 300 }),
    code: 3001,
    failed: [],
  },
  {
    title: "7.1.3: an unknown application is 3007",
    data: message([...head, identity], { application: 16777217 }),
    code: 3007,
    failed: [],
  },
  {
    title: "6.1.4: another Destination-Host is 3002",
    data: message([...head, text(293, "other.ims.example"), identity]),
    code: 3002,
    failed: [],
  },
  {
    title: "6.1.4: another Destination-Realm is 3003",
    data: message([...head.slice(0, 5), text(283, "elsewhere.example"), identity]),
    code: 3003,
    failed: [],
  },
  {
    title: "6.1.3: a Route-Record with this node is 3005",
    data: message([...head, text(282, "HSS.ims.example"), identity]),
    code: 3005,
    failed: [],
  },
];

for (const { title, data, code, failed } of cases) {
  test(title, async () => {
    const { simulation, raw, node } = await opened();
    raw.write(data);
    await simulation.run({ ms: 500 });
    const [answer, ...more] = raw.received;
    assert.deepEqual(more, []);
    assert.equal(codeOf(answer), code);
    assert.deepEqual(failedOf(answer), failed);
    const flags = answer?.message.flags ?? 0;
    assert.equal(flags & 0x20, code >= 3000 && code < 4000 ? 0x20 : 0, "E bit for protocol errors only");
    assert.equal(flags & 0x80, 0);
    assert.equal(answer?.message.hopByHop, 77);
    assert.equal(answer?.fault, null);
    // The connection lives on.
    raw.write(message([...head, identity], { id: 78 }));
    await simulation.run({ ms: 500 });
    assert.equal(codeOf(raw.received[1]), 2001);
    assert.ok(isOpenTo(node.node, stranger));
  });
}

test("6.2: Session-Id stands first in the answer, Proxy-Info comes back as it was", async () => {
  const { simulation, raw } = await opened();
  const proxy = avp(284, 0x40, concatBytes([text(280, "proxy.example"), text(33, "state")]));
  raw.write(message([...head, proxy, identity]));
  await simulation.run({ ms: 500 });
  const [answer] = raw.received;
  assert.equal(answer?.message.avps[0]?.code, 263);
  const back = answer?.message.avps.filter((one) => isAvp(one, proxyInfo)) ?? [];
  assert.deepEqual(
    back.map((one) => encodeHex(one.data)),
    decodeAvps(proxy).avps.map((one) => encodeHex(one.data)),
  );
});

test("3: a message with another version or a length that cannot be is answered, then the connection ends", async () => {
  const bad = message([...head, identity]);
  bad[0] = 2;
  for (const [data, code] of [
    [bad, 5011],
    [message([], { length: 16 }), 5015],
    [message([], { length: 4_100 }), 5015],
  ] as const) {
    const { simulation, raw, node, host } = await opened();
    raw.write(data);
    await simulation.run({ ms: 500 });
    assert.equal(codeOf(raw.received[0]), code);
    assert.ok(raw.ended);
    assert.ok(!isOpenTo(node.node, stranger));
    const again = await call(simulation, host, port("10.0.0.1"), cerOf(stranger));
    assert.equal(codeOf(again.received[0]), 2001, "and the peer may come back");
  }
});

test("a message that is cut eats the next one, and the peer may come back", async () => {
  const whole = message([...head, identity]);
  for (let cut = 21; cut < whole.length; cut += 7) {
    const { simulation, raw, node, host } = await opened();
    raw.write(concatBytes([whole.subarray(0, cut), whole, whole]));
    await simulation.run({ ms: 500 });
    raw.end();
    await simulation.run({ ms: 500 });
    assert.ok(node.alive && !isOpenTo(node.node, stranger));
    const again = await call(simulation, host, port("10.0.0.1"), cerOf(stranger));
    assert.equal(codeOf(again.received[0]), 2001);
  }
});

test("3: a doubled MAR is executed once and answered twice, another session with its identifier is another request", async () => {
  const { simulation, raw, served } = await opened();
  const item = avp(612, 0xc0, avp(608, 0xc0, encodeText("SIP Digest"), 10415), 10415);
  const fields = [
    identity,
    text(1, "a@ims.example"),
    item,
    avp(607, 0xc0, Uint8Array.of(0, 0, 0, 1), 10415),
    avp(602, 0xc0, encodeText("sip:s1"), 10415),
  ];
  const mar = message([...head, ...fields], { command: 303 });
  raw.write(concatBytes([mar, mar]));
  await simulation.run({ ms: 500 });
  assert.deepEqual(served, ["sip:s1"]);
  assert.deepEqual(raw.received.map(codeOf), [2001, 2001]);
  assert.deepEqual(
    raw.received.map((one) => encodeHex(encodeMessage(one.message))),
    [0, 0].map(() => encodeHex(encodeMessage((raw.received[0] as DecodedMessage).message))),
  );
  raw.write(message([text(263, "peer.ims.example;1;2"), ...head.slice(1), ...fields], { command: 303 }));
  await simulation.run({ ms: 500 });
  assert.deepEqual(served, ["sip:s1", "sip:s1"]);
});

test("5.5: a DWR is answered, an unreadable one gets 5014, and neither ends the connection", async () => {
  const { simulation, raw, node } = await opened();
  const base = { command: 280, application: 0, flags: 0x80 };
  raw.write(message([text(264, stranger), text(296, "ims.example")], base));
  raw.write(message([text(264, stranger), Uint8Array.of(0, 0, 0, 0)], base));
  await simulation.run({ ms: 500 });
  assert.deepEqual(raw.received.map(codeOf), [2001, 5014]);
  assert.ok(isOpenTo(node.node, stranger));
});

test("7.3: Error-Message names the AVP and never its value", async () => {
  const { simulation, raw } = await opened();
  raw.write(message([...head, avp(601, 0xc0, encodeText("secret\u00ff").fill(0xff, 6), 10415)]));
  await simulation.run({ ms: 500 });
  const [answer] = raw.received;
  const said = answer?.message.avps.find((one) => one.code === 281);
  assert.equal(new TextDecoder().decode(said?.data), "Public-Identity has no valid value");
  assert.equal(findValue(answer?.message.avps ?? [], publicIdentity), null);
});

test("5.3: a CER on an open connection is 5012, and changes nothing", async () => {
  const { simulation, raw, node } = await opened();
  raw.send(cerOf(stranger));
  await simulation.run({ ms: 500 });
  assert.deepEqual(raw.received.map(codeOf), [5012]);
  assert.ok(isOpenTo(node.node, stranger));
});
