// Messages out of any chunks, and what ends a stream.
import assert from "node:assert/strict";
import test from "node:test";
import { type StreamFrame, StreamFramer } from "@liquid-ims/diameter/stream-framer";
import { concatBytes, decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import fc from "fast-check";

function bytes(hex: string): Uint8Array {
  const data = decodeHex(hex.replaceAll(" ", ""));
  assert.ok(data !== null);
  return data;
}

// DWR with an Origin-Host of 4 bytes, and a message that is only its header.
const first = bytes("01000020 80000118 00000000 00000001 00000002 00000108 4000000c 612e6263");
const second = bytes("01000014 00000118 00000000 00000003 00000004");
const both = concatBytes([first, second, first]);

function shown(frames: readonly StreamFrame[]): string[] {
  return frames.map((frame) =>
    frame.kind === "message" ? encodeHex(frame.data) : `error ${frame.resultCode}`,
  );
}

const expected = [first, second, first].map(encodeHex);

test("3: three messages cut at each two places are the same three messages", () => {
  for (let one = 0; one <= both.length; one++) {
    for (let two = one; two <= both.length; two++) {
      const framer = new StreamFramer();
      const parts = [both.subarray(0, one), both.subarray(one, two), both.subarray(two)];
      assert.deepEqual(
        shown(parts.flatMap((part) => framer.push(part))),
        expected,
        `cut at ${one} and ${two}`,
      );
    }
  }
});

test("3: any messages in any chunks, empty ones too, are the same messages", () => {
  const body = fc.integer({ min: 0, max: 60 }).map((words) => {
    const data = new Uint8Array(20 + words * 4).fill(words);
    new DataView(data.buffer).setUint32(0, (1 << 24) | data.length);
    return data;
  });
  const cuts = fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(fc.array(body, { maxLength: 12 }), cuts, (messages, lengths) => {
      const framer = new StreamFramer();
      const frames: StreamFrame[] = [];
      let rest = concatBytes(messages);
      for (const length of [...lengths, Number.MAX_SAFE_INTEGER]) {
        frames.push(...framer.push(rest.subarray(0, length)));
        rest = rest.subarray(length);
      }
      assert.deepEqual(shown(frames), messages.map(encodeHex));
    }),
  );
});

test("3: three messages come byte by byte, each with its last byte", () => {
  const framer = new StreamFramer();
  const at: number[] = [];
  for (let index = 0; index < both.length; index++)
    if (framer.push(both.subarray(index, index + 1)).length > 0) at.push(index + 1);
  assert.deepEqual(at, [32, 52, 84]);
});

test("a chunk may be changed after it was given", () => {
  const framer = new StreamFramer();
  const chunk = first.slice(0, 25);
  assert.deepEqual(framer.push(chunk), []);
  chunk.fill(0);
  assert.deepEqual(shown(framer.push(first.subarray(25))), [encodeHex(first)]);
});

test("7.1.5: another version is 5011, a length that cannot be is 5015, and nothing follows", () => {
  const header = (start: string) => bytes(`${start} 80000118 00000000 00000007 00000008`);
  const cases: [string, number][] = [
    ["02000020", 5011],
    ["01000000", 5015],
    ["01000010", 5015],
    ["01000016", 5015],
    ["01000204", 5015],
  ];
  for (const [start, code] of cases) {
    const framer = new StreamFramer({ maximumBytes: 512 });
    const [frame, ...more] = framer.push(concatBytes([header(start), first]));
    assert.deepEqual(more, []);
    assert.ok(frame?.kind === "error", start);
    assert.equal(frame.resultCode, code, start);
    assert.deepEqual([frame.header.hopByHop, frame.header.endToEnd, frame.header.flags], [7, 8, 0x80]);
    assert.deepEqual(framer.push(first), []);
  }
});
