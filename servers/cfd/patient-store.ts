// The location service with a limit to our patience, and with its failures told from faults of our own.
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Clock } from "@liquid-ims/runtime/clock";
import { Deadlines } from "./deadlines.ts";

/** The store did not answer, or said that it cannot. What was asked of it may still happen. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  readonly code: "late" | "failed";

  constructor(code: "late" | "failed", message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

export interface PatientStore extends LocationStore {
  /** Why the store last failed, until it has written again; null: it does what is asked. */
  trouble(): string | null;
}

export interface PatientStoreOptions {
  /** Longest wait for an answer, ms. */
  readonly timeout: number;
  /** Called when `trouble` becomes another text, or none. */
  readonly onTrouble?: (trouble: string | null) => void;
}

/** The same store; every call rejects with a `StoreFailure` after `timeout` ms, or when the store rejects. */
export function patientStore(store: LocationStore, clock: Clock, options: PatientStoreOptions): PatientStore {
  const { timeout } = options;
  const deadlines = new Deadlines(clock, timeout, "location store");
  let trouble: string | null = null;

  function note(present: string | null): void {
    if (present === trouble) return;
    trouble = present;
    options.onTrouble?.(present);
  }

  function limit<Value>(label: string, promise: Promise<Value>): Promise<Value> {
    const isWrite = label === "upsert" || label === "remove";
    return new Promise((resolve, reject) => {
      const fail = (failure: StoreFailure) => {
        note(failure.message);
        reject(failure);
      };
      const late = () =>
        fail(new StoreFailure("late", `location store: no answer to ${label} in ${timeout} ms`));
      const wait = deadlines.begin(late);
      promise.then(
        (value) => {
          wait.end();
          // What can still be read may be full.
          if (isWrite) note(null);
          resolve(value);
        },
        (cause: unknown) => {
          wait.end();
          const reason = cause instanceof Error ? cause.message : String(cause);
          fail(new StoreFailure("failed", `location store: ${label} failed: ${reason}`, { cause }));
        },
      );
    });
  }
  return {
    upsert: (changes) => limit("upsert", store.upsert(changes)),
    remove: (removals) => limit("remove", store.remove(removals)),
    get: (impu) => limit("get", store.get(impu)),
    byFunction: (filter) => limit("byFunction", store.byFunction(filter)),
    changesSince: (change, most) => limit("changesSince", store.changesSince(change, most)),
    close: () => limit("close", store.close()),
    trouble: () => trouble,
  };
}
