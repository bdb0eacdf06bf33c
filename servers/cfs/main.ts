// The CFS as a process: npm run cfs -- --config cfs.yaml
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import type { LocationStore } from "@liquid-ims/location-service/store";
import { createProbe, type Health } from "@liquid-ims/program/health";
import { dnsServersOf } from "@liquid-ims/program/machine-dns";
import { callersFolder, type RunningServer, runProgram } from "@liquid-ims/program/run-program";
import { packageVersion } from "@liquid-ims/program/version";
import type { Host } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { fetchHttp } from "@liquid-ims/runtime/nodejs/http";
import { formatTarget } from "@liquid-ims/sip/transport";
import { type CfsNode, createCfs } from "./cfs.ts";
import { cfsConfigOf } from "./cfs-settings.ts";
import { addKeysCommand } from "./cli/keys-command.ts";
import { loadCfsConfiguration } from "./cli/load-configuration.ts";
import { type CfsFiles, readCfsFiles } from "./cli/named-files.ts";
import { type CfsSettings, cfsPrefix } from "./config-schema.ts";
import { type OsCfsServer, serveOsCfs } from "./os-cfs/http.ts";
import { MemoryCfsStore } from "./store/memory-store.ts";
import { openSqliteCfsStore } from "./store/sqlite/sqlite-store.ts";
import { ownStore } from "./store/sqlite/store-owner.ts";
import type { CfsStore } from "./store/store.ts";

async function openLocation({ kind, file, driver }: CfsSettings["location"]): Promise<LocationStore> {
  return kind === "memory"
    ? new MemoryLocationStore()
    : openSqliteLocationStore({ file, driver, readOnly: true });
}

async function openStore({ kind, file, driver }: CfsSettings["store"]): Promise<CfsStore> {
  return kind === "memory" ? new MemoryCfsStore() : openSqliteCfsStore({ file, driver });
}

function openOsCfs(host: Host, cfs: CfsNode, setting: CfsSettings["osCfs"]): Promise<OsCfsServer> {
  return serveOsCfs({
    operations: cfs.operations,
    listen: { host: setting.host, port: setting.port },
    bodyLimit: setting.bodyLimit,
    metrics: host.metrics,
    log: host.log,
  });
}

async function start(host: Host, settings: CfsSettings, { keys, zoneKey }: CfsFiles): Promise<RunningServer> {
  const { dns, osCfs } = settings;
  const location = await openLocation(settings.location);
  const owner = settings.store.kind === "memory" ? null : await ownStore(host.clock, settings.store.file);
  const store = await openStore(settings.store);
  const servers = dnsServersOf(dns.servers);
  const cfs = createCfs({
    location,
    store,
    ...(servers.length === 0 ? {} : { lookup: createDnsLookup(host, { ...dns, servers }) }),
    ...(keys === null ? {} : { keys }),
    config: cfsConfigOf(settings, zoneKey),
    http: fetchHttp,
  })(host);
  const ready = cfs.ready.then(() => (osCfs.enabled ? openOsCfs(host, cfs, osCfs) : null));
  let http: OsCfsServer | null = null;
  // A name that no user has: the look-up goes the way of every other.
  const locationProbe = createProbe(host.clock, () => location.get("sip:health@invalid"));
  const storeProbe = createProbe(host.clock, () => store.read(["health/none"]));
  return {
    ready: ready.then((opened) => {
      http = opened;
    }),
    async health(): Promise<Health> {
      const [found, read] = await Promise.all([locationProbe(), storeProbe()]);
      const locationState = cfs.locationTrouble() ?? found;
      const storeState = cfs.storeTrouble() ?? read;
      return {
        status: locationState === "ok" && storeState === "ok" ? "ready" : "store down",
        listening: [
          ...cfs.local.map(formatTarget),
          ...(http === null ? [] : [`http:${formatAddress(http.local)}`]),
        ],
        details: {
          store: storeState,
          location: locationState,
          reachable: cfs.reachable(),
          ...(settings.cx === undefined ? {} : { cx: cfs.cxPeers() }),
        },
      };
    },
    async drain() {
      await Promise.all([http?.close(), cfs.drain()]);
    },
    async close() {
      await cfs.stop();
      await Promise.all([store.close(), location.close()]);
      owner?.release();
    },
  };
}

await runProgram(
  {
    name: "cfs",
    summary:
      "Control Function Selection: takes the OSS/BSS's orders and moves users between control functions.",
    version: packageVersion(import.meta.url),
    prefix: cfsPrefix,
    load: loadCfsConfiguration,
    read: (settings) => readCfsFiles(new NodejsCrypto(), settings),
    extend: (command, run) => addKeysCommand(command, run, callersFolder),
    start,
  },
  process.argv.slice(2),
);
