// Makes a folder and those above it, one by one: Node's recursive mkdir never ends below /proc.
import { existsSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** Throws the system's error (EACCES, ENOENT, ...) of the first folder that cannot be made. */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  const above = dirname(path);
  if (above !== path && !existsSync(above)) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // One that is there is used; a file there is told by whoever writes into it.
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    mkdirSync(path, { recursive: true });
  }
}
