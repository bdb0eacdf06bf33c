// CSCF names by number: a name stands once in the file, however many records are behind it.
import type Database from "better-sqlite3";
import { isSameFunction, splitFunctionName } from "../function-name.ts";
import type { FunctionName } from "../record.ts";

function hostOf(name: FunctionName): string {
  return splitFunctionName(name)?.host ?? name.toLowerCase();
}

/** Names of one connection, remembered in both directions. */
export class FunctionNames {
  readonly #byName: Database.Statement<[string], { id: number }>;
  readonly #byId: Database.Statement<[number], { name: string }>;
  readonly #byHost: Database.Statement<[string], { id: number; name: string }>;
  readonly #add: Database.Statement<[string, string]>;
  readonly #ids = new Map<FunctionName, number>();
  readonly #names = new Map<number, FunctionName>();

  constructor(database: Database.Database) {
    this.#byName = database.prepare("SELECT id FROM function_name WHERE name = ?");
    this.#byId = database.prepare("SELECT name FROM function_name WHERE id = ?");
    this.#byHost = database.prepare("SELECT id, name FROM function_name WHERE host = ? ORDER BY id");
    this.#add = database.prepare("INSERT INTO function_name (name, host) VALUES (?, ?)");
  }

  #remember(id: number, name: FunctionName): void {
    this.#ids.set(name, id);
    this.#names.set(id, name);
  }

  /** The number of a name, given to it now where it has none. */
  intern(name: FunctionName): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const found = this.#byName.get(name)?.id ?? Number(this.#add.run(name, hostOf(name)).lastInsertRowid);
    this.#remember(found, name);
    return found;
  }

  /** Throws for a number that no name has: the file is not whole. */
  nameOf(id: number): FunctionName {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const found = this.#byId.get(id);
    if (found === undefined) throw new Error(`function_name ${id} is missing; the file is not whole`);
    this.#remember(id, found.name);
    return found.name;
  }

  /** The numbers of all names that are the same function as this one. */
  same(wanted: FunctionName): readonly number[] {
    return this.#byHost
      .all(hostOf(wanted))
      .filter(({ name }) => isSameFunction(name, wanted))
      .map(({ id }) => id);
  }

  /** After a transaction was undone: names that it gave numbers to have none. */
  forget(): void {
    this.#ids.clear();
    this.#names.clear();
  }
}
