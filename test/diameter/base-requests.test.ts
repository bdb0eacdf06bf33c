// Watchdogs, goodbyes and capabilities that are wrong, and what they are owed on an open connection. RFC 6733 5.3 to
// 5.5, 7.1.
import assert from "node:assert/strict";
import test from "node:test";
import { isAvp } from "@liquid-ims/diameter/dictionary";
import { failedAvp } from "@liquid-ims/diameter/dictionary/base";
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

const from = [text(264, stranger), text(296, "ims.example")];
const unknown = avp(9_999, 0xc0, encodeText("abcd"), 10415);
const base = { application: 0, flags: 0x80 };
const rebooting = avp(273, 0x40, new Uint8Array(4));

interface Case {
  readonly title: string;
  readonly data: Uint8Array;
  readonly code: number;
  readonly failed?: string;
  readonly open?: boolean;
}

const cases: readonly Case[] = [
  { title: "5.5: a DWR is answered", data: message(from, { ...base, command: 280 }), code: 2001 },
  {
    title: "4.1: a DWR with an unknown AVP without M bit is answered",
    data: message([...from, avp(9_999, 0x80, encodeText("abcd"), 10415)], { ...base, command: 280 }),
    code: 2001,
  },
  {
    title: "7.1.5: a DWR with an unknown AVP with the M bit is 5001",
    data: message([...from, unknown], { ...base, command: 280 }),
    code: 5001,
    failed: encodeHex(unknown),
  },
  {
    title: "7.1.5: a DWR without Origin-Realm is 5005",
    data: message([text(264, stranger)], { ...base, command: 280 }),
    code: 5005,
    failed: "0000012840000008",
  },
  {
    title: "7.1.5: a DWR with an AVP of length 0 is 5014",
    data: message([...from, avp(278, 0x40, new Uint8Array(4), null, 0)], { ...base, command: 280 }),
    code: 5014,
    failed: "0000011640000008",
  },
  {
    title: "7.1.3: a DWR with the E bit is 3008",
    data: message(from, { ...base, command: 280, flags: 0xa0 }),
    code: 3008,
  },
  {
    title: "7.1.5: a DPR with an unknown AVP with the M bit is 5001, and no goodbye",
    data: message([...from, rebooting, unknown], { ...base, command: 282 }),
    code: 5001,
    failed: encodeHex(unknown),
  },
  {
    title: "7.1.5: a DPR without Disconnect-Cause is 5005, and no goodbye",
    data: message(from, { ...base, command: 282 }),
    code: 5005,
    failed: "000001114000000c00000000",
  },
  {
    title: "7.1.5: a DPR with a Disconnect-Cause that nobody has defined is 5004",
    data: message([...from, avp(273, 0x40, Uint8Array.of(0, 0, 0, 9))], { ...base, command: 282 }),
    code: 5004,
    failed: "000001114000000c00000009",
  },
  {
    title: "5.4: a DPR is answered, and the connection is closing",
    data: message([...from, rebooting], { ...base, command: 282 }),
    code: 2001,
    open: false,
  },
  {
    title: "7.1.3: an unknown command of the base protocol is 3001",
    data: message(from, { ...base, command: 999 }),
    code: 3001,
  },
  { title: "7.1.3: an RAR is 3001", data: message(from, { ...base, command: 258 }), code: 3001 },
];

for (const { title, data, code, failed, open = true } of cases) {
  test(title, async () => {
    const { simulation, raw, node } = await opened();
    raw.write(data);
    await simulation.run({ ms: 500 });
    assert.deepEqual(raw.received.map(codeOf), [code]);
    const shown = raw.received[0]?.message.avps.filter((one) => isAvp(one, failedAvp)) ?? [];
    assert.deepEqual(
      shown.map((one) => encodeHex(one.data)),
      failed === undefined ? [] : [failed],
    );
    assert.equal(isOpenTo(node.node, stranger), open);
    if (!open) return;
    raw.write(message([...head, identity], { id: 78 }));
    await simulation.run({ ms: 500 });
    assert.equal(codeOf(raw.received[1]), 2001, "the connection lives on");
  });
}

test("7.1.3: a command of Cx without the P bit is 3008", async () => {
  const { simulation, raw } = await opened();
  raw.write(message([...head, identity], { flags: 0x80 }));
  await simulation.run({ ms: 500 });
  assert.deepEqual(
    raw.received.map((one) => [codeOf(one), one.message.flags]),
    [[3008, 0x20]],
  );
});

test("7.1.5: a request without Session-Id is 5005, and its answer has none", async () => {
  const { simulation, raw } = await opened();
  raw.write(message([...head.slice(1), identity]));
  await simulation.run({ ms: 500 });
  assert.deepEqual(raw.received.map(codeOf), [5005]);
  const [answer] = raw.received;
  assert.ok(answer?.message.avps.every(({ code }) => code !== 263));
  const [failed] = answer?.message.avps.filter((one) => isAvp(one, failedAvp)) ?? [];
  assert.equal(encodeHex(failed?.data ?? new Uint8Array()), "0000010740000008");
});

test("7.2: an answer without the E bit has what answers of Cx must have, one with it need not", async () => {
  const { simulation, raw } = await opened();
  raw.write(message(head));
  raw.write(message([...head, unknown, identity], { id: 78 }));
  raw.write(message([...head, identity], { id: 79, command: 399 }));
  await simulation.run({ ms: 500 });
  const codesOf = (index: number) => raw.received[index]?.message.avps.map(({ code }) => code) ?? [];
  assert.deepEqual(raw.received.map(codeOf), [5005, 5001, 3001]);
  // TS 29.229 6.1.6: Session-Id, Vendor-Specific-Application-Id, Auth-Session-State, Origin-Host, Origin-Realm.
  for (const index of [0, 1])
    assert.deepEqual(
      [263, 260, 277, 264, 296].filter((code) => !codesOf(index).includes(code)),
      [],
    );
  assert.equal(codesOf(0)[0], 263);
});

test("4.4: an unknown AVP with the M bit in a known group without it is 5001", async () => {
  const { simulation, raw } = await opened();
  const group = avp(628, 0x80, unknown, 10415);
  raw.write(message([...head, identity, group]));
  raw.write(message([...head, identity, avp(9_998, 0x80, unknown, 10415)], { id: 78 }));
  await simulation.run({ ms: 500 });
  assert.deepEqual(raw.received.map(codeOf), [5001, 2001]);
  const [failed] = raw.received[0]?.message.avps.filter((one) => isAvp(one, failedAvp)) ?? [];
  assert.equal(encodeHex(failed?.data ?? new Uint8Array()), encodeHex(group));
});

test("7.1.5: a Destination-Host that is no name is 5004, one that comes twice 5009", async () => {
  const { simulation, raw } = await opened();
  raw.write(message([...head, avp(293, 0x40, Uint8Array.of(0x20, 0xff)), identity]));
  raw.write(
    message([...head, text(293, "hss.ims.example"), text(293, "hss.ims.example"), identity], { id: 78 }),
  );
  await simulation.run({ ms: 500 });
  assert.deepEqual(raw.received.map(codeOf), [5004, 5009]);
});

test("3: two requests with one Hop-by-Hop identifier under way are two requests", async () => {
  const { simulation, raw, served } = await opened();
  const other = avp(601, 0xc0, encodeText("sip:b@ims.example"), 10415);
  const second = message([text(263, "peer.ims.example;1;2"), ...head.slice(1), other]);
  new DataView(second.buffer).setUint32(16, 4_711);
  raw.write(concatBytes([message([...head, identity]), second]));
  await simulation.run({ ms: 500 });
  assert.deepEqual(served, ["sip:a@ims.example", "sip:b@ims.example"]);
  assert.deepEqual(
    raw.received.map((one) => [codeOf(one), one.message.hopByHop, one.message.endToEnd]),
    [
      [2001, 77, 77],
      [2001, 77, 4_711],
    ],
  );
});

const mar = (id: number, flags: number) =>
  message(
    [
      ...head,
      identity,
      text(1, "a@ims.example"),
      avp(612, 0xc0, avp(608, 0xc0, encodeText("SIP Digest"), 10415), 10415),
      avp(607, 0xc0, Uint8Array.of(0, 0, 0, 1), 10415),
      avp(602, 0xc0, encodeText("sip:s1"), 10415),
    ],
    { command: 303, id, flags },
  );

test("6.1.5: a copy with the T flag, on another connection and under another Hop-by-Hop identifier, gets the first answer", async () => {
  const { simulation, raw, served, host, node } = await opened();
  raw.write(mar(5, 0xc0));
  await simulation.run({ ms: 500 });
  raw.end();
  await simulation.run({ ms: 500 });
  assert.ok(!isOpenTo(node.node, stranger));
  const again = await call(simulation, host, port("10.0.0.1"), cerOf(stranger));
  again.received.length = 0;
  const copy = mar(5, 0xd0);
  new DataView(copy.buffer).setUint32(12, 6);
  again.write(copy);
  await simulation.run({ ms: 500 });
  assert.deepEqual(served, ["sip:s1"]);
  const mars = again.received.filter((one) => one.message.commandCode === 303);
  assert.deepEqual(
    mars.map((one) => [codeOf(one), one.message.hopByHop, one.message.endToEnd, one.message.flags]),
    [[2001, 6, 5, 0x40]],
    "the answer has no T flag",
  );
});

test("6.1.5: a request with the T flag that never came before is executed", async () => {
  const { simulation, raw, served } = await opened();
  raw.write(mar(5, 0xd0));
  await simulation.run({ ms: 500 });
  assert.deepEqual(served, ["sip:s1"]);
  assert.deepEqual(raw.received.map(codeOf), [2001]);
});

test("7.1.5: values of AVPs that are not asked for are not looked at, those that are must be whole", async () => {
  const { simulation, raw } = await opened();
  raw.write(
    message([
      head[0] ?? new Uint8Array(),
      avp(260, 0x40, vendorGroup.subarray(8, 20)),
      noState,
      ...head.slice(3),
      identity,
    ]),
  );
  raw.write(
    message(
      [head[0] ?? new Uint8Array(), avp(260, 0x40, new Uint8Array(0)), noState, ...head.slice(3), identity],
      { id: 78 },
    ),
  );
  await simulation.run({ ms: 500 });
  assert.deepEqual(raw.received.map(codeOf), [2001, 5005], "Vendor-Id alone is taken, nothing at all is not");
});
