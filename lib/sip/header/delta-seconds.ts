// Times in seconds: Expires, Min-Expires, Retry-After. RFC 3261 20.19, 20.23, 20.33, 25.1 delta-seconds.
import { type Parameters, scanParameters } from "./parameters.ts";
import { Scanner } from "./scanner.ts";

const longest = 2 ** 32 - 1;

/** Seconds; a greater number than 2^32-1 counts as that. Null when it is no number. */
export function parseDeltaSeconds(text: string): number | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const digits = scanner.digits();
  scanner.skipSpace();
  return digits === "" || !scanner.done ? null : Math.min(Number(digits), longest);
}

/** Expires or Min-Expires, in seconds; null when it is none (the reader then takes its own default). */
export function parseExpires(text: string): number | null {
  return parseDeltaSeconds(text);
}

/** As digits. */
export function formatExpires(seconds: number): string {
  return String(seconds);
}

/** When to try again. */
export interface RetryAfter {
  readonly seconds: number;
  /** In brackets behind the number. */
  readonly comment: string | null;
  /** `duration`: how long the callee can be reached from then on. */
  readonly parameters: Parameters;
}

/** A comment in brackets, which may hold others; null when it has no end. */
function scanComment(scanner: Scanner): string | null {
  const start = scanner.at;
  let depth = 0;
  for (; !scanner.done; scanner.at += 1) {
    const character = scanner.text.charAt(scanner.at);
    if (character === "\\") scanner.at += 1;
    else if (character === "(") depth += 1;
    else if (character === ")") {
      depth -= 1;
      if (depth > 0) continue;
      scanner.at += 1;
      return scanner.text.slice(start + 1, scanner.at - 1);
    }
  }
  return null;
}

/** Null when it is none. */
export function parseRetryAfter(text: string): RetryAfter | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const digits = scanner.digits();
  if (digits === "") return null;
  scanner.skipSpace();
  let comment: string | null = null;
  if (scanner.text.charAt(scanner.at) === "(") {
    comment = scanComment(scanner);
    if (comment === null) return null;
  }
  const parameters = scanParameters(scanner);
  scanner.skipSpace();
  if (parameters === null || !scanner.done) return null;
  return { seconds: Math.min(Number(digits), longest), comment, parameters };
}
