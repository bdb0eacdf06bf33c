// Expiry of location records: S-CSCFs tell nobody when a registration runs out, so the CFD looks at the clock itself.
import type { LocationContent, LocationRecord, RecordKey } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { StoreFailure } from "./patient-store.ts";
import { leftRecord } from "./record-change.ts";

export interface ExpiryOptions {
  /** True when the store has failed and not written since: then it is asked at each tick. */
  readonly isDown?: () => boolean;
  /** Beyond the record's expiry, in ms. */
  readonly grace: number;
  /** How long a record stays as `left`, in ms. */
  readonly leftFor: number;
  /** Every record that is there at the start. */
  readonly onRecord?: (record: LocationRecord) => void;
}

export interface Expiry {
  /** Tells it of a record that was just written here; what others write it reads by itself. */
  note(record: LocationContent): void;
  stop(): void;
}

/** Records are looked at once a second, what others wrote is read once in ten. */
const tick = 1_000;
const ticksBetweenReadings = 10;

/** Keys by the second in which something is due for them. */
class Calendar {
  readonly #bySecond = new Map<number, Map<string, RecordKey>>();
  readonly #secondOf = new Map<string, number>();

  set({ impu, contact }: RecordKey, at: number): void {
    const key = JSON.stringify([impu, contact]);
    const second = Math.ceil(at / 1000);
    const before = this.#secondOf.get(key);
    if (before === second) return;
    if (before !== undefined) this.#drop(before, key);
    this.#secondOf.set(key, second);
    const keys = this.#bySecond.get(second) ?? new Map<string, RecordKey>();
    keys.set(key, { impu, contact });
    this.#bySecond.set(second, keys);
  }

  #drop(second: number, key: string): void {
    const keys = this.#bySecond.get(second);
    keys?.delete(key);
    if (keys?.size === 0) this.#bySecond.delete(second);
  }

  /** Takes out what is due until now. */
  take(now: number): readonly RecordKey[] {
    const due: RecordKey[] = [];
    for (const [second, keys] of this.#bySecond) {
      if (second * 1000 > now) continue;
      for (const [key, value] of keys) {
        this.#secondOf.delete(key);
        due.push(value);
      }
      this.#bySecond.delete(second);
    }
    return due;
  }
}

/** Starts at once; a store that fails (`StoreFailure`) is asked again at the next tick. */
export function startExpiry(host: Host, store: LocationStore, options: ExpiryOptions): Expiry {
  const { clock, metrics, log } = host;
  const calendar = new Calendar();
  const expired = metrics.counter("cfd_expired_total", { help: "Records that ran out without a word" });
  const failed = metrics.counter("cfd_expiry_failed_total", {
    help: "Times that the store did not answer the expiry",
  });
  let timer: Timer | null = null;
  let stopped = false;
  let change = 0;
  let ticks = 0;
  let isFirst = true;

  function dueAt(record: LocationContent): number {
    if (record.state === "registered") return record.expiresAt + options.grace;
    return (record.leftAt ?? record.expiresAt) + options.leftFor;
  }

  function note(record: LocationContent): void {
    calendar.set(record, dueAt(record));
  }

  async function readChanges(): Promise<void> {
    for (let more = true; more && !stopped; ) {
      const read = await store.changesSince(change);
      for (const record of read.records) {
        note(record);
        if (isFirst) options.onRecord?.(record);
      }
      change = read.change;
      more = read.more;
    }
    isFirst = false;
  }

  async function end(key: RecordKey): Promise<void> {
    const record = (await store.get(key.impu)).find(
      ({ impu, contact }) => impu === key.impu && contact === key.contact,
    );
    if (record === undefined) return;
    if (dueAt(record) > clock.wall()) {
      note(record);
      return;
    }
    if (record.state === "left") {
      const result = await store.remove([{ key, expect: record.version }]);
      if (result === "conflict") calendar.set(key, clock.wall() + tick);
      return;
    }
    const left = leftRecord(record, clock.wall());
    const result = await store.upsert([{ record: left, expect: record.version }]);
    if (result === "conflict") calendar.set(key, clock.wall() + tick);
    else {
      expired.add();
      note(left);
    }
  }

  async function sweep(): Promise<void> {
    const due = calendar.take(clock.wall());
    let done = 0;
    try {
      // A write of nothing: without traffic nobody else would notice that there is room again.
      if (options.isDown?.() === true) await store.upsert([]);
      if (ticks % ticksBetweenReadings === 0) await readChanges();
      for (const key of due) {
        if (stopped) return;
        await end(key);
        done += 1;
      }
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      failed.add();
      ticks = -1;
      log.warn("expiry failed", { reason: error.message });
      for (const key of due.slice(done)) calendar.set(key, clock.wall() + tick);
    }
    ticks += 1;
    if (!stopped) timer = clock.after(tick, start, "cfd expiry");
  }

  function start(): void {
    host.spawn("cfd expiry", sweep);
  }

  start();
  return {
    note,
    stop() {
      stopped = true;
      timer?.cancel();
    },
  };
}
