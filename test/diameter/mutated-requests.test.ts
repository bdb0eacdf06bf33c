// Requests with some of their bytes changed, cut or doubled, by a seed: what comes back is always a whole answer, and the
// node always takes its peer again. RFC 6733 3, 4, 6.2, 7.
import assert from "node:assert/strict";
import test from "node:test";
import { encodeMessage, isRequest } from "@liquid-ims/diameter/message";
import { findResult } from "@liquid-ims/diameter/result";
import { concatBytes, encodeText } from "@liquid-ims/runtime/text";
import fc from "fast-check";
import { call, cerOf, isOpenTo, port, type RawPeer } from "./diameter-world.ts";
import { avp, head, identity, message, stranger, text, world } from "./raw-messages.ts";

const origin = [text(264, stranger), text(296, "ims.example")];
const base = { application: 0, flags: 0x80 };
const originals: Readonly<Record<string, Uint8Array>> = {
  CER: encodeMessage(cerOf(stranger)),
  DWR: message(origin, { ...base, command: 280 }),
  DPR: message([...origin, avp(273, 0x40, new Uint8Array(4))], { ...base, command: 282 }),
  LIR: message([...head, identity]),
  MAR: message(
    [
      ...head,
      identity,
      text(1, "a@ims.example"),
      avp(612, 0xc0, avp(608, 0xc0, encodeText("SIP Digest"), 10415), 10415),
      avp(607, 0xc0, Uint8Array.of(0, 0, 0, 1), 10415),
      avp(602, 0xc0, encodeText("sip:s1"), 10415),
    ],
    { command: 303 },
  ),
};

const place = fc.nat({ max: 999 });
const change = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), place, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant("flip" as const), place, value: fc.nat({ max: 7 }) }),
  fc.record({ kind: fc.constant("cut" as const), place, value: fc.nat({ max: 40 }) }),
  fc.record({ kind: fc.constant("double" as const), place, value: fc.nat({ max: 40 }) }),
);

type Change = {
  readonly kind: "set" | "flip" | "cut" | "double";
  readonly place: number;
  readonly value: number;
};

function changed(data: Uint8Array, { kind, place: thousandths, value }: Change): Uint8Array {
  const at = Math.floor((data.length * thousandths) / 1_000);
  if (kind === "cut") return concatBytes([data.subarray(0, at), data.subarray(at + value)]);
  if (kind === "double") return concatBytes([data.subarray(0, at + value), data.subarray(at)]);
  const copy = data.slice();
  copy[at] = kind === "set" ? value : (copy[at] ?? 0) ^ (1 << value);
  return copy;
}

/** Everything that came is an answer, whole, with a result. */
function assertAnswers(raw: RawPeer): void {
  for (const { message: answer, fault } of raw.received) {
    assert.equal(fault, null);
    assert.ok(!isRequest(answer) || answer.commandCode === 280 || answer.commandCode === 282);
    if (!isRequest(answer)) assert.ok(findResult(answer.avps) !== null, `command ${answer.commandCode}`);
  }
}

for (const [name, original] of Object.entries(originals)) {
  test(`a ${name} with changed bytes gets whole answers or none, and the peer may come again`, async () => {
    const changes = fc.sample(fc.array(change, { minLength: 1, maxLength: 3 }), { numRuns: 150, seed: 1 });
    const made = world();
    await made.simulation.run({ ms: 100 });
    let raw = await call(
      made.simulation,
      made.host,
      port("10.0.0.1"),
      name === "CER" ? null : cerOf(stranger),
    );
    let answered = 0;
    for (const list of changes) {
      raw.received.length = 0;
      raw.write(list.reduce(changed, original));
      await made.simulation.run({ ms: 50 });
      assertAnswers(raw);
      answered += raw.received.length;
      // What is left of a message that was cut waits for more: another connection.
      raw.end();
      await made.simulation.run({ ms: 50 });
      assert.ok(made.node.alive && !isOpenTo(made.node.node, stranger));
      raw = await call(made.simulation, made.host, port("10.0.0.1"), name === "CER" ? null : cerOf(stranger));
      if (name !== "CER") assert.ok(isOpenTo(made.node.node, stranger));
    }
    assert.ok(answered > 30, `${answered} answers`);
    raw.end();
    await made.simulation.run({ ms: 500 });
    await call(made.simulation, made.host, port("10.0.0.1"), cerOf(stranger));
    assert.ok(isOpenTo(made.node.node, stranger));
  });
}
