// Diameter in the trace: one entry a message, names for numbers, no keys. RFC 6733 3; TS 29.229 6.
import assert from "node:assert/strict";
import test from "node:test";
import { buildCxAnswer, buildCxRequest } from "@liquid-ims/diameter/cx/command";
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { cxApplicationId } from "@liquid-ims/diameter/dictionary/cx";
import { encodeMessage } from "@liquid-ims/diameter/message";
import { resultAvp } from "@liquid-ims/diameter/result";
import { createDiameterReader } from "@liquid-ims/lab/diameter-text";
import { createTrace } from "@liquid-ims/lab/trace";
import { concatBytes, encodeText } from "@liquid-ims/runtime/text";
import { cerOf } from "../diameter/diameter-world.ts";

const header = { applicationId: cxApplicationId, hopByHop: 1, endToEnd: 2 };
const mar = encodeMessage({
  ...{ ...header, flags: 0xc0, commandCode: 303 },
  avps: buildCxRequest(
    multimediaAuth,
    { destinationRealm: "x.test" },
    {
      ...{ userName: "a@x.test", publicIdentity: "sip:a@x.test", serverName: "sip:s.x.test" },
      ...{ sipNumberAuthItems: 1, sipAuthDataItem: { sipAuthenticationScheme: "Unknown" } },
    },
  ).avps,
});

function answered(): Uint8Array {
  const secret = encodeText("0123456789abcdef");
  const { result, avps } = buildCxAnswer(multimediaAuth, success, {
    sipAuthDataItems: [
      {
        ...{ sipAuthenticate: new Uint8Array(2).fill(0xab), sipAuthorization: secret },
        ...{ confidentialityKey: secret, integrityKey: secret },
        sipDigestAuthenticate: { digestRealm: "x.test", digestQop: "auth", digestHa1: "0123456789abcdef" },
      },
    ],
  });
  return encodeMessage({ ...header, flags: 0x40, commandCode: 303, avps: [resultAvp(result), ...avps] });
}

test("a request: its command, then its AVPs by name, those of a group below it", () => {
  assert.deepEqual(createDiameterReader().read("a b", mar), [
    [
      "Multimedia-Auth-Request",
      "Vendor-Specific-Application-Id:",
      "  Vendor-Id: 10415",
      "  Auth-Application-Id: 16777216",
      "Auth-Session-State: NO_STATE_MAINTAINED",
      "User-Name: a@x.test",
      "Public-Identity: sip:a@x.test",
      "SIP-Auth-Data-Item:",
      "  SIP-Authentication-Scheme: Unknown",
      "SIP-Number-Auth-Items: 1",
      "Server-Name: sip:s.x.test",
    ].join("\n"),
  ]);
});

test("an answer: its result by name in the first line; XRES, CK, IK and HA1 are not in it", () => {
  const [text = ""] = createDiameterReader().read("b a", answered());
  assert.ok(text.startsWith("Multimedia-Auth-Answer success (2001)\nResult-Code: 2001\n"), text);
  assert.ok(text.includes("  SIP-Authenticate: abab\n  SIP-Authorization: (16 bytes)\n"), text);
  assert.ok(
    text.endsWith(
      "  Integrity-Key: (16 bytes)\n  SIP-Digest-Authenticate:\n    Digest-Realm: x.test\n    Digest-QoP: auth\n    Digest-HA1: (16 bytes)",
    ),
    text,
  );
  assert.ok(!text.includes("0123456789abcdef"));
  const { result } = buildCxAnswer(serverAssignment, cxResult("identityAlreadyRegistered"), {});
  const refused = encodeMessage({ ...header, flags: 0x40, commandCode: 301, avps: [resultAvp(result)] });
  assert.equal(
    createDiameterReader().read("b a", refused)[0]?.split("\n")[0],
    "Server-Assignment-Answer Experimental identityAlreadyRegistered (5005)",
  );
});

test("writes are no messages: two in one, one in many; what is no Diameter ends its direction and no other", () => {
  const reader = createDiameterReader();
  const cer = encodeMessage(cerOf("a.x.test"));
  const both = concatBytes([cer, mar]);
  const starts = (texts: readonly string[]) => texts.map((text) => text.split("\n")[0]);
  assert.deepEqual(starts(reader.read("a b", both)), [
    "Capabilities-Exchange-Request",
    "Multimedia-Auth-Request",
  ]);
  const cut: string[] = [];
  for (const byte of both) cut.push(...reader.read("c b", Uint8Array.of(byte)));
  assert.deepEqual(starts(cut), ["Capabilities-Exchange-Request", "Multimedia-Auth-Request"]);
  assert.deepEqual(reader.read("d b", encodeText("GET / HTTP/1.1\r\nHost: b\r\n\r\n")), [
    "unreadable: version 71, must be 1",
  ]);
  assert.deepEqual(starts(reader.read("d b", mar)), ["Multimedia-Auth-Request"]);
});

test("the trace has an entry for each Diameter message, from whom to whom", () => {
  const [hss, scscf] = [
    { host: "10.0.0.1", port: 3868 },
    { host: "10.0.0.2", port: 40_000 },
  ];
  const trace = createTrace({
    names: {
      byHost: new Map([
        [hss.host, "hss"],
        [scscf.host, "scscf1"],
      ]),
      ...{ dns: "10.0.0.53:53", cx: "10.0.0.1:3868" },
    },
    now: () => 5,
  });
  trace.tap.sent("tcp", scscf, hss, concatBytes([mar, mar.slice(0, 30)]));
  trace.tap.sent("tcp", hss, scscf, answered());
  trace.tap.sent("tcp", scscf, hss, mar.slice(30));
  assert.deepEqual(
    trace
      .since(0)
      .map(({ at, from, to, protocol, message }) => [at, from, to, protocol, message.split("\n")[0]]),
    [
      [5, "scscf1", "hss", "cx", "Multimedia-Auth-Request"],
      [5, "hss", "scscf1", "cx", "Multimedia-Auth-Answer success (2001)"],
      [5, "scscf1", "hss", "cx", "Multimedia-Auth-Request"],
    ],
  );
});
