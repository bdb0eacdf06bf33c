// Parameters of header fields. RFC 3261 25.1 generic-param, 7.3.1.
import { quoteText, type Scanner, unquote } from "./scanner.ts";

/**
 * Parameters in their order: names in lower case; values as written, also with their quotes; null for a name
 * without a value.
 */
export type Parameters = ReadonlyMap<string, string | null>;

/** No parameters. */
export const noParameters: Parameters = new Map();

/**
 * Reads `;name[=value]` until something else comes. Null when one has no name, an empty value, or came before:
 * a map cannot hold it twice.
 */
export function scanParameters(scanner: Scanner): Parameters | null {
  if (!scanner.eat(";")) return noParameters;
  const parameters = new Map<string, string | null>();
  do {
    const name = scanner.token().toLowerCase();
    if (name === "" || parameters.has(name)) return null;
    const value = scanner.eat("=") ? scanValue(scanner) : null;
    if (value === "") return null;
    parameters.set(name, value);
  } while (scanner.eat(";"));
  return parameters;
}

/** A value as written: a quoted string, or anything up to a separator. Empty when there is none. */
export function scanValue(scanner: Scanner): string {
  return scanner.text.charAt(scanner.at) === '"' ? (scanner.quoted() ?? "") : scanner.until(';,"<>');
}

/** `;name=value` of each. */
export function formatParameters(parameters: Parameters): string {
  let text = "";
  for (const [name, value] of parameters) text += value === null ? `;${name}` : `;${name}=${value}`;
  return text;
}

/** The value without quotes and escapes; null when the parameter is absent or has no value. */
export function parameterText(parameters: Parameters, name: string): string | null {
  const value = parameters.get(name);
  return value === undefined || value === null ? null : unquote(value);
}

/** A copy with these parameters set; undefined removes one. Values are written as given (see `quoteText`). */
export function withParameters(
  parameters: Parameters,
  changes: Readonly<Record<string, string | null | undefined>>,
): Parameters {
  const copy = new Map(parameters);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) copy.delete(name.toLowerCase());
    else copy.set(name.toLowerCase(), value);
  }
  return copy;
}

export { quoteText, unquote };
