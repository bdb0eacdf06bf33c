// A core that stands: its command line, and its users as SIPp can play them.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { formatSubscribers, parseSubscribers } from "@liquid-ims/lab/hss/subscriber-csv";
import { awaitServers } from "@liquid-ims/lab/standing-core/await-servers";
import { type CoreDescription, coreVariable, describedCore } from "@liquid-ims/lab/standing-core/description";
import { readCoreOptions } from "@liquid-ims/lab/standing-core/options";
import { writeConfigurations } from "@liquid-ims/lab/standing-core/own-servers";
import {
  createSippSubscribers,
  guessableOp,
  unfitForSipp,
} from "@liquid-ims/lab/standing-core/sipp-subscribers";
import { createTopology } from "@liquid-ims/lab/topology";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { computeOpc } from "@liquid-ims/sip/authentication/milenage";
import { newFolder } from "../program/load-text.ts";
import { addBareHost } from "../support/virtual-hosts.ts";

const crypto = new NodejsCrypto();
const wishes = {
  domain: "open-ims.test",
  prefix: "sipp",
  op: guessableOp,
  sCscfs: ["sip:scscf1.open-ims.test:6060", "sip:scscf2.open-ims.test:6060"],
  registerServers: ["sip:cfd.open-ims.test"],
};

function usageOf(...argv: string[]): string {
  const request = readCoreOptions(argv);
  assert.ok(request.kind === "usage", JSON.stringify(request));
  return request.message;
}

test("core: defaults, and a command behind --", () => {
  assert.deepEqual(readCoreOptions([]), {
    kind: "core",
    options: {
      core: "embedded",
      ues: 0,
      users: { count: 20, authentication: "aka" },
      out: "out",
      state: null,
      servers: true,
      verbose: false,
      quiet: false,
      command: null,
    },
  });
  const request = readCoreOptions([
    ...["--core", "kamailio", "--subscribers", "users.csv", "--", "sipp", "--core", "x", "--", "y"],
  ]);
  assert.ok(request.kind === "core");
  assert.equal(request.options.core, "kamailio");
  assert.equal(request.options.users, "users.csv");
  assert.deepEqual(request.options.command, ["sipp", "--core", "x", "--", "y"]);
});

test("core: what is wrong is named with its value and what is allowed", () => {
  assert.match(
    usageOf("--users", "0"),
    /'--users <n>' argument '0' is invalid. a whole number from 1 to 999999/,
  );
  assert.match(
    usageOf("--users", "5", "--subscribers", "u.csv"),
    /'--users'.*'--subscribers'.*leave one out/,
  );
  assert.match(usageOf("--core", "kamailio", "--state", "s.json"), /'--state'.*needs a command behind --/);
  assert.match(usageOf("--"), /behind '--' a command is missing/);
  assert.match(usageOf("npm", "run"), /'npm' is no option of core.*behind --/);
});

test("users made up are read back from their file as they were", () => {
  const subscribers = createSippSubscribers(crypto, { ...wishes, count: 4, authentication: "mixed" });
  const read = parseSubscribers(formatSubscribers(subscribers));
  assert.ok(read.ok);
  assert.deepEqual(read.subscribers, subscribers);
  assert.deepEqual(
    subscribers.map((one) => one.authentication.kind),
    ["aka", "digest", "aka", "digest"],
  );
  assert.deepEqual(
    subscribers.map((one) => one.preferredServers[0]),
    [wishes.sCscfs[0], wishes.sCscfs[1], wishes.sCscfs[0], wishes.sCscfs[1]],
  );
});

test("TS 35.206 4.1: OPc of AKA users come from the one OP, and SIPp can use both keys", () => {
  for (const { authentication } of createSippSubscribers(crypto, {
    ...{ ...wishes, count: 300, authentication: "aka" },
  })) {
    assert.ok(authentication.kind === "aka");
    assert.equal(unfitForSipp(authentication.k), null);
    assert.deepEqual(authentication.opc, computeOpc(crypto, authentication.k, guessableOp));
  }
  assert.equal(unfitForSipp(guessableOp), null);
});

test("keys that SIPp's parser cuts or reads as a keyword are told", () => {
  assert.match(unfitForSipp(Uint8Array.of(1, 0x5b)) ?? "", /0x5b/);
  assert.match(unfitForSipp(Uint8Array.of(1, 0, 1)) ?? "", /0x00 before/);
  assert.equal(unfitForSipp(Uint8Array.of(1, 0, 0)), null);
});

test("a command learns from its environment where the core is", () => {
  const core: CoreDescription = {
    ...{ core: "embedded", domain: "open-ims.test", osCfs: "http://127.0.2.21:7080/os-cfs/v1" },
    pCscfs: [{ name: "pcscf1", fqdn: "pcscf1.open-ims.test", address: "127.0.1.1:4060" }],
    ...{ sCscfs: [], subscribers: "/tmp/users.csv", ues: [], op: null },
  };
  assert.deepEqual(describedCore({ [coreVariable]: JSON.stringify(core) }), core);
  assert.equal(describedCore({}), null);
  assert.throws(() => describedCore({ [coreVariable]: "{}" }), /LIQUID_IMS_LAB_CORE is no description/);
});

test("UEs wait until each server of a person's own takes connections", async () => {
  const simulation = new Simulation({ seed: 3 });
  const servers = addBareHost(simulation, "servers", "127.0.2.11", "127.0.0.2").node;
  const host = addBareHost(simulation, "core", "127.0.3.1").node;
  const [cfd, osCfs] = [
    { host: "127.0.2.11", port: 7080 },
    { host: "127.0.0.2", port: 8085 },
  ] as const;
  const listenAt = async (ms: number, address: typeof cfd | typeof osCfs) => {
    await servers.clock.sleep(ms, "a person types");
    await servers.network.listen(address, (stream) =>
      stream.open({ data: () => undefined, closed: () => undefined }),
    );
  };
  servers.spawn("CFS", () => listenAt(2_000, osCfs));
  servers.spawn("CFD", () => listenAt(7_000, cfd));
  await simulation.settle(awaitServers(host, [cfd, osCfs]));
  assert.ok(host.clock.now() >= 7_000 && host.clock.now() < 8_000, `${host.clock.now()}`);
});

test("configurations for servers of one's own: what a person changed is kept, older stores are told", (context) => {
  const folder = newFolder(context);
  const topology = createTopology({ dnsPort: 53 });
  const first = writeConfigurations(folder, topology, "/core/zone.key");
  assert.deepEqual(first.notes, []);
  const written = readFileSync(first.cfs, "utf8");
  assert.match(written, /^ {4}- \{ host: 127\.0\.1\.53, port: 53 \}$/m);
  assert.match(
    written,
    /^ {2}update:.*\n {4}server: \{ host: 127\.0\.1\.53, port: 53 \}\n.*\n {4}keyFile: \/core\/zone\.key$/m,
  );
  assert.deepEqual(writeConfigurations(folder, topology, "/core/zone.key").notes, []);

  writeFileSync(first.cfs, `${written}# mine\n`);
  writeFileSync(join(folder, "location.db"), "");
  const second = writeConfigurations(folder, topology, "/core/zone.key");
  assert.deepEqual(second.notes, [
    `of an earlier core, whose users this one does not know; to begin anew: rm ${folder}/location.db*`,
    `${first.cfs} is written anew; what it was is in ${first.cfs}.before`,
  ]);
  assert.equal(readFileSync(first.cfs, "utf8"), written);
  assert.equal(readFileSync(`${first.cfs}.before`, "utf8"), `${written}# mine\n`);
});
