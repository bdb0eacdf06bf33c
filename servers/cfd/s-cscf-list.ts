// The S-CSCFs that may register users: one spoofed datagram must not move anybody.
import { isSameFunction, splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import { equalHosts } from "@liquid-ims/sip/host";
import type { Lookup } from "@liquid-ims/sip/locate";
import type { CfdConfig, SCscfEntry } from "./cfd-config.ts";

/** Why a REGISTER is not taken; null: it is. */
export type Stranger = "unknown address" | "another name";

export interface SCscfList {
  /** Some entries have no addresses, and their names can be looked up. */
  readonly isByName: boolean;
  /** Looks up those entries. Names that are not found keep what they had, at first nothing: nobody passes as them. */
  resolve(): Promise<void>;
  /** `name`: what From says. */
  check(address: string, name: FunctionName | null): Stranger | null;
}

/** Source addresses that are remembered. */
const mostAddresses = 1_000;

/** True for 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(address) || equalHosts(address, "::1");
}

async function addressesOf(lookup: Lookup, host: string): Promise<readonly string[]> {
  const [four, six] = [await lookup.a(host), await lookup.aaaa(host)];
  return [four, six].flatMap((result) => (result.kind === "found" ? result.records : []));
}

export function createSCscfList(
  config: Pick<CfdConfig, "sCscfs" | "trustLoopback">,
  lookup: Lookup | null,
): SCscfList {
  const addresses = new Map<SCscfEntry, readonly string[]>(
    config.sCscfs.map((entry) => [entry, entry.addresses]),
  );
  /** By source address; not all that can be forged. */
  const entriesAt = new Map<string, readonly SCscfEntry[]>();
  const isNamed = (entries: readonly SCscfEntry[], name: FunctionName | null) =>
    name !== null && entries.some((entry) => isSameFunction(entry.name, name));
  return {
    isByName: lookup !== null && config.sCscfs.some((entry) => entry.addresses.length === 0),
    async resolve() {
      if (lookup === null) return;
      for (const entry of config.sCscfs) {
        if (entry.addresses.length > 0) continue;
        const host = splitFunctionName(entry.name)?.host;
        if (host === undefined) continue;
        const found = await addressesOf(lookup, host);
        // A directory that is down for a while must not shut the S-CSCFs out.
        if (found.length > 0) addresses.set(entry, found);
      }
      entriesAt.clear();
    },
    check(address, name) {
      let there = entriesAt.get(address);
      if (there === undefined) {
        there = config.sCscfs.filter((entry) =>
          addresses.get(entry)?.some((known) => equalHosts(known, address)),
        );
        if (entriesAt.size < mostAddresses) entriesAt.set(address, there);
      }
      if (isNamed(there, name)) return null;
      if (config.trustLoopback === true && isLoopback(address))
        return config.sCscfs.length === 0 || isNamed(config.sCscfs, name) ? null : "another name";
      return there.length === 0 ? "unknown address" : "another name";
    },
  };
}
