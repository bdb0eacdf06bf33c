// `lab doctor` at CFD and CFS that run as programs from the documentation's examples, beside a core that is not theirs:
// nothing is wrong; then one thing at a time is, and the doctor names it and its line.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import { parseTsigKeyFile } from "@liquid-ims/dns/tsig-key";
import { createAuthoritativeDns, type ZoneRecord } from "@liquid-ims/lab/authoritative-dns";
import { askUpdate, judgeUpdate } from "@liquid-ims/lab/doctor/zone-update";
import type { ElementKind } from "@liquid-ims/lab/element";
import { waitUntil } from "@liquid-ims/lab/experiments/wait-until";
import { startNetwork } from "@liquid-ims/lab/network";
import type { Placement } from "@liquid-ims/lab/placement";
import { InProcessPlacement } from "@liquid-ims/lab/placement-in-process";
import { createRealPlatform } from "@liquid-ims/lab/platform-real";
import { createTimeline } from "@liquid-ims/lab/timeline";
import { createTopology, elementAt } from "@liquid-ims/lab/topology";
import { startFleet } from "@liquid-ims/lab/ue/fleet";
import { createSubscribers } from "@liquid-ims/lab/ue/subscribers";
import { createZone } from "@liquid-ims/lab/zone";
import type { Host } from "@liquid-ims/runtime/host";
import { silentLog } from "@liquid-ims/runtime/log";
import { createLineLog, createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { SeededRandom } from "@liquid-ims/runtime/simulation";
import { cfdBin, cfsBin, newFolder, root, type Server, startServer } from "./run-server.ts";

interface Finding {
  readonly topic: string;
  readonly level: "ok" | "note" | "warn" | "wrong";
  readonly fact: string;
  readonly remedies: readonly { readonly where: string; readonly change: string }[];
}

interface Examined {
  readonly exitCode: number | null;
  readonly findings: readonly Finding[];
}

/** Runs the command as a person would, from the folder of the configurations. */
function runDoctor(folder: string, ...argv: string[]): Promise<Examined> {
  const options = ["doctor", "--config", "cfs.yaml", "--cfd", "cfd.yaml", "--json", ...argv];
  const child = spawn(process.execPath, [join(root, "run.mjs"), join(root, "lab/main.ts"), ...options], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, findings: JSON.parse(text).findings }));
  });
}

function wrongOf({ findings }: Examined): readonly Finding[] {
  return findings.filter(({ level }) => level === "wrong");
}

function textOf(findings: readonly Finding[]): string {
  return JSON.stringify(findings, null, 1);
}

/** One wrong finding: its fact, and a line of the file that it names. */
function assertOnlyWrong(examined: Examined, fact: RegExp, where: RegExp): void {
  const wrong = wrongOf(examined);
  assert.equal(examined.exitCode, 1, textOf(examined.findings));
  assert.equal(wrong.length, 1, textOf(wrong));
  assert.match(wrong[0]?.fact ?? "", fact);
  assert.ok(
    wrong[0]?.remedies.some((remedy) => where.test(remedy.where)),
    textOf(wrong),
  );
}

/** Number of the line with this text, from 1. */
function lineOf(file: string, text: string): number {
  return (
    readFileSync(file, "utf8")
      .split("\n")
      .findIndex((line) => line.includes(text)) + 1
  );
}

function change(folder: string, name: "cfs.yaml" | "cfd.yaml", from: string, to: string): () => void {
  const file = join(folder, name);
  const before = readFileSync(file, "utf8");
  assert.ok(before.includes(from), `${name} has "${from}"`);
  writeFileSync(file, before.replace(from, to));
  return () => writeFileSync(file, before);
}

/** CFD and CFS by their commands, from the examples of the documentation; the rest in this process. */
function placeExamples(context: TestContext, folder: string, own: Placement) {
  const servers = new Map<string, Server>();
  const placement: Placement = {
    async place(kind, element, spec) {
      const program = kind === "cfd" ? cfdBin : kind === "cfs" ? cfsBin : null;
      if (program === null) return own.place(kind, element, spec);
      copyFileSync(join(root, `docs/examples/${kind}.yaml`), join(folder, `${kind}.yaml`));
      const server = startServer(context, program("--config", join(folder, `${kind}.yaml`)));
      servers.set(kind, server);
      await server.line("ready");
      return { kill: () => void server.child.kill("SIGKILL") };
    },
    settle: () => own.settle(),
    close: async () => undefined,
  };
  const stop = async (kind: ElementKind) => {
    const server = servers.get(kind);
    server?.child.kill("SIGTERM");
    await server?.exit;
  };
  return { placement, stop };
}

/** The same zone at another port, spoilt. */
async function serveZone(host: Host, port: number, zone: readonly ZoneRecord[]): Promise<() => void> {
  const node = createAuthoritativeDns({ zone, listen: { host: "127.0.1.53", port } })(host);
  await node.ready;
  return () => node.stop();
}

test("nothing is wrong, then one thing at a time: names, TTLs, realm, peer, programs", async (context) => {
  const folder = newFolder(context);
  const topology = createTopology();
  const log = createLineLog({ level: "error", write: (line) => void process.stderr.write(line) });
  const platform = createRealPlatform({ tap: { sent: () => undefined }, log });
  const own = new InProcessPlacement(platform);
  const { placement, stop } = placeExamples(context, folder, own);
  const preferred = topology.sCscfs.map((element) => element.uri);
  const subscribers = createSubscribers({
    count: 2,
    preferredServers: preferred.slice(0, 1),
    registerServers: [`sip:${topology.cfd.fqdn}`],
  });
  const members = subscribers.map((subscriber) => ({
    ...{ user: subscriber.publicIdentities[0] ?? "", subscriber },
    pCscf: elementAt(topology.pCscfs, 0).uri,
  }));
  const [first] = members;
  assert.ok(first !== undefined);
  try {
    await platform.run(async (host) => {
      const network = await startNetwork({
        ...{ topology, placement, subscribers, replaceDialogs: true, osCfs: topology.osCfs },
        capacity: { msPerMessage: 0, queueMs: 0 },
        pace: { mode: "fixed", usersPerSecond: 5 },
      });
      const nobody = await runDoctor(folder);
      assertOnlyWrong(nobody, /no third-party REGISTER has arrived/, /^FHoSS application_server/);

      const fleet = await startFleet({
        ...{ topology, platform, members, lookup: network.lookup, T1: 500, replaceDialogs: true },
        ...{ timeline: createTimeline(1), random: new SeededRandom("doctor"), ringing: 0.1 },
      });
      await fleet.register(host);
      const reached = async () => {
        const response = await fetch("http://127.0.0.1:9091/healthz");
        return (await response.json()).reachable === members.length;
      };
      await waitUntil(host, reached, { limitMs: 60_000, what: "the CFS to reach both UEs" });

      const right = await runDoctor(folder, "--user", first.user);
      assert.equal(right.exitCode, 0, textOf(wrongOf(right)));
      const facts = right.findings.filter(({ level }) => level === "ok").map(({ fact }) => fact);
      for (const fact of [
        /^cfs\.open-ims\.test \(the CFS\) leads to udp 127\.0\.2\.21:7090, tcp 127\.0\.2\.21:7090$/,
        /^cfd\.open-ims\.test \(the CFD\) leads to udp 127\.0\.2\.11:7080, /,
        /^open-ims\.test \(the I-CSCFs\): TTL 30 s$/,
        /^Origin-Host hss\.open-ims\.test$/,
        /^Vendor-Specific-Application-Id has Cx \(10415:16777216\)/,
        /^sip:scscf1\.open-ims\.test:6060 \(\S+\) has told \d+ registrations?, .* P-CSCF pcscf1\.open-ims\.test:4060 from /,
        /its LCF has repeated a challenge/,
        /has answered a command after \d+ ms: dialogs now: 0$/,
        /^a dry run would move sip:\S+ to pcscf2\.open-ims\.test:4060$/,
      ])
        assert.ok(
          facts.some((one) => fact.test(one)),
          `${fact}\n${facts.join("\n")}`,
        );

      const cfs = join(folder, "cfs.yaml");
      const realm = change(
        folder,
        "cfs.yaml",
        "destinationRealm: open-ims.test",
        "destinationRealm: ims.test",
      );
      const realmLine = lineOf(cfs, "destinationRealm");
      assertOnlyWrong(
        await runDoctor(folder),
        /^Origin-Realm of the CEA is open-ims\.test, requests go to the realm ims\.test$/,
        new RegExp(`^cfs\\.yaml:${realmLine} cx\\.destinationRealm$`),
      );
      realm();

      assertOnlyWrong(
        await runDoctor(folder, "--identity", "stranger.open-ims.test"),
        /Result-Code 3010 .* unknown peer$/,
        /^lab\/hss$/,
      );

      const zone = createZone(topology);
      const withoutCfs = zone.filter(({ name }) => !name.startsWith("_sip._") || !name.includes("cfs."));
      const week = zone.map((record) => ({ ...record, ttl: 604_800 }));
      const closeFirst = await serveZone(host, 5_354, withoutCfs);
      const closeSecond = await serveZone(host, 5_355, week);
      const noSrv = change(
        folder,
        "cfs.yaml",
        "host: 127.0.1.53, port: 5353",
        "host: 127.0.1.53, port: 5354",
      );
      assertOnlyWrong(
        await runDoctor(folder),
        /^cfs\.open-ims\.test \(the CFS\) has no SRV record, only the address 127\.0\.2\.21: it is asked at port 5060, where nothing of ours listens/,
        /^zone$/,
      );
      noSrv();
      const longTtl = change(
        folder,
        "cfs.yaml",
        "host: 127.0.1.53, port: 5353",
        "host: 127.0.1.53, port: 5355",
      );
      const slow = await runDoctor(folder);
      assert.equal(slow.exitCode, 0, textOf(wrongOf(slow)));
      const warned = slow.findings.filter(({ level }) => level === "warn").map(({ fact }) => fact);
      assert.ok(
        warned.some((fact) =>
          /^open-ims\.test \(the I-CSCFs\): TTL 7 days: so long is one that was taken out still asked/.test(
            fact,
          ),
        ),
        warned.join("\n"),
      );
      longTtl();
      closeFirst();
      closeSecond();

      const argv = ["--identity", "doctor.open-ims.test", "--user", first.user, "--test-mar"];
      const tried = await runDoctor(folder, ...argv);
      const mar = tried.findings.filter(({ topic }) => topic === "MAR and RTR");
      assert.deepEqual(
        mar.map(({ level }) => level),
        ["ok", "warn", "note"],
        textOf(mar),
      );
      assert.match(mar[1]?.fact ?? "", /^the HSS sends an RTR to the node that wrote the name before/);
      assert.match(mar[2]?.fact ?? "", /has to register again now/);

      await stop("cfd");
      assertOnlyWrong(
        await runDoctor(folder),
        /^the CFD does not answer at its admin port: .*ECONNREFUSED$/,
        new RegExp(`^cfd\\.yaml:${lineOf(join(folder, "cfd.yaml"), "port: 9090")} admin\\.port$`),
      );
    });
  } finally {
    await platform.close();
  }
});

test("an update that changes nothing, at BIND: who may change the zone, who may not, whom it does not know", async (context) => {
  const keygen = (name: string) =>
    spawnSync("tsig-keygen", ["-a", "hmac-sha256", name], { encoding: "utf8" });
  const { error, stdout: own } = keygen("cfs-key");
  assert.ok(error === undefined, "BIND 9 is not installed: apt-get install bind9 bind9-dnsutils (Debian)");
  const { stdout: other } = keygen("other-key");
  const { stdout: half } = keygen("half-key");
  const { stdout: strange } = keygen("strange-key");
  const host = createNodejsHost({ name: "doctor", log: silentLog });
  context.after(() => host.close());
  const free = await host.network.udp({ host: "127.0.0.1", port: 0 }, () => undefined);
  free.close();
  const folder = newFolder(context);
  const zone = "open-ims.test";
  writeFileSync(join(folder, "zone"), "$TTL 5\n@ SOA ns root 1 1 1 1 5\n@ NS ns\nns A 127.0.0.1\n");
  writeFileSync(
    join(folder, "named.conf"),
    `${own} ${other} ${half} controls { }; options { directory "${folder}"; pid-file none; session-keyfile none;
listen-on port ${free.local.port} { 127.0.0.1; }; listen-on-v6 { none; }; };
zone "${zone}" { type primary; file "zone"; update-policy { grant cfs-key zonesub ANY; grant other-key name x.${zone} A;
grant half-key zonesub SRV A AAAA; }; };`,
  );
  const named = spawn("named", ["-g", "-c", join(folder, "named.conf")], { stdio: "pipe" });
  context.after(() => named.kill("SIGKILL"));
  await new Promise((resolve, reject) => {
    named.once("exit", (code) => reject(new Error(`named ended with ${code}`)));
    named.stderr.on("data", (chunk) => {
      if (/ running$/m.test(String(chunk))) resolve(null);
    });
  });
  const places = { server: "server", zone: "zone", key: "key" };
  const ask = async (file: string) => {
    const read = parseTsigKeyFile(file);
    const key = (read.ok ? read.keys[0] : null) ?? assert.fail("tsig-keygen's file");
    const config = { server: free.local, zone, key };
    const names = { services: { "I-CSCF": zone, CFD: `cfd.${zone}` }, hosts: [`icscf1.${zone}`] };
    return judgeUpdate(await askUpdate(host, config, names), config, places);
  };
  assert.equal((await ask(own)).level, "ok");
  const refused = await ask(other);
  assert.match(refused.fact, /REFUSED for _sip\._udp\.open-ims\.test SRV, .*, icscf1\.open-ims\.test AAAA$/);
  assert.match((await ask(half)).fact, /REFUSED for open-ims\.test NAPTR$/);
  assert.match(refused.remedies[0]?.change ?? "", /grant other-key zonesub ANY/);
  assert.match((await ask(strange)).fact, /BADKEY/);
  const lookup = createDnsLookup(host, { servers: [free.local] });
  assert.equal((await lookup.srv(`_sip._udp.${zone}`)).kind, "none");
});
