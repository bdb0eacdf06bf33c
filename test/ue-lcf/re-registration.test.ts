// Registering through another P-CSCF, against a registrar that follows a script. TS 24.229 5.1.1.2, RFC 3261 10.2.
import assert from "node:assert/strict";
import test from "node:test";
import type { HeaderPair } from "@liquid-ims/sip/message";
import { type ReRegistrationResult, reRegister } from "@liquid-ims/ue-lcf/re-registration";
import { contact, type Script, world } from "../sip/registration-world.ts";
import { addBareHost } from "../support/virtual-hosts.ts";

const oldPCscf = "sip:10.0.0.2:5060;old";
const newPCscf = "sip:10.0.0.2:5060";
const accepted: readonly [number, ...HeaderPair[]] = [200, ["Contact", `${contact};expires=3600`]];

/** What the move was told, and Route, Contact, Expires and CSeq of each REGISTER. */
async function move(script: Script) {
  const { simulation, registration, received } = await world(script);
  registration.register({ route: [`<${oldPCscf};lr>`] });
  await simulation.run({ ms: 1_000 });
  const host = addBareHost(simulation, "clock", "10.0.0.7").node;
  const results: ReRegistrationResult[] = [];
  reRegister({ host, registration }, newPCscf, oldPCscf, (result) => results.push(result));
  await simulation.run({ ms: 300_000 });
  const sent = received.map(({ headers }) => ({
    through: headers.get("Route") === `<${newPCscf};lr>` ? "new" : "old",
    contact: headers.get("Contact"),
    expires: headers.get("Expires"),
    cseq: headers.get("CSeq"),
    callId: headers.get("Call-ID"),
  }));
  return { results, sent };
}

test("RFC 3261 10.2: Contact byte-identical, Call-ID kept, CSeq going on", async () => {
  const { results, sent } = await move([accepted]);
  assert.deepEqual(
    results.map(({ outcome, trouble }) => ({ outcome, trouble })),
    [{ outcome: "registered", trouble: [] }],
  );
  assert.deepEqual(
    sent.map(({ through, contact: value, cseq }) => [through, value, cseq]),
    [
      ["old", contact, "1 REGISTER"],
      ["new", contact, "2 REGISTER"],
    ],
  );
  assert.equal(sent[0]?.callId, sent[1]?.callId);
});

test("RFC 5626 6: a stale binding of its own is removed, then the kept one is refreshed", async () => {
  const stale = '<sip:alice@10.0.0.99:5060>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=900';
  const others = '<sip:alice@10.0.0.50:5060>;+sip.instance="<urn:uuid:2>";reg-id=1;expires=900';
  const both: readonly [number, ...HeaderPair[]] = [
    200,
    ["Contact", stale],
    ["Contact", others],
    ["Contact", `${contact};expires=3600`],
  ];
  const { results, sent } = await move([accepted, both, accepted]);
  assert.equal(results.length, 1);
  assert.deepEqual(
    sent.slice(1).map(({ through, contact: value, expires }) => [through, value, expires]),
    [
      ["new", contact, "600000"],
      ["new", "<sip:alice@10.0.0.99:5060>", "0"],
      ["new", contact, "600000"],
    ],
  );
});

test("TS 24.229 5.1.1.4: trouble is counted, and tried again while it may pass", async () => {
  const { results, sent } = await move([accepted, [504], [500], accepted]);
  assert.deepEqual(
    results.map(({ outcome, trouble }) => ({ outcome, trouble })),
    [
      {
        outcome: "registered",
        trouble: [
          { status: 504, count: 1 },
          { status: 500, count: 1 },
        ],
      },
    ],
  );
  assert.deepEqual(
    sent.map(({ through }) => through),
    ["old", "new", "new", "new"],
  );
});

test("TS 24.229 5.1.1.4: after three failures it is given up, and the old way is refreshed", async () => {
  const { results, sent } = await move([accepted, [503], [503], [503], accepted]);
  assert.equal(results.length, 1);
  assert.equal(results[0]?.outcome, "failed");
  assert.deepEqual(results[0]?.trouble, [{ status: 503, count: 3 }]);
  assert.deepEqual(
    sent.map(({ through }) => through),
    ["old", "new", "new", "new", "old"],
  );
});

test("TS 24.229 5.1.1.4: a refusal that another try would get again is not tried again", async () => {
  const { results, sent } = await move([accepted, [403], accepted]);
  assert.equal(results[0]?.outcome, "failed");
  assert.deepEqual(results[0]?.trouble, [{ status: 403, count: 1 }]);
  assert.deepEqual(
    sent.map(({ through }) => through),
    ["old", "new", "old"],
  );
});

test("TS 24.229 5.1.1.4: silence counts as 408", async () => {
  const { results } = await move([accepted, "silence"]);
  assert.deepEqual(results[0]?.trouble, [{ status: 408, count: 3 }]);
});
