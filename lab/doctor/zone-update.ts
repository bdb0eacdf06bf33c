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
 * Takes out a record that is not there, on condition that the zone is there: a server that lets the key change these
 * names answers NOERROR, and nothing has changed, not even the serial.
 */
export async function askUpdate(host: Host, config: DnsConfig): Promise<UpdateOutcome> {
  const { server, zone, key, timeoutMs = 5_000 } = config;
  const updater = createUpdater(host, {
    ...{ server, zone, key: zoneKeyOf(key), transport: "tcp", copies: 1, timeoutMs },
  });
  return updater.update({
    prerequisites: [{ kind: "name-in-use", name: zone }],
    changes: [
      {
        kind: "delete-record",
        name: `_sip._udp.${config.iCscfService ?? zone}`,
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
    case "NXDOMAIN":
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
  switch (outcome.kind) {
    case "done":
      return ok(
        "zone update",
        `${what} may change ${config.zone} (asked with an update that changes nothing)`,
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
