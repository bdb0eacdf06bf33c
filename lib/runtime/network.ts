// The network as a node sees it. Loss is silence; what a socket cannot do at all is a RuntimeError.

export interface Address {
  /** IP address literal, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around IPv6. Equal for equal addresses: usable as a key. */
export function formatAddress(address: Address): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

export interface DatagramSocket {
  /** The bound address, with the port that the system chose where 0 was asked for. */
  readonly local: Address;
  /** Never throws; what cannot be sent is lost, and counted by the host's metrics. */
  send(data: Uint8Array, to: Address): void;
  close(): void;
}

export interface StreamHandlers {
  data(chunk: Uint8Array): void;
  /**
   * The peer has ended its direction (this side then sends what waits and ends, too), or the connection is gone
   * (`error`: how). Called once, nothing follows; not called after one's own `reset`.
   */
  closed(error: "reset" | "timed-out" | null): void;
}

/** A connected byte stream (TCP). Nothing is delivered before `handlers` were given to `open`. */
export interface ByteStream {
  readonly local: Address;
  readonly remote: Address;
  /** Starts delivery. Called once, synchronously after the stream was received. */
  open(handlers: StreamHandlers): void;
  /** False when the peer takes less than it is given: the caller may slow down. Ignored after the end. */
  write(data: Uint8Array): boolean;
  /** Bytes accepted by `write` and not yet given to the kernel. */
  readonly buffered: number;
  /** Sends what is left, then ends. */
  end(): void;
  /** Drops the connection at once. */
  reset(): void;
}

export interface Listener {
  readonly local: Address;
  close(): void;
}

export interface ConnectOptions {
  /** Source address; port 0 lets the system choose. */
  readonly local?: Address;
  /** Give up after so many ms; default 5,000. */
  readonly timeoutMs?: number;
}

export interface Network {
  /** Rejects with RuntimeError `address-in-use`, `no-permission` or `bad-address`. */
  udp(local: Address, receive: (data: Uint8Array, from: Address) => void): Promise<DatagramSocket>;
  /** Rejects with RuntimeError `refused`, `timed-out`, `unreachable`, or for the source address as `udp` does. */
  connect(remote: Address, options?: ConnectOptions): Promise<ByteStream>;
  /** Rejects as `udp` does. */
  listen(local: Address, accept: (stream: ByteStream) => void): Promise<Listener>;
}
