// Exit codes, the same for every program: 0 what was asked for was done, 1 a fault of ours, 2 usage or configuration,
// 3 the machine (an address in use, a missing right, a disk).
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";

export type ExitCode = 0 | 1 | 2 | 3;

/** A mistake that the person who starts the program can mend: one line and an exit code, no stack. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly exitCode: 2 | 3;

  constructor(exitCode: 2 | 3, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

export function systemCodeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

const machineCodes =
  /^(EACCES|EPERM|ENOSPC|EDQUOT|EROFS|ENOENT|ENOTDIR|EISDIR|EEXIST|EIO|EMFILE|ENFILE|EADDR.*|EAFNOSUPPORT)$/;

/** What a person can mend gets one line; a fault of ours keeps its stack. */
export function explain(error: unknown): { readonly exitCode: ExitCode; readonly text: string } {
  if (!(error instanceof Error)) return { exitCode: 1, text: String(error) };
  if (error instanceof ProgramError) return { exitCode: error.exitCode, text: error.message };
  const isMachine =
    error instanceof RuntimeError ||
    error.name === "SqliteFailure" ||
    error.name === "StoreDown" ||
    machineCodes.test(systemCodeOf(error) ?? "");
  return isMachine
    ? { exitCode: 3, text: error.message }
    : { exitCode: 1, text: error.stack ?? error.message };
}
