// TCP connections: reused, closed when idle, bounded. RFC 3261 18.1, 18.2, 18.3, RFC 5626 4.4.1.
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, type ByteStream, formatAddress } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { type StreamFrame, StreamFramer } from "../stream-framer.ts";
import type { TransportCounters } from "./transport-counters.ts";

export interface ConnectionLimits {
  /** Connections at a time, both ways. Default 10,000. */
  readonly connections: number;
  /** Bytes of one message. Default 65,536. */
  readonly messageBytes: number;
  /** Bytes that wait to be sent to one peer. Default 1,048,576. */
  readonly waitingBytes: number;
  /** Milliseconds without a whole message until a connection is closed; more than 64*T1. Default 180,000. */
  readonly idle: number;
  /** Milliseconds to wait for a connection to come up. Default 4,000. */
  readonly connect: number;
}

export const defaultConnectionLimits: ConnectionLimits = {
  connections: 10_000,
  messageBytes: 65_536,
  waitingBytes: 1_048_576,
  idle: 180_000,
  connect: 4_000,
};

/** One that is told, once, when the connection is lost before its message was sent, or was answered. */
export interface Waiting {
  readonly until: "sent" | "answered";
  failed(): void;
}

export interface ConnectionOwner {
  message(data: Uint8Array, connection: Connection): void;
}

const keepAliveResponse = Uint8Array.of(0x0d, 0x0a);

/** One connection, also while it is being made. */
export class Connection {
  readonly id: number;
  readonly key: string;
  readonly waiting = new Set<Waiting>();
  stream: ByteStream | null = null;
  /** What was to be sent before the connection came up. */
  early: Uint8Array[] = [];
  lastMessage: number;
  open = true;

  constructor(id: number, key: string, now: number) {
    this.id = id;
    this.key = key;
    this.lastMessage = now;
  }
}

/** One text per pair of our address and the peer's; neither part holds a space. */
function pairKey(localHost: string, remote: Address): string {
  return `${localHost} ${formatAddress(remote)}`;
}

export class Connections {
  readonly #host: Host;
  readonly #limits: ConnectionLimits;
  readonly #counters: TransportCounters;
  readonly #owner: ConnectionOwner;
  readonly #byId = new Map<number, Connection>();
  readonly #byPair = new Map<string, Connection>();
  #lastId = 0;
  #closed = false;

  constructor(host: Host, limits: ConnectionLimits, counters: TransportCounters, owner: ConnectionOwner) {
    this.#host = host;
    this.#limits = limits;
    this.#counters = counters;
    this.#owner = owner;
  }

  get count(): number {
    return this.#byId.size;
  }

  get(id: number): Connection | undefined {
    return this.#byId.get(id);
  }

  /** One that a peer has made. */
  accept(stream: ByteStream): void {
    if (this.#closed || this.#byId.size >= this.#limits.connections) {
      this.#counters.refusedConnections.add();
      stream.open({ data: () => this.#counters.dropped("connection refused"), closed: () => stream.reset() });
      stream.reset();
      return;
    }
    this.#run(this.#add(pairKey(stream.local.host, stream.remote)), stream);
  }

  /** The connection from this address of ours to that peer, a new one where there is none; null beyond the limit. */
  to(localHost: string, remote: Address): Connection | null {
    const known = this.#byPair.get(pairKey(localHost, remote));
    if (known !== undefined) return known;
    if (this.#closed || this.#byId.size >= this.#limits.connections) {
      this.#counters.refusedConnections.add();
      return null;
    }
    const connection = this.#add(pairKey(localHost, remote));
    this.#host.spawn("sip connect", () => this.#connect(connection, localHost, remote));
    return connection;
  }

  send(connection: Connection, data: Uint8Array): void {
    const { stream } = connection;
    if (stream === null) {
      connection.early.push(data);
      return;
    }
    stream.write(data);
    if (stream.buffered > this.#limits.waitingBytes) {
      this.#counters.dropped("slow peer");
      // Later, since the senders that wait for answers here may be the one that is sending now.
      const drop = (): void => {
        stream.reset();
        this.#lose(connection);
      };
      this.#host.clock.after(0, drop, "sip slow peer");
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of [...this.#byId.values()]) {
      connection.waiting.clear();
      connection.stream?.end();
      this.#lose(connection);
    }
  }

  #add(key: string): Connection {
    this.#lastId += 1;
    const connection = new Connection(this.#lastId, key, this.#host.clock.now());
    this.#byId.set(connection.id, connection);
    if (!this.#byPair.has(key)) this.#byPair.set(key, connection);
    return connection;
  }

  async #connect(connection: Connection, localHost: string, remote: Address): Promise<void> {
    let stream: ByteStream;
    try {
      const local = { host: localHost, port: 0 };
      stream = await this.#host.network.connect(remote, { local, timeoutMs: this.#limits.connect });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      this.#counters.failedConnections(error.code);
      this.#lose(connection);
      return;
    }
    if (connection.open) this.#run(connection, stream);
    else this.#discard(stream);
  }

  /** A connection that came up when nobody wanted it any more. */
  #discard(stream: ByteStream): void {
    stream.open({ data: () => stream.reset(), closed: () => stream.reset() });
    stream.reset();
  }

  #run(connection: Connection, stream: ByteStream): void {
    connection.stream = stream;
    const framer = new StreamFramer({ maximumBytes: this.#limits.messageBytes });
    stream.open({
      data: (chunk) => {
        for (const frame of framer.push(chunk)) if (connection.open) this.#frame(connection, frame);
      },
      closed: () => {
        // A peer that has ended its direction cannot answer here.
        if (connection.open) stream.end();
        this.#lose(connection);
      },
    });
    for (const data of connection.early) this.send(connection, data);
    connection.early = [];
    for (const one of connection.waiting) if (one.until === "sent") connection.waiting.delete(one);
    this.#watch(connection.id, this.#limits.idle);
  }

  #frame(connection: Connection, frame: StreamFrame): void {
    if (frame.kind === "error") {
      // Where the next message begins is unknown from here on.
      this.#counters.dropped("framing");
      this.#host.log.debug("sip.framing", { peer: connection.key, detail: frame.detail });
      connection.stream?.end();
      this.#lose(connection);
      return;
    }
    connection.lastMessage = this.#host.clock.now();
    if (frame.kind === "message") this.#owner.message(frame.data, connection);
    else {
      this.#counters.keepAlives.add();
      if (frame.kind === "keep-alive-request") this.send(connection, keepAliveResponse);
    }
  }

  #watch(id: number, ms: number): void {
    this.#host.clock.after(
      ms,
      () => {
        const connection = this.#byId.get(id);
        if (connection === undefined) return;
        const left = connection.lastMessage + this.#limits.idle - this.#host.clock.now();
        if (left > 0) {
          this.#watch(id, left);
          return;
        }
        connection.stream?.end();
        this.#lose(connection);
      },
      "sip connection idle",
    );
  }

  #lose(connection: Connection): void {
    if (!connection.open) return;
    connection.open = false;
    this.#byId.delete(connection.id);
    if (this.#byPair.get(connection.key) === connection) this.#byPair.delete(connection.key);
    const waiting = [...connection.waiting];
    connection.waiting.clear();
    for (const one of waiting) one.failed();
  }
}
