// Whether the CFD's location records, the HSS and Kamailio's own user location say the same of every user, record by record.
import { isSameFunction } from "@liquid-ims/location-service/function-name";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { pathKey, type UsrlocUser } from "./usrloc.ts";

/** What the HSS says of a public identity. */
export interface Assignment {
  readonly state: string;
  readonly serverName: string | null;
  readonly authenticationPending: boolean;
}

export interface Witnesses {
  /** Records of a user, by his default public identity. */
  records(user: string): readonly LocationRecord[];
  assignment(user: string): Assignment | null;
  /** Milliseconds since 1970. */
  now(): number;
  /** S-CSCFs by short name, with their Server-Names. */
  readonly sCscfs: readonly { readonly name: string; readonly uri: string }[];
  showUser(sCscf: string, user: string): Promise<UsrlocUser | null>;
  readPaths(sCscf: string): Promise<ReadonlyMap<string, string>>;
}

export interface RecordComparison {
  /** A line a record, for people. */
  readonly lines: readonly string[];
  /** What is not equal, a line each. */
  readonly failures: readonly string[];
}

/** What two clocks and a round of questions may make of one expiry, in seconds. */
const expiryTolerance = 5;

/** `host:port` of the last URI of a Path: the P-CSCF. */
function pCscfOf(path: string): string | null {
  const last = path.split(",").at(-1)?.trim().replace(/^<|>$/g, "") ?? "";
  const uri = parseSipUri(last);
  return uri === null ? null : `${uri.host}${uri.port === null ? "" : `:${uri.port}`}`;
}

export async function compareRecords(
  users: readonly string[],
  witnesses: Witnesses,
): Promise<RecordComparison> {
  const lines: string[] = [];
  const failures: string[] = [];
  const { sCscfs } = witnesses;
  const paths = new Map<string, ReadonlyMap<string, string>>();
  for (const { name } of sCscfs) paths.set(name, await witnesses.readPaths(name));

  async function compareUser(user: string): Promise<void> {
    const records = witnesses.records(user).filter((record) => record.state === "registered");
    const assignment = witnesses.assignment(user);
    const shown = new Map<string, UsrlocUser | null>();
    for (const { name } of sCscfs) shown.set(name, await witnesses.showUser(name, user));
    const serving = sCscfs.find(({ uri }) => uri === assignment?.serverName);
    const atServing = serving === undefined ? null : (shown.get(serving.name) ?? null);
    const complain = (problem: string): void => void failures.push(`${user}: ${problem}`);
    if (assignment?.state !== "registered" || assignment.authenticationPending)
      complain(`the HSS says ${JSON.stringify(assignment)}`);
    const recorded = records.map((record) => record.contact ?? "unknown").sort();
    const inUse = paths.get(serving?.name ?? "");
    const contacts = (atServing?.contacts ?? [])
      .map((contact) => contact.uri)
      .filter((uri) => inUse?.has(pathKey(user, uri)))
      .sort();
    if (atServing !== null && atServing.state !== "registered")
      complain(`usrloc of ${serving?.name ?? "?"} says ${atServing.state}`);
    if (recorded.length === 0) complain("no location record");
    if (recorded.join() !== contacts.join())
      complain(
        `records have the contacts ${recorded.join() || "none"}, usrloc has ${contacts.join() || "none"}`,
      );
    for (const record of records) {
      const { contact, pCscf, sCscf } = record;
      if (sCscf !== assignment?.serverName)
        complain(`the record says ${sCscf}, the HSS ${assignment?.serverName ?? "none"}`);
      const path = paths.get(serving?.name ?? "")?.get(pathKey(user, contact ?? "")) ?? "";
      const atPath = pCscfOf(path);
      if (pCscf === null || atPath === null || !isSameFunction(pCscf, atPath))
        complain(`the record says ${pCscf ?? "no P-CSCF"}, usrloc's Path ${path || "nothing"}`);
      if (record.doubtful || record.ambiguous)
        complain(`the record is ${record.doubtful ? "doubtful" : "ambiguous"}`);
      const expires = atServing?.contacts.find((one) => one.uri === contact)?.expires ?? null;
      const recordedFor = Math.round((record.expiresAt - witnesses.now()) / 1000);
      if (expires !== null && Math.abs(expires - recordedFor) > expiryTolerance)
        complain(`the record lasts ${recordedFor} s more, usrloc's contact ${expires} s`);
      lines.push(
        `${user} record ${contact ?? "unknown"} ${pCscf ?? "?"} ${sCscf} | HSS ${assignment?.state ?? "?"} ` +
          `${assignment?.serverName ?? "?"} | usrloc of ${serving?.name ?? "?"} ${atServing?.state ?? "?"} ` +
          `${atPath ?? "?"}, ${expires ?? "no"} s${leftovers(shown, serving?.name)}`,
      );
    }
  }

  for (const user of users) await compareUser(user);
  return { lines, failures };
}

/** Contacts that lie at another S-CSCF until they expire there: it is told nothing (TS 29.228 has an RTR for it). */
function leftovers(shown: ReadonlyMap<string, UsrlocUser | null>, serving: string | undefined): string {
  return [...shown]
    .filter(([name, user]) => name !== serving && user !== null && user.contacts.length > 0)
    .map(([name, user]) => ` (${name} keeps it ${user?.contacts[0]?.expires ?? 0} s more)`)
    .join("");
}
