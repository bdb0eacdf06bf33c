// The lab on IPv6: experiments on the virtual clock, records, and the check that finds literals without brackets.
// RFC 3261 25.1, RFC 3596, RFC 4566 5.7, RFC 6733 4.3.1.
import assert from "node:assert/strict";
import test from "node:test";
import type { ExperimentOptions, ExperimentResult } from "@liquid-ims/lab/experiments/experiment";
import { pCscfOverload } from "@liquid-ims/lab/experiments/p-cscf-overload";
import { sCscfUnderload } from "@liquid-ims/lab/experiments/s-cscf-underload";
import { createTopology, elementsOf, ownAddresses } from "@liquid-ims/lab/topology";
import { createTrace } from "@liquid-ims/lab/trace";
import { formatAddress } from "@liquid-ims/runtime/network";
import { encodeText } from "@liquid-ims/runtime/text";
import { openCoreWorld } from "../support/core-world.ts";
import { countIpv6Vias, wrongOnIpv6 } from "../support/ipv6-text.ts";

const defaults: ExperimentOptions = {
  ...{
    speed: 1,
    virtual: true,
    seed: 1,
    users: 20,
    rate: 1,
    duration: 60,
    pace: "fixed",
    t1: 500,
    ipv6: true,
  },
  ...{ replaceDialogs: true, load: 0.5, loss: 0, kill: false, placement: "shared", logLevel: "error" },
};

/** Every message is right, and there is something to be right about. */
function assertOnIpv6({ trace }: ExperimentResult): void {
  let vias = 0;
  for (const { protocol, message, from, to } of trace) {
    if (protocol !== "sip/udp" && protocol !== "sip/tcp") continue;
    assert.deepEqual(wrongOnIpv6(message), [], message);
    vias += countIpv6Vias(message);
    assert.match(`${from} ${to}`, /^(ue|pcscf|icscf|scscf|cfd|cfs)\d* (ue|pcscf|icscf|scscf|cfd|cfs)\d*$/);
  }
  assert.ok(vias > 1000, `${vias} Vias`);
  // Host-IP-Address: family 2 and sixteen bytes.
  const hostAddresses = trace.flatMap(({ message }) => /Host-IP-Address: (.*)/.exec(message)?.[1] ?? []);
  assert.ok(hostAddresses.length >= 10, hostAddresses.join());
  for (const address of hostAddresses) assert.match(address, /^0002[0-9a-f]{32}$/);
}

test("p-cscf-overload on IPv6: everybody planned moves, no dialog is lost", async () => {
  const result = await pCscfOverload.run(defaults, () => undefined);
  assert.deepEqual(result.context.failures, []);
  assert.deepEqual(result.report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.ok(result.report.dialogs.kept >= 3, `kept ${result.report.dialogs.kept}`);
  assertOnIpv6(result);
});

test("s-cscf-underload on IPv6: everybody leaves with their calls", async () => {
  const result = await sCscfUnderload.run({ ...defaults, load: 0 }, () => undefined);
  assert.deepEqual(result.context.failures, []);
  assert.deepEqual(result.report.transfer, { planned: 10, moved: 10, left: 0 });
  assertOnIpv6(result);
});

test("IPv6: the location record has contact and P-CSCF, and the DNS only AAAA", async () => {
  const world = await openCoreWorld({ addressing: "IPv6" });
  const ue = await world.openUe(1);
  assert.equal(ue.contact, "sip:ue1@[2001:db8:0:3::1]:5060");
  await ue.register(2);
  await world.simulation.run({ ms: 1000 });
  const [record] = world.placement.rows.get(ue.identity);
  assert.deepEqual(
    [record?.contact, record?.pCscf, record?.path, record?.sCscf],
    [
      "sip:ue1@[2001:db8:0:3::1]:5060",
      "pcscf2.open-ims.test:4060",
      ["sip:term@pcscf2.open-ims.test:4060;lr"],
      "sip:scscf1.open-ims.test:6060",
    ],
  );
  const lookup = world.network.lookup(ue.host);
  const answers = [
    await world.simulation.settle(lookup.aaaa("pcscf2.open-ims.test")),
    await world.simulation.settle(lookup.a("pcscf2.open-ims.test")),
  ];
  assert.deepEqual(
    answers.map((answer) => (answer.kind === "found" ? answer.records : answer.kind)),
    [["2001:db8:0:1::2"], "none"],
  );
});

test("topologies: addresses are those of one family, and no two elements or UEs share one", () => {
  for (const [addressing, form] of [
    ["IPv4", /^127\.0\.\d+\.\d+:\d+$/],
    ["IPv6", /^\[2001:db8:0:[123]::[0-9a-f]+\]:\d+$/],
    ["IPv6 loopback", /^\[::1\]:\d+$/],
  ] as const) {
    for (const second of [null, "I-CSCF", "CFD"] as const) {
      const topology = createTopology({ addressing, second });
      const all = [
        ...elementsOf(topology).map(({ address }) => address),
        topology.osCfs,
        ...Array.from({ length: 500 }, (_, index) => topology.ue(index + 1)),
      ].map(formatAddress);
      assert.equal(new Set(all).size, all.length);
      for (const address of all) assert.match(address, form);
      const [pCscf] = topology.pCscfs;
      assert.ok(pCscf !== undefined);
      // An address that all share stands for nobody.
      assert.deepEqual(
        ownAddresses(topology, pCscf),
        addressing === "IPv6 loopback" ? [] : [pCscf.address.host],
      );
    }
  }
});

test("on ::1 a port that the system chose has the name of who sent from it", () => {
  const trace = createTrace({
    names: {
      byHost: new Map(),
      byAddress: new Map([
        ["[::1]:4061", "pcscf1"],
        ["[::1]:20001", "ue01"],
      ]),
      ...{ dns: "[::1]:5353", cx: "[::1]:3868" },
    },
    now: () => 0,
  });
  const data = encodeText("OPTIONS sip:a SIP/2.0\r\n\r\n");
  const [chosen, pCscf, ue] = [50_000, 4061, 20_001].map((port) => ({ host: "::1", port }));
  assert.ok(chosen !== undefined && pCscf !== undefined && ue !== undefined);
  // Told late by another process: its answer was heard of first.
  trace.sentAt(1, { transport: "tcp", from: pCscf, to: chosen, data }, "pcscf1");
  trace.sentAt(0, { transport: "tcp", from: chosen, to: pCscf, data }, "ue02");
  trace.sentAt(2, { transport: "udp", from: ue, to: pCscf, data }, "ue01");
  assert.deepEqual(
    trace.since(0).map(({ from, to }) => `${from} ${to}`),
    ["ue02 pcscf1", "pcscf1 ue02", "ue01 pcscf1"],
  );
});

test("RFC 3261 25.1: the check finds what has no brackets, and IPv4", () => {
  const right = [
    "REGISTER sip:open-ims.test SIP/2.0",
    "Via: SIP/2.0/UDP [::1]:4061;branch=z9hG4bK1;rport",
    "Via: SIP/2.0/TCP ue.open-ims.test;branch=z9hG4bK1;rport=20001;received=::1",
    "Contact: <sip:user001@[2001:db8::1]:20001;transport=tcp>, <sip:[::1]>",
    'P-Charging-Vector: icid-value="a";icid-generated-at=[::1]',
    "",
    "o=- 1 1 IN IP6 ::1",
    "c=IN IP6 2001:db8::1",
  ];
  assert.deepEqual(wrongOnIpv6(right.join("\r\n")), []);
  assert.equal(countIpv6Vias(right.join("\r\n")), 1);
  for (const [line, finds] of [
    ["Via: SIP/2.0/UDP ::1:4061;branch=z9hG4bK1", "Via: SIP/2.0/UDP ::1:4061"],
    ["Contact: <sip:user001@::1:20001>", "sip:user001@::1:20001"],
    ["Contact: <sip:user001@2001:db8::1>", "sip:user001@2001:db8::1"],
    ["Route: <sip:::1;lr>", "sip:::1"],
    ["Contact: <sip:user001@[::1>", "sip:user001@[::1"],
    ["P-Charging-Vector: icid-value=a;icid-generated-at=::1", "icid-generated-at=::1"],
    ["c=IN IP4 192.0.2.1", "c=IN IP4 192.0.2.1"],
    ["c=IN IP6 [::1]", "c=IN IP6 [::1]"],
    ["Contact: <sip:user001@127.0.3.2>", "127.0.3.2"],
  ] as const)
    assert.deepEqual(wrongOnIpv6(`${line}\r\n`), [finds], line);
});
