// Waiting until a location record agrees with a hello: it may come milliseconds after it. cfs-ue 2.
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { type Context, count } from "./context.ts";
import { isSameIdentity } from "./identity.ts";
import { type Agreement, compareWithRecords, type HelloClaim } from "./record-agreement.ts";

/** First wait, then twice as long each time up to the longest, ms. */
const firstWait = 5;
const longestWait = 200;

/** The records of the asserted identities, compared. A location service that is down has no record to show. */
export async function lookUpRecord(context: Context, claim: HelloClaim): Promise<Agreement> {
  const records: LocationRecord[] = [];
  for (const identity of claim.asserted) {
    try {
      records.push(...(await context.location.get(identity)));
    } catch (error) {
      count(context.host, "location service failed");
      return { agrees: false, detail: `the location service: ${String(error)}` };
    }
  }
  return compareWithRecords(claim, records, context.functions);
}

/** One waiting hello. */
interface Waiting {
  readonly claim: HelloClaim;
  /** Looks at once. */
  look: (() => void) | null;
}

export class RecordWait {
  readonly #context: Context;
  readonly #waiting = new Map<string, Waiting>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Asks again and again until the records agree or `until` (wall clock, ms) is over: then the last answer. */
  async wait(localTag: string, claim: HelloClaim, until: number): Promise<Agreement> {
    const waiting: Waiting = { claim, look: null };
    this.#waiting.set(localTag, waiting);
    const { clock } = this.#context.host;
    let pause = firstWait;
    for (;;) {
      const found = await lookUpRecord(this.#context, claim);
      const left = until - clock.wall();
      if (found.agrees || left <= 0) {
        this.#waiting.delete(localTag);
        return found;
      }
      await new Promise<void>((resolve) => {
        const timer = clock.after(Math.min(pause, left), resolve, "cfs-ue record wait");
        waiting.look = () => {
          timer.cancel();
          resolve();
        };
      });
      waiting.look = null;
      pause = Math.min(pause * 2, longestWait);
    }
  }

  /** Records have changed: those who wait for them look at once. */
  changed(records: readonly LocationRecord[]): void {
    for (const { claim, look } of this.#waiting.values()) {
      if (look === null) continue;
      const own = (identity: string) => claim.asserted.some((one) => isSameIdentity(one, identity));
      if (records.some((record) => record.implicitSet.some(own))) look();
    }
  }
}
