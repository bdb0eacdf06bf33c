// What a peer is told when it is made, and what it needs of its node.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import type { DecodedMessage } from "../message.ts";
import type { LocalCapabilities } from "./capabilities-exchange.ts";
import type { Connection, ConnectionSettings } from "./connection.ts";
import type { DiameterCounters } from "./counters.ts";
import type { Identifiers } from "./identifiers.ts";

/** A configured peer. */
export interface PeerOptions {
  readonly originHost: string;
  /** Where it is called; null or absent: it calls. */
  readonly address?: Address | null;
  /** Address literal from which it is called. Default: the system chooses. */
  readonly localHost?: string;
  /** Realms that it serves, `*` for any. Default: the node's own. */
  readonly realms?: readonly string[];
  /** Address literals from which it may call. Default: any. */
  readonly from?: readonly string[];
}

export interface PeerTimes {
  /** Tw, milliseconds. */
  readonly watchdogMs: number;
  /** Tc, milliseconds. */
  readonly reconnectMs: number;
  /** How long a connection, a CEA or a DPA is waited for. */
  readonly exchangeMs: number;
}

/** What a peer needs of its node. */
export interface PeerEnvironment<P> {
  readonly host: Host;
  readonly local: LocalCapabilities;
  readonly settings: ConnectionSettings;
  readonly times: PeerTimes;
  readonly counters: DiameterCounters;
  readonly identifiers: Identifiers;
  /** Whether a request of the base protocol cannot be served, and `request` is to say why. */
  refuses(decoded: DecodedMessage): boolean;
  request(decoded: DecodedMessage, peer: P, connection: Connection): void;
  answer(decoded: DecodedMessage, peer: P): void;
  /** Requests can be sent to it. */
  opened(peer: P): void;
  /** What it has not answered goes elsewhere, if there is an elsewhere. */
  failover(peer: P): void;
  /** It is Closed now. */
  closed(peer: P): void;
}
