// The injection file, and that the scenario has a place for each of its fields.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { formatInjectionFile } from "@liquid-ims/sipp-scenarios/third-party-register/injection-file";
import { loadUser } from "@liquid-ims/sipp-scenarios/third-party-register/load-users";

const user = loadUser(0, "run1");
const registers = [
  { user, kind: "new", sequence: 2 },
  { user, kind: "deregister", sequence: 3 },
] as const;

test("one line for each REGISTER, fields as the scenario's head lists them", () => {
  assert.equal(
    formatInjectionFile(registers, { form: "embedded", body: "register", expires: 600 }),
    [
      "SEQUENTIAL",
      "embedded;sip:load000001@open-ims.test;load000001@open-ims.test;open-ims.test;600;sip:scscf1.open-ims.test:6060;pcscf1.open-ims.test:4060;127.0.1.1;sip:load000001@10.0.0.1:5060;10.0.0.1:5060;urn:uuid:00000000-0000-4000-8000-000000000001;run1-1@10.0.0.1;2",
      "embedded;sip:load000001@open-ims.test;load000001@open-ims.test;open-ims.test;0;sip:scscf1.open-ims.test:6060;pcscf1.open-ims.test:4060;127.0.1.1;sip:load000001@10.0.0.1:5060;10.0.0.1:5060;urn:uuid:00000000-0000-4000-8000-000000000001;run1-1@10.0.0.1;3",
      "",
    ].join("\n"),
  );
});

test("OpenIMSCore says 120 s more than it granted, but 0 is 0; Kamailio with a body is a form of its own", () => {
  const cells = (text: string) => text.split("\n").map((line) => line.split(";"));
  const openims = cells(formatInjectionFile(registers, { form: "openims", body: "none", expires: 600 }));
  assert.deepEqual([openims[1]?.[4], openims[2]?.[4]], ["720", "0"]);
  const kamailio = cells(
    formatInjectionFile(registers, { form: "kamailio", body: "register", expires: 600 }),
  );
  assert.equal(kamailio[1]?.[0], "kamailio-body");
});

test("a value that SIPp would cut is refused", () => {
  const cut = { ...user, contact: "sip:a@10.0.0.1;transport=udp" };
  assert.throws(
    () =>
      formatInjectionFile([{ user: cut, kind: "new", sequence: 2 }], {
        form: "embedded",
        body: "register",
        expires: 60,
      }),
    /"sip:a@10.0.0.1;transport=udp" does not fit/,
  );
});

test("the scenario uses every field that the file has, and no other", () => {
  const scenario = readFileSync(
    join(import.meta.dirname, "../../../sipp-scenarios/third-party-register/third-party-register.xml"),
    "utf8",
  );
  const used = new Set([...scenario.matchAll(/\[field(\d+)\]/g)].map((match) => Number(match[1])));
  assert.deepEqual(
    [...used].sort((a, b) => a - b),
    Array.from({ length: 13 }, (_, index) => index),
  );
});
