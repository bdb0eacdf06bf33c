// I-CSCFs and CFDs come and go in BIND 9's zone, and each of its refusals is named. RFC 2136, RFC 8945. Fails without BIND.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { type CfsNode, createCfs } from "@liquid-ims/cfs/cfs";
import { readZoneKeyFile } from "@liquid-ims/cfs/cli/zone-key-file";
import type { DnsConfig } from "@liquid-ims/cfs/config";
import type { OperationResult } from "@liquid-ims/cfs/operations/operations";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { TsigKey } from "@liquid-ims/dns/tsig-key";
import { LocationRows } from "@liquid-ims/location-service/memory-rows";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import type { Host } from "@liquid-ims/runtime/host";
import { type Log, silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { blockJournal, freeJournal } from "./bind.ts";
import {
  i1,
  i2,
  isDone,
  isFailing,
  recordsOf,
  second,
  startBind,
  ttl,
  type World,
  zone,
} from "./home-zone.ts";

/** Codes of updates that the name server refused. */
function logOf(codes: string[]): Log {
  return {
    ...silentLog,
    warn: (event, fields) => {
      if (event === "dns.update-failed") codes.push(String(fields?.["code"]));
    },
  };
}

interface Cfs {
  readonly node: CfsNode;
  readonly codes: readonly string[];
  value<Value>(operation: Promise<OperationResult<Value>>): Promise<Value>;
  until(id: string, wanted: (operation: FunctionOperation) => boolean): Promise<FunctionOperation>;
}

interface CfsChange {
  readonly dns?: Partial<DnsConfig>;
  readonly homeDomain?: string;
  /** In place of the host, to play it a trick. */
  readonly trick?: (host: Host) => Host;
}

async function startCfs(
  context: TestContext,
  { bind, keyFile }: World,
  { dns, homeDomain = zone, trick = (host) => host }: CfsChange = {},
): Promise<Cfs> {
  const codes: string[] = [];
  const host = createNodejsHost({ name: "cfs", log: logOf(codes) });
  const server = { host: "127.0.0.1", port: bind.port };
  const node = createCfs({
    location: new MemoryLocationStore({ rows: new LocationRows() }),
    store: new MemoryCfsStore(),
    config: {
      listen: [{ protocol: "udp", address: { host: "127.0.0.1", port: 0 } }],
      homeDomain,
      functions: [],
      dns: {
        server,
        zone: homeDomain,
        key: readZoneKeyFile(keyFile),
        ttl,
        firstRetry: 200,
        margin: 100,
        ...dns,
      },
    },
  })(trick(host));
  context.after(async () => {
    await node.stop();
    await host.close();
  });
  await node.ready;
  async function value<Value>(operation: Promise<OperationResult<Value>>): Promise<Value> {
    const result = await operation;
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  }
  return {
    node,
    codes,
    value,
    async until(id, wanted) {
      for (;;) {
        const present = await value(node.operations.getFunctionOperation(id));
        if (wanted(present)) return present;
        assert.ok(present.state !== "FAILED" && present.state !== "COMPLETED", JSON.stringify(present));
        await host.clock.sleep(50, "asks again");
      }
    },
  };
}

test("each refusal of BIND has its name, its remedy, and changes nothing", async (context) => {
  const world = await startBind(context);
  const { bind, readerFile } = world;
  const before = recordsOf(bind);
  const secret = new Uint8Array(32);
  const late = (host: Host): Host => ({
    ...host,
    get alive() {
      return host.alive;
    },
    spawn: (label, task) => host.spawn(label, task),
    clock: {
      now: () => host.clock.now(),
      wall: () => host.clock.wall() - 1_000_000,
      after: (ms, run, label) => host.clock.after(ms, run, label),
      sleep: (ms, label) => host.clock.sleep(ms, label),
    },
  });
  const rows: readonly [CfsChange, string, RegExp][] = [
    [
      { dns: { key: readZoneKeyFile(readerFile) } },
      "dns-refused",
      /key reader: answered REFUSED; let the key change/,
    ],
    [
      { dns: { key: new TsigKey("nobody", "hmac-sha256", secret) } },
      "dns-bad-key",
      /key nobody: answered NOTAUTH with BADKEY/,
    ],
    [
      { dns: { key: new TsigKey("cfs-key", "hmac-sha256", secret) } },
      "dns-bad-signature",
      /key cfs-key: answered NOTAUTH with BADSIG/,
    ],
    [
      { trick: late },
      "dns-bad-time",
      /BADTIME: its clock is (?:999|1000|1001|1002) s ahead of ours; set the clocks/,
    ],
    [{ homeDomain: "elsewhere.test" }, "dns-query-failed", /zone elsewhere\.test.*REFUSED to a query/],
  ];
  for (const [change, type, detail] of rows) {
    const cfs = await startCfs(context, world, change);
    const name = `icscf2.${change.homeDomain ?? zone}`;
    const { id } = await cfs.value(cfs.node.operations.putFunction(name, second));
    const { problem } = await cfs.until(id, isFailing);
    assert.equal(problem?.type, `urn:liquid-ims:problem:${type}`, problem?.detail);
    assert.match(problem?.detail ?? "", detail);
    await cfs.node.stop();
  }
  assert.deepEqual(recordsOf(bind), before);
});

test("SERVFAIL: BIND cannot write its journal; done when it can", async (context) => {
  const world = await startBind(context);
  blockJournal(world.bind.folder, "full.test");
  const cfs = await startCfs(context, world, { homeDomain: "full.test" });
  const { id } = await cfs.value(cfs.node.operations.putFunction("icscf2.full.test", second));
  const failed = await cfs.until(id, isFailing);
  assert.equal(failed.problem?.type, "urn:liquid-ims:problem:dns-server-failure");
  assert.match(
    failed.problem?.detail ?? "",
    /zone full\.test, key cfs-key: answered SERVFAIL; look at the log/,
  );
  assert.deepEqual(world.bind.dig("icscf2.full.test", "A"), []);
  assert.ok(failed.retryAt !== null);
  freeJournal(world.bind.folder, "full.test");
  await cfs.until(id, isDone);
  assert.equal(world.bind.dig("icscf2.full.test", "A").length, 1);
});

/** Before the UPDATE, which is the connection after the nine queries, somebody else changes the zone. */
function meanwhile(act: () => void): (host: Host) => Host {
  let connections = 0;
  return (host) => ({
    ...host,
    get alive() {
      return host.alive;
    },
    spawn: (label, task) => host.spawn(label, task),
    network: {
      udp: (local, receive) => host.network.udp(local, receive),
      listen: (local, accept) => host.network.listen(local, accept),
      connect(remote, options) {
        connections += 1;
        if (connections === 10) act();
        return host.network.connect(remote, options);
      },
    },
  });
}

test("RFC 2136 2.4: a change by nsupdate between reading and writing is seen (YXDOMAIN, NXRRSET), and kept", async (context) => {
  const world = await startBind(context);
  const { bind, keyFile } = world;
  const third = `icscf3.${zone}`;
  const races: readonly [string, readonly string[], RegExp][] = [
    ["YXDOMAIN", [`update add ${i2} 2 TXT "taken"`], /TXT "taken"/],
    [
      "NXRRSET",
      [`update add _sip._udp.${zone} 2 SRV 10 5 5060 ${third}`, `update add ${third} 2 A 127.0.1.12`],
      /SRV 10 5 5060 icscf3/,
    ],
  ];
  for (const [code, lines, kept] of races) {
    const trick = meanwhile(() => assert.equal(bind.nsupdate(keyFile, ...lines), ""));
    const cfs = await startCfs(context, world, { trick });
    const { id } = await cfs.value(cfs.node.operations.putFunction(i2, second));
    const done = await cfs.until(id, isDone);
    assert.deepEqual([done.updates, cfs.codes], [2, [code]]);
    assert.match([...bind.dig(i2, "TXT"), ...bind.dig(`_sip._udp.${zone}`, "SRV")].join("\n"), kept);
    assert.equal(bind.dig(i2, "A").length, 1);
    const gone = await cfs.value(cfs.node.operations.removeFunction(i2, { failed: true }));
    await cfs.until(gone.id, isDone);
    assert.match(bind.dig(`_sip._udp.${zone}`, "SRV").join(), /icscf1/);
    assert.equal(bind.nsupdate(keyFile, `update delete ${i2} TXT`), "");
    await cfs.node.stop();
  }
});

test("a dead server: FAILED_TEMP, and done when it is back", async (context) => {
  const world = await startBind(context);
  const { bind } = world;
  const cfs = await startCfs(context, world);
  await bind.kill();
  const { id } = await cfs.value(cfs.node.operations.putFunction(i2, second));
  const failed = await cfs.until(id, isFailing);
  assert.match(failed.problem?.detail ?? "", /connect 127\.0\.0\.1:\d+: .*; start the name server/);
  await bind.start();
  assert.equal((await cfs.until(id, isDone)).updates, 1);
  assert.equal(bind.dig(i2, "A").length, 1);
});

test("RFC 3596: BIND over IPv6; its address is in brackets, and the function has an AAAA record", async (context) => {
  const world = await startBind(context);
  const { bind } = world;
  const server = { host: "::1", port: bind.port };
  const key = new TsigKey("nobody", "hmac-sha256", new Uint8Array(32));
  const stranger = await startCfs(context, world, { dns: { server, key } });
  const request = { ...second, addresses: ["2001:DB8:0::11"] };
  const refused = await stranger.value(stranger.node.operations.putFunction(i2, request));
  const { problem } = await stranger.until(refused.id, isFailing);
  const where = `name server [::1]:${bind.port}, zone ${zone}, key nobody: answered NOTAUTH with BADKEY`;
  assert.ok(problem?.detail.startsWith(where), problem?.detail);
  await stranger.node.stop();
  const cfs = await startCfs(context, world, { dns: { server } });
  const { id } = await cfs.value(cfs.node.operations.putFunction(i2, request));
  await cfs.until(id, isDone);
  assert.deepEqual(bind.dig(i2, "AAAA"), [`${i2}. ${ttl} AAAA 2001:db8::11`]);
  assert.deepEqual(bind.dig(i2, "A"), []);
});

test("orders for a dozen I-CSCFs at once: one UPDATE each", async (context) => {
  const world = await startBind(context);
  const cfs = await startCfs(context, world);
  const hosts = Array.from({ length: 12 }, (_, index) => index + 2);
  const begun = await Promise.all(
    hosts.map((host) => {
      const request = { ...second, addresses: [`127.0.1.${host + 10}`] };
      return cfs.value(cfs.node.operations.putFunction(`icscf${host}.${zone}`, request));
    }),
  );
  const done = await Promise.all(begun.map(({ id }) => cfs.until(id, isDone)));
  assert.deepEqual(
    done.map(({ updates }) => updates),
    hosts.map(() => 1),
  );
  assert.deepEqual(cfs.codes, [], "none was refused");
  assert.equal(world.bind.dig(`_sip._tcp.${zone}`, "SRV").length, 1 + hosts.length);
});

test("two CFSs add at the same moment: both are there", async (context) => {
  const world = await startBind(context);
  const [one, two] = [await startCfs(context, world), await startCfs(context, world)];
  const third = `icscf3.${zone}`;
  const [first, other] = await Promise.all([
    one.value(one.node.operations.putFunction(i2, second)),
    two.value(two.node.operations.putFunction(third, { ...second, addresses: ["127.0.1.12"] })),
  ]);
  await Promise.all([one.until(first.id, isDone), two.until(other.id, isDone)]);
  const targets = world.bind.dig(`_sip._udp.${zone}`, "SRV").map((line) => line.split(" ").at(-1));
  assert.deepEqual(targets.sort(), [`${i1}.`, `${i2}.`, `${third}.`]);
});

test("a CFD comes and goes below the host of the filter criteria", async (context) => {
  const world = await startBind(context);
  const cfs = await startCfs(context, world);
  const cfd = `cfd2.${zone}`;
  const { id } = await cfs.value(
    cfs.node.operations.putFunction(cfd, { kind: "CFD", addresses: ["127.0.2.12"], port: 7080 }),
  );
  await cfs.until(id, isDone);
  assert.deepEqual(world.bind.dig(`_sip._udp.cfd.${zone}`, "SRV"), [
    `_sip._udp.cfd.${zone}. ${ttl} SRV 10 10 7080 cfd1.${zone}.`,
    `_sip._udp.cfd.${zone}. ${ttl} SRV 10 10 7080 ${cfd}.`,
  ]);
  const gone = await cfs.value(cfs.node.operations.removeFunction(`cfd1.${zone}`, { kind: "CFD" }));
  const ended = await cfs.until(gone.id, isDone);
  assert.ok((ended.endedAt ?? 0) - (ended.changedAt ?? Number.NaN) >= ttl * 1000);
  assert.deepEqual(world.bind.dig(`cfd1.${zone}`, "A"), []);
});
