// What a Kamailio S-CSCF has in its user location: ulscscf.showimpu for an identity, ulscscf.snapshot for the Paths, which
// the former does not show.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { askKamailio } from "./probes.ts";

export interface UsrlocContact {
  readonly uri: string;
  /** Seconds left. */
  readonly expires: number;
}

export interface UsrlocUser {
  /** As Kamailio writes it: registered, unregistered. */
  readonly state: string;
  readonly contacts: readonly UsrlocContact[];
}

/** Reads the answer of ulscscf.showimpu; null when it is none. */
export function readShownUser(text: string): UsrlocUser | null {
  const state = /^\tstate: (\S+)$/m.exec(text)?.[1];
  if (state === undefined) return null;
  const contacts = [...text.matchAll(/^\t\t(sips?:\S+): \{\n\t\t\texpires: (-?\d+)$/gm)];
  return { state, contacts: contacts.map(([, uri = "", expires]) => ({ uri, expires: Number(expires) })) };
}

/** Paths of contacts that are in use, by identity and contact, as `pathKey` writes the key. */
export function readSnapshot(text: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const record of text.split("...IMPU Record(").slice(1)) {
    const identity = /public_identity\s*: '([^']*)'/.exec(record)?.[1] ?? "";
    for (const part of record.split("~~~Contact(").slice(1)) {
      const contact = /\bContact\s+: '([^']*)'/.exec(part)?.[1];
      const path = /\bPath\s+: '([^']*)'/.exec(part)?.[1];
      // One that was removed stays there, whatever its time says, until a timer takes it away.
      const isInUse = /\bState\s+: Contact valid$/m.test(part);
      if (contact !== undefined && path !== undefined && isInUse) paths.set(pathKey(identity, contact), path);
    }
  }
  return paths;
}

export function pathKey(identity: string, contact: string): string {
  return `${identity} ${contact}`;
}

/** Null: the S-CSCF does not know the identity, or is gone. */
export async function showUser(folder: string, sCscf: string, identity: string): Promise<UsrlocUser | null> {
  try {
    return readShownUser(await askKamailio(folder, sCscf, "ulscscf.showimpu", identity));
  } catch {
    return null;
  }
}

/** Nothing for an S-CSCF that is gone. */
export async function readPaths(folder: string, sCscf: string): Promise<Map<string, string>> {
  const file = join(folder, `${sCscf}-usrloc.txt`);
  rmSync(file, { force: true });
  try {
    await askKamailio(folder, sCscf, "ulscscf.snapshot", file);
    return readSnapshot(readFileSync(file, "utf8"));
  } catch {
    return new Map();
  }
}
