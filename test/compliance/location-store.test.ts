// Every location store there is, held to the same.
import { join } from "node:path";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { createSqliteRows, openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testLocationStore } from "./location-store.ts";

async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await Promise.resolve();
}

testLocationStore("memory", async () => new MemoryLocationStore());
testLocationStore("memory with delays", async () => new MemoryLocationStore({ settle: someTurns }));
testLocationStore("SQLite inline in memory", async () =>
  openSqliteLocationStore({ file: ":memory:", driver: "inline", wall: () => 1_000_000 }),
);
testLocationStore("SQLite inline in memory with delays", async (context) => {
  const rows = createSqliteRows(() => 1_000_000);
  context.after(() => rows.close());
  return rows.open(someTurns);
});
for (const driver of ["inline", "worker"] as const)
  testLocationStore(`SQLite ${driver} in a file`, async (context) =>
    openSqliteLocationStore({ file: join(temporaryFolder(context), "location.db"), driver }),
  );
