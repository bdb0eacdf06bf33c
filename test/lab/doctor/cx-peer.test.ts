// What a CEA means for the configuration, field by field. RFC 6733 5.3, TS 29.229 5.6.
import assert from "node:assert/strict";
import test from "node:test";
import type { CxConfig } from "@liquid-ims/cfs/config";
import type { SaidCapabilities } from "@liquid-ims/diameter/peer/peer-report";
import { type CxSubject, judgePeer, judgeServing, type PeerFacts } from "@liquid-ims/lab/doctor/cx-peer";
import { factsOf, remediesOf } from "./doctor-subject.ts";

const said: SaidCapabilities = {
  ...{ resultCode: 2001, originHost: "hss.ims.test", originRealm: "ims.test", hostIpAddresses: ["10.0.0.3"] },
  ...{ vendorId: 10_415, productName: "HSS", supportedVendorIds: [10_415], authApplicationIds: [] },
  ...{ acctApplicationIds: [], inbandSecurityIds: [], errorMessage: null },
  vendorSpecificApplicationIds: [{ vendorId: 10_415, applicationId: 16_777_216 }],
};

const config: CxConfig = {
  ...{ originHost: "cfs.ims.test", originRealm: "ims.test", destinationRealm: "ims.test" },
  peers: [{ host: "hss.ims.test", address: { host: "10.0.0.3", port: 3868 } }],
};

const open: PeerFacts = { originHost: "hss.ims.test", state: "I-Open", said, trouble: null };
const refused = "its answer to the CER is no CEA that can be accepted";

function judge(
  facts: Partial<PeerFacts>,
  changed: Partial<CxConfig> = {},
  by: CxSubject["by"] = "the doctor",
) {
  const subject = {
    config: { ...config, ...changed },
    place: (path: string) => `cfs.yaml:7 ${path}`,
    ...{ identity: "cfs.ims.test", by },
  };
  return judgePeer({ ...open, ...facts }, 0, subject);
}

const closed = (other: Partial<SaidCapabilities>) => ({
  ...{ state: "Closed", trouble: refused },
  said: { ...said, ...other },
});

test("an open peer as it is configured: every field, nothing to change", () => {
  const findings = judge({});
  assert.deepEqual(factsOf(findings, "ok"), [
    "hss.ims.test at 10.0.0.3:3868 has taken the CER of cfs.ims.test (asked by the doctor)",
    "Origin-Host hss.ims.test",
    "Origin-Realm ims.test",
    "Vendor-Specific-Application-Id has Cx (10415:16777216): 10415:16777216",
    "Product-Name HSS, Vendor-Id 10415",
    "Host-IP-Address 10.0.0.3",
    "Supported-Vendor-Id 10415",
  ]);
  assert.equal(findings.length, 7);
});

test("a running CFS says nothing of the address that stands in its file now", () => {
  const [exchanged] = factsOf(judge({}, {}, "the running CFS"), "ok");
  assert.equal(exchanged, "hss.ims.test has taken the CER of cfs.ims.test (asked by the running CFS)");
});

const cases: readonly {
  readonly title: string;
  readonly facts: Partial<PeerFacts>;
  readonly config?: Partial<CxConfig>;
  readonly level: "note" | "warn" | "wrong";
  readonly fact: RegExp;
  readonly remedy?: RegExp;
}[] = [
  {
    title: "nobody listens",
    facts: {
      state: "Closed",
      said: null,
      trouble: "tcp connect 10.0.0.3:3868: ECONNREFUSED: nobody listens there",
    },
    level: "wrong",
    fact: /ECONNREFUSED/,
    remedy: /^cfs\.yaml:7 cx\.peers\[0\]\.address: /,
  },
  {
    title: "closed without a CEA: unknown, or there already",
    facts: { state: "Closed", said: null, trouble: "it closed the connection without a CEA" },
    level: "wrong",
    fact: /it does not know cfs\.ims\.test, or has it already/,
    remedy: /--identity/,
  },
  {
    title: "it takes the connection and says nothing: unknown, or no Diameter node at all",
    facts: { state: "Closed", said: null, trouble: "it did not answer the CER" },
    level: "wrong",
    fact: /it did not answer the CER: .* or is no Diameter node that works$/,
    remedy: /^cfs\.yaml:7 cx\.peers\[0\]\.address: /,
  },
  {
    title: "3010",
    facts: closed({ resultCode: 3010, errorMessage: "who?" }),
    level: "wrong",
    fact: /Result-Code 3010 \("who\?"\), unknown peer$/,
    remedy: /^FHoSS DiameterPeerHSS\.xml: <Peer FQDN="cfs\.ims\.test" Realm="ims\.test" port="3868"\/>/,
  },
  {
    title: "5010",
    facts: closed({ resultCode: 5010 }),
    level: "wrong",
    fact: /no application in common/,
    remedy: /<Auth id="16777216" vendor="10415"\/>/,
  },
  {
    title: "any other refusal",
    facts: closed({ resultCode: 5012 }),
    level: "wrong",
    fact: /Result-Code 5012/,
  },
  {
    title: "another Origin-Host",
    facts: closed({ originHost: "HSS2.ims.test" }),
    level: "wrong",
    fact: /Origin-Host of the CEA is HSS2\.ims\.test, hss\.ims\.test is configured/,
    remedy: /^cfs\.yaml:7 cx\.peers\[0\]\.host: HSS2\.ims\.test$/,
  },
  {
    title: "another realm",
    facts: { said: { ...said, originRealm: "epc.test" } },
    level: "wrong",
    fact: /Origin-Realm of the CEA is epc\.test/,
    remedy: /^cfs\.yaml:7 cx\.destinationRealm: epc\.test$/,
  },
  {
    title: "an agent in another realm may be right",
    facts: { said: { ...said, originRealm: "dra.test" } },
    config: { destinationHost: "hss9.ims.test" },
    level: "warn",
    fact: /Origin-Realm of the CEA is dra\.test/,
  },
  {
    title: "no Cx",
    facts: closed({ vendorSpecificApplicationIds: [{ vendorId: 10_415, applicationId: 16_777_251 }] }),
    level: "wrong",
    fact: /no Cx among the applications of the CEA \(10415:16777251\)/,
  },
  {
    title: "Cx of another vendor",
    facts: {
      said: { ...said, vendorSpecificApplicationIds: [{ vendorId: 13_019, applicationId: 16_777_216 }] },
    },
    level: "warn",
    fact: /without the vendor 10415/,
  },
  {
    title: "a relay",
    facts: { said: { ...said, vendorSpecificApplicationIds: [], authApplicationIds: [0xffff_ffff] } },
    level: "note",
    fact: /it is a relay/,
  },
  {
    title: "no Host-IP-Address (Kamailio's cdp)",
    facts: { said: { ...said, hostIpAddresses: [] } },
    level: "note",
    fact: /no Host-IP-Address/,
  },
  {
    title: "TLS inside the connection",
    facts: closed({ inbandSecurityIds: [1] }),
    level: "wrong",
    fact: /wants TLS/,
    remedy: /No_TLS/,
  },
  {
    title: "it has gone away again",
    facts: { state: "Closed" },
    level: "wrong",
    fact: /but it is Closed now: it has closed the connection/,
  },
];

for (const { title, facts, config: changed, level, fact, remedy } of cases)
  test(`a CEA: ${title}`, () => {
    const findings = judge(facts, changed);
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

test("names compare without letter case (RFC 6733 4.3.1)", () => {
  const findings = judge({ said: { ...said, originHost: "HSS.IMS.test", originRealm: "IMS.TEST" } });
  assert.deepEqual(factsOf(findings, "wrong"), []);
});

test("RTR and PPR: which S-CSCFs they can be handed on to", () => {
  const place = (path: string) => `cfs.yaml:7 ${path}`;
  const [first, second] = ["sip:s1.ims.test:6060", "sip:s2.ims.test:6060"] as const;
  const serving = [{ server: first, address: { host: "10.0.0.21", port: 3870 } }];
  const some = judgeServing({ ...config, serving }, [first, second], place);
  assert.match(
    factsOf(some, "note").join(),
    /for sip:s2\.ims\.test:6060 they go on only where a peer is an agent$/,
  );
  assert.match(remediesOf(some).join(), /^cfs\.yaml:7 cx: serving: \[\{ server: "sip:s2\.ims\.test:6060"/);
  assert.deepEqual(judgeServing({ ...config, serving }, [first], place), []);
  const adapter = { kind: "pyhss", url: "http://10.0.0.3:8080" } as const;
  assert.deepEqual(judgeServing({ ...config, adapter }, [first], place), []);
});
