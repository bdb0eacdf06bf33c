// A thread that serves the location store and dies when it is asked for a certain user.
import { parentPort } from "node:worker_threads";
import { locationKind } from "@liquid-ims/location-service/sqlite/location-sql";
import { serveStore } from "@liquid-ims/location-service/sqlite/serve-store";
import type { ToThread } from "@liquid-ims/location-service/sqlite/worker-driver";

parentPort?.on("message", (message: ToThread) => {
  if (message.kind === "calls" && message.calls.some(({ argument }) => argument === "sip:die@open-ims.test"))
    process.exit(7);
});
serveStore(locationKind);
