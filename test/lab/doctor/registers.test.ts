// What third-party REGISTERs that came, or did not, mean for the configuration. TS 24.229 5.4.1.7, 5.4.1.7A.
import assert from "node:assert/strict";
import test from "node:test";
import type { RefusalSighting, RegisterSighting, RegistersSeen } from "@liquid-ims/cfd/register-sightings";
import { judgeRegisters, type RecordFacts, type RegisterSubject } from "@liquid-ims/lab/doctor/registers";
import { factsOf, remediesOf } from "./doctor-subject.ts";

const now = 1_000_000;
const sCscf = "sip:scscf1.ims.test:6060";

const sighting: RegisterSighting = {
  ...{ sCscf, source: "tcp:10.0.0.21:40000", count: 3, at: now - 10_000 },
  ...{ pCscf: "pcscf1.ims.test:4060", pCscfFrom: "Path", lacks: ["icid-generated-at"] },
};

const subject: RegisterSubject = {
  functions: [
    { kind: "P-CSCF", name: "pcscf1.ims.test:4060" },
    { kind: "S-CSCF", name: sCscf },
    { kind: "S-CSCF", name: "sip:scscf3.ims.test:6060" },
  ],
  cfs: (path) => `cfs.yaml:9 ${path}`,
  cfd: (path) => `cfd.yaml:8 ${path}`,
  sCscfs: [{ name: sCscf, addresses: ["10.0.0.21"] }],
  uri: "sip:cfd.ims.test",
};

const record: RecordFacts = {
  impu: "sip:a@ims.test",
  pCscf: "pcscf1.ims.test:4060",
  sCscf,
  contact: "sip:a@10.0.9.1",
};

function judge(seen: Partial<RegistersSeen> | null, records: readonly RecordFacts[] | null = []) {
  const full = seen === null ? null : { from: [], refused: null, ...seen };
  return judgeRegisters({ seen: full, records, now }, subject);
}

const second = "sip:scscf3.ims.test:6060";
const notTaken = (name: string) => `unknown address: ${name} is no configured S-CSCF`;

const stranger: RefusalSighting = {
  ...{ at: now - 5_000, source: "udp:10.0.0.22:6060", status: 403, reason: "stranger" },
  detail: "source address: sip:scscf2.ims.test:6060 is no configured S-CSCF",
};

test("they come with everything: who, when, from where", () => {
  const findings = judge({ from: [sighting] }, [record]);
  assert.deepEqual(factsOf(findings, "ok"), [
    `${sCscf} (tcp:10.0.0.21:40000) has told 3 registrations, the last 10 s ago: P-CSCF pcscf1.ims.test:4060 from Path`,
    "registrations recorded: 1; P-CSCF unknown of 0, contact unknown of 0",
  ]);
  assert.equal(findings.length, 2);
});

const cases: readonly {
  readonly title: string;
  readonly seen: Partial<RegistersSeen> | null;
  readonly records?: readonly RecordFacts[];
  readonly level: "note" | "warn" | "wrong";
  readonly fact: RegExp;
  readonly remedy?: RegExp;
}[] = [
  {
    title: "none has come",
    seen: {},
    level: "wrong",
    fact: /^no third-party REGISTER has arrived/,
    remedy:
      /^FHoSS application_server, spt: server_name 'sip:cfd\.ims\.test', default_handling 0, include_register_request 1; spt: method 'REGISTER', registration_type 0$/,
  },
  {
    title: "none has come, and no CFD could be asked",
    seen: null,
    level: "wrong",
    fact: /^no registration is recorded/,
    remedy: /^cfd\.yaml:8 listen/,
  },
  {
    title: "none since the start, but there are records",
    seen: {},
    records: [record],
    level: "note",
    fact: /^registrations recorded: 1, though the CFD has heard of none since its start$/,
  },
  {
    title: "only a stranger",
    seen: { refused: stranger },
    level: "wrong",
    fact: /^a request from udp:10\.0\.0\.22:6060 was refused 5 s ago with 403/,
    remedy: /^cfd\.yaml:8 sCscfs: - \{ name: "sip:scscf2\.ims\.test:6060", addresses: \["10\.0\.0\.22"\] \}$/,
  },
  {
    title: "a stranger over IPv6",
    seen: { refused: { ...stranger, source: "tcp:[2001:db8::22]:40000" } },
    level: "wrong",
    fact: /2001:db8::22/,
    remedy: /addresses: \["2001:db8::22"\] \}$/,
  },
  {
    title: "a stranger, whom the registrations of another S-CSCF leave one",
    seen: { from: [{ ...sighting, at: now }], refused: stranger },
    level: "warn",
    fact: /refused/,
  },
  {
    title: "an S-CSCF of the CFS at another address, though another one is heard",
    seen: {
      from: [{ ...sighting, sCscf: second, source: "tcp:10.0.0.22:6060", at: now }],
      refused: { ...stranger, source: "udp:10.0.0.29:6060", detail: notTaken(sCscf) },
    },
    level: "wrong",
    fact: /^a request from udp:10\.0\.0\.29:6060 was refused 5 s ago with 403/,
    remedy: /^cfd\.yaml:8 sCscfs\[0\]\.addresses: addresses: \["10\.0\.0\.21", "10\.0\.0\.29"\]$/,
  },
  {
    title: "an S-CSCF of the CFS that was refused and is heard now",
    seen: { from: [{ ...sighting, at: now }], refused: { ...stranger, detail: notTaken(sCscf) } },
    level: "warn",
    fact: /refused/,
  },
  {
    title: "one that could not be used",
    seen: {
      refused: { ...stranger, status: 400, reason: "unusable", detail: 'To "x" has no public identity' },
    },
    level: "wrong",
    fact: /with 400: To "x"/,
    remedy: /^S-CSCF: /,
  },
  {
    title: "nothing names the P-CSCF",
    seen: {
      from: [{ ...sighting, pCscf: null, pCscfFrom: null, lacks: ["Path", "icid-generated-at", "P-CSCF"] }],
    },
    level: "wrong",
    fact: /neither Path nor icid-generated-at names the P-CSCF/,
    remedy: /^PyHSS default_ifc\.xml: .*<IncludeRegisterRequest\/>/,
  },
  {
    title: "no UE's REGISTER in the body",
    seen: { from: [{ ...sighting, lacks: ["embedded REGISTER"] }] },
    level: "warn",
    fact: /no UE's REGISTER in the body: contact and private identity stay unknown/,
    remedy: /^FHoSS application_server: include_register_request 1$/,
  },
  {
    title: "no Path, the charging vector instead",
    seen: { from: [{ ...sighting, pCscfFrom: "icid-generated-at", lacks: ["Path"] }] },
    level: "note",
    fact: /the P-CSCF is known by the address of icid-generated-at/,
    remedy: /^cfd\.yaml:8 functions/,
  },
  {
    title: "no P-Associated-URI",
    seen: { from: [{ ...sighting, lacks: ["P-Associated-URI"] }] },
    level: "note",
    fact: /no P-Associated-URI/,
  },
  {
    title: "an S-CSCF that the CFS does not have",
    seen: { from: [{ ...sighting, sCscf: "sip:scscf9.ims.test:6060" }] },
    level: "wrong",
    fact: /^sip:scscf9\.ims\.test:6060 serves users and is no function of the CFS/,
    remedy: /^cfs\.yaml:9 functions: - \{ kind: S-CSCF, name: "sip:scscf9\.ims\.test:6060"/,
  },
  {
    title: "the same S-CSCF by another spelling",
    seen: { from: [{ ...sighting, sCscf: "sip:SCSCF1.ims.test:6060" }] },
    level: "wrong",
    fact: /the CFS has it as sip:scscf1\.ims\.test:6060: the HSS compares the names byte by byte/,
    remedy: /^cfs\.yaml:9 functions\[1\]\.name: sip:SCSCF1\.ims\.test:6060$/,
  },
  {
    title: "a P-CSCF that the CFS does not have",
    seen: { from: [sighting] },
    records: [{ ...record, pCscf: "pcscf7.ims.test:4060" }],
    level: "wrong",
    fact: /^pcscf7\.ims\.test:4060 serves users and is no P-CSCF of the CFS/,
    remedy: /^cfs\.yaml:9 functions: - \{ kind: P-CSCF, name: "pcscf7/,
  },
];

for (const { title, seen, records, level, fact, remedy } of cases)
  test(`third-party REGISTERs: ${title}`, () => {
    const findings = judge(seen, records);
    const said = factsOf(findings, level);
    assert.equal(said.length, 1, JSON.stringify(findings));
    assert.match(said[0] ?? "", fact);
    if (level !== "wrong") assert.deepEqual(factsOf(findings, "wrong"), []);
    const lines = remediesOf(findings);
    if (remedy !== undefined)
      assert.ok(
        lines.some((line) => remedy.test(line)),
        lines.join("\n"),
      );
  });
