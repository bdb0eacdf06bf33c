// Whose file it is and of which version, as the head of an SQLite file says it. https://www.sqlite.org/fileformat.html 1.3.
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { failureWith, SqliteFailure } from "./failure.ts";

/** How files of a kind of store are known. */
export interface FileFormat {
  /** `location store`. */
  readonly name: string;
  /** Told from other programs' files by this (PRAGMA application_id). */
  readonly applicationId: number;
  /** `steps[n]` makes schema version n + 1 of version n, in a transaction. */
  readonly steps: readonly string[];
}

/** The failure of a file that another program writes. */
export function otherProgram({ name }: FileFormat, file: string): SqliteFailure {
  return new SqliteFailure(
    "version",
    `${file}: is another program's database, no ${name}; name another file`,
  );
}

/** The failure of a file that is too new, or that its reader cannot bring up to date. */
export function otherVersion({ name, steps }: FileFormat, file: string, version: number): SqliteFailure {
  const remedy =
    version > steps.length
      ? "start a newer release"
      : version === 0
        ? "it is still empty; start the program that writes it first"
        : "start the program that writes it, which brings it up to date";
  return new SqliteFailure(
    version === 0 ? "missing" : "version",
    `${file}: has ${name} schema version ${version}, this program reads ${steps.length}; ${remedy}`,
  );
}

const headBytes = 100;
const magic = "SQLite format 3\0";
const offsets = { pages: 28, userVersion: 60, applicationId: 68 } as const;

/** At most the first 100 bytes. */
function readHead(file: string): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const head = Buffer.alloc(headBytes);
    return head.subarray(0, readSync(descriptor, head, 0, headBytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/** Throws a failure where the system does not let this person do it. */
function mustSucceed<T>(file: string, code: "missing" | "read-only", act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw failureWith(file, code, codeOf(error), error);
  }
}

/** Where the file is whose name this may be a link to: files beside it have that name. */
function realPath(file: string): string {
  return mustSucceed(file, "missing", () => realpathSync(file));
}

/** A writer makes files beside the store, too. */
function mustBeWritable(file: string, isThere: boolean): void {
  const path = isThere ? realPath(file) : file;
  const folder = dirname(path);
  const isFolder = mustSucceed(file, "missing", () => statSync(folder)).isDirectory();
  if (!isFolder) throw failureWith(file, "missing", `ENOTDIR: ${folder}`);
  const code = isThere ? "read-only" : "missing";
  mustSucceed(file, code, () => accessSync(folder, constants.W_OK | constants.X_OK));
  if (isThere) mustSucceed(file, code, () => accessSync(path, constants.W_OK));
}

function judgeHead(format: FileFormat, file: string, head: Buffer, readOnly: boolean): void {
  const owner = head.readUInt32BE(offsets.applicationId);
  if (owner !== 0 && owner !== format.applicationId) throw otherProgram(format, file);
  const version = head.readUInt32BE(offsets.userVersion);
  if (version > format.steps.length) throw otherVersion(format, file, version);
  const log = statSync(`${realPath(file)}-wal`, { throwIfNoEntry: false });
  // A transaction in there may be the one that made all of it.
  if (log !== undefined && log.size > 0) return;
  if (owner === 0 && head.readUInt32BE(offsets.pages) > 1) throw otherProgram(format, file);
  if (readOnly && version < format.steps.length) throw otherVersion(format, file, version);
}

/**
 * Looks at a store's file without opening it as a database: nothing is made, changed or locked, and it may be in use. Throws
 * the `SqliteFailure` of what would keep a program from opening it: a folder that is not there, missing rights, no
 * database, one of another program or of another version. What lies in a transaction log is not looked at.
 */
export function examineFile(
  format: FileFormat,
  { file, readOnly = false }: { readonly file: string; readonly readOnly?: boolean },
): void {
  const found = mustSucceed(file, "missing", () => statSync(file, { throwIfNoEntry: false }));
  if (!readOnly) mustBeWritable(file, found !== undefined);
  if (found === undefined) {
    if (readOnly) throw failureWith(file, "missing", "ENOENT");
    return;
  }
  if (!found.isFile()) throw failureWith(file, "missing", "it is no file");
  const head = mustSucceed(file, "missing", () => readHead(file));
  // SQLite makes a new database of an empty file.
  if (head.length === 0) return;
  if (head.length < headBytes || head.toString("latin1", 0, magic.length) !== magic)
    throw failureWith(file, "corrupt", "it does not begin as an SQLite file");
  judgeHead(format, file, head, readOnly);
}
