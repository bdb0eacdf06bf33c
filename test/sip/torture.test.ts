// The torture messages of RFC 4475 and RFC 5118: each one's verdict, and the same bytes again.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { parseReplaces } from "@liquid-ims/sip/header/replaces";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { validateRequest, validateResponse } from "@liquid-ims/sip/validate";
import { leftOut, readBytes, readJson, readTable, testData } from "../support/test-data.ts";

/**
 * "accept"; or who refuses: the parser (`parse`: the code, and the answer owed, null for none), or the
 * validation (`validate`: the answer owed, null for a response that is dropped).
 */
type Verdict =
  | "accept"
  | { readonly parse: string; readonly owed: number | null }
  | { readonly validate: number | null };

const rfc4475: Readonly<Record<string, Verdict>> = {
  "wsinv.dat": "accept",
  "intmeth.dat": "accept",
  "esc01.dat": "accept",
  "escnull.dat": "accept",
  "esc02.dat": "accept",
  "lwsdisp.dat": "accept",
  "longreq.dat": "accept",
  "dblreq.dat": "accept",
  "semiuri.dat": "accept",
  "transports.dat": "accept",
  "mpart01.dat": "accept",
  "unreason.dat": "accept",
  "noreason.dat": "accept",
  "badinv01.dat": { validate: 400 },
  "clerr.dat": { parse: "truncated-body", owed: 400 },
  "ncl.dat": { parse: "malformed-content-length", owed: 400 },
  "scalar02.dat": { validate: 400 },
  "scalarlg.dat": { validate: null },
  "quotbal.dat": { validate: 400 },
  "ltgtruri.dat": { validate: 400 },
  "lwsruri.dat": { validate: 400 },
  "lwsstart.dat": { validate: 400 },
  "trws.dat": { parse: "malformed-start-line", owed: 400 },
  "escruri.dat": { validate: 400 },
  // Date is not acted on (3.1.2.12 allows that).
  "baddate.dat": "accept",
  "regbadct.dat": { validate: 400 },
  "badaspec.dat": { validate: 400 },
  "baddn.dat": { parse: "truncated-head", owed: 400 },
  "badvers.dat": { parse: "unsupported-version", owed: 505 },
  "mismatch01.dat": { validate: 400 },
  "mismatch02.dat": { validate: 501 },
  "bigcode.dat": { parse: "malformed-status", owed: null },
  "badbranch.dat": "accept",
  "insuf.dat": { validate: 400 },
  "unkscm.dat": { validate: 416 },
  "novelsc.dat": { validate: 416 },
  // The rest is up to who serves it: registrar, user agent, proxy.
  "unksm2.dat": "accept",
  "bext01.dat": "accept",
  "invut.dat": "accept",
  "regaut01.dat": "accept",
  "multi01.dat": { validate: 400 },
  "mcl01.dat": { parse: "malformed-content-length", owed: 400 },
  "bcast.dat": "accept",
  "zeromf.dat": "accept",
  "cparam01.dat": "accept",
  "cparam02.dat": "accept",
  "regescrt.dat": "accept",
  "sdp01.dat": "accept",
  "inv2543.dat": "accept",
  // No Via: nobody knows where an answer would go.
  "test.dat": { parse: "malformed-start-line", owed: null },
};

const rfc5118: Readonly<Record<string, Verdict>> = {
  "ipv6-good": "accept",
  "ipv6-bad": { validate: 400 },
  "port-ambiguous": "accept",
  "port-unambiguous": "accept",
  "via-received-param-with-delim": "accept",
  "via-received-param-no-delim": "accept",
  "ipv6-in-sdp": "accept",
  "mult-ip-in-header": "accept",
  "mult-ip-in-sdp": "accept",
  "ipv4-mapped-ipv6": "accept",
  // No such address exists, so nothing could be sent to it (4.10 allows either).
  "ipv6-bug-abnf-3-colons": { validate: 400 },
  "ipv6-correct-abnf-2-colons": "accept",
};

function verdictOf(data: Uint8Array): Verdict {
  const result = parseMessage(data);
  if (!result.ok) return { parse: result.error.code, owed: result.error.owed?.status ?? null };
  const { message } = result;
  if (message.kind === "response") return validateResponse(message) === null ? "accept" : { validate: null };
  const rejection = validateRequest(message);
  return rejection === null ? "accept" : { validate: rejection.status };
}

/** What the RFC says of the syntax, against a verdict of ours. */
function agrees(parse: string, verdict: Verdict): boolean {
  if (parse === "reject") return verdict !== "accept";
  return parse === "either" || verdict === "accept" || "validate" in verdict;
}

for (const { rfc, folder, subfolder, verdicts } of [
  { rfc: "RFC 4475 3", folder: "rfc4475", subfolder: "", verdicts: rfc4475 },
  { rfc: "RFC 5118 4", folder: "rfc5118", subfolder: "raw", verdicts: rfc5118 },
]) {
  test(`${rfc}: each torture message gets its verdict`, (context) => {
    const path = testData(folder);
    if (path === null) return leftOut(context, Object.keys(verdicts).length, `messages of ${rfc}`);
    const rows = readTable(join(path, "expected.tsv"));
    assert.deepEqual(
      rows.map((row) => row.get("file") ?? "").sort(),
      Object.keys(verdicts).sort(),
      "the table has a verdict for each message",
    );
    for (const row of rows) {
      const file = row.get("file") ?? "";
      const expected = verdicts[file];
      const verdict = verdictOf(readBytes(join(path, subfolder, file)));
      assert.deepEqual(verdict, expected, file);
      assert.ok(agrees(row.get("parse") ?? "", verdict), `${file}: the RFC says ${row.get("parse")}`);
    }
  });

  test(`${rfc}: each message that parses becomes the same bytes again`, (context) => {
    const path = testData(folder);
    if (path === null) return leftOut(context, Object.keys(verdicts).length, `messages of ${rfc}`);
    let count = 0;
    for (const [file, verdict] of Object.entries(verdicts)) {
      if (verdict !== "accept" && "parse" in verdict) continue;
      const data = readBytes(join(path, subfolder, file));
      const result = parseMessage(data);
      assert.ok(result.ok, file);
      const { headers, body } = result.message;
      const written = Buffer.from(serializeMessage(result.message)).toString("latin1");
      let expected = Buffer.from(data).toString("latin1");
      if (!headers.has("Content-Length"))
        expected = expected.replace("\r\n\r\n", `\r\nContent-Length: ${body.length}\r\n\r\n`);
      // Behind the body, a datagram's bytes are not the message's (RFC 3261 18.3).
      assert.equal(written, expected.slice(0, written.length), file);
      const rest = expected.length - written.length;
      const hasRest = ["dblreq.dat", "ipv6-in-sdp", "mult-ip-in-sdp", "ipv4-mapped-ipv6"];
      assert.equal(rest > 0, hasRest.includes(file), `${file}: ${rest} bytes behind the message`);
      count += 1;
    }
    context.diagnostic(`${count} messages`);
  });
}

test("RFC 4475 3.1.2.15: the unquoted display name is refused also when the head has its end", (context) => {
  const path = testData("rfc4475");
  if (path === null) return leftOut(context, 1, "message");
  assert.deepEqual(verdictOf(readBytes(join(path, "baddn.crlf-fixed.dat"))), { validate: 400 });
});

test("RFC 5118 4.6, 4.8, 4.9: with Content-Length put right the whole body is there", (context) => {
  const path = testData("rfc5118");
  if (path === null) return leftOut(context, 3, "messages of RFC 5118");
  const lengths = { "ipv6-in-sdp": 251, "mult-ip-in-sdp": 189, "ipv4-mapped-ipv6": 245 };
  for (const [file, length] of Object.entries(lengths)) {
    const data = readBytes(join(path, "fixed-content-length", file));
    const result = parseMessage(data);
    assert.ok(result.ok, file);
    assert.equal(result.message.body.length, length, file);
    assert.deepEqual(serializeMessage(result.message), data, file);
  }
});

function texts(json: unknown, list: string): string[] {
  assert.ok(typeof json === "object" && json !== null && list in json);
  const found: unknown = Object.entries(json).find(([name]) => name === list)?.[1];
  assert.ok(Array.isArray(found));
  return found.map(String);
}

test("RFC 3891 6.1: Replaces values that are valid and that are not", (context) => {
  const path = testData("replaces");
  if (path === null) return leftOut(context, 11, "Replaces values");
  const json = readJson(join(path, "replaces-header-values.json"));
  for (const value of texts(json, "accept")) assert.notEqual(parseReplaces(value), null, value);
  for (const value of texts(json, "reject")) assert.equal(parseReplaces(value), null, value);
});
