// Programs on the virtual clock, repeatable by seed.
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import type { Simulation } from "@liquid-ims/runtime/simulation";
import type { Platform } from "./platform.ts";

export interface VirtualPlatformOptions {
  readonly simulation: Simulation;
  readonly tap: NetworkTap;
}

export function createVirtualPlatform({ simulation, tap }: VirtualPlatformOptions): Platform {
  return {
    clock: "virtual",
    async start(name, addresses, program) {
      const placed = simulation.addHost(name, { addresses, program, tap });
      await placed.node.ready;
      return {
        name,
        node: placed.node,
        kill: () => placed.kill(),
      };
    },
    async run(script) {
      let ended = false;
      simulation.addHost("script", {
        addresses: ["127.0.2.1"],
        tap,
        program: (host) =>
          host.spawn("script", async () => {
            await script(host);
            ended = true;
          }),
      });
      await simulation.run({ when: () => ended });
    },
    async close() {
      // Nothing outside this process was opened.
    },
  };
}
