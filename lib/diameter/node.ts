// A Diameter node: its peers, who may call, and requests in both directions. RFC 6733 2, 5, 6.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream, Listener } from "@liquid-ims/runtime/network";
import { identityKey } from "./data-type/diameter-identity.ts";
import { originHost } from "./dictionary/base.ts";
import { findValue } from "./dictionary.ts";
import { type DecodedMessage, isRequest } from "./message.ts";
import { completeOptions, type DiameterNodeOptions } from "./node-options.ts";
import { checkBaseRequest } from "./peer/base-request.ts";
import {
  capabilitiesAt,
  capabilitiesExchangeCode,
  type LocalCapabilities,
  readCapabilities,
  refuseCapabilities,
} from "./peer/capabilities-exchange.ts";
import { Connection, type ConnectionSettings } from "./peer/connection.ts";
import { DiameterCounters } from "./peer/counters.ts";
import type { DisconnectCause } from "./peer/disconnect-peer.ts";
import { Identifiers } from "./peer/identifiers.ts";
import { Peer } from "./peer/peer.ts";
import type { SaidCapabilities } from "./peer/peer-report.ts";
import type { PeerState } from "./peer/peer-state.ts";
import type { WatchdogState } from "./peer/watchdog.ts";
import type { Rejection } from "./rejection.ts";
import { RequestClient, type RequestContent, type RequestOutcome } from "./request-client.ts";
import { type HandlerOptions, type RequestHandler, RequestServer } from "./request-server.ts";
import { resultCode } from "./result-code.ts";
import { checkAvps, checkHeader } from "./validate.ts";

export interface PeerStatus {
  readonly originHost: string;
  readonly state: PeerState;
  readonly watchdog: WatchdogState;
  /** Its last CER or CEA; null: none came. */
  readonly said: SaidCapabilities | null;
  /** Why the last attempt did not open it; null while it is open, and before the first one has ended. */
  readonly trouble: string | null;
}

export class DiameterNode {
  readonly #host: Host;
  readonly #options: Required<DiameterNodeOptions>;
  readonly #local: LocalCapabilities;
  readonly #settings: ConnectionSettings;
  readonly #counters: DiameterCounters;
  readonly #peers = new Map<string, Peer>();
  readonly #client: RequestClient;
  readonly #server: RequestServer;
  readonly #strangers = new Set<Connection>();
  readonly #watchers: ((status: PeerStatus) => void)[] = [];
  #listener: Listener | null = null;
  #stopping: (() => void) | null = null;
  #stopped = false;

  /** Throws for options that cannot be: a watchdog below 6 s, the same peer twice, itself as its peer. */
  constructor(host: Host, options: DiameterNodeOptions) {
    const all = completeOptions(options);
    this.#host = host;
    this.#options = all;
    this.#counters = new DiameterCounters(host.metrics);
    this.#settings = all;
    this.#local = { ...all, originStateId: Math.floor(host.clock.wall() / 1000) >>> 0 };
    this.#server = new RequestServer(host, all, this.#counters);
    const identifiers = new Identifiers(host, all.originHost);
    for (const peer of all.peers) {
      const key = identityKey(peer.originHost);
      if (this.#peers.has(key) || key === identityKey(all.originHost))
        throw new Error(`peers: "${peer.originHost}" is there twice, or is the node itself`);
      this.#peers.set(key, this.#createPeer(peer, identifiers));
    }
    this.#client = new RequestClient(host, all, [...this.#peers.values()], identifiers, this.#counters);
    const open = () => [...this.#peers.values()].filter((peer) => peer.open).length;
    host.metrics.gauge("diameter_peers_open", { help: "Peers with an open connection" }, open);
  }

  /** Where it listens, with the port that the system chose; null when it does not. */
  get local(): Address | null {
    return this.#listener?.local ?? null;
  }

  get peers(): PeerStatus[] {
    return [...this.#peers.values()].map(statusOf);
  }

  /** Requests without an answer. */
  get pending(): number {
    return this.#client.pending;
  }

  /** Listens, then calls its peers. Rejects with the RuntimeError of the address that cannot be had. */
  async start(): Promise<void> {
    const { listen } = this.#options;
    if (listen !== null)
      this.#listener = await this.#host.network.listen(listen, (stream) => this.#accept(stream));
    if (this.#stopped) this.#listener?.close();
    else for (const peer of this.#peers.values()) peer.start();
  }

  /** Tells open peers why, closes all connections; requests without an answer end without an outcome. */
  stop(cause: DisconnectCause = "REBOOTING", done: () => void = () => undefined): void {
    this.#stopped = true;
    this.#stopping = done;
    this.#listener?.close();
    for (const connection of this.#strangers) connection.end();
    this.#strangers.clear();
    for (const peer of this.#peers.values()) peer.stop(cause);
    this.#client.close();
    this.#settleStop();
  }

  /** Serves a command. Throws an Error when it is served already. */
  handle(
    applicationId: number,
    commandCode: number,
    handler: RequestHandler,
    options: HandlerOptions = {},
  ): void {
    this.#server.handle(applicationId, commandCode, handler, options);
  }

  /** Sends a request; `done` is called once, never before this returns. */
  request(content: RequestContent, done: (outcome: RequestOutcome) => void): void {
    this.#client.send(content, done);
  }

  /** Is told when a peer opens or closes. */
  watchPeers(watcher: (status: PeerStatus) => void): void {
    this.#watchers.push(watcher);
  }

  #createPeer(options: Peer["options"], identifiers: Identifiers): Peer {
    return new Peer(options, {
      host: this.#host,
      local: this.#local,
      settings: this.#settings,
      times: this.#options,
      counters: this.#counters,
      identifiers,
      refuses: (decoded) => checkBaseRequest(decoded, this.#options.dictionary) !== null,
      request: (decoded, peer, connection) =>
        this.#server.receive(decoded, peer.options.originHost, connection),
      answer: (decoded, peer) => this.#client.receive(decoded, peer),
      opened: (peer) => {
        this.#tell(peer);
        this.#client.opened();
      },
      failover: (peer) => this.#client.failover(peer),
      closed: (peer) => {
        this.#tell(peer);
        this.#settleStop();
      },
    });
  }

  #tell(peer: Peer): void {
    for (const watcher of this.#watchers) watcher(statusOf(peer));
  }

  #settleStop(): void {
    const done = this.#stopping;
    if (done === null || [...this.#peers.values()].some((peer) => peer.state !== "Closed")) return;
    this.#stopping = null;
    done();
  }

  #accept(stream: ByteStream): void {
    const { exchangeMs, maximumStrangers } = this.#options;
    if (this.#stopped || this.#strangers.size >= maximumStrangers) {
      this.#counters.dropped("too many strangers");
      stream.open({ data: () => stream.reset(), closed: () => stream.reset() });
      stream.reset();
      return;
    }
    const forget = (connection: Connection) => this.#strangers.delete(connection);
    const connection = new Connection(this.#host, stream, this.#settings, this.#counters, {
      message: (decoded, from) => {
        forget(from);
        this.#introduce(decoded, from);
      },
      closed: forget,
    });
    this.#strangers.add(connection);
    const expire = (): void => {
      if (!forget(connection)) return;
      this.#counters.dropped("no CER");
      connection.end();
    };
    this.#host.clock.after(exchangeMs, expire, "diameter CER");
  }

  /** The first message of a connection: a CER of a configured peer, or the end. */
  #introduce(decoded: DecodedMessage, connection: Connection): void {
    const { message } = decoded;
    if (
      !isRequest(message) ||
      message.applicationId !== 0 ||
      message.commandCode !== capabilitiesExchangeCode
    ) {
      this.#counters.dropped("no CER");
      connection.end();
      return;
    }
    const rejection = checkHeader(message) ?? checkAvps(decoded, this.#options.dictionary);
    const name = findValue(message.avps, originHost);
    const peer = name === null ? undefined : this.#peers.get(identityKey(name));
    const refused = rejection ?? this.#refuse(decoded, connection, name, peer);
    if (refused !== null) this.#turnAway(decoded, connection, refused);
    else peer?.accept(connection, decoded);
  }

  #refuse(
    { message }: DecodedMessage,
    connection: Connection,
    name: string | null,
    peer: Peer | undefined,
  ): Rejection | null {
    const read = readCapabilities(this.#local, message);
    if (name !== null) {
      const from = peer?.options.from;
      if (peer === undefined || (from !== undefined && !from.includes(connection.remote.host)))
        return { resultCode: resultCode.unknownPeer, failedAvps: [], detail: "this peer is not configured" };
    }
    return read.ok ? null : read.rejection;
  }

  #turnAway({ message }: DecodedMessage, connection: Connection, rejection: Rejection): void {
    this.#counters.rejected(rejection.resultCode);
    this.#host.log.warn("diameter.turned-away", {
      from: connection.remote.host,
      result: rejection.resultCode,
      detail: rejection.detail,
    });
    const local = capabilitiesAt(this.#local, connection.local.host);
    connection.send(refuseCapabilities(local, message, rejection));
    connection.end();
  }
}

function statusOf(peer: Peer): PeerStatus {
  const { state, watchdog, said, trouble } = peer;
  return { originHost: peer.options.originHost, state, watchdog, said, trouble };
}
