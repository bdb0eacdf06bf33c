// The real host: sockets, clock, randomness and cryptography of Node.
import type { Host } from "../host.ts";
import type { Log } from "../log.ts";
import { Metrics } from "../metrics.ts";
import type { Network } from "../network.ts";
import type { NetworkTap } from "../network-tap.ts";
import { tapNetwork } from "../network-tap.ts";
import { NodejsClock } from "./clock.ts";
import { NodejsCrypto } from "./crypto.ts";
import { createLineLog } from "./line-log.ts";
import { NodejsRandom } from "./random.ts";
import type { SocketOwner } from "./sockets.ts";
import { never } from "./sockets.ts";
import { connectStream, listenForStreams } from "./tcp.ts";
import { bindDatagrams } from "./udp.ts";

export type { LineLogOptions, LogLevel } from "./line-log.ts";
export { createLineLog } from "./line-log.ts";

export interface NodejsHostOptions {
  readonly name: string;
  /** Default: JSON lines on standard error, from `info` on. */
  readonly log?: Log;
  /**
   * A program threw in a callback, or a task that it spawned rejected; the host is closed already. Default: logs it
   * and ends the process with code 1.
   */
  readonly onCrash?: (error: unknown) => void;
  /** Sees what the host sends. */
  readonly tap?: NetworkTap;
}

export interface NodejsHost extends Host {
  /**
   * The end of this host within the process: at once nothing of it acts any more, its streams are reset, and its
   * promises do not settle. Resolves when every socket is closed.
   */
  close(): Promise<void>;
}

export function createNodejsHost(options: NodejsHostOptions): NodejsHost {
  const log = options.log ?? createLineLog().child({ host: options.name });
  const metrics = new Metrics();
  const random = new NodejsRandom();
  let alive = true;
  let closing: Promise<void> | null = null;

  function onCrash(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error("crashed", { error: text });
    process.exit(1);
  }

  function crash(error: unknown): void {
    if (!alive) return;
    const closed = close();
    const tell = options.onCrash ?? onCrash;
    tell(error);
    closed.catch(onCrash);
  }

  function enter(_label: string, run: () => void): void {
    if (!alive) return;
    try {
      run();
    } catch (error) {
      crash(error);
    }
  }

  const clock = new NodejsClock(enter);
  const sockets: SocketOwner = {
    get alive() {
      return alive;
    },
    metrics,
    enter,
    open: new Set(),
  };

  function close(): Promise<void> {
    closing ??= (async () => {
      alive = false;
      clock.stop();
      await Promise.all([...sockets.open].map((closeSocket) => closeSocket()));
    })();
    return closing;
  }

  const plain: Network = {
    udp: (local, receive) => (alive ? bindDatagrams(sockets, local, receive) : never()),
    connect: (remote, o) => (alive ? connectStream(sockets, remote, o) : never()),
    listen: (local, accept) => (alive ? listenForStreams(sockets, local, accept) : never()),
  };

  return {
    name: options.name,
    incarnation: 0,
    get alive() {
      return alive;
    },
    clock,
    random,
    crypto: new NodejsCrypto(),
    network: options.tap === undefined ? plain : tapNetwork(plain, options.tap),
    log,
    metrics,
    spawn(_label, task) {
      if (!alive) return;
      new Promise<void>((resolve) => {
        resolve(task());
      }).catch(crash);
    },
    close,
  };
}
