// The file of the TSIG key with which the CFS changes the zone, as tsig-keygen writes it and nsupdate -k reads it.
import { readFileSync, statSync } from "node:fs";
import { plainName } from "@liquid-ims/dns/name";
import { parseTsigKeyFile, type TsigKey } from "@liquid-ims/dns/tsig-key";
import { ProgramError, systemCodeOf } from "@liquid-ims/program/exit";

function fail(file: string, what: string, cause?: unknown): ProgramError {
  return new ProgramError(2, `dns.update.keyFile: ${file}: ${what}`, { cause });
}

/** The key of that name, or the only one; throws a ProgramError that names file, line and remedy. */
export function readZoneKeyFile(file: string, keyName?: string): TsigKey {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCodeOf(error) ?? String(error);
    const remedy =
      code === "ENOENT"
        ? `make it with: tsig-keygen cfs-key > ${file}, and give it to the name server`
        : "it cannot be read";
    throw fail(file, `${code}: ${remedy}`, error);
  }
  if ((statSync(file).mode & 0o007) !== 0) throw fail(file, `others may read it; chmod o= ${file}`);
  const read = parseTsigKeyFile(text);
  if (!read.ok) throw fail(`${file}:${read.line}`, read.detail);
  const names = read.keys.map(({ name }) => name).join(", ");
  const [first, ...others] = read.keys;
  if (keyName === undefined) {
    if (first !== undefined && others.length === 0) return first;
    throw fail(file, `has several keys (${names}); choose one with dns.update.useKey`);
  }
  const found = read.keys.find(({ name }) => name === plainName(keyName));
  if (found === undefined) throw fail(file, `has no key ${keyName} (dns.update.useKey), but ${names}`);
  return found;
}
