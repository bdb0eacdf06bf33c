// Bodies of several parts. RFC 2046 5.1.1, RFC 5621; RFC 4475 3.1.1.11.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { type BodyPart, formatMultipart, parseMultipart } from "@liquid-ims/sip/multipart";
import { parseMessage } from "@liquid-ims/sip/parser";
import fc from "fast-check";
import { leftOut, readBytes, testData } from "../support/test-data.ts";

const type = 'multipart/mixed;boundary="b 1"';

function parse(lines: readonly string[], contentType = type): BodyPart[] | null {
  return parseMultipart(Buffer.from(lines.join("\r\n"), "latin1"), contentType);
}

function bodies(parts: BodyPart[] | null): string[] | null {
  return parts?.map((part) => Buffer.from(part.body).toString("latin1")) ?? null;
}

test("RFC 2046 5.1.1: parts with header fields and without; preamble and epilogue do not count", () => {
  const parts = parse(["x", "--b 1", "c: text/plain", "", "one", "", "--b 1 \t", "", "two", "--b 1--", "y"]);
  assert.deepEqual(bodies(parts), ["one\r\n", "two"]);
  assert.equal(parts?.[0]?.headers.get("Content-Type"), "text/plain");
  assert.equal([...(parts?.[1]?.headers ?? [])].length, 0);
});

test("RFC 2046 5.1.1: a line that only begins like the delimiter is content, bytes stay bytes", () => {
  assert.deepEqual(bodies(parse(["--b 1", "", "--b 12", "\u00ff\u0000\r", "--b 1--"])), [
    "--b 12\r\n\u00ff\u0000\r",
  ]);
  assert.deepEqual(bodies(parse(["--b 1", "", "", "--b 1--"])), [""]);
});

test("RFC 2046 5.1.1: bodies that are not made so", () => {
  assert.equal(parse(["--b 1", "", "x"]), null);
  assert.equal(parse(["--b 1--"]), null);
  assert.equal(parse(["--b 1", "no header line", "", "x", "--b 1--"]), null);
  assert.equal(parse(["--b 1", "a: b", "--b 1--"]), null);
  assert.equal(parse([""]), null);
  for (const contentType of [
    "multipart/mixed",
    'multipart/mixed;boundary=""',
    "text/plain;boundary=b",
    "nonsense",
    "",
  ])
    assert.equal(parse(["--b", "", "x", "--b--"], contentType), null, contentType);
});

test("RFC 4475 3.1.1.11: a text and a binary part", (context) => {
  const folder = testData("rfc4475");
  if (folder === null) return leftOut(context, 1, "message of RFC 4475");
  const result = parseMessage(readBytes(join(folder, "mpart01.dat")));
  assert.ok(result.ok);
  const parts = parseMultipart(result.message.body, result.message.headers.get("Content-Type") ?? "");
  assert.equal(parts?.length, 2);
  assert.deepEqual(bodies(parts)?.[0], "Hello");
  assert.equal(parts?.[1]?.headers.get("Content-Type"), "application/octet-stream");
  assert.deepEqual([...(parts?.[1]?.body.subarray(0, 3) ?? [])], [0x30, 0x82, 0x01]);
});

test("RFC 2046 5.1.1: what is written is read again", () => {
  const part = fc.record({
    headers: fc.constant([["Content-Type", "a/b"]] as const),
    body: fc.uint8Array({ maxLength: 40 }),
  });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const read = parseMultipart(formatMultipart("q7", parts), "multipart/mixed;boundary=q7");
      assert.deepEqual(
        read?.map(({ body }) => body),
        parts.map(({ body }) => body),
      );
    }),
  );
});
