// Messages out of a byte stream. RFC 3261 7.5, 18.3; RFC 5626 3.5.1.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { type StreamFrame, StreamFramer } from "@liquid-ims/sip/stream-framer";
import fc from "fast-check";
import { readFlow } from "../support/sip-flow.ts";
import { filesBelow, leftOut, testData } from "../support/test-data.ts";

const utf8 = (text: string) => new Uint8Array(Buffer.from(text));

function message(...lines: string[]): Uint8Array {
  return utf8(["OPTIONS sip:a SIP/2.0", ...lines].join("\r\n"));
}

/** Frames as short texts. */
function show(frames: readonly StreamFrame[]): string[] {
  return frames.map((frame) => {
    if (frame.kind === "message") return Buffer.from(frame.data).toString("latin1");
    return frame.kind === "error" ? `error: ${frame.detail}` : frame.kind;
  });
}

function pushAll(framer: StreamFramer, ...chunks: Uint8Array[]): string[] {
  return chunks.flatMap((chunk) => show(framer.push(chunk)));
}

function errorOf(data: Uint8Array, maximumBytes?: number): string {
  const framer = new StreamFramer(maximumBytes === undefined ? {} : { maximumBytes });
  const frames = framer.push(data);
  assert.deepEqual(
    frames.map((frame) => frame.kind),
    ["error"],
  );
  assert.equal(framer.buffered, 0, "what cannot be read is not kept");
  assert.deepEqual(framer.push(message("l: 0", "", "")), [], "nothing follows an error");
  const [frame] = frames;
  return frame?.kind === "error" ? frame.detail : "";
}

const first = message("Content-Length: 11", "", "hello\r\n\r\nyo");
const second = message("X: y", "L :\t", " 0", "", "");

/** Every whole message of the corpora, as a stream would carry it. */
function corpus(): Uint8Array[] {
  const texts: Uint8Array[] = [];
  const flows = testData("sip-flows");
  if (flows !== null)
    for (const file of filesBelow(flows).filter((name) => name.endsWith(".yaml")))
      texts.push(...readFlow(readFileSync(file, "utf8")).map(utf8));
  for (const name of ["rfc4475", join("rfc5118", "raw")]) {
    const folder = testData(name);
    if (folder !== null) texts.push(...filesBelow(folder).map((file) => new Uint8Array(readFileSync(file))));
  }
  const messages: Uint8Array[] = [];
  for (const text of texts) {
    const result = parseMessage(text);
    if (result.ok) messages.push(serializeMessage(result.message));
  }
  return messages;
}

test("RFC 3261 18.3: each message of the corpora, cut in two at each position, comes out whole", (context) => {
  const messages = corpus();
  if (messages.length === 0) leftOut(context, 290, "messages in the framer");
  for (const data of [first, second, ...messages]) {
    const whole = Buffer.from(data).toString("latin1");
    for (let cut = 0; cut <= data.length; cut++) {
      const framer = new StreamFramer();
      const before = framer.push(data.subarray(0, cut));
      assert.equal(before.length, cut === data.length ? 1 : 0, whole);
      const [frame] = [...before, ...framer.push(data.subarray(cut))];
      assert.ok(frame?.kind === "message" && Buffer.compare(frame.data, data) === 0, `${cut} of ${whole}`);
      assert.equal(framer.buffered, 0);
    }
  }
  context.diagnostic(`${messages.length} messages`);
});

test("RFC 3261 18.3: messages that come byte by byte come out whole, one after the other", () => {
  const messages = [first, second, ...corpus()];
  const framer = new StreamFramer();
  const found: StreamFrame[] = [];
  for (const data of messages) for (const byte of data) found.push(...framer.push(Uint8Array.of(byte)));
  assert.equal(found.length, messages.length);
  for (const [index, frame] of found.entries()) {
    assert.ok(frame.kind === "message");
    assert.equal(Buffer.compare(frame.data, messages[index] ?? first), 0);
  }
});

test("RFC 3261 18.3: several messages in one chunk, the last of them not whole", () => {
  const framer = new StreamFramer();
  const stream = Buffer.concat([first, second, first]);
  const texts = [first, second].map((data) => Buffer.from(data).toString("latin1"));
  assert.deepEqual(pushAll(framer, stream.subarray(0, -1)), texts);
  assert.equal(framer.buffered, first.length - 1);
  assert.deepEqual(pushAll(framer, stream.subarray(-1)), texts.slice(0, 1));
});

test("RFC 3261 18.3: any stream in any chunks gives the same messages, and the chunks may be reused", () => {
  const any = fc.array(fc.constantFrom(first, second, message("c: a/b", "l:3", "", "\r\n\r")), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(any, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (messages, sizes) => {
      const stream = Buffer.concat(messages);
      const framer = new StreamFramer();
      const found: StreamFrame[] = [];
      for (let at = 0, index = 0; at < stream.length; index++) {
        const size = sizes[index % sizes.length] ?? 1;
        const chunk = Buffer.from(stream.subarray(at, at + size));
        found.push(...framer.push(chunk));
        chunk.fill(0);
        at += size;
      }
      assert.deepEqual(
        show(found),
        messages.map((data) => Buffer.from(data).toString("latin1")),
      );
      assert.equal(framer.buffered, 0);
    }),
  );
});

test("RFC 5626 3.5.1: CRLF CRLF is a keep-alive request, CRLF its response, wherever messages stand", () => {
  const text = Buffer.from(second).toString("latin1");
  assert.deepEqual(pushAll(new StreamFramer(), utf8("\r\n\r\n")), ["keep-alive-request"]);
  assert.deepEqual(pushAll(new StreamFramer(), utf8("\r\n")), ["keep-alive-response"]);
  assert.deepEqual(pushAll(new StreamFramer(), utf8(`\r\n\r\n${text}\r\n${text}\r\n\r\n\r\n\r\n`)), [
    "keep-alive-request",
    text,
    "keep-alive-response",
    text,
    "keep-alive-request",
    "keep-alive-request",
  ]);
});

test("RFC 5626 4.4.1: a keep-alive request in pieces is seen at its last byte, a message after it is whole", () => {
  const text = Buffer.from(second).toString("latin1");
  const data = utf8(`\r\n\r\n${text}`);
  for (let cut = 1; cut < data.length; cut++) {
    const frames = pushAll(new StreamFramer(), data.subarray(0, cut), data.subarray(cut));
    assert.deepEqual(frames.at(-1), text, `cut ${cut}`);
    assert.deepEqual(frames.filter((frame) => frame === "keep-alive-request").length, 1, `cut ${cut}`);
  }
  const bytewise = [...utf8("\r\n\r\n")].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(pushAll(new StreamFramer(), ...bytewise), ["keep-alive-response", "keep-alive-request"]);
});

test("RFC 5626 3.5.1: after a message in between, two CRLFs are two responses", () => {
  const text = Buffer.from(second).toString("latin1");
  assert.deepEqual(pushAll(new StreamFramer(), utf8("\r\n"), utf8(text), utf8("\r\n")), [
    "keep-alive-response",
    text,
    "keep-alive-response",
  ]);
});

test("RFC 3261 20.14: on a stream Content-Length must be there, once, and be a number", () => {
  assert.match(errorOf(message("", "")), /missing/);
  assert.match(errorOf(message("Content-Lengths: 1", "Y: l: 3", "", "")), /missing/);
  assert.match(errorOf(message("l: 1", "Content-Length: 1", "", "a")), /twice/);
  for (const value of ["-1", "+1", "0x10", "1 2", "1,1", "abc", "", "1e3", "1.0"])
    assert.match(errorOf(message(`Content-Length: ${value}`, "", "")), /must be a number/, value);
  assert.match(errorOf(message(`l: ${"1".repeat(300)}`, "", "")), /must be a number/);
  assert.match(errorOf(message(`l: ${" ".repeat(300)}1`, "", "")), /must be a number/);
});

test("RFC 3261 18.3: a body longer than allowed is refused at its head, a head without end at the limit", () => {
  assert.match(errorOf(message("l: 70000", "", "")), /65536/);
  assert.match(errorOf(message(`l: ${"9".repeat(150)}`, "", "")), /65536/);
  assert.match(errorOf(message("l: 41", "", ""), 70), /70 bytes/);
  const framer = new StreamFramer({ maximumBytes: 1000 });
  let pushed = 0;
  let frames: StreamFrame[] = [];
  while (frames.length === 0) {
    frames = framer.push(utf8("X: yyyyyyyyyyyyyyy\r\n"));
    pushed += 20;
    assert.ok(framer.buffered <= 1000);
  }
  assert.equal(frames[0]?.kind, "error");
  assert.equal(pushed, 1000);
  const exact = message("l: 1", "", "a");
  assert.equal(new StreamFramer({ maximumBytes: exact.length }).push(exact)[0]?.kind, "message");
  assert.equal(new StreamFramer({ maximumBytes: exact.length - 1 }).push(exact)[0]?.kind, "error");
});

test("RFC 3261 7.5: a CR before a message that begins no CRLF ends the stream", () => {
  assert.match(errorOf(utf8("\rOPTIONS")), /CR without LF/);
  const framer = new StreamFramer();
  assert.deepEqual(framer.push(utf8("\r")), []);
  assert.equal(framer.push(utf8("x"))[0]?.kind, "error");
});

test("RFC 3261 18.3: what comes before an error is delivered", () => {
  const framer = new StreamFramer();
  const frames = framer.push(Buffer.concat([first, message("l: -1", "", "")]));
  assert.deepEqual(
    frames.map((frame) => frame.kind),
    ["message", "error"],
  );
});

test("RFC 3261 18.3: any bytes in any chunks: no exception, and never more kept than allowed", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom(
        "\r\n",
        "\r",
        "\n",
        "l:",
        "l: 5\r\n",
        "Content-Length: 2\r\n",
        "\r\n\r\n",
        "A b SIP/2.0\r\n",
      )
      .map(utf8),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (chunks) => {
      const framer = new StreamFramer({ maximumBytes: 100 });
      for (const chunk of chunks) {
        framer.push(chunk);
        assert.ok(framer.buffered <= 100);
      }
    }),
    { numRuns: 500 },
  );
});
