// A core without CFD and CFS: those of the person run beside it, as they would beside any other core. Their configurations
// are written for it, from the examples of the documentation.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Placement } from "../placement.ts";
import type { Topology } from "../topology.ts";

/** Where a CFS of the example offers os-cfs. */
export const osCfsOfExample = "http://127.0.0.1:8085/os-cfs/v1";

const examples = join(import.meta.dirname, "../../docs/examples");

/** Starts everything but CFD and CFS. */
export function withoutServers(placement: Placement): Placement {
  return {
    async place(kind, element, spec) {
      if (kind === "cfd" || kind === "cfs") return { kill: () => undefined };
      return placement.place(kind, element, spec);
    },
    settle: () => placement.settle(),
    close: () => placement.close(),
  };
}

function replaceOnce(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`docs/examples: "${from}" is not there any more`);
  return text.replace(from, to);
}

/** Absolute names of both files. `zoneKey`: file of the key that may change the zone, null where there is none. */
export function writeConfigurations(
  folder: string,
  { dns }: Topology,
  zoneKey: string | null,
): { readonly cfd: string; readonly cfs: string } {
  const files = { cfd: join(folder, "cfd.yaml"), cfs: join(folder, "cfs.yaml") };
  const { host, port } = dns.address;
  let cfs = readFileSync(join(examples, "cfs.yaml"), "utf8");
  cfs = replaceOnce(cfs, "    - { host: 127.0.1.53, port: 5353 }", `    - { host: ${host}, port: ${port} }`);
  const update = /^#( {2}update:.*)\n#( {4}server:).*\n#( {4}zone:.*)\n#( {4}keyFile:).*\n/m;
  if (!update.test(cfs)) throw new Error("docs/examples/cfs.yaml: its lines of dns.update are others now");
  if (zoneKey !== null)
    cfs = cfs.replace(update, `$1\n$2 { host: ${host}, port: ${port} }\n$3\n$4 ${zoneKey}\n`);
  writeFileSync(files.cfd, readFileSync(join(examples, "cfd.yaml"), "utf8"));
  writeFileSync(files.cfs, cfs);
  return files;
}
