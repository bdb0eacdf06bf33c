// A server with a fault of ours in it, for the test of what then happens.
import { cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { loadConfiguration } from "@liquid-ims/program/configuration/load";
import { runProgram } from "@liquid-ims/program/run-program";

await runProgram(
  {
    ...{ name: "faulty", summary: "fails", version: "0", prefix: cfdPrefix },
    load: (request) => loadConfiguration({ ...request, schema: cfdSchema, prefix: cfdPrefix }),
    read: async () => undefined,
    async start(host) {
      host.clock.after(
        0,
        () => {
          throw new TypeError("planted fault");
        },
        "fault",
      );
      return {
        ready: Promise.resolve(),
        health: async () => ({ status: "ready", listening: [], details: {} }),
        drain: async () => undefined,
        close: async () => undefined,
      };
    },
  },
  process.argv.slice(2),
);
