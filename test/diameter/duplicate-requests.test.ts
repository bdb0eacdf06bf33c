// Copies of a request that must not be executed twice. RFC 6733 3, 6.1.5, Appendix C.
import assert from "node:assert/strict";
import test from "node:test";
import { buildDefinedAvp } from "@liquid-ims/diameter/dictionary";
import { originHost, sessionId } from "@liquid-ims/diameter/dictionary/base";
import { DuplicateRequests } from "@liquid-ims/diameter/duplicate-requests";
import type { DiameterMessage } from "@liquid-ims/diameter/message";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../support/virtual-hosts.ts";

function request(endToEnd: number, from = "scscf.ims.example", session = "s;1;1"): DiameterMessage {
  const avps = [buildDefinedAvp(sessionId, session), buildDefinedAvp(originHost, from)];
  return { flags: 0xc0, commandCode: 303, applicationId: 16777216, hopByHop: 1, endToEnd, avps };
}

function world() {
  const simulation = new Simulation({ seed: 1 });
  const { clock } = addBareHost(simulation, "hss", "10.0.0.1").host;
  return { simulation, duplicates: new DuplicateRequests<string>(clock) };
}

test("3: a copy gets the first answer, now or when there is one; other origins, commands and sessions are others", () => {
  const { duplicates } = world();
  const heard: string[] = [];
  const note = (name: string) => (answer: string) => heard.push(`${name} ${answer}`);
  const answer = duplicates.admit(request(1), note("first"));
  assert.ok(answer !== null);
  assert.equal(duplicates.admit(request(1, "SCSCF.ims.example"), note("copy")), null, "names know no case");
  for (const other of [
    request(2),
    request(1, "other.ims.example"),
    request(1, "scscf.ims.example", "s;1;2"),
    { ...request(1), commandCode: 301 },
    { ...request(1), applicationId: 4 },
  ])
    assert.ok(duplicates.admit(other, note("other")) !== null);
  answer("2001");
  answer("5012");
  assert.deepEqual(heard, ["first 2001", "copy 2001"]);
  assert.equal(duplicates.admit(request(1), note("late")), null);
  assert.deepEqual(heard.slice(2), ["late 2001"]);
});

test("3: an End-to-End identifier is new again after 4 minutes", async () => {
  const { simulation, duplicates } = world();
  duplicates.admit(request(1), () => undefined)?.("2001");
  await simulation.run({ ms: 239_000 });
  assert.equal(
    duplicates.admit(request(1), () => undefined),
    null,
  );
  await simulation.run({ ms: 1_001 });
  assert.ok(duplicates.admit(request(1), () => undefined) !== null);
  assert.equal(duplicates.count, 1);
});

test("copies of a request that has no answer are bounded: the newest eight get it", () => {
  const { duplicates } = world();
  const heard: number[] = [];
  const answer = duplicates.admit(request(1), () => heard.push(0));
  for (let copy = 1; copy <= 20; copy++) duplicates.admit(request(1), () => heard.push(copy));
  answer?.("2001");
  assert.deepEqual(heard, [13, 14, 15, 16, 17, 18, 19, 20]);
});
