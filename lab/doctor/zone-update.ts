// Whether the CFS may change the zone: one signed UPDATE that changes nothing. RFC 2136 3.4.2.4, RFC 8945 5.
import type { DnsConfig } from "@liquid-ims/cfs/config";
import { zoneKeyOf } from "@liquid-ims/cfs/functions/zone-key";
import { createUpdater, type UpdateOutcome } from "@liquid-ims/dns/updater";
import type { Host } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { type Finding, flaw, ok, type Remedy, remedy } from "./finding.ts";

/** Where the parts of the configuration stand. */
export interface ZonePlaces {
  readonly server: string;
  readonly zone: string;
  readonly key: string;
}

/**
 * Adds a record on a condition that never holds: that the zone's apex has no records. A server that has looked at the
 * key's rights first (BIND does) answers YXDOMAIN to a key that may change these names, and nothing has changed. The
 * condition alone would not do: BIND looks at rights only where something is to be changed.
 */
export async function askUpdate(host: Host, config: DnsConfig): Promise<UpdateOutcome> {
  const { server, zone, key, timeoutMs = 5_000 } = config;
  const updater = createUpdater(host, {
    ...{ server, zone, key: zoneKeyOf(key), transport: "tcp", copies: 1, timeoutMs },
  });
  return updater.update({
    prerequisites: [{ kind: "name-not-in-use", name: zone }],
    changes: [
      {
        kind: "add",
        name: `_sip._udp.${config.iCscfService ?? zone}`,
        ttl: 0,
        record: { type: "SRV", data: { priority: 65_535, weight: 0, port: 9, target: "doctor.invalid" } },
      },
    ],
  });
}

const named = "BIND named.conf";

function remediesOf(
  outcome: Extract<UpdateOutcome, { kind: "refused" }>,
  { key, zone }: DnsConfig,
  places: ZonePlaces,
): readonly [Remedy, ...Remedy[]] {
  const policy = `zone "${zone}" { update-policy { grant ${key.name} zonesub ANY; }; };`;
  switch (outcome.tsigError) {
    case "BADKEY":
      return [
        remedy(named, `key "${key.name}" { algorithm ${key.algorithm}; secret "..."; };`),
        remedy(places.key, "or name and algorithm as they stand there"),
      ];
    case "BADSIG":
      return [remedy(places.key, `the secret of key "${key.name}" as ${named} has it`)];
    case "BADTIME":
      return [remedy("clocks", "set both by NTP: TSIG allows 300 s")];
    case "BADTRUNC":
      return [remedy(named, `algorithm ${key.algorithm} without a number of bits behind it`)];
    case null:
      break;
  }
  switch (outcome.code) {
    case "REFUSED":
      return [remedy(named, policy)];
    case "NOTAUTH":
      return [
        remedy(places.server, "the primary server of the zone"),
        remedy(places.zone, "or the zone that this server has, by its apex"),
      ];
    case "NOTZONE":
      return [remedy(places.zone, "the apex of the zone, the name that has its SOA record")];
    case "NOTIMP":
      return [remedy(places.server, "a server that takes UPDATE (BIND, Knot, PowerDNS with dnsupdate=yes)")];
    default:
      return [remedy("DNS server", "its log says why: often the folder of the zone cannot be written")];
  }
}

export function judgeUpdate(outcome: UpdateOutcome, config: DnsConfig, places: ZonePlaces): Finding {
  const what = `key ${config.key.name} at ${formatAddress(config.server)}`;
  if (outcome.kind === "refused" && outcome.code === "YXDOMAIN" && outcome.verified)
    return ok("zone update", `${what} may change ${config.zone} (asked with an update that changes nothing)`);
  switch (outcome.kind) {
    case "done":
      return flaw(
        "zone update",
        "wrong",
        `${what}: an update was taken whose condition cannot hold where ${config.zone} is a zone`,
        remedy(places.zone, "the apex of the zone"),
        remedy("zone", "take out the SRV record that leads to doctor.invalid"),
      );
    case "refused":
      return flaw(
        "zone update",
        "wrong",
        `${what}: ${outcome.detail}`,
        ...remediesOf(outcome, config, places),
      );
    case "unanswered":
      return flaw(
        "zone update",
        "wrong",
        `${what}: ${outcome.detail}`,
        remedy(places.server, "the address of the zone's primary server; updates go over TCP"),
      );
    case "unverifiable":
      return flaw(
        "zone update",
        "wrong",
        `${what}: ${outcome.detail}`,
        remedy(places.key, "the key as the server has it; else somebody else answers"),
      );
  }
}
