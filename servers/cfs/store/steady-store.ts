// The CFS's store as its tables use it: what the store cannot do now is asked again until it can. Nothing becomes
// visible before it is durable, so a store that is down holds up the work, and loses none.
import type { Host } from "@liquid-ims/runtime/host";
import { type CfsStore, StoreDown } from "./store.ts";

export interface SteadyStore extends CfsStore {
  /** Why the store cannot do its work now, for the operator; null: it can. */
  trouble(): string | null;
}

export interface SteadyStoreOptions {
  /** Wait after the first failure, ms; doubled by each further one. Default 100. */
  readonly firstWait?: number;
  /** Longest wait, ms. Default 5,000. */
  readonly longestWait?: number;
}

/**
 * The store with endless patience for `StoreDown`; other rejections are faults and stay so. A commit that is asked
 * again may have been done the first time: then it is a conflict, as after a crash.
 */
export function steadyStore(host: Host, store: CfsStore, options: SteadyStoreOptions = {}): SteadyStore {
  const { firstWait = 100, longestWait = 5_000 } = options;
  const failures = host.metrics.counter("cfs_store_failures_total", {
    help: "Times that the CFS's store could not do what was asked; it was asked again",
  });
  let trouble: string | null = null;
  host.metrics.gauge("cfs_store_down", { help: "1 while the CFS's store cannot do what is asked" }, () =>
    trouble === null ? 0 : 1,
  );

  function failed(error: StoreDown): void {
    failures.add();
    if (trouble === null)
      host.log.error("the store is down; asked again until it is up", { error: error.message });
    trouble = error.message;
  }

  async function patiently<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    for (let wait = firstWait; ; wait = Math.min(2 * wait, longestWait)) {
      try {
        const answer = await ask();
        if (trouble !== null) host.log.info("the store is up again");
        trouble = null;
        return answer;
      } catch (error) {
        if (!(error instanceof StoreDown)) throw error;
        failed(error);
      }
      await host.clock.sleep(wait, "cfs store");
    }
  }

  return {
    commit: (batch) => patiently(() => store.commit(batch)),
    scan: (after, limit) => patiently(() => store.scan(after, limit)),
    read: (keys) => patiently(() => store.read(keys)),
    close: () => store.close(),
    trouble: () => trouble,
  };
}
