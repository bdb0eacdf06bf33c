// Sends to the HSS what the table decides, and brings back what came of it as events of the subscription.
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import type { AssignedServer, Cx, CxFailure, Reassigned } from "../../cx/cx.ts";
import type { CxEffect, Happening } from "../step.ts";
import type { TransferTimes } from "../times.ts";
import type { UserRow } from "../user-row.ts";
import { mayPass } from "../wire.ts";

export interface CxActsParts {
  readonly host: Host;
  /** Null: not configured. */
  readonly cx: Cx | null;
  readonly times: TransferTimes;
  readonly isSame: (a: FunctionName, b: FunctionName) => boolean;
  /** Events of every registration of that user's subscription, each seen to in its turn. */
  tell(row: UserRow, occasion: (present: UserRow) => Happening | null): void;
  /** The HSS is slow or refuses for now: the transfer should slow down. */
  isBusy(transfer: string): void;
}

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
          if (read.ok) this.#tell(row, (present) => this.#nameOf(present, read));
        });
    }
  }

  /** What belongs to an earlier round is over. */
  #tell(row: UserRow, occasion: (present: UserRow) => Happening | null): void {
    this.#parts.tell(row, (present) => (present.round === row.round ? occasion(present) : null));
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

  #nameOf({ target, reassignment }: UserRow, { server }: AssignedServer & { ok: true }): Happening {
    if (server !== null && target !== null && this.#parts.isSame(server, target))
      return { event: "name is new" };
    return { event: server === null || reassignment?.mar === "lost" ? "name is missing" : "name is old" };
  }

  #count(result: string): void {
    const labels = { result };
    const help = "MARs with the name of another S-CSCF, and what came of them; late ones are in twice";
    this.#parts.host.metrics.counter("cfs_reassignments_total", { help, labels }).add();
  }
}

function optionsOf({ from, sCscf }: UserRow, { timeoutMs }: { readonly timeoutMs: number }) {
  return { timeoutMs, previous: from ?? sCscf };
}

function failed(row: UserRow, { reason, mayBeDone, detail }: CxFailure): Happening {
  if (mayBeDone) return { event: "MAR lost" };
  return { event: mayPass(row, reason) ? "MAR failed, retry" : "MAR failed", reason, detail };
}
