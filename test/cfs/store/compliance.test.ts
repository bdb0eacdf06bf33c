// Every store of a CFS there is, held to the same.
import { join } from "node:path";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { openSqliteCfsStore } from "@liquid-ims/cfs/store/sqlite/sqlite-store";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { testCfsStore } from "./compliance.ts";

testCfsStore("memory", async () => new MemoryCfsStore());
testCfsStore("SQLite inline in memory", () => openSqliteCfsStore({ file: ":memory:", driver: "inline" }));
for (const driver of ["inline", "worker"] as const)
  testCfsStore(`SQLite ${driver} in a file`, (context) =>
    openSqliteCfsStore({ file: join(temporaryFolder(context), "cfs.db"), driver }),
  );
