// The location service as a CFS reads it: its failures told from faults of ours, and waited out while the CFS starts.
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host } from "@liquid-ims/runtime/host";

/** The location service did not answer; nothing is wrong with what was asked. */
export class LocationDown extends Error {
  override readonly name = "LocationDown";
}

export interface GuardedLocation extends LocationStore {
  /** From now on failures reject with `LocationDown`; until then what failed is asked again. */
  started(): void;
  /** Why the location service does not answer, for the operator; null: it does. */
  trouble(): string | null;
}

/** Wait before it is asked again, ms. */
const retryMs = 1_000;

/** For work that nobody waits for: what the location service does not answer is asked again until it does. */
export async function untilAnswered<Answer>(host: Host, ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof LocationDown)) throw error;
    }
    await host.clock.sleep(retryMs, "location service");
  }
}

/** The store for one life of a CFS. */
export function guardLocation(host: Host, store: LocationStore): GuardedLocation {
  let isStarting = true;
  let trouble: string | null = null;

  async function guarded<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        const answer = await ask();
        trouble = null;
        return answer;
      } catch (cause) {
        const text = cause instanceof Error ? cause.message : String(cause);
        if (trouble === null) host.log.warn("the location service does not answer", { error: text });
        trouble = text;
        if (!isStarting) throw new LocationDown(`the location service does not answer: ${text}`, { cause });
      }
      await host.clock.sleep(retryMs, "location service");
    }
  }

  const { about } = store;
  return {
    upsert: (changes) => guarded(() => store.upsert(changes)),
    remove: (removals) => guarded(() => store.remove(removals)),
    get: (impu) => guarded(() => store.get(impu)),
    byFunction: (filter) => guarded(() => store.byFunction(filter)),
    changesSince: (change, limit) => guarded(() => store.changesSince(change, limit)),
    ...(about === undefined ? {} : { about: () => guarded(() => about.call(store)) }),
    close: () => store.close(),
    started: () => {
      isStarting = false;
    },
    trouble: () => trouble,
  };
}
