// The file that the CFD's configuration names, looked at before it starts.
import { examineSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { readNamed } from "@liquid-ims/program/named-files";
import type { CfdSettings } from "../config-schema.ts";

/** Looks at the store's file, which it does not open; rejects with an error that names key, file and remedy. */
export function readCfdFiles({ store }: CfdSettings): Promise<void> {
  return readNamed("store.file", () => {
    if (store.kind === "sqlite") examineSqliteLocationStore({ file: store.file });
  });
}
