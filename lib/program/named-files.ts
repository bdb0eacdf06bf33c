// The files that a configuration names: read before a server starts, and by --check, so that both say the same.
import { explain, ProgramError } from "./exit.ts";

/** Reads the file of a key of the configuration; what a person can mend is told with the key's path before it. */
export async function readNamed<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const { exitCode, text } = explain(error);
    if (exitCode !== 2 && exitCode !== 3) throw error;
    throw new ProgramError(exitCode, text.startsWith(`${path}: `) ? text : `${path}: ${text}`, {
      cause: error,
    });
  }
}

/** All of them, or an `AggregateError` of all that went wrong: a person mends several mistakes at once. */
export async function readAll<const Reads extends readonly Promise<unknown>[]>(
  reads: Reads,
): Promise<{ -readonly [Index in keyof Reads]: Awaited<Reads[Index]> }> {
  const settled = await Promise.allSettled(reads);
  const errors = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
  if (errors.length > 0) throw new AggregateError(errors, "files of the configuration");
  return Promise.all(reads);
}
