// IPv6 for real: p-cscf-overload on ::1, and CFD and CFS as programs that listen there. RFC 3261 25.1.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { thirdParty } from "../cfd/messages.ts";
import { countIpv6Vias, wrongOnIpv6 } from "../support/ipv6-text.ts";
import { assertHalfMovedWithCalls } from "./report-checks.ts";
import { readTrace, runLab } from "./run-lab.ts";
import { cfdBin, cfsBin, newFolder, type Server, startServer } from "./run-server.ts";

test("p-cscf-overload on ::1: half of P-CSCF1's users move with their calls", async (context) => {
  const run = await runLab(context, "p-cscf-overload", "--ipv6", "--speed", "10", "--trace");
  assertHalfMovedWithCalls(context, run);
  let vias = 0;
  const transports = new Set<string>();
  for (const { protocol, message, from, to } of readTrace(run)) {
    if (protocol !== "sip/udp" && protocol !== "sip/tcp") continue;
    transports.add(protocol);
    assert.deepEqual(wrongOnIpv6(message), [], message);
    vias += countIpv6Vias(message);
    // Everybody has ::1, and is told by the port all the same, that of a connection as well.
    assert.match(`${from} ${to}`, /^(ue|pcscf|icscf|scscf|cfd|cfs)\d* (ue|pcscf|icscf|scscf|cfd|cfs)\d*$/);
  }
  assert.ok(vias > 1000, `${vias} Vias`);
  assert.deepEqual([...transports].sort(), ["sip/tcp", "sip/udp"]);
  context.diagnostic(`${vias} Vias`);
});

/** What both programs have on ::1, with ports that the system chooses. */
const common = `listen:
  - { protocol: udp, host: "::1", port: 0 }
  - { protocol: tcp, host: "::1", port: 0 }
admin: { host: "::1", port: 0 }
dns: { servers: [{ host: "::1", port: 5399 }], timeoutMs: 100, rounds: 1 }
homeDomain: open-ims.test
`;

function write(folder: string, name: string, yaml: string): string {
  const file = join(folder, name);
  writeFileSync(file, common + yaml);
  return file;
}

/** A CFD that listens on ::1 and keeps its records in the folder. */
function startCfd(context: TestContext, folder: string): Server {
  const file = write(
    folder,
    "cfd.yaml",
    `sCscfs:
  - { name: "sip:scscf1.open-ims.test:6060", addresses: ["::1"] }
functions:
  - { name: "pcscf1.open-ims.test:4060", addresses: ["2001:db8::1"] }
store: { kind: sqlite, file: ${join(folder, "location.db")} }
`,
  );
  return startServer(context, cfdBin("--config", file));
}

function portOf(text: string, form: RegExp): number {
  const port = form.exec(text)?.[1];
  assert.ok(port !== undefined, text);
  return Number(port);
}

test("CFD on ::1: /healthz in brackets, and a REGISTER from ::1 answered", async (context) => {
  const server = startCfd(context, newFolder(context));
  const ready = String((await server.line("ready"))["listening"]);
  const port = portOf(ready, /udp:\[::1\]:(\d+)/);
  portOf(ready, /tcp:\[::1\]:(\d+)/);
  const healthy = await server.admin("/healthz");
  assert.equal(healthy.status, 200);
  assert.match(await healthy.text(), /udp:\[::1\]:\d+/);

  const socket = createSocket("udp6");
  context.after(() => socket.close());
  socket.bind(0, "::1");
  await once(socket, "listening");
  const via = `SIP/2.0/UDP [::1]:${socket.address().port};branch=z9hG4bKipv6`;
  const answered = once(socket, "message");
  socket.send(
    serializeMessage(thirdParty({ user: "alice", branch: "z9hG4bKipv6", headers: { Via: via } })),
    port,
    "::1",
  );
  const [data] = await answered;
  assert.match(String(data), /^SIP\/2\.0 200 /);
});

test("CFS on ::1: os-cfs and /healthz answer there, and Diameter is awaited there", async (context) => {
  const folder = newFolder(context);
  // The CFS reads records that a CFD has made room for.
  await startCfd(context, folder).line("ready");
  const file = write(
    folder,
    "cfs.yaml",
    `location: { kind: sqlite, file: ${join(folder, "location.db")} }
store: { kind: sqlite, file: ${join(folder, "cfs.db")} }
osCfs: { host: "::1", port: 0 }
functions:
  - { kind: P-CSCF, name: "pcscf1.open-ims.test:4060", addresses: ["2001:db8::1"] }
  - { kind: P-CSCF, name: "[2001:db8::2]:4060", addresses: ["2001:db8::2"] }
cx:
  originHost: cfs.open-ims.test
  originRealm: open-ims.test
  destinationRealm: open-ims.test
  listen: { host: "::1", port: 0 }
  peers: [{ host: hss.open-ims.test, address: { host: "::1", port: 3899 }, localHost: "::1" }]
`,
  );
  const server = startServer(context, cfsBin("--config", file));
  const listening = String((await server.line("ready"))["listening"]);
  portOf(listening, /udp:\[::1\]:(\d+)/);
  const port = portOf(listening, /http:\[::1\]:(\d+)/);
  const health = await (await server.admin("/healthz")).text();
  assert.match(health, /udp:\[::1\]:\d+/);
  // The HSS is not there, and is called on ::1.
  assert.match(health, /hss\.open-ims\.test/);
  const response = await fetch(`http://[::1]:${port}/os-cfs/v1/functions`);
  assert.equal(response.status, 200);
  const body = await response.text();
  for (const name of ["pcscf1.open-ims.test:4060", "[2001:db8::2]:4060"])
    assert.ok(body.includes(JSON.stringify(name)), body);
});
