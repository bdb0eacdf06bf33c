// Content-Type. RFC 3261 20.15, 25.1 media-type.
import { formatParameters, type Parameters, scanParameters } from "./parameters.ts";
import { Scanner } from "./scanner.ts";

/** Type and subtype in lower case. */
export interface ContentType {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: Parameters;
}

/** Null when it is none. */
export function parseContentType(text: string): ContentType | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const type = scanner.token().toLowerCase();
  if (type === "" || !scanner.eat("/")) return null;
  const subtype = scanner.token().toLowerCase();
  if (subtype === "") return null;
  const parameters = scanParameters(scanner);
  scanner.skipSpace();
  return parameters === null || !scanner.done ? null : { type, subtype, parameters };
}

/** As one value. */
export function formatContentType(value: ContentType): string {
  return `${value.type}/${value.subtype}${formatParameters(value.parameters)}`;
}

/** `type/subtype` in lower case of a Content-Type value, without parameters; null when it is none. */
export function mediaType(text: string): string | null {
  const parsed = parseContentType(text);
  return parsed === null ? null : `${parsed.type}/${parsed.subtype}`;
}
