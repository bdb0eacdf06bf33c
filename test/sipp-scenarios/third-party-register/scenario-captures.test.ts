// The scenario's messages against what the cores were seen to send: the same headers in the same order.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { leftOut, testReference } from "../../support/test-data.ts";

const scenario = readFileSync(
  join(import.meta.dirname, "../../../sipp-scenarios/third-party-register/third-party-register.xml"),
  "utf8",
);

/** The message of the `<send>` behind that label. */
function sent(label: string): string {
  const from = scenario.slice(scenario.indexOf(`<label id="${label}"/>`));
  return /<!\[CDATA\[\n([\s\S]*?)\]\]>/.exec(from)?.[1]?.trim() ?? "";
}

/** Names of the headers of the message and of the one in its body. */
function headerNames(message: string): string[][] {
  return message
    .replaceAll("\r\n", "\n")
    .split(/\n\n/)
    .filter((part) => /^REGISTER /.test(part.trim()))
    .map((part) =>
      part
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.split(":")[0] ?? ""),
    );
}

const pairs = [
  ["kamailio", "01_initial_register_pcscf1.txt"],
  ["kamailio-body", "06_include_register_request.txt"],
  ["openims", "20_openims_register_pcscf1.txt"],
] as const;

for (const [label, name] of pairs)
  test(`TS 24.229 5.4.1.7: ${label} as captured`, (context) => {
    const folder = testReference("captures");
    const file = folder === null ? "" : join(folder, name);
    if (!existsSync(file)) {
      leftOut(context, 1, "capture");
      return;
    }
    const captured = readFileSync(file, "utf8");
    const message = captured.slice(captured.indexOf("REGISTER sip:"));
    assert.deepEqual(headerNames(sent(label)), headerNames(message));
  });

test("openims: To and From without angle brackets, no Path, no P-Associated-URI", () => {
  const message = sent("openims");
  assert.match(message, /^To: \[field1\]$/m);
  assert.match(message, /^From: \[field5\];tag=/m);
  assert.doesNotMatch(message, /^(Path|P-Associated-URI|Content-Type):/m);
});

test("every form: CSeq is always 10, the Call-ID new, Content-Length right", () => {
  const messages = [...scenario.matchAll(/<!\[CDATA\[\n([\s\S]*?)\]\]>/g)].map((match) => match[1] ?? "");
  assert.equal(messages.length, 4);
  for (const message of messages) {
    assert.match(message, /^CSeq: 10 REGISTER$/m);
    assert.match(message, /^Call-ID: \[call_id\]$/m);
    assert.match(
      message,
      message.includes("message/sip") ? /^Content-Length: \[len\]$/m : /^Content-Length: 0$/m,
    );
  }
});
