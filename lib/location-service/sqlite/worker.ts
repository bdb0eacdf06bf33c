// The thread of the location service's SQLite store.
import { locationKind } from "./location-sql.ts";
import { serveStore } from "./serve-store.ts";

serveStore(locationKind);
