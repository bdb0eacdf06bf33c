// Compares the records of the location service with what was acknowledged.
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { openSqliteLocationStore } from "@liquid-ims/location-service/sqlite/sqlite-store";
import { type RegisterShape, showsContact } from "./injection-file.ts";
import type { LoadStep } from "./load-plan.ts";
import type { LoadUser } from "./load-users.ts";
import type { Exchange } from "./message-log.ts";

/** A step with what came back. */
export interface SentStep {
  readonly step: LoadStep;
  readonly exchanges: ReadonlyMap<number, Exchange>;
}

export interface RecordCheck {
  /** Users of whom REGISTERs were sent. */
  readonly users: number;
  /** Users who must be registered at the end, by the plan and the 200s. */
  readonly expected: number;
  /** Users of whom that cannot be said: their last REGISTER was not answered. */
  readonly uncertain: number;
  /** Registered records of these users. */
  readonly found: number;
  /** What is not as it should be, a line for each user. */
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
  readonly wrong: readonly string[];
}

type Fate = "registered" | "gone" | "either";

/** What each user must be at the end. A 503 has changed nothing; without an answer either may hold. */
export function expectedFates(sent: readonly SentStep[]): Map<LoadUser, Fate> {
  const fates = new Map<LoadUser, Fate>();
  for (const { step, exchanges } of sent)
    for (const [index, { user, kind }] of step.registers.entries()) {
      const before = fates.get(user) ?? "gone";
      const after: Fate = kind === "deregister" ? "gone" : "registered";
      const exchange = exchanges.get(index + 1);
      if (exchange === undefined) fates.set(user, before);
      else if (exchange.status === 200) fates.set(user, after);
      else if (exchange.status !== null || before === after) fates.set(user, before);
      else fates.set(user, "either");
    }
  return fates;
}

/** What a record of that user must say. */
function differences(user: LoadUser, record: LocationRecord, shape: RegisterShape): string[] {
  const table = createFunctionTable([{ name: user.pCscf, addresses: [user.pCscfAddress] }]);
  const contact = showsContact(shape) ? user.contact : null;
  const path = shape.form === "openims" ? "" : `sip:term@${user.pCscf};lr`;
  const found: string[] = [];
  const check = (name: string, is: string | null, should: string | null) => {
    if (is !== should) found.push(`${name} ${is ?? "unknown"} instead of ${should ?? "unknown"}`);
  };
  if (record.pCscf === null || !table.isSame(record.pCscf, user.pCscf))
    check("P-CSCF", record.pCscf, user.pCscf);
  check("S-CSCF", record.sCscf, user.sCscf);
  check("contact", record.contact, contact);
  check("Path", record.path.join(","), path);
  check("private identity", record.impi, user.privateIdentity);
  check("instance-id", record.instance, contact === null ? null : user.instance);
  if (record.ambiguous || record.doubtful) found.push("marked ambiguous or doubtful");
  return found;
}

/** Compares; `records` are all of the store. */
export function checkRecords(
  sent: readonly SentStep[],
  records: readonly LocationRecord[],
  shape: RegisterShape,
): RecordCheck {
  const byUser = new Map<string, LocationRecord[]>();
  for (const record of records)
    if (record.state === "registered") {
      const own = byUser.get(record.impu);
      if (own === undefined) byUser.set(record.impu, [record]);
      else own.push(record);
    }
  const [missing, surplus, wrong]: [string[], string[], string[]] = [[], [], []];
  let [expected, uncertain, found] = [0, 0, 0];
  const fates = expectedFates(sent);
  for (const [user, fate] of fates) {
    const [first, ...more] = byUser.get(user.identity) ?? [];
    if (fate === "registered") expected += 1;
    else if (fate === "either") uncertain += 1;
    if (first === undefined) {
      if (fate === "registered") missing.push(user.identity);
      continue;
    }
    found += 1 + more.length;
    if (fate === "gone" || more.length > 0) surplus.push(user.identity);
    const different = differences(user, first, shape);
    if (different.length > 0) wrong.push(`${user.identity}: ${different.join(", ")}`);
  }
  return { users: fates.size, expected, uncertain, found, missing, surplus, wrong };
}

/** All records in the SQLite file, which is opened for reading only. */
export async function readRecords(file: string): Promise<readonly LocationRecord[]> {
  const store = await openSqliteLocationStore({ file, driver: "inline", readOnly: true });
  try {
    const records: LocationRecord[] = [];
    for (let change = 0, more = true; more; ) {
      const read = await store.changesSince(change);
      records.push(...read.records);
      change = read.change;
      more = read.more;
    }
    return records;
  } finally {
    await store.close();
  }
}
