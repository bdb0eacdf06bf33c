// The cfs-ue payloads: what is read, what is refused and how.
import assert from "node:assert/strict";
import test from "node:test";
import {
  decodeCommand,
  decodeNotifyBody,
  decodePolicy,
  decodeSubscribeBody,
  encodePayload,
} from "@liquid-ims/reference-points/decode-cfs-ue";
import type { DecodeResult } from "@liquid-ims/reference-points/decode-result";
import { encodeText } from "@liquid-ims/runtime/text";
import { answers, commands, notifyBody, policy, subscribeBody } from "./samples.ts";

type Decode = (data: Uint8Array) => DecodeResult<unknown>;
type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const cases: [name: string, decode: Decode, value: Parameters<typeof encodePayload>[0]][] = [
  ["notify", decodeNotifyBody, notifyBody],
  ["subscribe", decodeSubscribeBody, subscribeBody],
  ["policy", decodePolicy, policy],
  ...Object.entries(commands).map(([name, command]): [string, Decode, typeof command] => [
    name,
    decodeCommand,
    command,
  ]),
];

/** Paths with their indexes taken out. */
const optional: ReadonlySet<string> = new Set([
  "ticket",
  "policy",
  "hello",
  "challenge",
  "ticket.addresses[].fingerprint",
  "target.pCscf.port",
  "expected.pCscf.port",
  "expected.sCscf.port",
  "answers[].former",
  "reports[].dialogs[].newId",
  "reports[].dialogs[].reason",
  "reports[].dialogs[].until",
]);

/** Every place in a value: its path as decoders write it, and a function that gives the value changed there. */
function* places(
  value: Json,
  path = "",
): Generator<[string, (change: (old: Json) => Json | undefined) => Json]> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const here = `${path}[${index}]`;
      yield [here, (change) => value.map((old, at) => (at === index ? (change(item) ?? null) : old))];
      for (const [inner, put] of places(item, here))
        yield [inner, (change) => value.map((old, at) => (at === index ? put(change) : old))];
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      const here = path === "" ? name : `${path}.${name}`;
      yield [
        here,
        (change) => {
          const copy = { ...value };
          const changed = change(item);
          if (changed === undefined) delete copy[name];
          else copy[name] = changed;
          return copy;
        },
      ];
      for (const [inner, put] of places(item, here))
        yield [inner, (change) => ({ ...value, [name]: put(change) })];
    }
  }
}

function toJson(value: unknown): Json {
  const json: Json = JSON.parse(JSON.stringify(value));
  return json;
}

function decodeJson(decode: Decode, value: Json): DecodeResult<unknown> {
  return decode(encodeText(JSON.stringify(value)));
}

test("cfs-ue: what is encoded decodes to the same value", () => {
  for (const [name, decode, value] of cases)
    assert.deepEqual(decode(encodePayload(value)), { ok: true, value }, name);
});

test("cfs-ue: unknown members of a newer minor version are ignored at every place", () => {
  for (const [name, decode, value] of cases) {
    const json = toJson({ ...value, v: "1.9" });
    const add = (old: Json): Json =>
      typeof old === "object" && old !== null && !Array.isArray(old) ? { ...old, addedLater: [1] } : old;
    for (const [path, put] of [...places(json)]) {
      const result = decodeJson(decode, add(put(add)));
      assert.deepEqual(result, { ok: true, value: { ...value, v: "1.9" } }, `${name} ${path}`);
    }
  }
});

test("cfs-ue: another major version is refused, whatever else is right", () => {
  for (const [name, decode, value] of cases) {
    for (const v of ["2.0", "0.9", "1", "1.x", "", "01.0", 1, null]) {
      const result = decodeJson(decode, toJson({ ...value, v }));
      assert.ok(!result.ok, `${name} ${v}`);
      assert.equal(result.field, "v", `${name} ${v}`);
    }
  }
});

test("cfs-ue: a missing member is refused, and the field named", () => {
  let count = 0;
  for (const [name, decode, value] of cases) {
    for (const [path, put] of places(toJson(value))) {
      if (/\]$/.test(path)) continue;
      const isOptional = optional.has(path.replace(/\d+(?=\])/g, ""));
      const result = decodeJson(
        decode,
        put(() => undefined),
      );
      assert.equal(result.ok, isOptional, `${name} without ${path}`);
      if (result.ok) continue;
      // A move without its target's only member is refused at the target.
      const field = path.startsWith("target.") && /^target\.[ps]Cscf$/.test(path) ? "target" : path;
      assert.equal(result.field, field, `${name} without ${path}`);
      assert.match(result.detail, /; /, "value and remedy");
      count += 1;
    }
  }
  assert.ok(count > 100, `only ${count} members were left out`);
});

test("cfs-ue: a member of another type is refused, and the field named", () => {
  for (const [name, decode, value] of cases) {
    for (const [path, put] of places(toJson(value))) {
      const wrong = (old: Json): Json =>
        typeof old === "object" && old !== null ? (Array.isArray(old) ? {} : []) : { not: "this" };
      const result = decodeJson(decode, put(wrong));
      assert.ok(!result.ok, `${name} ${path}`);
      assert.ok(result.field !== "" && path.startsWith(result.field), `${name} ${path}: ${result.field}`);
    }
  }
});

test("cfs-ue: bounds are named: negative, fraction, too long, unknown word, control character", () => {
  const bad: [Decode, object, string, RegExp][] = [
    [decodeNotifyBody, { ...notifyBody, seq: 0 }, "seq", /^0; .*from 1/],
    [decodeNotifyBody, { ...notifyBody, seq: 1.5 }, "seq", /integer/],
    [decodeSubscribeBody, { ...subscribeBody, expires: -1 }, "expires", /-1; /],
    [decodeSubscribeBody, { ...subscribeBody, fromTag: "a\r\nb" }, "fromTag", /control/],
    [decodeSubscribeBody, { ...subscribeBody, callId: "x".repeat(513) }, "callId", /1 to 512/],
    [decodeCommand, { ...commands["query"], command: "reboot" }, "command", /query, move, replace, cancel/],
    [decodeCommand, { ...commands["move to a P-CSCF"], if: "maybe" }, "if", /idle, replaceable, always/],
    [decodeCommand, { ...commands["move to a P-CSCF"], after: 3_600_001 }, "after", /3600000/],
    [decodeNotifyBody, { ...notifyBody, acks: new Array(1001).fill("a") }, "acks", /at most 1000/],
  ];
  for (const [decode, value, field, detail] of bad) {
    const result = decode(encodeText(JSON.stringify(value)));
    assert.ok(!result.ok, field);
    assert.equal(result.field, field);
    assert.match(result.detail, detail);
  }
});

test("cfs-ue 7: a move has either a P-CSCF or an S-CSCF for a target", () => {
  const pCscf = { name: "p", addresses: [] };
  for (const target of [{}, { pCscf, sCscf: "sip:s" }, { pCscf: null }, { sCscf: 1 }]) {
    const result = decodeCommand(encodeText(JSON.stringify({ ...commands["move to a P-CSCF"], target })));
    assert.ok(!result.ok, JSON.stringify(target));
    assert.match(result.field, /^target/);
  }
});

test("cfs-ue: a reason that a newer LCF knows reads as other", () => {
  const answer = { ...answers["refused"], reason: "battery low" };
  const result = decodeSubscribeBody(encodeText(JSON.stringify({ ...subscribeBody, answers: [answer] })));
  assert.ok(result.ok);
  assert.deepEqual(result.value.answers[0], { ...answer, reason: "other" });
});

test("cfs-ue: what is no JSON object is refused", () => {
  for (const text of ["", "{", "[]", "null", "1", '"text"', "\u0000", '{"v":"1.0"'])
    for (const [name, decode] of cases) assert.equal(decode(encodeText(text)).ok, false, `${name} ${text}`);
  const bytes = Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d);
  assert.equal(decodeCommand(bytes).ok, false);
});

test("cfs-ue: a member named as one of Object's own is not taken for ours", () => {
  const text = '{"__proto__":{"v":"1.0"},"constructor":1}';
  assert.equal(decodePolicy(encodeText(text)).ok, false);
});
