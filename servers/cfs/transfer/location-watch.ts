// Asks the location service for what has changed, again and again while a transfer is open.
import type { FunctionName, LocationRecord } from "@liquid-ims/location-service/record";
import type { FunctionFilter, LocationStore } from "@liquid-ims/location-service/store";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";

/** A function that a transfer is about, and how its records are found. */
export interface WatchedFunction {
  readonly name: FunctionName;
  readonly filter: FunctionFilter;
}

export interface LocationWatchParts {
  readonly host: Host;
  readonly location: LocationStore;
  /** Records that have changed, each as it is now. */
  changed(records: readonly LocationRecord[]): void;
  /** Functions whose records are read again when some were taken out, which may have gone unseen. */
  functions(): readonly WatchedFunction[];
  /** All registered records of such a function, after every change was told. */
  reread(watched: WatchedFunction, records: readonly LocationRecord[]): void;
  /** After each look; gives the ms until the next one, null to stop looking until `wake`. */
  looked(): number | null;
}

/** Wait after the store did not answer. */
const storeDownMs = 1_000;

export class LocationWatch {
  readonly #parts: LocationWatchParts;
  #change = 0;
  #running = false;
  #stopped = false;
  /** Records were taken out since the last comparison. */
  #removed = false;
  #rest: { readonly timer: Timer; readonly end: () => void } | null = null;

  constructor(parts: LocationWatchParts) {
    this.#parts = parts;
  }

  /** The change number that was looked at last: what is read from the store now is at least as new. */
  get change(): number {
    return this.#change;
  }

  /** Goes on from this change number, where it is earlier than the present one or nothing is open. */
  async catchUp(): Promise<number> {
    if (this.#running) return this.#change;
    for (;;) {
      const { change, more } = await this.#parts.location.changesSince(this.#change);
      this.#change = Math.max(this.#change, change);
      if (!more) return this.#change;
    }
  }

  /** Starts looking from a change number; a running watch looks at once. */
  wake(from: number): void {
    if (this.#stopped) return;
    if (this.#running) {
      this.#rest?.end();
      return;
    }
    this.#change = from;
    this.#running = true;
    this.#parts.host.spawn("location watch", () => this.#run());
  }

  stop(): void {
    this.#stopped = true;
    this.#rest?.end();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const more = await this.#look();
      if (this.#stopped) break;
      const wait = more === null ? storeDownMs : more ? 0 : this.#parts.looked();
      if (wait === null) break;
      if (wait > 0) await this.#pause(wait);
    }
    this.#running = false;
  }

  /** What a question to the store gives; null when it did not answer. A fault of ours is not one of the store. */
  async #ask<Answer>(question: Promise<Answer>): Promise<Answer | null> {
    const { host } = this.#parts;
    try {
      return await question;
    } catch (error) {
      host.metrics
        .counter("cfs_location_failures_total", {
          help: "Questions that the location service did not answer",
        })
        .add();
      host.log.warn("location service does not answer", { error: String(error), retryMs: storeDownMs });
      return null;
    }
  }

  /** True when more is there already, null when the store did not answer: then it is asked the same again. */
  async #look(): Promise<boolean | null> {
    const { location } = this.#parts;
    const news = await this.#ask(location.changesSince(this.#change));
    if (this.#stopped) return false;
    if (news === null) return null;
    this.#parts.changed(news.records);
    this.#removed ||= news.removed;
    if (this.#removed && !news.more) {
      if ((await this.#reread()) === null) return null;
      this.#removed = false;
    }
    this.#change = news.change;
    return news.more;
  }

  async #reread(): Promise<true | null> {
    for (const watched of this.#parts.functions()) {
      const records = await this.#ask(this.#parts.location.byFunction(watched.filter));
      if (records === null) return null;
      this.#parts.reread(watched, records);
    }
    return true;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        timer.cancel();
        this.#rest = null;
        resolve();
      };
      const timer = this.#parts.host.clock.after(ms, end, "location watch");
      this.#rest = { timer, end };
    });
  }
}
