// Whether a name leads where it should by SRV, and how long a change takes to be seen. RFC 3263 4, RFC 2782. Pure.
import type { Address } from "@liquid-ims/runtime/network";
import { formatAddress } from "@liquid-ims/runtime/network";
import type { Looked, ServiceFacts } from "./dns-facts.ts";
import { type Finding, flaw, formatSeconds, note, ok, type Remedy, remedy } from "./finding.ts";

export interface Listener {
  readonly protocol: "udp" | "tcp";
  readonly address: Address;
}

export interface ServiceSubject {
  /** `the CFS`, `the home domain`. */
  readonly what: string;
  /** Host of the URI that is looked up. */
  readonly name: string;
  /** Where the name stands. */
  readonly place: string;
  /** Where requests have to arrive; null where nothing of ours says that. */
  readonly listeners: readonly Listener[] | null;
  /** Where `listeners` stand. */
  readonly listenPlace: string;
  /** What does not work without it. */
  readonly purpose: string;
  /** Functions behind it come and go, and a change has to wait for the TTL. */
  readonly changes: boolean;
}

/** Seconds for which a function that was taken out may still be asked. */
export const longestUsefulTtl = 300;
/** Longer than this is no TTL of a laboratory. */
const longestTtl = 86_400;
const defaultSipPort = 5060;

type Transport = "udp" | "tcp";
const transports: readonly Transport[] = ["udp", "tcp"];

function recordsOf<Record>(looked: Looked<Record>): readonly Record[] {
  return looked.kind === "found" ? looked.records : [];
}

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** A line for the zone's file. */
function srvLine(name: string, transport: Transport, listener: Listener | null): string {
  const port = listener?.address.port ?? "<port>";
  const target = listener === null ? "<host>." : `<the host whose address is ${listener.address.host}>.`;
  return `_sip._${transport}.${name}. 30 IN SRV 10 10 ${port} ${target}`;
}

function zoneRemedies(
  subject: ServiceSubject,
  missing: readonly Transport[],
): readonly [Remedy, ...Remedy[]] {
  const { listeners, name } = subject;
  const lines = missing
    .map((transport) => {
      const listener = listeners?.find(({ protocol }) => protocol === transport) ?? null;
      return listeners !== null && listener === null ? null : srvLine(name, transport, listener);
    })
    .filter((line) => line !== null);
  const [first = srvLine(name, "udp", null), ...others] = lines;
  return [remedy("zone", first), ...others.map((line) => remedy("zone", line))];
}

export interface Arrival {
  readonly transport: Transport;
  readonly address: Address;
}

function arrivalsOf(facts: ServiceFacts): Arrival[] {
  return transports.flatMap((transport) =>
    recordsOf(facts.srv[transport]).flatMap(({ target, port }) =>
      recordsOf(facts.targets.get(plain(target)) ?? { kind: "none" }).map((host) => ({
        transport,
        address: { host, port },
      })),
    ),
  );
}

/** Whether what arrives there is heard. */
export function isAt(listener: Listener, { transport, address }: Arrival): boolean {
  const { host, port } = listener.address;
  const isAny = host === "0.0.0.0" || host === "::";
  return listener.protocol === transport && port === address.port && (isAny || host === address.host);
}

/** No SRV at all. */
function judgeAddressOnly(subject: ServiceSubject, facts: ServiceFacts): Finding {
  const { name, what, purpose, listeners } = subject;
  const addresses = recordsOf(facts.addresses);
  const [first, ...others] = zoneRemedies(subject, transports);
  if (addresses.length === 0)
    return flaw(
      "DNS",
      "wrong",
      `${name} (${what}) has no SRV and no address record: ${purpose}`,
      first,
      ...others,
    );
  const reached = listeners?.some(({ address }) => address.port === defaultSipPort) ?? true;
  const fact = `${name} (${what}) has no SRV record, only the address ${addresses.join(", ")}: it is asked at port ${defaultSipPort}`;
  return reached
    ? flaw(
        "DNS",
        "warn",
        `${fact}, and no second one can be brought in or taken out by weight`,
        first,
        ...others,
      )
    : flaw("DNS", "wrong", `${fact}, where nothing of ours listens: ${purpose}`, first, ...others);
}

function judgeTransports(subject: ServiceSubject, facts: ServiceFacts): Finding[] {
  const missing = transports.filter(
    (transport) =>
      facts.srv[transport].kind !== "found" &&
      (subject.listeners === null || subject.listeners.some(({ protocol }) => protocol === transport)),
  );
  if (missing.length === 0) return [];
  const [first, ...others] = zoneRemedies(subject, missing);
  const why = missing.includes("tcp")
    ? "requests above 1,300 bytes go over TCP (RFC 3261 18.1.1)"
    : "cores that know UDP only do not find it";
  const names = missing.map((transport) => `_sip._${transport}`).join(" and ");
  return [
    flaw(
      "DNS",
      "warn",
      `${subject.name} (${subject.what}) has no SRV record under ${names}: ${why}`,
      first,
      ...others,
    ),
  ];
}

function judgeTargets(subject: ServiceSubject, facts: ServiceFacts): Finding[] {
  const targets = transports.flatMap((transport) => recordsOf(facts.srv[transport]));
  if (targets.some(({ target }) => plain(target) === "")) {
    const fact = `${subject.name} (${subject.what}): an SRV record with the target "." says that it is not offered (RFC 2782)`;
    return [flaw("DNS", "wrong", fact, ...zoneRemedies(subject, transports))];
  }
  return [...facts.targets].flatMap(([host, looked]) =>
    looked.kind === "found"
      ? []
      : [
          flaw(
            "DNS",
            "wrong",
            `${subject.name} (${subject.what}) leads to ${host}, which has no address record`,
            remedy("zone", `${host}. 30 IN A <address>`),
          ),
        ],
  );
}

function judgeArrival(subject: ServiceSubject, facts: ServiceFacts): Finding {
  const { name, what, listeners, listenPlace } = subject;
  const arrivals = arrivalsOf(facts);
  const shown = [
    ...new Set(arrivals.map(({ transport, address }) => `${transport} ${formatAddress(address)}`)),
  ].join(", ");
  if (listeners === null || arrivals.length === 0) return ok("DNS", `${name} (${what}) leads to ${shown}`);
  const own = listeners.filter((listener) => arrivals.some((arrival) => isAt(listener, arrival)));
  if (own.length > 0) return ok("DNS", `${name} (${what}) leads to ${shown}`);
  const awaited = listeners
    .map(({ protocol, address }) => `${protocol} ${formatAddress(address)}`)
    .join(", ");
  return flaw(
    "DNS",
    "wrong",
    `${name} (${what}) leads to ${shown}, but requests are awaited at ${awaited}`,
    ...zoneRemedies(subject, transports),
    remedy(listenPlace, "or listen where the DNS says"),
  );
}

function judgeNaptr(subject: ServiceSubject, facts: ServiceFacts): Finding[] {
  const records = recordsOf(facts.naptr);
  const known = transports.filter((transport) => facts.srv[transport].kind === "found");
  const names = known.map((transport) => plain(`_sip._${transport}.${subject.name}`));
  const sip = records.filter(({ service }) => /^sips?\+d2/i.test(service));
  const astray = sip.filter(({ replacement }) => !names.includes(plain(replacement)));
  if (records.length > 0 && sip.length === 0)
    return [note("DNS", `${subject.name} has NAPTR records, none of them for SIP: SRV is used all the same`)];
  if (sip.length > 0 && astray.length === sip.length) {
    const [first] = astray;
    const fact = `NAPTR of ${subject.name} leads to ${first?.replacement ?? ""}, where no SRV record is: it wins over SRV (RFC 3263 4.1)`;
    const line = `${subject.name}. 30 IN NAPTR 10 50 "s" "SIP+D2U" "" _sip._udp.${subject.name}.`;
    return [flaw("DNS", "wrong", fact, remedy("zone", line))];
  }
  return [];
}

/** The longest TTL on the way from the name to an address. */
function longestOf(facts: ServiceFacts): { readonly ttl: number; readonly authoritative: boolean } | null {
  const looked = [facts.naptr, facts.srv.udp, facts.srv.tcp, facts.addresses, ...facts.targets.values()];
  const found = looked.flatMap((one) => (one.kind === "found" ? [one] : []));
  if (found.length === 0) return null;
  return {
    ttl: Math.max(...found.map(({ ttl }) => ttl)),
    authoritative: found.every(({ authoritative }) => authoritative),
  };
}

function judgeTtl(subject: ServiceSubject, facts: ServiceFacts): Finding[] {
  const longest = longestOf(facts);
  if (longest === null) return [];
  const { ttl, authoritative } = longest;
  const least = authoritative ? "" : " at least (this is what a cache has left of it)";
  const limit = subject.changes ? longestUsefulTtl : longestTtl;
  if (ttl <= limit)
    return [ok("DNS", `${subject.name} (${subject.what}): TTL ${formatSeconds(ttl)}${least}`)];
  const fact = subject.changes
    ? `${subject.name} (${subject.what}): TTL ${formatSeconds(ttl)}${least}: so long is one that was taken out still asked, and its removal has to wait`
    : `${subject.name} (${subject.what}): TTL ${formatSeconds(ttl)}${least}: a new address is not seen before`;
  return [flaw("DNS", "warn", fact, remedy("zone", `$TTL 30, or 30 as the TTL of these records`))];
}

/** Everything that can be said of a name that is looked up by SRV. */
export function judgeService(subject: ServiceSubject, facts: ServiceFacts): Finding[] {
  const hasSrv = transports.some((transport) => facts.srv[transport].kind === "found");
  if (!hasSrv) return [judgeAddressOnly(subject, facts), ...judgeTtl(subject, facts)];
  const targets = judgeTargets(subject, facts);
  return [
    ...(targets.length > 0 ? targets : [judgeArrival(subject, facts)]),
    ...judgeTransports(subject, facts),
    ...judgeNaptr(subject, facts),
    ...judgeTtl(subject, facts),
  ];
}

export interface HostSubject {
  readonly kind: string;
  /** As configured. */
  readonly function: string;
  readonly host: string;
  /** Address literals of the configuration. */
  readonly addresses: readonly string[];
  readonly place: string;
  readonly purpose: string;
}

/** Whether the host of a function has the addresses that the configuration says. */
export function judgeHost(subject: HostSubject, looked: Looked<string>): Finding {
  const { kind, host, addresses, place, purpose } = subject;
  const name = `${host} (${kind})`;
  if (looked.kind === "failed")
    return flaw(
      "DNS",
      "wrong",
      `${name} cannot be looked up: ${looked.detail}`,
      remedy("DNS server", "see that it answers"),
    );
  if (looked.kind === "none")
    return flaw(
      "DNS",
      "wrong",
      `${name} has no address record: ${purpose}`,
      remedy("zone", `${host}. 30 IN A ${addresses[0] ?? "<address>"}`),
    );
  const seen = looked.records.join(", ");
  if (addresses.length > 0 && !looked.records.some((address) => addresses.includes(address)))
    return flaw(
      "DNS",
      "wrong",
      `${name} is at ${seen} by the DNS and at ${addresses.join(", ")} by the configuration`,
      remedy(place, `addresses: [${seen}]`),
      remedy("zone", `or ${host}. 30 IN A ${addresses[0] ?? ""}`),
    );
  return ok("DNS", `${name} is at ${seen}, TTL ${formatSeconds(looked.ttl)}`);
}
