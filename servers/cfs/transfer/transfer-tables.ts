// The tables of transfers in the CFS's store, and the changes that concern more than one row.
import type { CfsStore } from "../store/store.ts";
import { commitChanges, Table } from "../store/table.ts";
import {
  isActive,
  type PointerRow,
  pointerCodec,
  type TransferRow,
  transferRowCodec,
} from "./transfer-row.ts";
import { type UserRow, userRowCodec, userRowId } from "./user-row.ts";

export type UserRows = Table<UserRow>;

/** What takes its turns together: the registrations of a subscription whose S-CSCF changes, else each on its own. */
export function togetherWith({ transfer, registration, reassignment }: UserRow): string {
  return reassignment === null
    ? userRowId(transfer, registration)
    : `${transfer} ${reassignment.subscription}`;
}

/** What a new transfer is written with. */
export interface NewTransfer {
  readonly row: TransferRow;
  readonly users: readonly UserRow[];
  readonly idempotencyKey: string | null;
}

export class TransferTables {
  readonly transfers = new Table<TransferRow>("transfer", transferRowCodec);
  readonly users: UserRows = new Table<UserRow>("transfer-user", userRowCodec, { index: togetherWith });
  /** By function: the transfer that it has; one at a time. */
  readonly functions = new Table<PointerRow>("transfer-function", pointerCodec);
  /** By idempotency key. */
  readonly keys = new Table<PointerRow>("transfer-key", pointerCodec);
  readonly #store: CfsStore;
  /** Ids of the users' rows by transfer, in the order in which they came. */
  readonly #members = new Map<string, Set<string>>();

  constructor(store: CfsStore) {
    this.#store = store;
  }

  async load(): Promise<void> {
    for (const table of [this.transfers, this.functions, this.keys]) await table.load(this.#store);
    await this.users.load(this.#store);
    for (const id of this.users.ids()) this.#note(this.users.get(id));
  }

  #note(row: UserRow | null): void {
    if (row === null) return;
    const id = userRowId(row.transfer, row.registration);
    const known = this.#members.get(row.transfer);
    if (known === undefined) this.#members.set(row.transfer, new Set([id]));
    else known.add(id);
  }

  usersOf(transfer: string): UserRow[] {
    return [...(this.#members.get(transfer) ?? [])]
      .map((id) => this.users.get(id))
      .filter((row) => row !== null);
  }

  /** The users with one of these identities for whom a MAR was sent, in a transfer that is kept. */
  reassigned(identities: readonly string[]): UserRow[] {
    return this.users.ids().flatMap((id) => {
      const row = this.users.get(id);
      if (row === null || row.reassignment === null || row.reassignment.reassignedAt === null) return [];
      return identities.includes(row.reassignment.impi) || identities.includes(row.user) ? [row] : [];
    });
  }

  /** All transfers, the newest first. */
  list(): TransferRow[] {
    const rows = this.transfers.ids().flatMap((id) => this.transfers.get(id) ?? []);
    return rows.sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
  }

  /** The transfer that a function has; null: none. */
  transferOf(name: string): TransferRow | null {
    const id = this.functions.get(name)?.transfer ?? null;
    return id === null ? null : this.transfers.get(id);
  }

  /** All or nothing; `conflict`: the function or the key was taken meanwhile. */
  async create({ row, users, idempotencyKey }: NewTransfer): Promise<"done" | "conflict"> {
    const pointer = { transfer: row.id };
    const takesFunction = row.function !== null && isActive(row);
    const result = await commitChanges(this.#store, [
      this.transfers.change({ id: row.id, content: row }),
      takesFunction ? this.functions.change({ id: row.function, content: pointer }) : null,
      idempotencyKey === null ? null : this.keys.change({ id: idempotencyKey, content: pointer }),
      ...users.map((user) => this.users.change({ id: userRowId(row.id, user.registration), content: user })),
    ]);
    if (result === "done") for (const user of users) this.#note(user);
    return result;
  }

  /** Adds users to a transfer; those who are there already make a conflict. */
  async addUsers(rows: readonly UserRow[]): Promise<"done" | "conflict"> {
    const result = await commitChanges(
      this.#store,
      rows.map((row) => this.users.change({ id: userRowId(row.transfer, row.registration), content: row })),
    );
    // After a conflict the tables hold what is in the store, users among it that an earlier life has added.
    for (const row of rows) this.#note(this.users.get(userRowId(row.transfer, row.registration)));
    return result;
  }

  /**
   * Changes a transfer, looking again after a conflict until it holds; null from `change` leaves it as it is. A
   * transfer that is not active any more gives its function free.
   */
  async update(id: string, change: (row: TransferRow) => TransferRow | null): Promise<TransferRow | null> {
    for (;;) {
      const present = this.transfers.get(id);
      const wanted = present === null ? null : change(present);
      if (wanted === null) return present;
      const name = wanted.function;
      const frees = name !== null && !isActive(wanted) && this.functions.get(name)?.transfer === id;
      const result = await commitChanges(this.#store, [
        this.transfers.change({ id, content: wanted }),
        frees ? this.functions.change({ id: name, content: { transfer: null } }) : null,
      ]);
      if (result === "done") return wanted;
    }
  }

  /** Takes an ended transfer out, its users and keys with it. After a conflict it stays, until the next time. */
  async remove(id: string): Promise<void> {
    const users = this.usersOf(id);
    const keys = this.keys.ids().filter((key) => this.keys.get(key)?.transfer === id);
    await commitChanges(this.#store, [
      this.transfers.change({ id, content: null }),
      ...users.map((row) => this.users.change({ id: userRowId(id, row.registration), content: null })),
      ...keys.map((key) => this.keys.change({ id: key, content: null })),
    ]);
    this.#members.delete(id);
  }
}
