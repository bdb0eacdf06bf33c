// The location service with a limit to our patience, and with its failures told from faults of our own.
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Clock } from "@liquid-ims/runtime/clock";

/** The store did not answer, or said that it cannot. What was asked of it may still happen. */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
  readonly code: "late" | "failed";

  constructor(code: "late" | "failed", message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The same store; every call rejects with a `StoreFailure` after `timeout` ms, or when the store rejects. */
export function patientStore(store: LocationStore, clock: Clock, timeout: number): LocationStore {
  function limit<Value>(label: string, promise: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const late = () =>
        reject(new StoreFailure("late", `location store: no answer to ${label} in ${timeout} ms`));
      const timer = clock.after(timeout, late, `location store ${label}`);
      promise.then(
        (value) => {
          timer.cancel();
          resolve(value);
        },
        (cause: unknown) => {
          timer.cancel();
          const reason = cause instanceof Error ? cause.message : String(cause);
          reject(new StoreFailure("failed", `location store: ${label} failed: ${reason}`, { cause }));
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
  };
}
