// The thread of the CFS's SQLite store.
import { serveStore } from "@liquid-ims/location-service/sqlite/serve-store";
import { cfsKind } from "./cfs-sql.ts";

serveStore(cfsKind);
