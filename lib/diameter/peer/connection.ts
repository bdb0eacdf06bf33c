// One transport connection: messages over a byte stream. RFC 6733 2.1, 3, 7.1.5.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream } from "@liquid-ims/runtime/network";
import { originHost, originRealm, resultCodeAvp } from "../dictionary/base.ts";
import { buildDefinedAvp } from "../dictionary.ts";
import {
  buildAnswer,
  type DecodedMessage,
  type DiameterMessage,
  decodeMessage,
  encodeMessage,
  isRequest,
} from "../message.ts";
import { isProtocolError } from "../result-code.ts";
import { type StreamFrame, StreamFramer } from "../stream-framer.ts";
import type { DiameterCounters } from "./counters.ts";

/** Who is told what comes; nothing comes after `closed`, or after `end` and `reset`. */
export interface ConnectionOwner {
  message(decoded: DecodedMessage, connection: Connection): void;
  closed(connection: Connection): void;
}

export interface ConnectionSettings {
  readonly originHost: string;
  readonly originRealm: string;
  /** Longest message in bytes. */
  readonly maximumMessageBytes: number;
  /** Bytes that may wait to be sent; a peer that is slower is dropped. */
  readonly maximumWaitingBytes: number;
}

/** A peer that does not end its side either is dropped after so many milliseconds. */
const lingerMs = 5_000;

export class Connection {
  readonly remote: Address;
  /** The own end. */
  readonly local: Address;
  readonly #host: Host;
  readonly #stream: ByteStream;
  readonly #settings: ConnectionSettings;
  readonly #counters: DiameterCounters;
  readonly #framer: StreamFramer;
  #owner: ConnectionOwner;
  #open = true;
  #gone = false;

  constructor(
    host: Host,
    stream: ByteStream,
    settings: ConnectionSettings,
    counters: DiameterCounters,
    owner: ConnectionOwner,
  ) {
    this.#host = host;
    this.#stream = stream;
    this.#settings = settings;
    this.#counters = counters;
    this.#owner = owner;
    this.remote = stream.remote;
    this.local = stream.local;
    this.#framer = new StreamFramer({ maximumBytes: settings.maximumMessageBytes });
    stream.open({
      data: (chunk) => this.#receive(chunk),
      closed: () => {
        this.#gone = true;
        if (!this.#open) return;
        this.#open = false;
        this.#stream.end();
        this.#owner.closed(this);
      },
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** From now on the connection is somebody else's. */
  set owner(owner: ConnectionOwner) {
    this.#owner = owner;
  }

  send(message: DiameterMessage): void {
    if (!this.#open) return;
    this.#counters.sent(isRequest(message) ? "request" : "answer");
    this.#stream.write(encodeMessage(message));
    if (this.#stream.buffered <= this.#settings.maximumWaitingBytes) return;
    this.#counters.dropped("slow peer");
    // Later, since whoever sends may be in the middle of something.
    this.#host.clock.after(0, () => this.#lose(), "diameter slow peer");
  }

  /** Sends what waits, then closes. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stream.end();
    this.#host.clock.after(
      lingerMs,
      () => {
        if (!this.#gone) this.#stream.reset();
      },
      "diameter linger",
    );
  }

  /** Drops the connection at once. */
  reset(): void {
    this.#open = false;
    this.#gone = true;
    this.#stream.reset();
  }

  #lose(): void {
    if (!this.#open) return;
    this.reset();
    this.#owner.closed(this);
  }

  #receive(chunk: Uint8Array): void {
    if (!this.#open) return;
    for (const frame of this.#framer.push(chunk)) {
      if (!this.#open) return;
      if (frame.kind === "error") this.#refuseStream(frame);
      else {
        const decoded = decodeMessage(frame.data);
        this.#counters.received(isRequest(decoded.message) ? "request" : "answer");
        this.#owner.message(decoded, this);
      }
    }
  }

  /** Where the next message begins is unknown: what is owed is said, then the connection ends. */
  #refuseStream(frame: StreamFrame & { kind: "error" }): void {
    this.#counters.dropped("framing");
    const { resultCode, header } = frame;
    this.#host.log.warn("diameter.framing", { peer: this.remote.host, detail: frame.detail });
    if (isRequest(header)) {
      const result = [
        buildDefinedAvp(resultCodeAvp, resultCode),
        buildDefinedAvp(originHost, this.#settings.originHost),
        buildDefinedAvp(originRealm, this.#settings.originRealm),
      ];
      this.send(buildAnswer({ ...header, avps: [] }, isProtocolError(resultCode), result));
    }
    this.end();
    this.#owner.closed(this);
  }
}
