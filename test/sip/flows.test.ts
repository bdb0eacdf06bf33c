// The call flows of RFC 3665, 3327, 3515 and 5626: every message parses, is well-formed, survives a round trip.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import test from "node:test";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { validateRequest, validateResponse } from "@liquid-ims/sip/validate";
import { readFlow } from "../support/sip-flow.ts";
import { filesBelow, leftOut, testData } from "../support/test-data.ts";

/** Messages that the RFC shows with parts left out, and what is missing in them. */
const abridged: Readonly<Record<string, string>> = {
  "4.1_prototypical-refer-callflow.yaml 0": 'Refer-To "(whatever URI)" is no address',
  "4.2_multiple-refers-in-a-dialog.yaml 0": 'Refer-To "(some different URI)" is no address',
  "9.3_incoming_call_and_proxy_crash.yaml 0": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 1": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 2": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 3": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 4": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 5": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 6": "Via is missing",
  "9.3_incoming_call_and_proxy_crash.yaml 7": "Via is missing",
  "9.4_re-registration.yaml 0": "Via is missing",
  "9.5_outgoing_call.yaml 0": "Via is missing",
  "9.5_outgoing_call.yaml 1": "Via is missing",
};

test("RFC 3665, 3327, 3515, 5626: the messages of the flows are well-formed and become the same bytes", (context) => {
  const folder = testData("sip-flows");
  if (folder === null) return leftOut(context, 235, "messages of call flows");
  let count = 0;
  const seen: Record<string, string> = {};
  for (const file of filesBelow(folder)) {
    if (!file.endsWith(".yaml")) continue;
    for (const [index, text] of readFlow(readFileSync(file, "utf8")).entries()) {
      const title = `${basename(file)} ${index}`;
      const result = parseMessage(Buffer.from(text));
      assert.ok(result.ok, title);
      const { message } = result;
      const problem = message.kind === "request" ? validateRequest(message) : validateResponse(message);
      if (problem !== null) seen[title] = problem.detail;

      const length = message.headers.has("Content-Length")
        ? ""
        : `Content-Length: ${message.body.length}\r\n`;
      const expected = text.replace("\r\n\r\n", `\r\n${length}\r\n`);
      const written = Buffer.from(serializeMessage(message)).toString();
      assert.equal(written, expected.slice(0, written.length), title);
      assert.equal(expected.slice(written.length).trim(), "", title);
      count += 1;
    }
  }
  assert.deepEqual(seen, abridged);
  assert.equal(count, 235);
});
