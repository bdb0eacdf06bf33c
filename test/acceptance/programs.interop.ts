// CFD and CFS as an operator meets them: real processes, started by npm and by their commands.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import Database from "better-sqlite3";
import { thirdParty } from "../cfd/messages.ts";
import {
  cfdBin,
  cfsBin,
  newFolder,
  openPeer,
  root,
  type Server,
  sCscfs,
  sipPort,
  startServer,
  writeConfig,
} from "./run-server.ts";

function register(port: number, user: string, sequence = 1): Uint8Array {
  const branch = `z9hG4bK${user}${sequence}`;
  return serializeMessage(
    thirdParty({ user, branch, headers: { Via: `SIP/2.0/UDP 127.0.0.1:${port};branch=${branch}` } }),
  );
}

function run(command: readonly string[], cwd = root) {
  const [program = "", ...argv] = command;
  return spawnSync(program, argv, { cwd, encoding: "utf8" });
}

function assertOneLine(text: string, says: RegExp): void {
  assert.equal(text.trimEnd().split("\n").length, 1, text);
  assert.match(text, says);
}

async function stopAndWait(server: Server): Promise<void> {
  server.child.kill("SIGTERM");
  assert.equal(await server.exit, 0, server.errors());
}

test("npm run cfd: /healthz 503 while starting, then 200; a REGISTER answered and counted; SIGTERM ends with 0", async (context) => {
  const folder = newFolder(context);
  // A DNS server that does not answer makes the start long enough to be seen.
  const silent = createSocket("udp4").bind(0, "127.0.0.1");
  await once(silent, "listening");
  context.after(() => silent.close());
  const dns = `{ servers: [{ host: 127.0.0.1, port: ${silent.address().port} }], timeoutMs: 300, rounds: 1 }`;
  const file = writeConfig(folder, "cfd.yaml", `${sCscfs}  - name: sip:scscf9.open-ims.test\n`);
  const server = startServer(context, ["npm", "run", "-s", "cfd", "--", "--config", file], {
    environment: { LIQUID_IMS_CFD_DNS: dns, LIQUID_IMS_CFD_NAME: "cfd7" },
  });
  const starting = await server.admin("/healthz");
  assert.equal(starting.status, 503);
  assert.deepEqual(await starting.json(), { status: "starting", listening: [] });
  const ready = await server.line("ready");
  assert.equal(ready.host, "cfd7");
  const healthy = await server.admin("/healthz");
  assert.equal(healthy.status, 200);
  assert.deepEqual(await healthy.json(), {
    status: "ready",
    listening: [`udp:127.0.0.1:${sipPort(ready)}`],
    store: "ok",
    registers: { from: [], refused: null },
  });
  const peer = await openPeer(context);
  peer.send(register(peer.port, "alice"), sipPort(ready));
  assert.match(await peer.receive(), /^SIP\/2\.0 200 /);
  const metrics = await (await server.admin("/metrics")).text();
  assert.match(metrics, /^cfd_registers_total\{outcome="registered"\} 1$/m);
  assert.match(metrics, /^process_resident_memory_bytes \d+$/m);
  assert.match(metrics, /^process_cpu_seconds_total [\d.]+$/m);
  assert.ok(existsSync(join(folder, "location.db")), "the store lies beside the configuration");
  await stopAndWait(server);
  assert.deepEqual(server.lines.map(({ event }) => event).slice(-2), ["stopping", "stopped"]);
});

test("SIGTERM while REGISTERs are open: they are answered 200, a new one 503, and the process ends with 0", async (context) => {
  const folder = newFolder(context);
  const server = startServer(context, cfdBin("--config", writeConfig(folder, "cfd.yaml", sCscfs)));
  const port = sipPort(await server.line("ready"));
  const peer = await openPeer(context);
  peer.send(register(peer.port, "alice"), port);
  assert.match(await peer.receive(), /^SIP\/2\.0 200 /);
  const other = new Database(join(folder, "location.db"));
  other.exec("BEGIN IMMEDIATE");
  peer.send(register(peer.port, "bob"), port);
  peer.send(register(peer.port, "carol"), port);
  // Answered at once, and after the two before it.
  peer.send(new TextEncoder().encode("garbage"), port);
  peer.send(
    serializeMessage(
      thirdParty({
        user: "dave",
        sCscf: "scscf8",
        branch: "z9hG4bKd",
        headers: { Via: `SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKd` },
      }),
    ),
    port,
  );
  assert.match(await peer.receive(), /^SIP\/2\.0 403 /);
  server.child.kill("SIGTERM");
  await server.line("stopping");
  peer.send(register(peer.port, "erin"), port);
  const refused = await peer.receive();
  assert.match(refused, /^SIP\/2\.0 503 /);
  assert.match(refused, /\r\nRetry-After: 5\r\n/);
  other.exec("COMMIT");
  for (const user of ["bob", "carol"]) {
    const answer = await peer.receive();
    assert.match(answer, /^SIP\/2\.0 200 /, user);
  }
  assert.equal(await server.exit, 0, server.errors());
  assert.deepEqual(other.pragma("integrity_check", { simple: true }), "ok");
  other.close();
});

/** A CFD whose store another process holds, with so many REGISTERs of one user open. */
async function startHeldCfd(context: TestContext, yaml: string, open: number): Promise<Server> {
  const folder = newFolder(context);
  const server = startServer(context, cfdBin("--config", writeConfig(folder, "cfd.yaml", yaml)));
  const port = sipPort(await server.line("ready"));
  const peer = await openPeer(context);
  const other = new Database(join(folder, "location.db"));
  context.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  for (let sequence = 1; sequence <= open; sequence++)
    peer.send(register(peer.port, "alice", sequence), port);
  peer.send(
    serializeMessage(
      thirdParty({ sCscf: "scscf8", headers: { Via: `SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKd` } }),
    ),
    port,
  );
  // It has read what came before this one.
  assert.match(await peer.receive(), /^SIP\/2\.0 403 /);
  return server;
}

test("a limit to the waiting: what is open past stop.within stays unanswered, with a line in the log, exit 0", async (context) => {
  const server = await startHeldCfd(context, `${sCscfs}stop: { within: 50 }\nstoreTimeout: 60000\n`, 5);
  server.child.kill("SIGINT");
  await server.line("not everything was answered");
  assert.equal(await server.exit, 0, server.errors());
});

test("a second signal ends at once, with 1", async (context) => {
  const server = await startHeldCfd(context, `${sCscfs}stop: { within: 60000 }\nstoreTimeout: 60000\n`, 20);
  server.child.kill("SIGTERM");
  await server.line("stopping");
  let ended = false;
  void server.exit.then(() => {
    ended = true;
  });
  // Signals that follow each other within half a second count once; so it is sent as often as it takes.
  while (!ended) {
    server.child.kill("SIGTERM");
    await server.admin("/healthz").catch(() => null);
  }
  assert.equal(await server.exit, 1, server.errors());
});

test("a store that takes nothing: 503 to the REGISTER, /healthz 503 with the reason; then all is well by itself", async (context) => {
  const folder = newFolder(context);
  const server = startServer(context, cfdBin("--config", writeConfig(folder, "cfd.yaml", sCscfs)));
  const port = sipPort(await server.line("ready"));
  const peer = await openPeer(context);
  const other = new Database(join(folder, "location.db"));
  context.after(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  peer.send(register(peer.port, "alice"), port);
  assert.match(await peer.receive(), /^SIP\/2\.0 503 [\s\S]*\r\nRetry-After: 5\r\n/);
  const down = await server.admin("/healthz");
  assert.equal(down.status, 503);
  const { status, store } = await down.json();
  assert.equal(status, "store down");
  assert.match(store, /location\.db: another process has kept it locked/);
  other.exec("COMMIT");
  await server.line("the location store takes records again");
  assert.equal((await server.admin("/healthz")).status, 200);
  peer.send(register(peer.port, "alice", 2), port);
  assert.match(await peer.receive(), /^SIP\/2\.0 200 /);
  await stopAndWait(server);
});

test("nobody reads standard output any more: the server goes on", async (context) => {
  const folder = newFolder(context);
  const yaml = `${sCscfs}log: { level: debug }\n`;
  const server = startServer(context, cfdBin("--config", writeConfig(folder, "cfd.yaml", yaml)));
  const port = sipPort(await server.line("ready"));
  server.child.stdout?.destroy();
  const peer = await openPeer(context);
  for (const user of ["alice", "bob", "carol"]) {
    peer.send(register(peer.port, user), port);
    assert.match(await peer.receive(), /^SIP\/2\.0 200 /);
  }
  assert.equal((await server.admin("/healthz")).status, 200);
  await stopAndWait(server);
});

test("log lines name the user and the Call-ID of what was refused", async (context) => {
  const folder = newFolder(context);
  const server = startServer(context, cfdBin("--config", writeConfig(folder, "cfd.yaml", sCscfs)));
  const port = sipPort(await server.line("ready"));
  const peer = await openPeer(context);
  const via = `SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKs`;
  peer.send(
    serializeMessage(thirdParty({ sCscf: "scscf8", headers: { Via: via, "Call-ID": "call-1" } })),
    port,
  );
  assert.match(await peer.receive(), /^SIP\/2\.0 403 /);
  const line = await server.line("REGISTER refused");
  assert.equal(line["user"], "sip:alice@open-ims.test");
  assert.equal(line["callId"], "call-1");
  assert.equal(line["refusal"], "stranger");
  await stopAndWait(server);
});

test("2: a wrong key, with file and line, nothing else said", async (context) => {
  const folder = newFolder(context);
  writeConfig(folder, "cfd.yaml", "storeTimout: 5\nqueueLimit: many\n");
  const wrong = run(
    [process.execPath, join(root, "servers/cfd/cli/cfd.mjs"), "--config", "cfd.yaml"],
    folder,
  );
  assert.equal(wrong.status, 2);
  assert.equal(wrong.stdout, "");
  const lines = wrong.stderr.trimEnd().split("\n");
  assert.equal(lines.length, 2, wrong.stderr);
  assert.match(lines[0] ?? "", /^cfd: cfd\.yaml:6:1: storeTimout: no such key; did you mean storeTimeout\?/);
  assert.match(
    lines[1] ?? "",
    /^cfd: cfd\.yaml:7:13: queueLimit: "many" is not allowed; give a whole number from 1 /,
  );
});

test("2: the admin port and os-cfs on an address that others reach", (context) => {
  const folder = newFolder(context);
  const file = writeConfig(folder, "cfs.yaml", "osCfs: { host: 0.0.0.0 }\n");
  const remote = run(cfsBin("--config", file, "--check"));
  assert.equal(remote.status, 2);
  assertOneLine(remote.stderr, /osCfs\.host: 0\.0\.0\.0:8085 can be reached by others and has no password/);
});

test("3: a port in use, a file that cannot be had", async (context) => {
  const folder = newFolder(context);
  const socket = createSocket("udp4").bind(0, "127.0.0.1");
  await once(socket, "listening");
  context.after(() => socket.close());
  const file = writeConfig(folder, "cfd.yaml", sCscfs);
  const { port } = socket.address();
  const taken = startServer(context, cfdBin("--config", file), {
    environment: { LIQUID_IMS_CFD_LISTEN_0_PORT: String(port) },
  });
  assert.equal(await taken.exit, 3);
  assertOneLine(
    taken.errors(),
    new RegExp(`^cfd: udp bind 127\\.0\\.0\\.1:${port}: EADDRINUSE: another program has it`),
  );
  const noFolder = startServer(context, cfdBin("--config", file), {
    environment: { LIQUID_IMS_CFD_STORE_FILE: join(root, "README.md/location.db") },
  });
  assert.equal(await noFolder.exit, 3);
  assertOneLine(noFolder.errors(), /README\.md\/location\.db: it cannot be opened/);
});

test("1: a fault of ours is logged with its stack", async (context) => {
  const file = writeConfig(newFolder(context), "cfd.yaml", "");
  const server = startServer(context, [
    process.execPath,
    "test/acceptance/faulty-program.ts",
    "--config",
    file,
  ]);
  assert.equal(await server.exit, 1);
  const crashed = server.lines.find(({ event }) => event === "crashed");
  assert.equal(crashed?.level, "error");
  assert.match(String(crashed?.["error"]), /planted fault[\s\S]*faulty-program/);
});

test("0: --version, --help, --check, --print-config, also for a reader that wants no more", (context) => {
  const folder = newFolder(context);
  const file = writeConfig(folder, "cfd.yaml", sCscfs);
  assert.equal(run(cfdBin("--version")).stdout, "cfd 0.1.0\n");
  assert.equal(run(cfsBin("--version")).stdout, "cfs 0.1.0\n");
  assert.match(run(cfdBin("--help")).stdout, /--print-config/);
  assert.equal(run(cfdBin("--config", file, "--check")).status, 0);
  const printed = run(cfdBin("--config", file, "--print-config"));
  assert.equal(printed.status, 0);
  assert.match(printed.stdout, /^queueLimit: 1000 # default$/m);
  const cut = run([
    "sh",
    "-c",
    `${cfdBin("--config", file, "--print-config").join(" ")} | head -1; echo end`,
  ]);
  assert.match(cut.stdout, /^# Effective configuration[^\n]*\nend\n$/);
  assert.equal(cut.stderr, "");
});

test("cfs: keys new, then a CFS with that key, which waits for the CFD's records; os-cfs; SIGTERM ends with 0", async (context) => {
  const folder = newFolder(context);
  const key = join(folder, "key.json");
  const made = run(cfsBin("keys", "new", "--out", key));
  assert.equal(made.status, 0, made.stderr);
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const before = readFileSync(key, "utf8");
  const again = run(cfsBin("keys", "new", "--out", key));
  assert.equal(again.status, 2);
  assertOneLine(again.stderr, /key\.json: is there already/);
  assert.equal(readFileSync(key, "utf8"), before);
  const yaml = `osCfs: { port: 0 }
keys: { file: key.json }
functions:
  - { kind: P-CSCF, name: "pcscf1.open-ims.test:4060", addresses: [127.0.1.1] }
`;
  const server = startServer(context, cfsBin("--config", writeConfig(folder, "cfs.yaml", yaml)));
  await server.line("the location service does not answer");
  const waiting = await server.admin("/healthz");
  assert.equal(waiting.status, 503);
  const { status, location } = await waiting.json();
  assert.equal(status, "starting");
  assert.match(location, /location\.db: it cannot be opened/);
  const cfd = startServer(context, cfdBin("--config", writeConfig(folder, "cfd.yaml", sCscfs)));
  await cfd.line("ready");
  const ready = await server.line("ready");
  const health = await server.admin("/healthz");
  assert.equal(health.status, 200);
  const { listening, ...details } = await health.json();
  assert.equal(details.status, "ready");
  assert.equal(details.store, "ok");
  assert.equal(details.location, "ok");
  assert.equal(listening.length, 2);
  const osCfs = /http:(\S+)/.exec(String(ready["listening"]))?.[1];
  const functions = await fetch(`http://${osCfs}/os-cfs/v1/functions`);
  assert.equal(functions.status, 200);
  assert.match(await functions.text(), /pcscf1\.open-ims\.test:4060/);
  assert.match(await (await server.admin("/metrics")).text(), /^cfs_ue_subscriptions 0$/m);
  await stopAndWait(server);
  await stopAndWait(cfd);
});

test("SIGTERM while a server starts ends it with 0", async (context) => {
  const file = writeConfig(newFolder(context), "cfs.yaml", "osCfs: { port: 0 }\n");
  const server = startServer(context, cfsBin("--config", file));
  await server.line("the location service does not answer");
  await stopAndWait(server);
});
