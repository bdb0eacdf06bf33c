// The real network, on loopback addresses, under the suite that both networks pass.
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { testNetwork } from "./network.ts";

testNetwork({
  name: "real network",
  ipv4: { server: "127.0.9.1", client: "127.0.9.2" },
  ipv6: { server: "::1", client: "::1" },
  async run(script) {
    let crash: (error: unknown) => void = () => undefined;
    const crashed = new Promise<never>((_resolve, reject) => {
      crash = reject;
    });
    const server = createNodejsHost({ name: "server", log: silentLog, onCrash: crash });
    const client = createNodejsHost({ name: "client", log: silentLog, onCrash: crash });
    try {
      await Promise.race([script(server, client), crashed]);
    } finally {
      await Promise.all([server.close(), client.close()]);
    }
  },
});
