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
  /** It was refused before. */
  readonly isAgain?: boolean;
}

/** A doubt of an earlier life of this CFD. */
type OldDoubt = Pick<RegistrationQuestion, "identities" | "sCscf">;

export class Doubts {
  readonly #host: Host;
  readonly #options: DoubtsOptions;
  /** By user: what is to be asked next; the newest doubt of a user counts, its answer is about all of them. */
  readonly #waiting = new Map<string, Doubt>();
  readonly #open = new Set<string>();
  /** Refused once, by user: an S-CSCF that then tells of somebody is asked about them again. */
  readonly #refused = new Map<string, Doubt>();
  /** By user: asked about when their S-CSCF is heard of, which tells where it is and how it calls this CFD. */
  readonly #old = new Map<string, OldDoubt>();
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
    this.#refused.delete(user);
    this.#old.delete(user);
    this.#waiting.set(user, doubt);
    this.#next();
  }

  /** A record was doubtful when this CFD was started. */
  noteOld(doubt: OldDoubt): void {
    if (this.#old.size < this.#options.mostWaiting) this.#old.set(doubt.identities[0] ?? "", doubt);
  }

  /** An S-CSCF that may be asked has sent something. */
  heard({ sCscf, target, server }: Omit<RegistrationQuestion, "identities">): void {
    for (const [user, doubt] of this.#old) {
      if (!this.#options.table.isSame(doubt.sCscf, sCscf)) continue;
      this.#old.delete(user);
      this.note({ question: { ...doubt, target, server }, left: null });
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#waiting.clear();
    this.#refused.clear();
    this.#old.clear();
  }

  /** What its refusals mean can be told when it has once answered (reg-event-table.ts); a second one is the last word. */
  #keep(user: string, doubt: Doubt): void {
    if (this.#waiting.has(user) || this.#refused.size >= this.#options.mostWaiting) return;
    this.#refused.set(user, doubt);
  }

  #askAgain(sCscf: FunctionName): void {
    for (const [user, doubt] of this.#refused) {
      if (!this.#options.table.isSame(doubt.question.sCscf, sCscf)) continue;
      this.#refused.delete(user);
      this.#waiting.set(user, { ...doubt, isAgain: true });
    }
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
        if (end === "refused" && doubt.isAgain !== true) this.#keep(user, doubt);
        else if (end === "settled") this.#askAgain(doubt.question.sCscf);
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
