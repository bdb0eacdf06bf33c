// The simulated network under the suite that both networks pass.
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { testNetwork } from "./network.ts";

for (const seed of [1, 2, 3])
  testNetwork({
    name: `simulated network, seed ${seed}`,
    ipv4: { server: "10.0.0.1", client: "10.0.0.2" },
    ipv6: { server: "::1", client: "2001:db8::2" },
    async run(script) {
      const simulation = new Simulation({ seed });
      const itself = (host: Host) => host;
      const server = simulation.addHost("server", { addresses: ["10.0.0.1", "::1"], program: itself });
      const client = simulation.addHost("client", {
        addresses: ["10.0.0.2", "2001:DB8::2"],
        program: itself,
      });
      await simulation.settle(script(server.node, client.node));
    },
  });
