// PyHSS's REST interface of the lab's HSS: who is found, what a PATCH changes for Cx, what is refused.
import assert from "node:assert/strict";
import test from "node:test";
import { Registrations } from "@liquid-ims/lab/ims-core/hss-registration";
import { PyHssInterface } from "@liquid-ims/lab/ims-core/pyhss-interface";
import { alice, bob, scscf1, scscf2 } from "./hss-world.ts";

function open() {
  const registrations = new Registrations([bob, alice]);
  const registration = registrations.get("sip:alice@ims.example");
  assert.ok(registration !== null);
  Object.assign(registration, {
    ...{ state: "registered", serverName: scscf1, diameterHost: "scscf1.ims.example" },
  });
  const own = new PyHssInterface(registrations, "ims.example");
  const ask = (method: string, path: string, body = "") => {
    const answer = own.answer({ method, target: `/ims_subscriber/${path}`, headers: new Map(), body });
    return { status: answer.status, said: JSON.parse(answer.body) };
  };
  return { own, registration, ask };
}

const aliceAtScscf1 = {
  ...{ ims_subscriber_id: 2, imsi: "alice", msisdn: "4930123" },
  ...{ scscf: scscf1, scscf_realm: "ims.example", scscf_peer: "scscf1.ims.example" },
};

test("PyHSS: found by number, by the name part of the private identity, and by MSISDN", () => {
  const { ask } = open();
  for (const path of ["2", "ims_subscriber_imsi/alice", "ims_subscriber_msisdn/4930123"])
    assert.deepEqual(ask("GET", path), { status: 200, said: aliceAtScscf1 }, path);
  assert.deepEqual(ask("GET", "1").said, {
    ...{ ims_subscriber_id: 1, imsi: "bob", msisdn: null },
    ...{ scscf: null, scscf_realm: null, scscf_peer: null },
  });
});

test("PyHSS: who is not there gets 400, another path 404; nothing of a wrong PATCH is done", () => {
  const { own, ask, registration } = open();
  for (const path of ["0", "3", "-1", "x", "", "%", "ims_subscriber_imsi/carol", "ims_subscriber_imsi/"])
    assert.equal(ask("GET", path).status, 400, path);
  assert.equal(own.answer({ method: "GET", target: "/apn/1", headers: new Map(), body: "" }).status, 404);
  for (const body of ["", "x", "7", "null", '{"scscf":7}', `{"scscf":"${scscf2}","scscf_peer":[]}`])
    assert.equal(ask("PATCH", "2", body).status, 400, body);
  assert.match(ask("PATCH", "2", '{"scscf":7}').said.reason, /^scscf 7: must be a text or null$/);
  assert.equal(ask("DELETE", "2").status, 400);
  assert.deepEqual([registration.serverName, registration.state], [scscf1, "registered"]);
});

test("PyHSS: a PATCH writes name and Diameter host, and says what it has then; null ends the registration", () => {
  const { ask, registration } = open();
  const body = { scscf: scscf2, scscf_realm: "ims.example", scscf_peer: "scscf2.ims.example", other: 1 };
  const { status, said } = ask("PATCH", "2", JSON.stringify(body));
  assert.deepEqual([status, said.scscf, said.scscf_peer], [200, scscf2, "scscf2.ims.example"]);
  const { serverName, diameterHost, state, authenticationPending } = registration;
  assert.deepEqual(
    [serverName, diameterHost, state, authenticationPending],
    [scscf2, "scscf2.ims.example", "registered", false],
  );
  assert.equal(ask("PATCH", "2", '{"scscf":null}').said.scscf, null);
  assert.deepEqual([registration.serverName, registration.state], [null, "not registered"]);
});
