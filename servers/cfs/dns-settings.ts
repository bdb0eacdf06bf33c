// Settings of the DNS: how names are looked up, and the zone in which I-CSCFs and CFDs come and go.
import { isDomainName, isInZone } from "@liquid-ims/dns/name";
import type { TsigKey } from "@liquid-ims/dns/tsig-key";
import { dnsSetting, ipAddress, milliseconds, portNumber, text } from "@liquid-ims/program/settings";
import { decodeBase64 } from "@liquid-ims/runtime/text";
import { type Static, Type } from "typebox";
import type { DnsConfig } from "./config.ts";

const updateSetting = Type.Object(
  {
    server: Type.Object(
      {
        host: ipAddress({ description: "Its address" }),
        port: portNumber({ description: "Its port (TCP)", default: 53, examples: [53], minimum: 1 }),
      },
      {
        additionalProperties: false,
        description: "The zone's primary name server",
        examples: [{ host: "127.0.1.53", port: 53 }],
      },
    ),
    zone: Type.Optional(
      text({ description: "Apex of the zone", otherwise: "homeDomain", examples: ["ims.test"] }),
    ),
    key: Type.Optional(
      Type.Object(
        {
          name: text({ description: "Its name, as the name server has it", examples: ["cfs.ims.test"] }),
          algorithm: Type.Enum(["hmac-sha1", "hmac-sha224", "hmac-sha256", "hmac-sha384", "hmac-sha512"], {
            description: "Its algorithm (RFC 8945 6)",
            default: "hmac-sha256",
            examples: ["hmac-sha256"],
          }),
          secret: text({
            description: "Its secret in base64",
            secret: true,
            examples: ["c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgLi4uLi4="],
          }),
        },
        {
          additionalProperties: false,
          description: "The TSIG key that signs; or keyFile",
          otherwise: "that of keyFile",
          examples: [{ name: "cfs.ims.test", secret: "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgLi4uLi4=" }],
        },
      ),
    ),
    keyFile: Type.Optional(
      Type.String({
        description: "File with the TSIG key, as tsig-keygen writes it and nsupdate -k reads it",
        format: "file",
        minLength: 1,
        otherwise: "key",
        examples: ["/etc/liquid-ims/zone.key"],
      }),
    ),
    useKey: Type.Optional(
      text({
        description: "Which key of keyFile",
        otherwise: "the only one",
        examples: ["cfs.ims.test"],
      }),
    ),
    ttl: Type.Integer({
      description: "TTL of sets of records that the CFS makes; a set that is there keeps its own",
      unit: "seconds",
      minimum: 0,
      maximum: 604_800,
      default: 30,
      examples: [30],
    }),
    iCscfService: Type.Optional(
      text({
        description: "Where I-CSCFs are looked up (NAPTR, SRV)",
        otherwise: "homeDomain",
        examples: ["ims.test"],
      }),
    ),
    cfdService: Type.Optional(
      text({
        description: "Host of the CFDs' SIP URI in the filter criteria (SRV)",
        otherwise: "cfd.<homeDomain>",
        examples: ["cfd.ims.test"],
      }),
    ),
    timeoutMs: milliseconds("How long the name server has for an answer", 5_000),
    deadline: milliseconds(
      "How long a change that fails is tried again; an order may say otherwise",
      600_000,
    ),
    firstRetry: milliseconds("Wait before the second try, doubled by each further one", 1_000),
    longestRetry: milliseconds("Longest wait before a try", 60_000),
    margin: milliseconds(
      "Waited for beyond the TTL of what was removed: zone transfers to secondaries, seconds that are rounded",
      1_000,
      0,
    ),
  },
  {
    additionalProperties: false,
    description: "The zone in which I-CSCFs and CFDs come and go (RFC 2136 with RFC 8945)",
    otherwise: "PUT and DELETE of functions are refused",
    examples: [
      {
        server: { host: "127.0.1.53", port: 53 },
        zone: "ims.test",
        keyFile: "/etc/liquid-ims/zone.key",
      },
    ],
  },
);

/** `dns` of a CFS: that of every program, and updates. */
export const cfsDnsSetting = Type.Object(
  { ...dnsSetting.properties, update: Type.Optional(updateSetting) },
  {
    additionalProperties: false,
    description: "How names are looked up, and the zone that the CFS changes",
    examples: [{ servers: [{ host: "127.0.2.53" }] }],
  },
);

export type DnsUpdateSettings = Static<typeof updateSetting>;

interface Broken {
  readonly path: string;
  readonly message: string;
}

/** What one key of `dns.update` asks of another, and what a schema cannot say. */
export function dnsUpdateRules(update: DnsUpdateSettings, homeDomain: string): readonly Broken[] {
  const { key, keyFile, useKey, zone = homeDomain, firstRetry, longestRetry } = update;
  const broken: Broken[] = [];
  const add = (name: string, message: string) => broken.push({ path: `dns.update.${name}`, message });
  if (!isDomainName(zone)) add("zone", `"${zone}" is no domain name; write it as ims.test`);
  for (const [name, service] of [
    ["iCscfService", update.iCscfService ?? homeDomain],
    ["cfdService", update.cfdService ?? `cfd.${homeDomain}`],
  ] as const)
    if (!isDomainName(service) || !isInZone(service, zone))
      add(update[name] === undefined ? "zone" : name, `${service} (${name}) is no name of the zone ${zone}`);
  if (key === undefined && keyFile === undefined)
    add("key", "there is none; give dns.update.key, or dns.update.keyFile as tsig-keygen writes it");
  if (key !== undefined && keyFile !== undefined)
    add("keyFile", "there is a key already (dns.update.key); give one of the two");
  if (useKey !== undefined && keyFile === undefined)
    add("useKey", "chooses from a file; give dns.update.keyFile, too");
  if (key !== undefined && !isDomainName(key.name))
    add("key.name", `"${key.name}" is no domain name; give the key's name as the name server has it`);
  if (key !== undefined && (decodeBase64(key.secret)?.length ?? 0) === 0)
    add("key.secret", "this value is no base64; give the secret as tsig-keygen writes it");
  if (firstRetry > longestRetry)
    add("firstRetry", `${firstRetry} is longer than dns.update.longestRetry (${longestRetry}); give less`);
  return broken;
}

/** The CFS's own words; null without `dns.update`. `fromFile`: the key of keyFile, where that was read. */
export function dnsConfigOf(
  update: DnsUpdateSettings | undefined,
  homeDomain: string,
  fromFile: TsigKey | null,
): DnsConfig | null {
  if (update === undefined) return null;
  const { key, keyFile, useKey, zone = homeDomain, ...rest } = update;
  const used = fromFile ?? key;
  return used === undefined ? null : { ...rest, zone, key: used };
}
