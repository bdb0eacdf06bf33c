// What a transfer has seen of the location service: the records of its users, and who is on the function. Pure state.
import {
  type FunctionName,
  type LocationRecord,
  type RegistrationKey,
  registrationKeyOf,
} from "@liquid-ims/location-service/record";
import type { Happening } from "./happening.ts";
import { isInWindow, type UserRow } from "./user-row.ts";

type IsSame = (a: FunctionName, b: FunctionName) => boolean;

function textOf({ impu, contact }: LocationRecord): string {
  return JSON.stringify([impu, contact]);
}

/** What a transfer changes: the P-CSCF or the S-CSCF of its users. */
export type Procedure = "P" | "S";

/** The function of a record that a transfer is about. */
export function servingFunction(
  { pCscf, sCscf }: Pick<LocationRecord, "pCscf" | "sCscf">,
  procedure: Procedure,
): FunctionName | null {
  return procedure === "P" ? pCscf : sCscf;
}

/** The records of one transfer's users. A move keeps the Contact, so a record stays with its registration. */
export class Registrations {
  readonly #function: FunctionName | null;
  readonly #procedure: Procedure;
  readonly #isSame: IsSame;
  readonly #records = new Map<RegistrationKey, Map<string, LocationRecord>>();
  readonly #keys = new Map<string, RegistrationKey>();
  readonly #present = new Map<string, RegistrationKey>();
  /** By record: when the one before it, at another function, was to expire. */
  readonly #oldExpiries = new Map<string, number>();

  constructor(name: FunctionName | null, procedure: Procedure, isSame: IsSame) {
    this.#function = name;
    this.#procedure = procedure;
    this.#isSame = isSame;
  }

  /** Takes a record over; gives the registration that it is about. */
  take(record: LocationRecord): RegistrationKey {
    const text = textOf(record);
    // An instance-id that is learned later changes the key, not the registration.
    const key = this.#keys.get(text) ?? registrationKeyOf(record);
    this.#keys.set(text, key);
    const known = this.#records.get(key);
    const before = known?.get(text);
    if (before !== undefined && before.sCscf !== record.sCscf) this.#oldExpiries.set(text, before.expiresAt);
    if (known === undefined) this.#records.set(key, new Map([[text, record]]));
    else known.set(text, record);
    if (this.isOnFunction(record)) this.#present.set(text, key);
    else this.#present.delete(text);
    return key;
  }

  isOnFunction(record: LocationRecord): boolean {
    const serving = servingFunction(record, this.#procedure);
    if (record.state !== "registered" || serving === null || this.#function === null) return false;
    return this.#isSame(serving, this.#function);
  }

  /** Registrations on the function. */
  get present(): ReadonlySet<RegistrationKey> {
    return new Set(this.#present.values());
  }

  /**
   * Compares with all registered records of the function, after every change was taken: who is missing there was
   * removed unseen. Gives their registrations.
   */
  reconcile(records: readonly LocationRecord[]): readonly RegistrationKey[] {
    const registered = new Set(records.map(textOf));
    const gone: RegistrationKey[] = [];
    for (const [text, key] of this.#present) {
      if (registered.has(text)) continue;
      const record = this.#records.get(key)?.get(text);
      if (record !== undefined) this.#records.get(key)?.set(text, { ...record, state: "left" });
      this.#present.delete(text);
      gone.push(key);
    }
    return gone;
  }

  recordsOf(registration: RegistrationKey): readonly LocationRecord[] {
    return [...(this.#records.get(registration)?.values() ?? [])];
  }

  /** When a registration expires at the S-CSCF that its user is leaving or has left; undefined: nobody knows. */
  oldExpiryOf({ registration, from }: UserRow): number | undefined {
    const expiries = this.recordsOf(registration).flatMap((record) => {
      const isThere = from !== null && this.#isSame(record.sCscf, from);
      return (isThere ? record.expiresAt : this.#oldExpiries.get(textOf(record))) ?? [];
    });
    return expiries.length === 0 ? undefined : Math.max(...expiries);
  }

  /** What the records of a registration mean for its user; null: nothing. */
  placeOf(row: UserRow): Happening | null {
    const records = this.recordsOf(row.registration);
    if (records.length === 0) return null;
    const registered = records.filter(({ state }) => state === "registered");
    if (registered.length === 0) return { event: "record gone" };
    const at = (name: FunctionName | null) =>
      registered.find((record) => {
        const serving = servingFunction(record, this.#procedure);
        return serving !== null && name !== null && this.#isSame(serving, name);
      });
    // One that was never commanded has gone there by itself.
    const there = at(row.target);
    // What was there before the MAR is no answer to it.
    if (there !== undefined && isInWindow(row) && there.change <= (row.reassignment?.seenChange ?? 0))
      return null;
    if (there !== undefined) {
      if (row.commandedAt === null) return { event: "record shows elsewhere" };
      const oldExpiresAt = row.reassignment === null ? undefined : this.oldExpiryOf(row);
      return { event: "record shows target", ...(oldExpiresAt === undefined ? {} : { oldExpiresAt }) };
    }
    if (registered.some((record) => servingFunction(record, this.#procedure) === null)) return null;
    const origin = at(row.from);
    if (origin !== undefined)
      return { event: "record shows origin", sCscf: origin.sCscf, pCscf: origin.pCscf };
    return { event: "record shows elsewhere" };
  }
}
