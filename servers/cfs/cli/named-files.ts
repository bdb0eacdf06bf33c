// The files that the CFS's configuration names, read before it starts.
import type { TsigKey } from "@liquid-ims/dns/tsig-key";
import { examineSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { readAll, readNamed } from "@liquid-ims/program/named-files";
import type { Crypto } from "@liquid-ims/runtime/crypto";
import type { CfsSettings } from "../config-schema.ts";
import type { CfsKeys } from "../keys.ts";
import { examineSqliteCfsStore } from "../store/sqlite/sqlite-store.ts";
import { readKeyFile } from "./key-file.ts";
import { readZoneKeyFile } from "./zone-key-file.ts";

export interface CfsFiles {
  /** Of keys.file; null without one. */
  readonly keys: CfsKeys | null;
  /** Of dns.update.keyFile; null without one. */
  readonly zoneKey: TsigKey | null;
}

/**
 * Reads the keys and looks at the stores' files, which it does not open; rejects with an `AggregateError` of errors that name
 * key, file and remedy.
 */
export async function readCfsFiles(crypto: Crypto, settings: CfsSettings): Promise<CfsFiles> {
  const { keys, dns, location, store } = settings;
  const { file } = keys;
  const { keyFile, useKey } = dns.update ?? {};
  const [own, zoneKey] = await readAll([
    readNamed("keys.file", () => (file === undefined ? null : readKeyFile(crypto, file))),
    readNamed("dns.update.keyFile", () => (keyFile === undefined ? null : readZoneKeyFile(keyFile, useKey))),
    readNamed("location.file", () => {
      if (location.kind === "sqlite") examineSqliteLocationStore({ file: location.file, readOnly: true });
    }),
    readNamed("store.file", () => {
      if (store.kind === "sqlite") examineSqliteCfsStore(store);
    }),
  ]);
  return { keys: own, zoneKey };
}
