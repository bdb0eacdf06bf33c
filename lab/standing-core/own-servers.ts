// A core without CFD and CFS: those of the person run beside it, as they would beside any other core. Their configurations
// are written for it, from the examples of the documentation.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { osCfsRoot } from "@liquid-ims/reference-points/os-cfs";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import type { Placement } from "../placement.ts";
import type { Topology } from "../topology.ts";

/** Where a CFS of the example takes orders, once it is ready. */
export const osCfsAddressOfExample: Address = { host: "127.0.0.1", port: 8085 };

/** The root of its os-cfs. */
export const osCfsOfExample = `http://${formatAddress(osCfsAddressOfExample)}${osCfsRoot}`;

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

export interface WrittenConfigurations {
  /** Absolute. */
  readonly cfd: string;
  readonly cfs: string;
  /** What a person should know of an earlier core in this folder, a line each. */
  readonly notes: readonly string[];
}

/** What a person has changed in it is kept beside it; the line that says so, null where there was nothing to keep. */
function writeKeeping(file: string, text: string): string | null {
  const isChanged = existsSync(file) && readFileSync(file, "utf8") !== text;
  const kept = `${file}.before`;
  if (isChanged) renameSync(file, kept);
  writeFileSync(file, text);
  return isChanged ? `${file} is written anew; what it was is in ${kept}` : null;
}

/** Stores of the examples, which outlive the core whose users they hold. */
function noteStores(folder: string): string | null {
  const found = ["location.db", "cfs.db"].map((name) => join(folder, name)).filter(existsSync);
  if (found.length === 0) return null;
  const all = found.map((file) => `${file}*`).join(" ");
  return `of an earlier core, whose users this one does not know; to begin anew: rm ${all}`;
}

/** `zoneKey`: file of the key that may change the zone, null where there is none. */
export function writeConfigurations(
  folder: string,
  { dns }: Pick<Topology, "dns">,
  zoneKey: string | null,
): WrittenConfigurations {
  const files = { cfd: join(folder, "cfd.yaml"), cfs: join(folder, "cfs.yaml") };
  const { host, port } = dns.address;
  let cfs = readFileSync(join(examples, "cfs.yaml"), "utf8");
  cfs = replaceOnce(cfs, "    - { host: 127.0.1.53, port: 5353 }", `    - { host: ${host}, port: ${port} }`);
  const update = /^#( {2}update:.*)\n#( {4}server:).*\n#( {4}zone:.*)\n#( {4}keyFile:).*\n/m;
  if (!update.test(cfs)) throw new Error("docs/examples/cfs.yaml: its lines of dns.update are others now");
  if (zoneKey !== null)
    cfs = cfs.replace(update, `$1\n$2 { host: ${host}, port: ${port} }\n$3\n$4 ${zoneKey}\n`);
  const notes = [
    noteStores(folder),
    writeKeeping(files.cfd, readFileSync(join(examples, "cfd.yaml"), "utf8")),
    writeKeeping(files.cfs, cfs),
  ];
  return { ...files, notes: notes.filter((line) => line !== null) };
}
