// The look at the S-CSCF that settles a doubt: which contacts are registered there. RFC 3680 (reg event), asked once.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { FunctionName, LocationContent, LocationRecord } from "@liquid-ims/location-service/record";
import type { LocationStore, RecordChange } from "@liquid-ims/location-service/store";
import type { Target } from "@liquid-ims/sip/transport";
import { leftRecord } from "./record-change.ts";
import { recordsOf } from "./record-writer.ts";
import { isSameUri } from "./registration-information.ts";

/** Whose registration, and of whom it is asked. */
export interface RegistrationQuestion {
  /** Default identity of the implicit set first. */
  readonly identities: readonly string[];
  readonly sCscf: FunctionName;
  /** Where its REGISTER came from, with the port at which it listens. */
  readonly target: Target;
  /** The URI by which that S-CSCF calls this CFD: the Request-URI of its REGISTER. */
  readonly server: string;
}

/** Why an S-CSCF did not say: nobody answered, it does not allow or know the question, or its words are unusable. */
export type Unanswered = "silence" | "refused" | "unusable";

export type RegistrationAnswer =
  | { readonly kind: "contacts"; readonly contacts: readonly string[] }
  | { readonly kind: Unanswered; readonly detail: string };

/** Asks an S-CSCF; a port, because not every CFD is allowed to. */
export interface RegistrationStatePort {
  /** Contact URIs registered for the identities. Never rejects. */
  ask(question: RegistrationQuestion): Promise<RegistrationAnswer>;
}

/** `overtaken`: a registration has cleared the doubt meanwhile. */
export type DoubtEnd = "settled" | "overtaken" | Unanswered;

/** So many writers at one user at once are a fault, not a coincidence. */
const attempts = 8;

/**
 * The record of an unknown contact, of which so many are registered after one was removed. Where more P-CSCFs were seen than
 * contacts are left, nobody is behind the one that was named by the removal.
 */
function withoutLeft(
  record: LocationContent,
  registered: number,
  left: FunctionName | null,
  now: number,
  table: FunctionTable,
): LocationContent {
  const settled = { ...record, doubtful: false };
  const { pCscf } = record;
  const beside = record.others.filter(
    (other) => other.expiresAt > now && (pCscf === null || !table.isSame(other.pCscf, pCscf)),
  );
  if (pCscf !== null && left !== null && table.isSame(left, pCscf) && beside.length >= registered) {
    const [newest, ...rest] = beside.sort((a, b) => b.expiresAt - a.expiresAt);
    if (newest !== undefined) {
      // With another one beside it may be that; the next registration tells.
      const others = rest.length > 0 ? [...rest, newest] : [];
      const { expiresAt } = newest;
      return { ...settled, pCscf: newest.pCscf, path: [], expiresAt, ambiguous: rest.length > 0, others };
    }
  }
  if (registered === 1) return { ...settled, ambiguous: false, others: [] };
  if (left === null || beside.length < registered) return settled;
  return { ...settled, others: record.others.filter((other) => !table.isSame(other.pCscf, left)) };
}

/** Settles the doubtful records of a user by what their S-CSCF says; what it does not say leaves them as they are. */
export async function settleDoubt(
  question: RegistrationQuestion,
  options: {
    readonly store: LocationStore;
    readonly port: RegistrationStatePort;
    readonly table: FunctionTable;
    readonly now: () => number;
    /** The P-CSCF that the message named which made the doubt. */
    readonly left: FunctionName | null;
  },
): Promise<DoubtEnd> {
  const { store, port, table, now, left } = options;
  const { sCscf, identities } = question;
  const isDoubtful = (record: LocationRecord) => record.doubtful && table.isSame(record.sCscf, sCscf);
  const asked = (await recordsOf(store, identities)).filter(isDoubtful);
  if (asked.length === 0) return "overtaken";
  const answer = await port.ask(question);
  if (answer.kind !== "contacts") return answer.kind;
  const { contacts } = answer;
  const settled = (record: LocationRecord): LocationContent => {
    const { version: _version, change: _change, ...content } = record;
    const stands =
      record.contact === null
        ? contacts.length > 0
        : contacts.some((contact) => isSameUri(contact, record.contact ?? ""));
    if (!stands) return leftRecord(record, now());
    if (record.contact === null) return withoutLeft(content, contacts.length, left, now(), table);
    return { ...content, doubtful: false };
  };
  for (let attempt = 0; attempt < attempts; attempt++) {
    // What was written since the question is newer than the answer.
    const present = (await recordsOf(store, identities)).filter((record) =>
      asked.some(
        ({ impu, contact, version }) =>
          impu === record.impu && contact === record.contact && version === record.version,
      ),
    );
    if (present.length === 0) return "overtaken";
    const changes = present.map(
      (record): RecordChange => ({ record: settled(record), expect: record.version }),
    );
    if ((await store.upsert(changes)) === "done") return "settled";
  }
  return "overtaken";
}
