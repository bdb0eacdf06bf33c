// Splits the head of a message, or of a part of a body, into header fields. RFC 3261 7.3.1, 25.1 HCOLON, LWS.
import { decodeText } from "@liquid-ims/runtime/text";
import { isToken, trimSpace } from "./header/scanner.ts";
import type { OriginalField } from "./headers.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;

/** What was read up to the empty line. */
export interface HeaderLines {
  readonly fields: readonly OriginalField[];
  /** Where the body begins; the data's length when the empty line is missing. */
  readonly bodyStart: number;
  /** The first thing that is no header field; the fields hold the rest all the same. */
  readonly fault: { readonly code: "malformed-header" | "truncated-head"; readonly detail: string } | null;
}

/** The position of the first CR or LF from `at` on; the data's length when there is none. */
export function nextLineBreak(data: Uint8Array, at: number): number {
  let position = at;
  while (position < data.length) {
    const code = data[position];
    if (code === carriageReturn || code === lineFeed) return position;
    position += 1;
  }
  return position;
}

/** True when a CRLF stands at that position. */
export function isCrlf(data: Uint8Array, at: number): boolean {
  return data[at] === carriageReturn && data[at + 1] === lineFeed;
}

/** A text for an error's detail. */
export function clip(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** One field from its line or lines; null when no name stands before a colon. */
function parseField(line: string, folded: boolean): OriginalField | null {
  const colon = line.indexOf(":");
  if (colon < 1) return null;
  let name = line.slice(0, colon);
  if (!isToken(name)) {
    // White space may stand before the colon, not before the name: that would be a fold of nothing.
    name = name.trimEnd();
    if (!isToken(name)) return null;
  }
  const text = line.slice(colon + 1, -2);
  const value = folded ? text.split("\r\n").map(trimSpace).join(" ") : text;
  return { name, value: trimSpace(value), line };
}

/**
 * Reads header fields from `start` up to the empty line. Each is decoded by itself, so that a value which is
 * kept for long keeps only its own line.
 */
export function readHeaderLines(data: Uint8Array, start: number): HeaderLines {
  const fields: OriginalField[] = [];
  let fault: HeaderLines["fault"] = null;
  let lineStart = start;
  let folded = false;
  let spoiled = false;
  for (let at = nextLineBreak(data, start); at < data.length; at = nextLineBreak(data, at)) {
    if (!isCrlf(data, at)) {
      // Others may take it for the end of the line: such a header must not be passed on.
      fault ??= {
        code: "malformed-header",
        detail: `a lone ${data[at] === lineFeed ? "LF" : "CR"} at byte ${at}, lines end with CRLF`,
      };
      spoiled = true;
      at += 1;
      continue;
    }
    at += 2;
    if (at === lineStart + 2) return { fields, bodyStart: at, fault };
    if (data[at] === 0x20 || data[at] === 0x09) {
      folded = true;
      continue;
    }
    const line = decodeText(data.subarray(lineStart, at));
    const field = spoiled ? null : parseField(line, folded);
    if (field !== null) fields.push(field);
    else fault ??= { code: "malformed-header", detail: `header line ${clip(line)}: no name before a colon` };
    lineStart = at;
    folded = false;
    spoiled = false;
  }
  fault ??= { code: "truncated-head", detail: "the empty line after the header fields is missing" };
  return { fields, bodyStart: data.length, fault };
}
