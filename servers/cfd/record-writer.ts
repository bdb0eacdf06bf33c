// Reads the records of a user, decides, writes; again when somebody else has written in between.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Clock } from "@liquid-ims/runtime/clock";
import { decideChanges } from "./decide-changes.ts";
import { StoreFailure } from "./patient-store.ts";
import type { Decision } from "./record-change.ts";
import type { ThirdPartyRegister } from "./third-party-register.ts";

/** So many writers at one user at once are a fault, not a coincidence. */
const attempts = 8;

/** Every record that any of these identities has. */
export async function recordsOf(
  store: LocationStore,
  identities: Iterable<string>,
): Promise<readonly LocationRecord[]> {
  const records = new Map<string, LocationRecord>();
  for (const identity of new Set(identities))
    for (const record of await store.get(identity))
      records.set(JSON.stringify([record.impu, record.contact]), record);
  return [...records.values()];
}

/** Resolves when the store has it; rejects with the store's failure, or when others write without end. */
export async function writeRegister(
  message: ThirdPartyRegister,
  options: {
    readonly store: LocationStore;
    readonly clock: Clock;
    readonly table: FunctionTable;
    readonly impiOf: (impu: string) => string;
  },
): Promise<Decision> {
  const { store, clock, table, impiOf } = options;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const records = await recordsOf(store, [message.implicitSet[0] ?? message.identity, message.identity]);
    const decision = decideChanges(message, records, { now: clock.wall(), table, impiOf });
    if (decision.changes.length === 0) return decision;
    if ((await store.upsert(decision.changes)) === "done") return decision;
  }
  throw new StoreFailure(
    "failed",
    `records of ${message.identity}: changed by others ${attempts} times in a row`,
  );
}
