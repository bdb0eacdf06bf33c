// Streams and listeners of the real host.
import type { Socket } from "node:net";
import { createServer, Socket as NetSocket } from "node:net";
import type { Address, ByteStream, ConnectOptions, Listener, StreamHandlers } from "../network.ts";
import { formatAddress } from "../network.ts";
import { RuntimeError } from "../runtime-error.ts";
import { asRuntimeError, systemCodeOf } from "./errors.ts";
import type { SocketOwner } from "./sockets.ts";
import { familyOf } from "./sockets.ts";

/** Idle connections are probed after so long; Node then probes ten times, a second apart. */
const keepAliveMs = 30_000;

function addressOf(host: string | undefined, port: number | undefined): Address {
  return { host: host ?? "", port: port ?? 0 };
}

/** A connected socket as the port has it. It begins to read when it is opened. */
class NodejsStream implements ByteStream {
  readonly local: Address;
  readonly remote: Address;
  readonly #owner: SocketOwner;
  readonly #socket: Socket;
  #handlers: StreamHandlers | null = null;
  /** `closed` was called, or nobody wants to hear it. */
  #silent = false;
  #failure: "reset" | "timed-out" | null = null;

  constructor(owner: SocketOwner, socket: Socket) {
    this.#owner = owner;
    this.#socket = socket;
    this.local = addressOf(socket.localAddress, socket.localPort);
    this.remote = addressOf(socket.remoteAddress, socket.remotePort);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, keepAliveMs);
    const drop = () => {
      this.#silent = true;
      return new Promise<void>((done) => {
        owner.open.delete(drop);
        if (socket.closed) done();
        else socket.once("close", () => done());
        this.#drop();
      });
    };
    owner.open.add(drop);
    socket.on("error", (error) => {
      this.#failure = systemCodeOf(error) === "ETIMEDOUT" ? "timed-out" : "reset";
    });
    socket.on("close", () => {
      owner.open.delete(drop);
      this.#close();
    });
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  open(handlers: StreamHandlers): void {
    if (this.#handlers !== null)
      throw new Error(`stream ${formatAddress(this.remote)}: open was called twice`);
    this.#handlers = handlers;
    if (this.#socket.closed) {
      queueMicrotask(() => this.#close());
      return;
    }
    this.#socket.on("data", (data) => {
      if (this.#silent) return;
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      this.#owner.enter(`tcp ${formatAddress(this.remote)}`, () => handlers.data(bytes));
    });
    this.#socket.on("end", () => this.#close());
    this.#socket.resume();
  }

  write(data: Uint8Array): boolean {
    const socket = this.#socket;
    if (this.#silent || !socket.writable || socket.writableEnded) return false;
    return data.length === 0 || socket.write(new Uint8Array(data));
  }

  end(): void {
    if (!this.#silent) this.#socket.end();
  }

  reset(): void {
    this.#silent = true;
    this.#drop();
  }

  #drop(): void {
    // A socket that is sending its end cannot be reset: libuv refuses, and "close" would never come.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #close(): void {
    const handlers = this.#handlers;
    if (this.#silent || handlers === null) return;
    this.#silent = true;
    this.#owner.enter(`tcp closed ${formatAddress(this.remote)}`, () => handlers.closed(this.#failure));
  }
}

export function connectStream(
  owner: SocketOwner,
  remote: Address,
  options: ConnectOptions = {},
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const family = familyOf(remote);
    const { local, timeoutMs = 5_000 } = options;
    if (local !== undefined && familyOf(local) !== family)
      throw new RuntimeError(
        "bad-address",
        `connect from ${local.host} to ${remote.host}: give two of one family`,
      );
    const socket = new NetSocket({ allowHalfOpen: false });
    const close = () =>
      new Promise<void>((done) => {
        settle();
        socket.once("close", () => done());
        socket.destroy();
      });
    const timer = setTimeout(() => {
      fail(
        new RuntimeError(
          "timed-out",
          `tcp connect ${formatAddress(remote)}: no answer within ${timeoutMs} ms`,
        ),
      );
    }, timeoutMs);
    function settle(): void {
      clearTimeout(timer);
      owner.open.delete(close);
      socket.removeListener("error", failed);
    }
    function fail(error: RuntimeError): void {
      settle();
      // A late error of a socket that nobody waits for is no news.
      socket.on("error", () => undefined);
      socket.destroy();
      if (owner.alive) reject(error);
    }
    function failed(error: unknown): void {
      fail(asRuntimeError("tcp connect", remote, error));
    }
    owner.open.add(close);
    socket.once("error", failed);
    socket.once("connect", () => {
      settle();
      resolve(new NodejsStream(owner, socket));
    });
    socket.connect({
      host: remote.host,
      port: remote.port,
      family,
      ...(local === undefined ? {} : { localAddress: local.host, localPort: local.port }),
    });
  });
}

export function listenForStreams(
  owner: SocketOwner,
  local: Address,
  accept: (stream: ByteStream) => void,
): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const family = familyOf(local);
    let listening = false;
    const server = createServer({ allowHalfOpen: false, pauseOnConnect: true });
    const close = () =>
      new Promise<void>((done) => {
        owner.open.delete(close);
        // Waits for open connections as well, which the host closes by itself.
        server.close(() => done());
      });
    owner.open.add(close);
    server.on("error", (error) => {
      if (listening) return;
      owner.open.delete(close);
      if (owner.alive) reject(asRuntimeError("tcp listen", local, error));
    });
    server.on("connection", (socket) => {
      if (!owner.alive || !server.listening) {
        socket.resetAndDestroy();
        return;
      }
      const stream = new NodejsStream(owner, socket);
      owner.enter(`tcp accept ${formatAddress(stream.remote)}`, () => accept(stream));
    });
    server.listen({ host: local.host, port: local.port, exclusive: true, ipv6Only: family === 6 }, () => {
      listening = true;
      const address = server.address();
      const port = address !== null && typeof address === "object" ? address.port : local.port;
      resolve({
        local: { host: local.host, port },
        close: () => {
          void close();
        },
      });
    });
  });
}
