// Programs on the virtual clock, repeatable by seed.
import type { Log } from "@liquid-ims/runtime/log";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import type { Simulation } from "@liquid-ims/runtime/simulation";
import type { Platform } from "./platform.ts";

/** The script sends nothing, but every host has an address. */
const scriptAddress = "127.0.2.1";
const longestRunMs = 24 * 3_600_000;

export interface VirtualPlatformOptions {
  readonly simulation: Simulation;
  readonly tap: NetworkTap;
  readonly log: Log;
}

export function createVirtualPlatform({ simulation, tap, log }: VirtualPlatformOptions): Platform {
  return {
    clock: "virtual",
    async start(name, addresses, program) {
      const placed = simulation.addHost(name, { addresses, program, tap, log: log.child({ host: name }) });
      await placed.node.ready;
      return {
        name,
        node: placed.node,
        kill: () => placed.kill(),
      };
    },
    async run(script) {
      const { node } = simulation.addHost("script", {
        addresses: [scriptAddress],
        program: (host) => {
          const outcome = script(host);
          host.spawn("script", async () => void (await outcome));
          return outcome;
        },
      });
      return simulation.settle(node, longestRunMs);
    },
    async close() {
      // Nothing outside this process was opened.
    },
  };
}
