// What a node owes for messages that are wrong, byte by byte, and that it lives on. RFC 6733 5.3, 6.1, 7.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeAvps } from "@liquid-ims/diameter/avp";
import { serveCx } from "@liquid-ims/diameter/cx/command";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { findValue, isAvp } from "@liquid-ims/diameter/dictionary";
import { failedAvp, originHost, proxyInfo, resultCodeAvp } from "@liquid-ims/diameter/dictionary/base";
import { publicIdentity } from "@liquid-ims/diameter/dictionary/cx";
import { type DecodedMessage, encodeMessage } from "@liquid-ims/diameter/message";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import type { Host } from "@liquid-ims/runtime/host";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, decodeHex, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../support/virtual-hosts.ts";
import { addNode, call, cerOf, isOpenTo, port, type RawPeer } from "./diameter-world.ts";

const stranger = "peer.ims.example";

/** An AVP written by hand: code, flags, vendor, value. */
function avp(code: number, flags: number, value: Uint8Array, vendor: number | null = null, length?: number) {
  const header = vendor === null ? 8 : 12;
  const data = new Uint8Array((header + value.length + 3) & ~3);
  const view = new DataView(data.buffer);
  view.setUint32(0, code);
  view.setUint32(4, length ?? header + value.length);
  view.setUint8(4, flags);
  if (vendor !== null) view.setUint32(8, vendor);
  data.set(value, header);
  return data;
}

function text(code: number, value: string): Uint8Array {
  return avp(code, 0x40, encodeText(value));
}

const vendorGroup =
  decodeHex("00000104400000200000010a4000000c000028af000001024000000c01000000") ?? new Uint8Array();
const noState = decodeHex("000001154000000c00000001") ?? new Uint8Array();
const identity = avp(601, 0xc0, encodeText("sip:a@ims.example"), 10415);

/** Session-Id, Vendor-Specific-Application-Id, Auth-Session-State, Origin-*, Destination-Realm. */
const head = [
  text(263, "peer.ims.example;1;1"),
  vendorGroup,
  noState,
  text(264, stranger),
  text(296, "ims.example"),
  text(283, "ims.example"),
];

function message(
  avps: readonly Uint8Array[],
  settings: { flags?: number; command?: number; application?: number; id?: number; length?: number } = {},
): Uint8Array {
  const body = concatBytes(avps);
  const data = new Uint8Array(20);
  const view = new DataView(data.buffer);
  view.setUint32(0, settings.length ?? 20 + body.length);
  view.setUint8(0, 1);
  view.setUint32(4, settings.command ?? 302);
  view.setUint8(4, settings.flags ?? 0xc0);
  view.setUint32(8, settings.application ?? 16777216);
  view.setUint32(12, settings.id ?? 77);
  view.setUint32(16, settings.id ?? 77);
  return concatBytes([data, body]);
}

interface World {
  readonly simulation: Simulation;
  readonly node: SimulatedHost<DiameterNode>;
  readonly host: Host;
  readonly served: string[];
}

function world(seed = 1): World {
  const simulation = new Simulation({ seed });
  const served: string[] = [];
  const node = addNode(
    simulation,
    "10.0.0.1",
    {
      originHost: "hss.ims.example",
      listen: port("10.0.0.1"),
      peers: [{ originHost: stranger, from: ["10.0.0.9"] }],
      maximumMessageBytes: 4_096,
    },
    (own) => {
      serveCx(own, locationInfo, (request) => {
        served.push(request.request.publicIdentity);
        request.answer(success, { serverName: "sip:s.ims.example" });
      });
      serveCx(own, multimediaAuth, (request) => {
        served.push(request.request.serverName);
        request.answer(success, {});
      });
    },
  );
  return { simulation, node, host: addBareHost(simulation, stranger, "10.0.0.9").host, served };
}

async function opened(seed = 1): Promise<World & { raw: RawPeer }> {
  const made = world(seed);
  await made.simulation.run({ ms: 100 });
  const raw = await call(made.simulation, made.host, port("10.0.0.1"), cerOf(stranger));
  assert.ok(isOpenTo(made.node.node, stranger));
  raw.received.length = 0;
  return { ...made, raw };
}

function codeOf(answer: DecodedMessage | undefined): number | null {
  return answer === undefined ? null : findValue(answer.message.avps, resultCodeAvp);
}

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

test("5.3: strangers, wrong addresses, no common application and other first messages are turned away", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const elsewhere = addBareHost(made.simulation, "elsewhere", "10.0.0.8").host;
  const foreign = { applications: [{ applicationId: 4, vendorId: 0 }] };
  const turned = async (host: Host, cer: Parameters<typeof call>[3]) => {
    const raw = await call(made.simulation, host, port("10.0.0.1"), cer);
    if (cer === null) raw.write(message([...head, identity]));
    await made.simulation.run({ ms: 500 });
    assert.ok(raw.ended);
    return raw.received.map((one) => [codeOf(one), one.message.flags & 0x20]);
  };
  assert.deepEqual(await turned(made.host, cerOf("unknown.ims.example")), [[3010, 0x20]]);
  assert.deepEqual(await turned(elsewhere, cerOf(stranger)), [[3010, 0x20]]);
  assert.deepEqual(await turned(made.host, cerOf(stranger, foreign)), [[5010, 0]]);
  assert.deepEqual(await turned(made.host, null), []);
  const nameless = cerOf(stranger);
  const avps = nameless.avps.filter((one) => !isAvp(one, originHost));
  assert.deepEqual(await turned(made.host, { ...nameless, avps }), [[5005, 0]]);
  assert.ok(!isOpenTo(made.node.node, stranger));
});

test("5.3: a CER without Host-IP-Address is accepted, one with TLS alone is not", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const tls = cerOf(stranger);
  const secure = {
    ...tls,
    avps: [...tls.avps, ...decodeAvps(avp(299, 0x40, Uint8Array.of(0, 0, 0, 1))).avps],
  };
  const refused = await call(made.simulation, made.host, port("10.0.0.1"), secure);
  assert.deepEqual(refused.received.map(codeOf), [5017]);
  const raw = await call(
    made.simulation,
    made.host,
    port("10.0.0.1"),
    cerOf(stranger, { hostIpAddresses: [] }),
  );
  assert.deepEqual(raw.received.map(codeOf), [2001]);
  assert.ok(isOpenTo(made.node.node, stranger));
  const second = await call(made.simulation, made.host, port("10.0.0.1"), cerOf(stranger));
  assert.ok(second.ended && second.received.length === 0, "5.6: a second connection is rejected");
  assert.ok(isOpenTo(made.node.node, stranger));
});

test("a connection that sends no CER is closed after its time", async () => {
  const made = world();
  await made.simulation.run({ ms: 100 });
  const raw = await call(made.simulation, made.host, port("10.0.0.1"), null);
  await made.simulation.run({ ms: 9_000 });
  assert.ok(!raw.ended);
  await made.simulation.run({ ms: 1_000 });
  assert.ok(raw.ended);
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
