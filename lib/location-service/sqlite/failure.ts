// What can go wrong with an SQLite file, told so that the reader knows what to do. https://www.sqlite.org/rescode.html
import Database from "better-sqlite3";

/**
 * `full`: no room. `locked`: another process writes for too long. `read-only`: may not be written. `corrupt`: not
 * readable as a database. `missing`: cannot be opened. `version`: of a newer or of another program. `io`: the disk
 * fails. `closed`: the store was closed. `failed`: all else.
 */
export type FailureCode =
  | "full"
  | "locked"
  | "read-only"
  | "corrupt"
  | "missing"
  | "version"
  | "io"
  | "closed"
  | "failed";

/** The store did not do what was asked; after `full`, `locked`, `io` it may be asked again. */
export class SqliteFailure extends Error {
  override readonly name = "SqliteFailure";
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}

const remedies: Record<FailureCode, string> = {
  full: "there is no room for it; make some, the store goes on by itself",
  locked: "another process has kept it locked; it goes on when that one has ended its transaction",
  "read-only": "it may not be written; give its owner and folder write permission",
  corrupt: "it is no readable database; put a sound copy in its place, or move it away to begin an empty one",
  missing: "it cannot be opened; is its folder there, and may this user read and write it?",
  version: "it is of another version",
  io: "the disk does not take or give it; look at the room left, at file size limits and at the system's log",
  closed: "the store is closed; open another one",
  failed: "SQLite refuses",
};

/** By the primary result code, which is the beginning of the extended one. */
const codes: readonly (readonly [prefix: string, code: FailureCode])[] = [
  ["SQLITE_FULL", "full"],
  ["SQLITE_BUSY", "locked"],
  ["SQLITE_LOCKED", "locked"],
  ["SQLITE_READONLY", "read-only"],
  ["SQLITE_PERM", "read-only"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_NOTADB", "corrupt"],
  ["SQLITE_CANTOPEN", "missing"],
  ["SQLITE_IOERR", "io"],
];

/** True for what SQLite itself says about the file, as against a fault in the request. */
export function isSqliteError(error: unknown): error is InstanceType<typeof Database.SqliteError> {
  return error instanceof Database.SqliteError;
}

/** A failure that was seen before SQLite was asked. */
export function failureWith(file: string, code: FailureCode, detail: string, cause?: unknown): SqliteFailure {
  return new SqliteFailure(code, `${file}: ${remedies[code]} (${detail})`, { cause });
}

/** The failure of the store of this file. */
export function failureOf(file: string, error: unknown): SqliteFailure {
  if (error instanceof SqliteFailure) return error;
  if (!isSqliteError(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    return new SqliteFailure("failed", `${file}: ${reason}`, { cause: error });
  }
  const code = codes.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? "failed";
  return failureWith(file, code, `${error.code}: ${error.message}`, error);
}

/** The same text for whoever asks a store that is closed. */
export function closedFailure(file: string): SqliteFailure {
  return new SqliteFailure("closed", `${file}: ${remedies.closed}`);
}
