// Whether the CFS may change the zone: signed UPDATEs that change nothing. RFC 2136 3.4.2.4, RFC 8945 5.
import type { DnsConfig } from "@liquid-ims/cfs/config";
import { zoneKeyOf } from "@liquid-ims/cfs/functions/zone-key";
import { functionTransports, type ServiceNames, srvName } from "@liquid-ims/cfs/functions/zone-view";
import { plainName } from "@liquid-ims/dns/name";
import type { RecordData } from "@liquid-ims/dns/rdata";
import type { Change } from "@liquid-ims/dns/update";
import { createUpdater, type UpdateOutcome, type ZoneUpdate } from "@liquid-ims/dns/updater";
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

export type AskedUpdate =
  | { readonly may: true }
  | {
      readonly may: false;
      readonly outcome: UpdateOutcome;
      /** Each name and type that was refused when the whole was. */
      readonly refused: readonly string[];
    };

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

/** A record that nobody has, for each name and type that an order may change. */
function recordsOf(zone: string, { services, hosts }: ZoneNames): readonly Owned[] {
  const isInZone = ({ name }: Owned) => `.${plainName(name)}`.endsWith(`.${plainName(zone)}`);
  const srv = [services["I-CSCF"], services.CFD].flatMap((name) =>
    functionTransports.map((transport) => ({ name: srvName(name, transport), record: entry })),
  );
  const own = hosts.flatMap((name) => addresses.map((record) => ({ name, record })));
  return [...srv, { name: services["I-CSCF"], record: service }, ...own].filter(isInZone);
}

interface Owned {
  readonly name: string;
  readonly record: RecordData;
}

/**
 * Two UPDATEs that need the rights of an order and change nothing. Deletions of records that nobody has are ignored (RFC 2136
 * 3.4.2.4); BIND lets those of SRV pass whatever the rights. Additions on a condition that never holds, that the zone's apex
 * has no records: BIND looks at rights first; another server may look at the condition first and say nothing of them.
 */
function attempts(zone: string, owned: readonly Owned[]): readonly ZoneUpdate[] {
  return [
    { changes: owned.map((one): Change => ({ kind: "delete-record", ...one })) },
    {
      prerequisites: [{ kind: "name-not-in-use", name: zone }],
      changes: owned.map((one): Change => ({ kind: "add", ttl: 0, ...one })),
    },
  ];
}

function isAllowed(outcome: UpdateOutcome, { prerequisites = [] }: ZoneUpdate): boolean {
  if (prerequisites.length === 0) return outcome.kind === "done";
  return outcome.kind === "refused" && outcome.verified && outcome.code === "YXDOMAIN";
}

function isRefused(outcome: UpdateOutcome): boolean {
  return outcome.kind === "refused" && outcome.code === "REFUSED" && outcome.tsigError === null;
}

export async function askUpdate(host: Host, config: DnsConfig, names: ZoneNames): Promise<AskedUpdate> {
  const { server, zone, key, timeoutMs = 5_000 } = config;
  const updater = createUpdater(host, {
    ...{ server, zone, key: zoneKeyOf(key), transport: "tcp", copies: 1, timeoutMs },
  });
  const owned = recordsOf(zone, names);
  for (const update of attempts(zone, owned)) {
    const outcome = await updater.update(update);
    if (isAllowed(outcome, update)) continue;
    const refused: string[] = [];
    for (const one of isRefused(outcome) ? owned : []) {
      let may = true;
      for (const alone of attempts(zone, [one])) may &&= !isRefused(await updater.update(alone));
      if (!may) refused.push(`${one.name} ${one.record.type}`);
    }
    return { may: false, outcome, refused };
  }
  return { may: true };
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

export function judgeUpdate(asked: AskedUpdate, config: DnsConfig, places: ZonePlaces): Finding {
  const what = `key ${config.key.name} at ${formatAddress(config.server)}`;
  if (asked.may)
    return ok("zone update", `${what} may change ${config.zone} (asked with updates that change nothing)`);
  const { outcome, refused } = asked;
  switch (outcome.kind) {
    case "done":
      return flaw(
        "zone update",
        "wrong",
        `${what}: an update was taken whose condition cannot hold where ${config.zone} is a zone`,
        remedy(places.zone, "the apex of the zone"),
        remedy("zone", `take out what leads to ${nowhere}`),
      );
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
