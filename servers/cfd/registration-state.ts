// The look at the S-CSCF that settles a doubt: which contacts are registered there. RFC 3680 (reg event), asked once.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { LocationStore, RecordChange } from "@liquid-ims/location-service/store";
import { leftRecord } from "./record-change.ts";

/** Asks an S-CSCF; a port, because not every CFD is allowed to. */
export interface RegistrationStatePort {
  /** Contact URIs registered for the identity; null when the S-CSCF did not say. Never rejects. */
  ask(sCscf: FunctionName, impu: string): Promise<readonly string[] | null>;
}

/** Settles the doubtful records of a user by what their S-CSCF says; what it does not say leaves them as they are. */
export async function settleDoubt(
  impu: string,
  sCscf: FunctionName,
  options: {
    readonly store: LocationStore;
    readonly port: RegistrationStatePort;
    readonly table: FunctionTable;
    readonly now: () => number;
  },
): Promise<"settled" | "unanswered" | "overtaken"> {
  const { store, port, table, now } = options;
  const contacts = await port.ask(sCscf, impu);
  if (contacts === null) return "unanswered";
  const changes: RecordChange[] = [];
  for (const record of await store.get(impu)) {
    if (!record.doubtful || !table.isSame(record.sCscf, sCscf)) continue;
    const stands = record.contact === null ? contacts.length > 0 : contacts.includes(record.contact);
    const { version, change: _change, ...content } = record;
    changes.push({
      record: stands ? { ...content, doubtful: false } : leftRecord(record, now()),
      expect: version,
    });
  }
  // A registration in between has cleared the doubt by itself.
  return (await store.upsert(changes)) === "done" ? "settled" : "overtaken";
}
