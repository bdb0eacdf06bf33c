// What a Diameter node is told when it is made, with its defaults.
import type { Address } from "@liquid-ims/runtime/network";
import type { Dictionary } from "./dictionary.ts";
import type { Application } from "./peer/capabilities-exchange.ts";
import type { PeerOptions } from "./peer/peer-environment.ts";

export interface DiameterNodeOptions {
  readonly originHost: string;
  readonly originRealm: string;
  /** Where peers may call; null or absent: nowhere. 3868 is the registered port. */
  readonly listen?: Address | null;
  /** For Host-IP-Address. Default: the address that the connection has on this side. */
  readonly hostIpAddresses?: readonly string[];
  /** In order of preference, where several serve a realm. Nobody else is let in. */
  readonly peers: readonly PeerOptions[];
  readonly applications: readonly Application[];
  /** Which AVPs are understood; an unknown one with the M bit is refused. */
  readonly dictionary: Dictionary;
  /** Default "liquid-ims". */
  readonly productName?: string;
  /** IANA number of the maker; default 0. */
  readonly vendorId?: number;
  /** Tw: how long a peer may be silent until it is asked (RFC 3539); default 30,000, at least 6,000. */
  readonly watchdogMs?: number;
  /** Tc: how long until a lost peer is called again (RFC 6733 2.1); default 30,000. */
  readonly reconnectMs?: number;
  /** How long a connection, a CER, a CEA or a DPA is waited for; default 10,000. */
  readonly exchangeMs?: number;
  /** How long an answer is waited for; default 10,000. */
  readonly requestMs?: number;
  /** Longest message; default 1,048,576 bytes. */
  readonly maximumMessageBytes?: number;
  /** Bytes that may wait for a slow peer; default 4,194,304. */
  readonly maximumWaitingBytes?: number;
  /** Requests of peers that are worked on at a time, beyond which 3004 is answered; default 10,000. */
  readonly maximumOpenRequests?: number;
  /** Connections that have not sent their CER yet; default 100. */
  readonly maximumStrangers?: number;
}

/** All of them, checked. Throws a RangeError for what cannot be. */
export function completeOptions(options: DiameterNodeOptions): Required<DiameterNodeOptions> {
  const { watchdogMs = 30_000 } = options;
  if (watchdogMs < 6_000)
    throw new RangeError(`watchdogMs: ${watchdogMs} is below 6000, the least that RFC 3539 3.4.1 allows`);
  return {
    listen: null,
    hostIpAddresses: [],
    productName: "liquid-ims",
    vendorId: 0,
    watchdogMs,
    reconnectMs: 30_000,
    exchangeMs: 10_000,
    requestMs: 10_000,
    maximumMessageBytes: 1_048_576,
    maximumWaitingBytes: 4_194_304,
    maximumOpenRequests: 10_000,
    maximumStrangers: 100,
    ...options,
  };
}
