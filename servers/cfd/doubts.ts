// Doubts about users, settled one after the other for each of them and a few at a time in all.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host } from "@liquid-ims/runtime/host";
import { StoreFailure } from "./patient-store.ts";
import {
  type DoubtEnd,
  type RegistrationQuestion,
  type RegistrationStatePort,
  settleDoubt,
} from "./registration-state.ts";

export interface DoubtsOptions {
  readonly store: LocationStore;
  readonly table: FunctionTable;
  readonly port: RegistrationStatePort;
  /** Questions that are open at a time. */
  readonly atOnce: number;
  /** Users whose question waits; beyond them doubts stay until their records expire. */
  readonly mostWaiting: number;
  /** Told of each doubt's end; `unasked`: too many wait, `store`: the location service did not take the answer. */
  ended(end: DoubtEnd | "unasked" | "store", question: RegistrationQuestion): void;
}

interface Doubt {
  readonly question: RegistrationQuestion;
  /** The P-CSCF that the message named which made the doubt. */
  readonly left: FunctionName | null;
}

export class Doubts {
  readonly #host: Host;
  readonly #options: DoubtsOptions;
  /** By user: what is to be asked next; the newest doubt of a user counts, its answer is about all of them. */
  readonly #waiting = new Map<string, Doubt>();
  readonly #open = new Set<string>();
  #stopped = false;

  constructor(host: Host, options: DoubtsOptions) {
    this.#host = host;
    this.#options = options;
  }

  note(doubt: Doubt): void {
    const { question } = doubt;
    const user = question.identities[0] ?? "";
    if (!this.#waiting.has(user) && this.#waiting.size >= this.#options.mostWaiting) {
      this.#options.ended("unasked", question);
      return;
    }
    this.#waiting.set(user, doubt);
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
  }

  #next(): void {
    for (const [user, doubt] of this.#waiting) {
      if (this.#stopped || this.#open.size >= this.#options.atOnce) return;
      if (this.#open.has(user)) continue;
      this.#waiting.delete(user);
      this.#open.add(user);
      this.#host.spawn("cfd registration state", async () => {
        const end = await this.#settle(doubt);
        this.#open.delete(user);
        if (this.#stopped) return;
        this.#options.ended(end, doubt.question);
        this.#next();
      });
    }
  }

  async #settle({ question, left }: Doubt): Promise<DoubtEnd | "store"> {
    const { store, port, table } = this.#options;
    try {
      return await settleDoubt(question, { store, port, table, left, now: () => this.#host.clock.wall() });
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      return "store";
    }
  }
}
