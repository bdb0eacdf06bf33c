// The transport layer over the host's sockets: UDP and TCP. RFC 3261 18, RFC 3581.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, DatagramSocket, Listener } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import type { Via } from "../header/via.ts";
import { normalizeHost } from "../host.ts";
import { buildResponse, type SipMessage, type SipResponse } from "../message.ts";
import { type ParseError, parseMessage } from "../parser.ts";
import { serializeMessage } from "../serializer.ts";
import { topVia } from "../transaction/key.ts";
import type { MessageSource, Target, TransportProtocol } from "../transport.ts";
import { type Connection, type ConnectionLimits, Connections, type Waiting } from "./connections.ts";
import { TransportCounters } from "./transport-counters.ts";
import { defaultPort, markReceived, responseTarget } from "./via.ts";

export interface TransportOptions {
  readonly listen: readonly Target[];
  readonly sentBy: { readonly host: string; readonly port?: number } | null;
  readonly limits: ConnectionLimits;
  /** Makes the To tag of an answer to what could not be parsed. */
  tag(): string;
  /** A message that could be read, in its first Via where it came from. */
  receive(message: SipMessage, source: MessageSource): void;
}

/** A way to a target: which of our addresses is used, and what stands in Via. */
export interface TransportPath {
  readonly target: Target;
  readonly localHost: string;
  readonly sentBy: { readonly host: string; readonly port: number | null };
  readonly socket: DatagramSocket | null;
}

interface Opened {
  readonly target: Target;
  readonly socket: DatagramSocket | null;
  readonly listener: Listener | null;
}

function isIpv6Host(host: string): boolean {
  return host.includes(":");
}

function isKeepAlive(data: Uint8Array): boolean {
  return data.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0);
}

export class TransportLayer {
  readonly #host: Host;
  readonly #options: TransportOptions;
  readonly #counters: TransportCounters;
  readonly #connections: Connections;
  readonly #opened: Opened[] = [];

  constructor(host: Host, options: TransportOptions) {
    this.#host = host;
    this.#options = options;
    this.#counters = new TransportCounters(host.metrics, () => this.#connections.count);
    this.#connections = new Connections(host, options.limits, this.#counters, {
      message: (data, connection) => this.#receiveFrame(data, connection),
    });
  }

  get local(): Target[] {
    return this.#opened.map(({ target }) => target);
  }

  /** Opens all addresses; when one cannot be had, closes the others and rejects with its RuntimeError. */
  async listen(): Promise<void> {
    try {
      for (const target of this.#options.listen) this.#opened.push(await this.#open(target));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    for (const { socket, listener } of this.#opened) {
      socket?.close();
      listener?.close();
    }
    this.#opened.length = 0;
    this.#connections.close();
  }

  /**
   * How to reach a target; `from` chooses among the listening addresses. Null when no address of ours fits. TCP can
   * also be used from an address that listens for UDP only.
   */
  path(target: Target, from?: Target): TransportPath | null {
    const sameFamily = this.#opened.filter(
      (one) => isIpv6Host(one.target.address.host) === isIpv6Host(target.address.host),
    );
    const near = from === undefined ? sameFamily : sameFamily.filter((one) => isSameHost(one.target, from));
    const exact = near.filter((one) => one.target.protocol === target.protocol);
    const chosen =
      exact.find((one) => from !== undefined && one.target.address.port === from.address.port) ??
      exact[0] ??
      (target.protocol === "tcp" ? near[0] : undefined);
    if (chosen === undefined) return null;
    const { address } = chosen.target;
    const socket = target.protocol === "udp" ? chosen.socket : null;
    return { target, localHost: address.host, sentBy: this.#sentBy(address), socket };
  }

  /** Sends; `waiting` is told later when that failed. Gives the TCP connection, from which it is to be taken. */
  send(path: TransportPath, message: SipMessage, data: Uint8Array, waiting: Waiting): Connection | null {
    this.#counters.sent[path.target.protocol][message.kind].add();
    if (path.socket !== null) {
      path.socket.send(data, path.target.address);
      return null;
    }
    const connection = this.#connections.to(path.localHost, path.target.address);
    if (connection === null) {
      this.#later(waiting);
      return null;
    }
    if (waiting.until === "answered" || connection.stream === null) connection.waiting.add(waiting);
    this.#connections.send(connection, data);
    return connection;
  }

  /**
   * Sends a response (18.2.2): on the connection of its request, else by its first Via. Without a source only the
   * Via says where.
   */
  sendResponse(response: SipResponse, source: MessageSource | null, failed: () => void): void {
    const waiting: Waiting = { until: "sent", failed };
    const via = topVia(response);
    const data = serializeMessage(response);
    const known =
      source === null || source.connection === null ? undefined : this.#connections.get(source.connection);
    if (known !== undefined) {
      this.#counters.sent.tcp.response.add();
      this.#connections.send(known, data);
      return;
    }
    const target = via === null ? null : responseTarget(via, source?.protocol);
    const from = source === null ? undefined : { protocol: source.protocol, address: source.local };
    const path = target === null ? null : (this.path(target, from) ?? this.path(target));
    if (path === null) {
      this.#counters.dropped("response without a way back");
      this.#later(waiting);
      return;
    }
    this.send(path, response, data, waiting);
  }

  #sentBy(address: Address): { host: string; port: number | null } {
    const { sentBy } = this.#options;
    return sentBy === null
      ? { host: address.host, port: address.port }
      : { host: sentBy.host, port: sentBy.port ?? null };
  }

  async #open(target: Target): Promise<Opened> {
    const { host, port } = target.address;
    if (port !== 0) return this.#openAt(target.protocol, target.address);
    // The same number for UDP and TCP where the system chooses: a peer may change from one to the other (18.1.1).
    const twin = this.#opened.find(
      (one) => one.target.protocol !== target.protocol && one.target.address.host === host,
    );
    if (twin === undefined) return this.#openAt(target.protocol, target.address);
    try {
      return await this.#openAt(target.protocol, twin.target.address);
    } catch (error) {
      if (!(error instanceof RuntimeError) || error.code !== "address-in-use") throw error;
      return this.#openAt(target.protocol, target.address);
    }
  }

  async #openAt(protocol: TransportProtocol, address: Address): Promise<Opened> {
    const { network } = this.#host;
    if (protocol === "tcp") {
      const listener = await network.listen(address, (stream) => this.#connections.accept(stream));
      return { target: { protocol, address: listener.local }, socket: null, listener };
    }
    let local = address;
    const socket = await network.udp(address, (data, from) => this.#receiveDatagram(data, from, local));
    local = socket.local;
    return { target: { protocol, address: local }, socket, listener: null };
  }

  #receiveDatagram(data: Uint8Array, from: Address, local: Address): void {
    if (isKeepAlive(data)) this.#counters.keepAlives.add();
    else this.#receive(data, { protocol: "udp", address: from, local, connection: null });
  }

  #receiveFrame(data: Uint8Array, connection: Connection): void {
    const { stream, id } = connection;
    if (stream === null) return;
    this.#receive(data, { protocol: "tcp", address: stream.remote, local: stream.local, connection: id });
  }

  #receive(data: Uint8Array, source: MessageSource): void {
    const parsed = parseMessage(data);
    if (!parsed.ok) {
      this.#receiveGarbage(parsed.error, source);
      return;
    }
    const { message } = parsed;
    this.#counters.received[source.protocol][message.kind].add();
    if (message.kind === "request") {
      if (markReceived(message.headers, source.address) === null) {
        this.#counters.dropped("no Via");
        return;
      }
    } else if (!this.#isOurs(topVia(message))) {
      // RFC 3261 18.1.2.
      this.#counters.dropped("response with a foreign Via");
      return;
    }
    this.#options.receive(message, source);
  }

  #receiveGarbage(error: ParseError, source: MessageSource): void {
    this.#counters.dropped(error.code);
    this.#host.log.debug("sip.message.malformed", { code: error.code, detail: error.detail });
    const { owed } = error;
    if (owed === null || owed.request.method === "ACK") return;
    if (markReceived(owed.request.headers, source.address) === null) return;
    const { reason, status, request } = owed;
    const response = buildResponse(request, status, { reason, toTag: this.#options.tag() });
    this.sendResponse(response, source, () => this.#counters.dropped("answer to a malformed request"));
  }

  #isOurs(via: Via | null): boolean {
    if (via === null) return false;
    const host = normalizeHost(via.host);
    const port = via.port ?? defaultPort;
    return this.#opened.some(({ target }) => {
      const sentBy = this.#sentBy(target.address);
      return normalizeHost(sentBy.host) === host && (sentBy.port ?? defaultPort) === port;
    });
  }

  #later(waiting: Waiting): void {
    this.#host.clock.after(0, () => waiting.failed(), "sip transport error");
  }
}

function isSameHost(target: Target, from: Target): boolean {
  return normalizeHost(target.address.host) === normalizeHost(from.address.host);
}
