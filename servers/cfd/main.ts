// The CFD as a process: npm run cfd -- --config cfd.yaml

import { createDnsLookup } from "@liquid-ims/dns/lookup";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import type { LocationStore } from "@liquid-ims/location-service/store";
import { createProbe } from "@liquid-ims/program/health";
import { dnsServersOf } from "@liquid-ims/program/machine-dns";
import { type RunningServer, runProgram } from "@liquid-ims/program/run-program";
import { packageVersion } from "@liquid-ims/program/version";
import type { Host } from "@liquid-ims/runtime/host";
import { formatTarget } from "@liquid-ims/sip/transport";
import { createCfd } from "./cfd.ts";
import { cfdConfigOf } from "./cfd-settings.ts";
import { loadCfdConfiguration } from "./cli/load-configuration.ts";
import { readCfdFiles } from "./cli/named-files.ts";
import { type CfdSettings, cfdPrefix } from "./config-schema.ts";

async function openStore({ kind, file, driver }: CfdSettings["store"]): Promise<LocationStore> {
  return kind === "memory" ? new MemoryLocationStore() : openSqliteLocationStore({ file, driver });
}

async function start(host: Host, settings: CfdSettings): Promise<RunningServer> {
  const store = await openStore(settings.store);
  const servers = dnsServersOf(settings.dns.servers);
  const cfd = createCfd({
    store,
    ...(servers.length === 0 ? {} : { lookup: createDnsLookup(host, { ...settings.dns, servers }) }),
    config: cfdConfigOf(settings),
  })(host);
  // A name that no user has: the look-up goes the way of every other.
  const probe = createProbe(host.clock, () => store.get("sip:health@invalid"));
  return {
    ready: cfd.ready,
    async health() {
      const read = await probe();
      const state = cfd.storeTrouble() ?? read;
      return {
        status: state === "ok" ? "ready" : "store down",
        listening: cfd.local.map(formatTarget),
        details: { store: state, registers: cfd.registers() },
      };
    },
    drain: () => cfd.drain(),
    async close() {
      await cfd.stop();
      await store.close();
    },
  };
}

await runProgram(
  {
    name: "cfd",
    summary: "Control Function Discovery: third-party REGISTERs of S-CSCFs become location records.",
    version: packageVersion(import.meta.url),
    prefix: cfdPrefix,
    load: loadCfdConfiguration,
    read: readCfdFiles,
    start,
  },
  process.argv.slice(2),
);
