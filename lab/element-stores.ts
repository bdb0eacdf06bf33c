// The stores of CFD and CFS when they are processes of their own: SQLite files in the folder of the run.
import { join } from "node:path";
import { openSqliteCfsStore } from "@liquid-ims/cfs/store/sqlite/sqlite-store";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import type { ElementKind, ElementStores } from "./element.ts";

function none(kind: ElementKind): never {
  throw new Error(`a ${kind} has no store of this kind`);
}

/** Opens what this kind of element needs. */
export async function openElementStores(kind: ElementKind, folder: string): Promise<ElementStores> {
  const open = (name: string) => ({ file: join(folder, name), driver: "worker" }) as const;
  const location =
    kind === "cfd" || kind === "cfs"
      ? await openSqliteLocationStore({ ...open("location.sqlite"), readOnly: kind === "cfs" })
      : null;
  const cfs = kind === "cfs" ? await openSqliteCfsStore(open("cfs.sqlite")) : null;
  return { location: () => location ?? none(kind), cfs: () => cfs ?? none(kind) };
}
