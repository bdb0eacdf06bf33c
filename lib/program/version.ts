// The version of a program, from the package.json beside its main.
import { readFileSync } from "node:fs";

/** Throws when the package has none. */
export function packageVersion(main: string): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("./package.json", main), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest)
    return String(manifest.version);
  throw new Error(`${main}: its package.json has no version`);
}
