// Whether the CFS may change the zone: a signed UPDATE that changes nothing. RFC 2136 3.4.2.4, RFC 8945 5.
import type { DnsConfig } from "@liquid-ims/cfs/config";
import { zoneKeyOf } from "@liquid-ims/cfs/functions/zone-key";
import { functionTransports, type ServiceNames, srvName } from "@liquid-ims/cfs/functions/zone-view";
import { plainName } from "@liquid-ims/dns/name";
import type { RecordData } from "@liquid-ims/dns/rdata";
import type { Change } from "@liquid-ims/dns/update";
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

/** What the CFS would change for its functions. */
export interface ZoneNames {
  readonly services: ServiceNames;
  /** Host names of I-CSCFs and CFDs. */
  readonly hosts: readonly string[];
}

export interface AskedUpdate {
  readonly outcome: UpdateOutcome;
  /** Each name and type that was refused when the whole was. */
  readonly refused: readonly string[];
}

const nowhere = "doctor.invalid";
const entry: RecordData = { type: "SRV", data: { priority: 65_535, weight: 0, port: 9, target: nowhere } };
const service: RecordData = {
  type: "NAPTR",
  data: {
    ...{ order: 65_535, preference: 65_535, flags: "s" },
    service: "SIP+D2U",
    regexp: "",
    replacement: nowhere,
  },
};
/** No host has them: RFC 919 7, RFC 6666. */
const addresses: readonly RecordData[] = [
  { type: "A", data: "255.255.255.255" },
  { type: "AAAA", data: "100::d0c" },
];

/** Deletions of records that nobody has, for each name and type that an order may change. */
function deletionsOf(zone: string, { services, hosts }: ZoneNames): Change[] {
  const isInZone = (name: string) => `.${plainName(name)}`.endsWith(`.${plainName(zone)}`);
  const deletion = (name: string, record: RecordData): Change => ({ kind: "delete-record", name, record });
  const srv = [services["I-CSCF"], services.CFD].flatMap((name) =>
    functionTransports.map((transport) => deletion(srvName(name, transport), entry)),
  );
  const own = hosts.flatMap((name) => addresses.map((record) => deletion(name, record)));
  const all = [...srv, deletion(services["I-CSCF"], service), ...own];
  return all.filter((change) => isInZone(change.name));
}

/**
 * Deletes records that nobody has (RFC 2136 3.4.2.4: silently ignored). It needs the rights of an order, and changes nothing
 * whether the server looks at rights or at the zone first.
 */
export async function askUpdate(host: Host, config: DnsConfig, names: ZoneNames): Promise<AskedUpdate> {
  const { server, zone, key, timeoutMs = 5_000 } = config;
  const updater = createUpdater(host, {
    ...{ server, zone, key: zoneKeyOf(key), transport: "tcp", copies: 1, timeoutMs },
  });
  const deletions = deletionsOf(zone, names);
  const outcome = await updater.update({ changes: deletions });
  const refused: string[] = [];
  if (isRefused(outcome))
    for (const one of deletions)
      if (isRefused(await updater.update({ changes: [one] }))) refused.push(shown(one));
  return { outcome, refused };
}

function isRefused(outcome: UpdateOutcome): boolean {
  return outcome.kind === "refused" && outcome.code === "REFUSED" && outcome.tsigError === null;
}

function shown(change: Change): string {
  return change.kind === "delete-record" ? `${change.name} ${change.record.type}` : change.name;
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

export function judgeUpdate(
  { outcome, refused }: AskedUpdate,
  config: DnsConfig,
  places: ZonePlaces,
): Finding {
  const what = `key ${config.key.name} at ${formatAddress(config.server)}`;
  switch (outcome.kind) {
    case "done": {
      const fact = `${what} may change ${config.zone} (asked with an update that changes nothing)`;
      return ok("zone update", fact);
    }
    case "refused":
      return flaw(
        "zone update",
        "wrong",
        `${what}: ${outcome.detail}${refused.length === 0 ? "" : ` for ${refused.join(", ")}`}`,
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
