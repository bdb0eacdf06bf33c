// Where a URI leads that has a port or an address, past every SRV record. RFC 3263 4.2. Pure.
import { formatAddress } from "@liquid-ims/runtime/network";
import type { Looked } from "./dns-facts.ts";
import { isAt, type ServiceSubject } from "./dns-service.ts";
import { type Finding, flaw, ok, remedy } from "./finding.ts";

export interface FixedSubject extends ServiceSubject {
  readonly uri: string;
  /** Null: none was given, so that it is 5060. */
  readonly port: number | null;
  /** The URI has an address in place of a name. */
  readonly isLiteral: boolean;
}

const defaultSipPort = 5060;

/** Everything that can be said of such a URI. */
export function judgeFixed(subject: FixedSubject, looked: Looked<string>): Finding[] {
  const { uri, what, name, purpose, place, listeners, listenPlace, changes } = subject;
  const named = `${uri} (${what})`;
  if (looked.kind === "failed") {
    const fact = `${name} (${what}) cannot be looked up: ${looked.detail}`;
    return [flaw("DNS", "wrong", fact, remedy("DNS server", "see that it answers"))];
  }
  if (looked.kind === "none") {
    const fact = `${name} (${what}) has no address record: ${purpose}`;
    return [flaw("DNS", "wrong", fact, remedy("zone", `${name}. 30 IN A <address>`))];
  }
  const addresses = looked.records.map((host) => ({ host, port: subject.port ?? defaultSipPort }));
  const shown = addresses.map(formatAddress).join(", ");
  const isReached = (listeners ?? []).some((listener) =>
    addresses.some((address) => isAt(listener, { transport: listener.protocol, address })),
  );
  if (listeners !== null && !isReached) {
    const awaited = listeners
      .map(({ protocol, address }) => `${protocol} ${formatAddress(address)}`)
      .join(", ");
    const fact = `${named} leads to ${shown}, but requests are awaited at ${awaited}`;
    const change = "a name without a port, which is looked up by SRV (RFC 3263 4.2)";
    return [
      flaw("DNS", "wrong", fact, remedy(place, change), remedy(listenPlace, "or listen where the URI says")),
    ];
  }
  if (!changes) return [ok("DNS", `${named} leads to ${shown}`)];
  const why = subject.isLiteral ? "an address" : "a port";
  const fact = `${named} has ${why}, so that nobody looks at SRV records: no second one can be brought in, and none taken out`;
  return [flaw("DNS", "warn", fact, remedy(place, "a name without a port (RFC 3263 4.2)"))];
}
