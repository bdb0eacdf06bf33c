// An SQLite file as a store uses it: opened with our settings, of a known schema version, opened anew after a fault.
import { statSync } from "node:fs";
import Database from "better-sqlite3";
import { isSqliteError, SqliteFailure } from "./failure.ts";
import { type FileFormat, otherProgram, otherVersion } from "./file-format.ts";

/**
 * A store's operations: each takes one argument of its own kind, and all that it does lies in a transaction of the
 * caller's.
 */
export type Operations = Record<string, (argument: never) => unknown>;

/** What a kind of store is made of. */
export interface StoreKind<Calls extends Operations> extends FileFormat {
  /** Fills a new file; `at` is the wall clock, ms since 1970. */
  create(database: Database.Database, at: number): void;
  /** Operations that change something. */
  readonly writes: ReadonlySet<keyof Calls>;
  open(database: Database.Database): StoreSql<Calls>;
}

/** The operations over an open database. */
export interface StoreSql<Calls extends Operations> {
  readonly calls: Calls;
  /** A transaction of writes has begun; what was read before may be old. */
  begin(): void;
  /** It is about to be committed. */
  end(): void;
  /** It was undone: nothing of it is there. */
  rolledBack(): void;
}

export interface ConnectionOptions {
  /** Path, or `:memory:`. */
  readonly file: string;
  /** Opens the file for reading only, once there is one: its writer may start later. Default false. */
  readonly readOnly?: boolean;
  /** How long to wait for another process's transaction, ms. Default 1,000. */
  readonly busyTimeout?: number;
  /** The file may not grow past so many bytes; full then. Default: no limit. */
  readonly maxBytes?: number;
}

interface Opened<Calls extends Operations> {
  readonly database: Database.Database;
  readonly sql: StoreSql<Calls>;
  readonly identity: string;
}

/** Pages before a checkpoint, 64 MB: rewriting hot pages less often triples the rate of refreshes. */
const checkpointPages = 16_384;
const pageBytes = 4_096;

function identityOf(file: string): string {
  if (file === ":memory:") return file;
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? "gone" : `${found.dev}:${found.ino}`;
}

function versionOf(database: Database.Database): number {
  return Number(database.pragma("user_version", { simple: true }));
}

/** A connection that is opened when it is needed. */
export class Connection<Calls extends Operations> {
  readonly file: string;
  readonly #kind: StoreKind<Calls>;
  readonly #options: ConnectionOptions;
  readonly #wall: () => number;
  #opened: Opened<Calls> | null = null;

  constructor(kind: StoreKind<Calls>, options: ConnectionOptions, wall: () => number) {
    this.file = options.file;
    this.#kind = kind;
    this.#options = options;
    this.#wall = wall;
  }

  /** The open database: the present one while the file is still the same, else a new one. Throws when there is none. */
  open(): { readonly database: Database.Database; readonly sql: StoreSql<Calls> } {
    // A file that was moved away would go on taking writes that nobody ever reads.
    if (this.#opened !== null && this.#opened.identity !== identityOf(this.file)) this.drop();
    this.#opened ??= this.#openFile();
    return this.#opened;
  }

  #openFile(): Opened<Calls> {
    const { file, readOnly = false, busyTimeout = 1_000, maxBytes } = this.#options;
    const database = openDatabase(file, readOnly, busyTimeout);
    try {
      if (!readOnly) {
        database.pragma("journal_mode = WAL");
        database.pragma("synchronous = FULL");
        database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
        if (maxBytes !== undefined)
          database.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`);
      }
      this.#bringUp(database, readOnly);
      return { database, sql: this.#kind.open(database), identity: identityOf(file) };
    } catch (error) {
      database.close();
      throw error;
    }
  }

  #bringUp(database: Database.Database, readOnly: boolean): void {
    const { steps } = this.#kind;
    if (versionOf(database) === steps.length) {
      this.#checkOwner(database);
      return;
    }
    if (readOnly) this.#refuse(database);
    database.transaction(() => this.#migrate(database)).immediate();
  }

  #checkOwner(database: Database.Database): void {
    const owner = Number(database.pragma("application_id", { simple: true }));
    if (owner === this.#kind.applicationId) return;
    const empty = database.prepare("SELECT 1 FROM sqlite_master LIMIT 1").get() === undefined;
    if (owner === 0 && empty) return;
    throw otherProgram(this.#kind, this.file);
  }

  #refuse(database: Database.Database): never {
    this.#checkOwner(database);
    throw otherVersion(this.#kind, this.file, versionOf(database));
  }

  /** Within a transaction, so that two programs that start at once do it once. */
  #migrate(database: Database.Database): void {
    const { steps, applicationId } = this.#kind;
    const version = versionOf(database);
    if (version > steps.length) this.#refuse(database);
    this.#checkOwner(database);
    for (const step of steps.slice(version)) database.exec(step);
    if (version === 0) this.#kind.create(database, this.#wall());
    database.pragma(`application_id = ${applicationId}`);
    database.pragma(`user_version = ${steps.length}`);
  }

  /** Closes the file; it is opened anew when it is asked next. What is in memory stays. */
  drop(): void {
    if (this.file === ":memory:") return;
    this.close();
  }

  close(): void {
    const opened = this.#opened;
    this.#opened = null;
    opened?.database.close();
  }
}

function openDatabase(file: string, readOnly: boolean, timeout: number): Database.Database {
  try {
    return new Database(file, { readonly: readOnly, fileMustExist: readOnly, timeout });
  } catch (error) {
    // A folder that is not there is a TypeError of the binding's own.
    if (isSqliteError(error) || !(error instanceof TypeError)) throw error;
    throw new SqliteFailure("missing", `${file}: ${error.message}`, { cause: error });
  }
}
