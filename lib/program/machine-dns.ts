// The DNS servers that this machine uses, for programs that are told none.
import { getServers } from "node:dns";
import type { Address } from "@liquid-ims/runtime/network";

/** Those of the configuration, else the machine's. `[v6]:port` and scopes are understood. */
export function dnsServersOf(configured: readonly Address[] | undefined): readonly Address[] {
  if (configured !== undefined) return configured;
  return getServers().map((server) => {
    const bracketed = /^\[([^\]]+)\]:(\d+)$/.exec(server);
    const plain = bracketed ?? /^([^:]+):(\d+)$/.exec(server);
    return plain === null ? { host: server, port: 53 } : { host: plain[1] ?? server, port: Number(plain[2]) };
  });
}
