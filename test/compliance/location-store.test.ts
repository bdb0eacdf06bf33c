// Every location store there is, held to the same.
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { testLocationStore } from "./location-store.ts";

testLocationStore("memory", async () => new MemoryLocationStore());
testLocationStore(
  "memory with delays",
  async () =>
    new MemoryLocationStore({
      settle: async () => {
        for (let turn = 0; turn < 3; turn++) await Promise.resolve();
      },
    }),
);
