// Users made up by number, and users from a file.
import assert from "node:assert/strict";
import test from "node:test";
import { loadUser, parseUsers } from "@liquid-ims/sipp-scenarios/third-party-register/load-users";

test("made-up users differ in everything that makes a registration, and are spread over the CSCFs", () => {
  const users = Array.from({ length: 70_000 }, (_, index) => loadUser(index, "run1"));
  for (const key of ["identity", "privateIdentity", "contact", "address", "instance", "callId"] as const)
    assert.equal(new Set(users.map((user) => user[key])).size, users.length, key);
  const pairs = new Set(users.slice(0, 9).map(({ pCscf, sCscf }) => `${pCscf} ${sCscf}`));
  assert.equal(pairs.size, 9);
});

test("the same user in another run: only the Call-ID of the UE is another", () => {
  const [first, second] = [loadUser(6, "run1"), loadUser(6, "run2")];
  assert.notEqual(first.callId, second.callId);
  assert.deepEqual({ ...first, callId: "" }, { ...second, callId: "" });
});

test("a users file: identity alone, with functions, comments, empty lines", () => {
  const text =
    "# users\nsip:alice@ims.test\r\n\ntel:+4930123 ; pcscf9.ims.test:4060 ;192.0.2.1; sip:s1.ims.test:6060\n";
  assert.deepEqual(parseUsers(text), [
    { identity: "sip:alice@ims.test" },
    {
      identity: "tel:+4930123",
      pCscf: "pcscf9.ims.test:4060",
      pCscfAddress: "192.0.2.1",
      sCscf: "sip:s1.ims.test:6060",
    },
  ]);
});

test("a wrong line is named with its number, its value and what is allowed", () => {
  const cases: readonly [string, RegExp][] = [
    ["alice", /line 1: identity "alice"; sip:user@domain/],
    ["sip:a@b\nsip:a@b", /line 2: identity "sip:a@b" for the second time/],
    ["sip:a@b;p cscf", /line 1: P-CSCF "p cscf"; host or host:port/],
    ["sip:a@b;p;pcscf1", /line 1: address of the P-CSCF "pcscf1"; an IP address/],
    ["sip:a@b;p;127.0.0.1;scscf", /line 1: S-CSCF "scscf"; a SIP URI/],
    ["sip:a@b;p;127.0.0.1;sip:s;x", /line 1: 5 fields/],
  ];
  for (const [text, says] of cases) assert.throws(() => parseUsers(text), says);
});
