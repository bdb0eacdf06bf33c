// Sends to the HSS what the table decides, and brings back what came of it as events of the subscription.
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import type { Cx, CxFailure, CxUser, HeldRegistration, Reassigned } from "../../cx/cx.ts";
import type { CxEffect, Happening } from "../happening.ts";
import type { TransferTimes } from "../times.ts";
import type { UserRow } from "../user-row.ts";
import { mayPass } from "../wire.ts";
import type { Proof } from "./proof.ts";

export interface CxActsParts {
  readonly host: Host;
  /** Null: not configured. */
  readonly cx: Cx | null;
  readonly times: TransferTimes;
  readonly isSame: (a: FunctionName, b: FunctionName) => boolean;
  readonly proof: Proof;
  /** Events of every registration of that user's subscription, each seen to in its turn. */
  tell(row: UserRow, occasion: (present: UserRow) => Happening | null): void;
  /** An event of that user alone. */
  tellOne(row: UserRow, occasion: (present: UserRow) => Happening | null): void;
  /** The HSS is slow or refuses for now: the transfer should slow down. */
  isBusy(transfer: string): void;
}

/** Readings of the old name after the MAA, until the HSS is believed to keep it: at once, after 300 and 900 ms. */
const readsBack = 3;
/** Times that a user is made to register again, or is moved again, because the HSS does not hold him. */
const mostRepairs = 3;

export class CxActs {
  readonly #parts: CxActsParts;

  constructor(parts: CxActsParts) {
    this.#parts = parts;
  }

  /** The row is durable: it goes out. */
  perform(row: UserRow, effect: CxEffect): void {
    const { host, cx } = this.#parts;
    if (cx === null) {
      // A transfer of an earlier life that had it.
      host.log.error("no Cx", { transfer: row.transfer, user: row.user, effect: effect.effect });
      return;
    }
    switch (effect.effect) {
      case "reassign":
        host.spawn("MAR", async () => {
          const begun = host.clock.now();
          const result = await cx.reassign(effect.user, effect.server, optionsOf(row, effect));
          this.#reassigned(row, result, host.clock.now() - begun);
        });
        return;
      case "restore":
        host.spawn("restoring MAR", async () => {
          const result = await cx.reassign(effect.user, effect.server, optionsOf(row, effect));
          if (result.ok) this.#tell(row, () => ({ event: "restored" }));
        });
        return;
      case "read name":
        host.spawn("UAR", async () => {
          const read = await cx.assignedServer(effect.user);
          if (read.ok && row.reassignment?.mar === "answered" && this.#isTarget(row, read.server))
            this.#parts.proof.moves = true;
          if (!read.ok) return;
          const held = await this.#heldAgainst(cx, row, effect.user, read.server);
          this.#tell(row, (present) => this.#nameOf(present, read.server, held));
        });
        return;
      case "check":
        host.spawn("LIR", async () => {
          const held = await cx.registration(effect.user);
          if (held.ok) this.#tellOne(row, (present) => this.#checked(present, held));
        });
    }
  }

  /** What belongs to an earlier round is over. */
  #tell(row: UserRow, occasion: (present: UserRow) => Happening | null): void {
    this.#parts.tell(row, (present) => (present.round === row.round ? occasion(present) : null));
  }

  #tellOne(row: UserRow, occasion: (present: UserRow) => Happening | null): void {
    this.#parts.tellOne(row, (present) => (present.round === row.round ? occasion(present) : null));
  }

  #reassigned(row: UserRow, result: Reassigned, tookMs: number): void {
    const { times, isBusy } = this.#parts;
    if (tookMs > times.answer) {
      this.#count("late");
      isBusy(row.transfer);
    }
    if (result.ok) {
      this.#count("done");
      this.#tell(row, () => ({ event: "MAA" }));
      return;
    }
    this.#count(result.reason);
    if (result.reason === "HSS too busy") isBusy(row.transfer);
    this.#tell(row, (present) => failed(present, result));
  }

  #isTarget({ target }: UserRow, server: string | null): boolean {
    return server !== null && target !== null && this.#parts.isSame(server, target);
  }

  /** What the HSS's own interface says, where a name was written through it and Cx shows another one; else null. */
  async #heldAgainst(
    cx: Cx,
    row: UserRow,
    user: CxUser,
    server: string | null,
  ): Promise<(HeldRegistration & { ok: true }) | null> {
    if (cx.hasOwnInterface !== true || !isReadBack(row) || this.#isTarget(row, server)) return null;
    const held = await cx.registration(user);
    return held.ok ? held : null;
  }

  #nameOf(row: UserRow, server: string | null, held: (HeldRegistration & { ok: true }) | null): Happening {
    const isRead = isReadBack(row);
    if (this.#isTarget(row, server)) return { event: isRead ? "name is read back" : "name is new" };
    if (isRead && held !== null && !this.#isTarget(row, held.server))
      return this.#overwritten(row, held.server);
    if (isRead && this.#parts.proof.moves && this.#parts.cx?.hasOwnInterface !== true)
      return this.#overwritten(row, server);
    if (isRead && (row.reassignment?.nameReads ?? 0) >= readsBack) {
      const detail =
        held === null
          ? `MAR was answered with success, UAR still says ${server ?? "nobody"}; give cx.adapter where the HSS has an interface of its own`
          : `its own interface says ${held.server ?? "nobody"}, UAR still says ${server ?? "nobody"}; let cx.adapter.url and cx.peers lead to the same HSS`;
      return { event: "name is kept", all: true, reason: "HSS does not move users on MAR", detail };
    }
    const isMissing = server === null || row.reassignment?.mar === "lost";
    return { event: isMissing && !isRead ? "name is missing" : "name is old" };
  }

  /**
   * The name was written, and is another one since: the old S-CSCF had a REGISTER in hands and sent its own MAR, or a call in
   * the window has made PyHSS forget the name. It says nothing of others.
   */
  #overwritten(row: UserRow, server: string | null): Happening {
    this.#count("overwritten");
    const detail = `the HSS took ${row.target} and has ${server ?? "no S-CSCF"} since: a registration under way at that moment, or a request in the window, may have done that`;
    this.#parts.host.log.warn("a written name is another one", { user: row.user, detail });
    const repairs = row.reassignment?.repairs ?? 0;
    return repairs < mostRepairs ? { event: "name is missing" } : { event: "commit over", all: true, detail };
  }

  #checked(row: UserRow, { server, registered }: HeldRegistration & { ok: true }): Happening {
    const isThere = this.#isTarget(row, server);
    const repairs = row.reassignment?.repairs ?? 0;
    const times = `${repairs} registration${repairs === 1 ? "" : "s"} more`;
    if (isThere && registered) {
      this.#count("held");
      return repairs === 0
        ? { event: "held" }
        : { event: "held", detail: `registered at the HSS after ${times}` };
    }
    const found = server === null ? "no S-CSCF" : isThere ? "him as unregistered" : `him at ${server}`;
    const detail = `the HSS has ${found}${repairs === 0 ? "" : ` after ${times}`}`;
    this.#parts.host.log.warn("HSS does not hold a moved user", { user: row.user, detail });
    this.#count("not held");
    if (repairs >= mostRepairs)
      return { event: "not held, over", reason: "not registered at the HSS", detail };
    // Where another S-CSCF is named, or none, a registration alone may lead anywhere: the name is written again.
    return isThere ? { event: "not held", detail } : { event: "name is old" };
  }

  #count(result: string): void {
    const labels = { result };
    const help =
      "MARs with the name of another S-CSCF and what came of them (late ones are in twice), and whether the HSS held the user afterwards";
    this.#parts.host.metrics.counter("cfs_reassignments_total", { help, labels }).add();
  }
}

/** The name is read after an answer that it was written. */
function isReadBack({ state, reassignment }: UserRow): boolean {
  return state === "reassigned" && reassignment?.mar === "answered";
}

function optionsOf({ from, sCscf }: UserRow, { timeoutMs }: { readonly timeoutMs: number }) {
  return { timeoutMs, previous: from ?? sCscf };
}

function failed(row: UserRow, { reason, mayBeDone, detail }: CxFailure): Happening {
  if (mayBeDone) return { event: "MAR lost" };
  return { event: mayPass(row, reason) ? "MAR failed, retry" : "MAR failed", reason, detail };
}
