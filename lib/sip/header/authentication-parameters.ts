// What challenges and credentials have in common: a scheme and parameters between commas.
// RFC 3261 25.1 challenge, credentials; RFC 7616 3.3, 3.4.
import { type Parameters, scanValue } from "./parameters.ts";
import { quoteText, Scanner, unquote } from "./scanner.ts";

/** Values are plain text here, without quotes and escapes. */
export interface AuthenticationValue {
  /** As written: "Digest". */
  readonly scheme: string;
  readonly parameters: Parameters;
}

/** Null when it is none, or a parameter comes twice. */
export function parseAuthentication(text: string): AuthenticationValue | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const scheme = scanner.token();
  if (scheme === "") return null;
  const parameters = new Map<string, string | null>();
  if (!scanner.skipSpace() || scanner.done) return scanner.done ? { scheme, parameters } : null;
  do {
    // Empty list members are allowed (RFC 7230 7), and some stacks end the list with a comma.
    if (scanner.done || scanner.next === 0x2c) continue;
    const name = scanner.token().toLowerCase();
    if (name === "" || parameters.has(name) || !scanner.eat("=")) return null;
    const value = scanValue(scanner);
    if (value === "" && !scanner.done && scanner.next !== 0x2c) return null;
    parameters.set(name, unquote(value));
  } while (scanner.eat(","));
  scanner.skipSpace();
  return scanner.done ? { scheme, parameters } : null;
}

/** Quotes all values but those of `plain`. */
export function formatAuthentication(value: AuthenticationValue, plain: ReadonlySet<string>): string {
  const parts: string[] = [];
  for (const [name, text] of value.parameters)
    parts.push(`${name}=${plain.has(name) ? (text ?? "") : quoteText(text ?? "")}`);
  return `${value.scheme} ${parts.join(", ")}`.trimEnd();
}
