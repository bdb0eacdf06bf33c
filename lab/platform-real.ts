// Programs on real sockets, all in this process.
import type { Log } from "@liquid-ims/runtime/log";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import { createNodejsHost, type NodejsHost } from "@liquid-ims/runtime/nodejs";
import type { Platform } from "./platform.ts";

export interface RealPlatformOptions {
  readonly tap: NetworkTap;
  /** In its place, one for each host by its short name. */
  readonly tapOf?: (name: string) => NetworkTap;
  readonly log: Log;
}

export interface RealPlatform extends Platform {
  /** Ends `run` with this error. */
  crash(error: unknown): void;
}

export function createRealPlatform(options: RealPlatformOptions): RealPlatform {
  const hosts = new Set<NodejsHost>();
  let crash: (error: unknown) => void = () => undefined;
  const crashed = new Promise<never>((_resolve, rejectPromise) => {
    crash = rejectPromise;
  });
  // A crash before `run` waits for it must not count as unhandled; `run` rejects with it.
  crashed.catch(() => undefined);

  function createHost(name: string): NodejsHost {
    const host = createNodejsHost({
      name,
      tap: options.tapOf?.(name) ?? options.tap,
      log: options.log.child({ host: name }),
      onCrash: crash,
    });
    hosts.add(host);
    return host;
  }

  return {
    clock: "real",
    crash: (error) => crash(error),
    async start(name, _addresses, program) {
      const host = createHost(name);
      const node = program(host);
      await Promise.race([node.ready, crashed]);
      return {
        name,
        node,
        kill() {
          hosts.delete(host);
          host.spawn("killed", () => host.close());
        },
      };
    },
    async run(script) {
      const host = createHost("script");
      return Promise.race([script(host), crashed]);
    },
    async close() {
      await Promise.all([...hosts].map((host) => host.close()));
      hosts.clear();
    },
  };
}
