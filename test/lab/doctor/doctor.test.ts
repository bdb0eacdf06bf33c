// The whole doctor on the virtual clock, at the lab's name server and HSS: right ones, and one that is wrong at a time.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import {
  type AuthoritativeDnsOptions,
  createAuthoritativeDns,
  type ZoneRecord,
} from "@liquid-ims/lab/authoritative-dns";
import { type DoctorSubject, examineLab } from "@liquid-ims/lab/doctor/doctor";
import type { Finding } from "@liquid-ims/lab/doctor/finding";
import type { Http, HttpReply } from "@liquid-ims/lab/doctor/http";
import { askUpdate, judgeUpdate } from "@liquid-ims/lab/doctor/zone-update";
import { createHss } from "@liquid-ims/lab/ims-core/hss";
import { createTopology, homeDomain } from "@liquid-ims/lab/topology";
import { createZone } from "@liquid-ims/lab/zone";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { encodeBase64, encodeText } from "@liquid-ims/runtime/text";
import { addBareHost } from "../../support/virtual-hosts.ts";
import { cfdOf, cfsOf, factsOf, lineAt, type Replacements, remediesOf } from "./doctor-subject.ts";

const topology = createTopology();
const { dns, hss, cfs, cfd } = topology;

interface Lab {
  readonly zone?: readonly ZoneRecord[];
  /** Diameter realm of the HSS. */
  readonly realm?: string;
  readonly hssPeers?: readonly string[];
  readonly cfs?: Replacements;
  readonly subject?: Partial<DoctorSubject>;
  /** By port and path; what is not there does not answer. */
  readonly answers?: Readonly<Record<string, unknown>>;
  /** So often the CFS says first that it is starting. */
  readonly starting?: number;
}

const running = {
  "9091/healthz": { status: "ready", store: "ok", location: "ok", reachable: 1 },
  "9090/healthz": {
    ...{ status: "ready", store: "ok" },
    registers: {
      from: [
        {
          ...{ sCscf: "sip:scscf1.open-ims.test:6060", source: "tcp:127.0.1.21:40000", count: 1, at: 0 },
          ...{ pCscf: "pcscf1.open-ims.test:4060", pCscfFrom: "Path", lacks: [] },
        },
      ],
      refused: null,
    },
  },
  "8085/os-cfs/v1/users": { users: [], unknown: { users: [] } },
};

function httpOf(answers: Readonly<Record<string, unknown>>, starting: number): Http {
  let left = starting;
  return async ({ address, path }): Promise<HttpReply> => {
    const isStarting = address.port === 9_091 && left > 0;
    if (isStarting) left -= 1;
    const body = isStarting ? { status: "starting", listening: [] } : answers[`${address.port}${path}`];
    return body === undefined
      ? { kind: "none", detail: `${path}: ECONNREFUSED` }
      : { kind: "answer", status: 200, body };
  };
}

async function examine(context: TestContext, lab: Lab = {}): Promise<readonly Finding[]> {
  const simulation = new Simulation({ seed: 5 });
  const zone = lab.zone ?? createZone(topology);
  const nameServer = simulation.addHost("dns", {
    addresses: [dns.address.host],
    program: createAuthoritativeDns({ zone, listen: dns.address }),
  });
  const peers = lab.hssPeers ?? [cfs.fqdn];
  const server = simulation.addHost("hss", {
    addresses: [hss.address.host],
    program: createHss({
      ...{ listen: hss.address, originHost: hss.fqdn, originRealm: lab.realm ?? homeDomain },
      ...{ digestRealm: homeDomain, subscribers: [], capacity: { msPerMessage: 0, queueMs: 0 } },
      peers: peers.map((originHost) => ({ originHost })),
    }),
  });
  await simulation.settle(nameServer.node.ready);
  await simulation.settle(server.node.ready);
  const host: Host = addBareHost(simulation, "doctor", cfs.address.host).node;
  const configured = cfsOf(context, lab.cfs);
  const own = cfdOf(context);
  const store = { ...own.settings.store, file: configured.settings.location.file };
  const subject: DoctorSubject = {
    cfs: configured,
    cfd: { ...own, settings: { ...own.settings, store } },
    ...{
      uri: `sip:${cfd.fqdn}`,
      identity: null,
      user: null,
      testMar: false,
      dnsServers: [dns.address],
      zoneKey: null,
    },
    ...lab.subject,
  };
  const http = httpOf(lab.answers ?? running, lab.starting ?? 0);
  return simulation.settle(examineLab(host, subject, { http, records: async () => null }));
}

test("RFC 3263 4.2: a port in the filter criteria's URI is no name that SRV records lead from", async (context) => {
  const fixed = await examine(context, { subject: { uri: `sip:${cfd.fqdn}:7080` } });
  assert.deepEqual(factsOf(fixed, "wrong"), []);
  assert.match(factsOf(fixed, "warn").join(), /:7080 \(the CFD\) has a port, so that nobody looks at SRV/);
  const astray = await examine(context, { subject: { uri: `sip:${cfd.fqdn}:7099` } });
  assert.match(factsOf(astray, "wrong").join(), /leads to 127\.0\.2\.11:7099, but requests are awaited at/);
  const literal = await examine(context, { subject: { uri: "sip:127.0.2.11:7080" } });
  assert.deepEqual(factsOf(literal, "wrong"), []);
  assert.match(factsOf(literal, "warn").join(), /sip:127\.0\.2\.11:7080 \(the CFD\) has an address/);
});

test("os-cfs at another port: the one at which it listens is named", async (context) => {
  const health = { ...running["9091/healthz"], listening: ["udp:127.0.2.21:7090", "http:127.0.0.1:8086"] };
  const findings = await examine(context, {
    answers: { "9090/healthz": running["9090/healthz"], "9091/healthz": health },
  });
  assert.deepEqual(factsOf(findings, "wrong"), [
    "the CFS runs, and os-cfs at 127.0.0.1:8085 gives no list of users",
  ]);
  assert.ok(
    remediesOf(findings).includes(
      `${lineAt("cfs.yaml", "port: 8085")} osCfs.port: it listens at 127.0.0.1:8086`,
    ),
    remediesOf(findings).join("\n"),
  );
});

test("a configuration that was changed under a running program", async (context) => {
  const metrics = "process_start_time_seconds 0\n";
  const findings = await examine(context, {
    answers: { ...running, "9091/metrics": metrics, "9090/metrics": metrics },
    subject: { cfs: { ...cfsOf(context), writtenAt: 90_000 } },
  });
  assert.deepEqual(factsOf(findings, "warn"), [
    "cfs.yaml was changed 90 s after the CFS had been started, which still runs with what it said then",
  ]);
});

test("nothing is wrong: every topic has said something", async (context) => {
  const findings = await examine(context);
  assert.deepEqual([factsOf(findings, "wrong"), factsOf(findings, "warn")], [[], []]);
  assert.deepEqual(
    [...new Set(findings.map(({ topic }) => topic))],
    ["programs", "DNS", "zone update", "Cx", "third-party REGISTER", "cannot be told"],
  );
});

const cases: readonly {
  readonly title: string;
  readonly lab: Lab;
  readonly fact: RegExp;
  readonly remedy: RegExp;
}[] = [
  {
    title: "the HSS is in another realm",
    lab: { realm: "epc.test" },
    fact: /^Origin-Realm of the CEA is epc\.test, requests go to the realm open-ims\.test$/,
    remedy: new RegExp(`^${lineAt("cfs.yaml", "destinationRealm:")} cx\\.destinationRealm: epc\\.test$`),
  },
  {
    title: "the HSS does not know the CFS",
    lab: { hssPeers: ["icscf1.open-ims.test"] },
    fact: /Result-Code 3010/,
    remedy:
      /^Open5GS freeDiameter\/hss\.conf: ConnectPeer = "cfs\.open-ims\.test" \{ ConnectTo = "127\.0\.2\.21"; No_TLS; \};$/,
  },
  {
    title: "the HSS is somebody else",
    lab: { cfs: { "- host: hss.open-ims.test": "- host: hss1.open-ims.test" } },
    fact: /^Origin-Host of the CEA is hss\.open-ims\.test, hss1\.open-ims\.test is configured$/,
    remedy: new RegExp(
      `^${lineAt("cfs.yaml", "- host: hss.")} cx\\.peers\\[0\\]\\.host: hss\\.open-ims\\.test$`,
    ),
  },
  {
    title: "SRV of the CFS leads to another port",
    lab: {
      cfs: {
        "protocol: udp, host: 127.0.2.21, port: 7090": "protocol: udp, host: 127.0.2.21, port: 7091",
        "protocol: tcp, host: 127.0.2.21, port: 7090": "protocol: tcp, host: 127.0.2.21, port: 7091",
      },
    },
    fact: /leads to udp 127\.0\.2\.21:7090, tcp 127\.0\.2\.21:7090, but requests are awaited at udp 127\.0\.2\.21:7091/,
    remedy: new RegExp(`^${lineAt("cfs.yaml", "listen:")} listen: `),
  },
  {
    title: "no name for a P-CSCF",
    lab: { zone: createZone(topology).filter(({ name }) => name !== "pcscf2.open-ims.test") },
    fact: /^pcscf2\.open-ims\.test \(P-CSCF\) has no address record/,
    remedy: /^zone: pcscf2\.open-ims\.test\. 30 IN A 127\.0\.1\.2$/,
  },
  {
    title: "no SRV for the CFD",
    lab: { zone: createZone(topology).filter(({ name }) => !name.endsWith(".cfd.open-ims.test")) },
    fact: /^cfd\.open-ims\.test \(the CFD\) has no SRV record/,
    remedy: /^zone: _sip\._udp\.cfd\.open-ims\.test\. 30 IN SRV 10 10 7080 /,
  },
  {
    title: "an S-CSCF at another address",
    lab: { cfs: { "addresses: [127.0.1.22]": "addresses: [127.0.1.99]" } },
    fact: /^scscf2\.open-ims\.test \(S-CSCF\) is at 127\.0\.1\.22 by the DNS and at 127\.0\.1\.99 by the configuration$/,
    remedy: new RegExp(
      `^${lineAt("cfs.yaml", "127.0.1.22")} functions\\[4\\]\\.addresses: addresses: \\[127\\.0\\.1\\.22\\]$`,
    ),
  },
  {
    title: "the CFD does not run",
    lab: { answers: { ...running, "9090/healthz": undefined } },
    fact: /^the CFD does not answer at its admin port/,
    remedy: /^start it: npm run cfd -- --config cfd\.yaml$/,
  },
  {
    title: "nobody is at the name server",
    lab: { subject: { dnsServers: [{ host: "127.0.1.99", port: 53 }] } },
    fact: /^open-ims\.test cannot be looked up: 127\.0\.1\.99:53 did not answer/,
    remedy: new RegExp(`^${lineAt("cfs.yaml", "  servers:")} dns\\.servers: `),
  },
];

for (const { title, lab, fact, remedy } of cases)
  test(`the doctor names it: ${title}`, async (context) => {
    const findings = await examine(context, lab);
    const wrong = factsOf(findings, "wrong");
    assert.ok(
      wrong.some((one) => fact.test(one)),
      wrong.join("\n") || "nothing is wrong",
    );
    const lines = remediesOf(findings);
    assert.ok(
      lines.some((line) => remedy.test(line)),
      lines.join("\n"),
    );
  });

test("a week of TTL is to be looked at", async (context) => {
  const zone = createZone(topology).map((record) => ({ ...record, ttl: 604_800 }));
  const warned = factsOf(await examine(context, { zone }), "warn");
  assert.ok(
    warned.some((fact) => /^open-ims\.test \(the I-CSCFs\): TTL 7 days/.test(fact)),
    warned.join("\n"),
  );
  assert.ok(
    warned.some((fact) => /^cfs\.open-ims\.test \(the CFS\): TTL 7 days/.test(fact)),
    warned.join("\n"),
  );
});

test("a CFS that is starting is waited for, and not for ever", async (context) => {
  assert.deepEqual(factsOf(await examine(context, { starting: 3 }), "wrong"), []);
  const stuck = factsOf(await examine(context, { starting: 1_000 }), "wrong");
  assert.deepEqual(stuck, ['the CFS at 127.0.0.1:9091 is "starting"']);
});

test("a running CFS is asked for its peers: no second connection with its identity", async (context) => {
  const said = {
    ...{
      resultCode: 2001,
      originHost: hss.fqdn,
      originRealm: homeDomain,
      hostIpAddresses: [hss.address.host],
    },
    ...{ vendorId: 0, productName: "HSS", supportedVendorIds: [10_415], authApplicationIds: [] },
    ...{ acctApplicationIds: [], inbandSecurityIds: [], errorMessage: null },
    vendorSpecificApplicationIds: [{ vendorId: 10_415, applicationId: 16_777_216 }],
  };
  const cx = [{ originHost: hss.fqdn, state: "I-Open", watchdog: "OKAY", said, trouble: null }];
  const answers = { ...running, "9091/healthz": { ...running["9091/healthz"], cx } };
  // The HSS itself would refuse: what the CFS says is what counts.
  const findings = await examine(context, { answers, hssPeers: [] });
  assert.deepEqual(factsOf(findings, "wrong"), []);
  assert.ok(factsOf(findings, "ok").some((fact) => /asked by the running CFS\)$/.test(fact)));
  const tried = await examine(context, {
    ...{ answers, hssPeers: [] },
    subject: { testMar: true, user: "sip:alice@open-ims.test" },
  });
  assert.ok(
    factsOf(tried, "wrong").some((fact) => /the running CFS has the connection of its identity/.test(fact)),
  );
});

const secret = encodeText("a secret of thirty-two bytes ...");
const keyFile = `key "cfs-key" { algorithm hmac-sha256; secret "${encodeBase64(secret)}"; };`;
const places = { server: "cfs.yaml:9 server", zone: "cfs.yaml:9 zone", key: "cfs.yaml:9 key" };

const updates: readonly {
  readonly title: string;
  readonly options?: Partial<AuthoritativeDnsOptions>;
  readonly key?: { readonly name?: string; readonly secret?: string };
  readonly zone?: string;
  readonly port?: number;
  readonly skewMs?: number;
  readonly level: "ok" | "wrong";
  readonly fact: RegExp;
  readonly remedy?: RegExp;
}[] = [
  { title: "allowed", level: "ok", fact: /may change open-ims\.test/ },
  {
    title: "not allowed",
    options: { updaters: ["another"] },
    level: "wrong",
    fact: /answered REFUSED/,
    remedy:
      /^BIND named\.conf: zone "open-ims\.test" \{ update-policy \{ grant cfs-key zonesub ANY; \}; \};$/,
  },
  {
    title: "an unknown key",
    key: { name: "other-key" },
    level: "wrong",
    fact: /BADKEY/,
    remedy: /^BIND named\.conf: key "other-key"/,
  },
  {
    title: "another secret",
    key: { secret: encodeBase64(encodeText("another secret of the same size!")) },
    level: "wrong",
    fact: /BADSIG/,
    remedy: /^cfs\.yaml:9 key: the secret of key "cfs-key"/,
  },
  { title: "a clock that is wrong", skewMs: 400_000, level: "wrong", fact: /BADTIME/, remedy: /^clocks: / },
  {
    title: "another zone",
    zone: "ims.test",
    level: "wrong",
    fact: /NOTAUTH/,
    remedy: /^cfs\.yaml:9 server: the primary server/,
  },
  {
    title: "nobody",
    port: 5_399,
    level: "wrong",
    fact: /127\.0\.1\.53:5399/,
    remedy: /^cfs\.yaml:9 server: /,
  },
];

for (const {
  title,
  options = {},
  key = {},
  zone = homeDomain,
  port,
  skewMs = 0,
  level,
  fact,
  remedy,
} of updates)
  test(`an update that changes nothing: ${title}`, async () => {
    const simulation = new Simulation({ seed: 5 });
    const { node } = simulation.addHost("dns", {
      addresses: [dns.address.host],
      program: createAuthoritativeDns({
        zone: createZone(topology),
        listen: dns.address,
        keys: keyFile,
        ...options,
      }),
    });
    await simulation.settle(node.ready);
    const { node: host } = simulation.addHost("doctor", {
      ...{ addresses: ["127.0.2.21"], skewMs },
      program: (own: Host) => own,
    });
    const before = node.records();
    const config = {
      ...{ zone, server: { ...dns.address, ...(port === undefined ? {} : { port }) } },
      key: { name: "cfs-key", algorithm: "hmac-sha256", secret: encodeBase64(secret), ...key },
    } as const;
    const names = {
      services: { "I-CSCF": homeDomain, CFD: `cfd.${homeDomain}` },
      hosts: [`icscf1.${homeDomain}`],
    };
    const finding = judgeUpdate(await simulation.settle(askUpdate(host, config, names)), config, places);
    assert.equal(finding.level, level, finding.fact);
    assert.match(finding.fact, fact);
    const lines = remediesOf([finding]);
    if (remedy !== undefined)
      assert.ok(
        lines.some((line) => remedy.test(line)),
        lines.join("\n"),
      );
    assert.deepEqual(node.records(), before);
    assert.equal(node.serial(), 1);
  });
