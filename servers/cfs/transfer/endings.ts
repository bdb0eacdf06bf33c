// The last part of a transfer: stopped by the guard, complete, empty for long enough, forgotten.
import type { Host } from "@liquid-ims/runtime/host";
import type { LcfChannel } from "../cfs-ue/channel.ts";
import { endOf, namesDoNotMove, type Situation } from "./completion.ts";
import { pinnedDialogs } from "./dialogs.ts";
import type { TransferTimes } from "./times.ts";
import { isActive, type TransferRow } from "./transfer-row.ts";
import type { TransferRun } from "./transfer-run.ts";
import type { TransferTables } from "./transfer-tables.ts";
import { lcfOperation, type UserRow } from "./user-row.ts";

export interface EndingsParts {
  readonly host: Host;
  readonly channel: LcfChannel;
  readonly tables: TransferTables;
  readonly times: TransferTimes;
  /** Ended transfers that are kept. */
  readonly keep: number;
  /** Transfers that go on, by id; those that are over are taken out. */
  readonly runs: Map<string, TransferRun>;
}

/** Of those who are still on the function, the most frequent first. */
function reasonsOf({ registrations, users }: TransferRun): string {
  const { present } = registrations;
  const counts = new Map<string, number>();
  for (const { registration, reason, state } of users) {
    if (!present.has(registration)) continue;
    const why = reason ?? state;
    counts.set(why, (counts.get(why) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1))
    .map(([why, count]) => `${count} ${why}`)
    .join(", ");
}

export class Endings {
  readonly #parts: EndingsParts;
  /** Transfers whose row is being written: they rest meanwhile. */
  readonly #writing = new Set<string>();
  /** Since when a function has had no record and no dialog, monotonic. */
  readonly #quietSince = new Map<string, number>();

  constructor(parts: EndingsParts) {
    this.#parts = parts;
  }

  isResting(run: TransferRun): boolean {
    return this.#writing.has(run.row.id);
  }

  /** Stops a transfer of which too much has failed. One that has been COMPLETED only keeps its function empty. */
  guard(run: TransferRun): void {
    if (run.row.stop !== null || run.row.state !== "PROCESSING") return;
    const detail = run.guard();
    if (detail === null) return;
    this.#parts.host.log.warn("transfer stopped", { transfer: run.row.id, detail });
    const stop = { reason: "too many failures", detail } as const;
    this.#parts.host.spawn("stop of a transfer", () =>
      this.#update(run, (row) => (row.stop === null ? { ...row, stop } : null)),
    );
  }

  async #update(run: TransferRun, change: (row: TransferRow) => TransferRow | null): Promise<void> {
    const { id } = run.row;
    this.#writing.add(id);
    await this.#parts.tables.update(id, change);
    run.row = this.#parts.tables.transfers.get(id) ?? run.row;
    this.#writing.delete(id);
  }

  #look(run: TransferRun): Situation {
    const { clock } = this.#parts.host;
    const { id } = run.row;
    const at = clock.wall();
    const present = run.registrations.present.size;
    const results = run.users.flatMap((user) => user.results);
    const pinned = pinnedDialogs(results, at);
    if (present > 0 || pinned > 0) {
      this.#quietSince.delete(id);
      const isOver = run.row.state === "PROCESSING" && at >= run.row.deadlineAt;
      const why = isOver ? reasonsOf(run) : "";
      const futile = run.users.find(({ reason }) => reason === namesDoNotMove)?.detail ?? null;
      return { present, pinned, quietFor: 0, why, futile, at };
    }
    const now = clock.now();
    const since = this.#quietSince.get(id) ?? now;
    this.#quietSince.set(id, since);
    return { present, pinned, quietFor: now - since, why: "", futile: null, at };
  }

  /** Ends the transfer when nobody is planned or under way and what it waits for is the case. */
  async settle(run: TransferRun): Promise<void> {
    const { host, times, runs } = this.#parts;
    const { id } = run.row;
    if (run.isBusy || this.#writing.has(id) || !runs.has(id)) return;
    const situation = this.#look(run);
    if (endOf(run.row, situation, times.quiet) !== null) {
      await this.#update(run, (row) => {
        const end = endOf(row, situation, times.quiet);
        if (end === null) return null;
        return { ...row, ...end, endedAt: end.state === "FAILED_TEMP" ? null : situation.at };
      });
      host.log.info("transfer ended", { transfer: id, state: run.row.state });
    }
    if (!isActive(run.row)) await this.#close(run);
  }

  async #close(run: TransferRun): Promise<void> {
    const { host, times, tables, keep, runs } = this.#parts;
    runs.delete(run.row.id);
    this.#quietSince.delete(run.row.id);
    const { users } = run;
    host.clock.after(times.command, () => this.forgetCancelled(users), "forget cancelled");
    const ended = tables.list().filter((row) => !isActive(row) && !runs.has(row.id));
    for (const row of ended.slice(keep)) await tables.remove(row.id);
  }

  /** Cancels that were never answered: after their life nothing is sent or told any more. */
  forgetCancelled(users: readonly UserRow[]): void {
    for (const row of users)
      if (row.command?.content.command === "cancel")
        this.#parts.channel.forget(row.registration, lcfOperation(row));
  }
}
