// Reads a message from the bytes of one datagram, or of one frame of a stream. RFC 3261 7, 18.3, 25.
// Refused is only what the message types cannot hold; whether a message is any good is for `validate.ts`.
import { decodeText } from "@liquid-ims/runtime/text";
import { isToken } from "./header/scanner.ts";
import { parseVia } from "./header/via.ts";
import { clip, isCrlf, nextLineBreak, readHeaderLines } from "./header-lines.ts";
import { Headers } from "./headers.ts";
import type { SipMessage, SipRequest } from "./message.ts";
import { reasonPhrase } from "./status.ts";

/** Why bytes are no message. */
export type ParseErrorCode =
  | "empty"
  | "malformed-start-line"
  | "unsupported-version"
  | "malformed-status"
  | "malformed-header"
  | "truncated-head"
  | "malformed-content-length"
  | "truncated-body";

/** `owed`: the answer that the sender should get, with the request as far as it could be read; null for none. */
export interface ParseError {
  readonly code: ParseErrorCode;
  readonly detail: string;
  readonly owed: { readonly status: number; readonly reason: string; readonly request: SipRequest } | null;
}

export type ParseResult =
  | { readonly ok: true; readonly message: SipMessage }
  | { readonly ok: false; readonly error: ParseError };

interface Fault {
  readonly code: ParseErrorCode;
  readonly detail: string;
  /** Default 400. */
  readonly status?: number;
}

type StartLine =
  | { readonly kind: "request"; readonly method: string; readonly uri: string; readonly fault: Fault | null }
  | { readonly kind: "response"; readonly status: number; readonly reason: string }
  | { readonly kind: "none"; readonly fault: Fault };

const statusLine = /^SIP\/2\.0 ([1-6][0-9]{2})(?: (.*))?$/is;
const versionText = /^SIP\/[0-9]+\.[0-9]+$/i;

function parseStatusLine(line: string): StartLine {
  const match = statusLine.exec(line);
  if (match === null)
    return { kind: "none", fault: { code: "malformed-status", detail: `status line ${clip(line)}` } };
  return { kind: "response", status: Number(match[1]), reason: match[2] ?? "" };
}

function parseRequestLine(line: string): StartLine {
  const first = line.indexOf(" ");
  const last = line.lastIndexOf(" ");
  const method = first < 0 ? line : line.slice(0, first);
  const version = line.slice(last + 1);
  const uri = last > first ? line.slice(first + 1, last) : "";
  let fault: Fault | null = null;
  if (!isToken(method) || uri === "" || !versionText.test(version))
    fault = { code: "malformed-start-line", detail: `request line ${clip(line)}` };
  else if (version.length !== 7 || !version.endsWith("2.0"))
    fault = { code: "unsupported-version", detail: `version ${clip(version)}, must be SIP/2.0`, status: 505 };
  return { kind: "request", method, uri, fault };
}

function parseStartLine(line: string): StartLine {
  return /^SIP\//i.test(line) ? parseStatusLine(line) : parseRequestLine(line);
}

/** The length of the body; null when no Content-Length says it. */
function bodyLength(headers: Headers): number | null | Fault {
  const written = headers.all("Content-Length");
  const [text] = written;
  if (text === undefined) return null;
  if (written.length > 1)
    return { code: "malformed-content-length", detail: `${written.length} Content-Length fields` };
  if (!/^[0-9]+$/.test(text))
    return { code: "malformed-content-length", detail: `Content-Length ${clip(text)}, must be a number` };
  return Number(text);
}

/** An answer can be built when it is known where to send it; an ACK gets none (RFC 3261 17). */
function owedFor(startLine: StartLine, headers: Headers, fault: Fault): ParseError["owed"] {
  if (startLine.kind !== "request" || startLine.method === "ACK") return null;
  const [via] = headers.values("Via");
  if (via === undefined || parseVia(via) === null) return null;
  const { method, uri } = startLine;
  const request: SipRequest = { kind: "request", method, uri, headers, body: new Uint8Array(0) };
  const status = fault.status ?? 400;
  return { status, reason: reasonPhrase(status), request };
}

function refuse(startLine: StartLine, headers: Headers, fault: Fault): ParseResult {
  const { code, detail } = fault;
  return { ok: false, error: { code, detail, owed: owedFor(startLine, headers, fault) } };
}

/**
 * One message from one datagram or frame. Empty lines before it are skipped (RFC 3261 7.5), bytes behind the
 * body are dropped (18.3). Never throws. Strings and body of the message are copies: they do not keep `data`.
 */
export function parseMessage(data: Uint8Array): ParseResult {
  let start = 0;
  while (isCrlf(data, start)) start += 2;
  if (start >= data.length)
    return { ok: false, error: { code: "empty", detail: "nothing but empty lines", owed: null } };

  const lineEnd = nextLineBreak(data, start);
  const startLine = parseStartLine(decodeText(data.subarray(start, lineEnd)));
  const isWhole = isCrlf(data, lineEnd);
  const lines = readHeaderLines(data, lineEnd + (isWhole ? 2 : 1));
  const headers = Headers.received(lines.fields);
  if (startLine.kind === "none") return refuse(startLine, headers, startLine.fault);
  const lone: Fault | null = isWhole
    ? null
    : { code: "malformed-start-line", detail: `the first line does not end with CRLF at byte ${lineEnd}` };
  const fault = (startLine.kind === "request" ? startLine.fault : null) ?? lone ?? lines.fault;
  if (fault !== null) return refuse(startLine, headers, fault);

  const length = bodyLength(headers);
  if (length !== null && typeof length === "object") return refuse(startLine, headers, length);
  const available = data.length - lines.bodyStart;
  if (length !== null && length > available)
    return refuse(startLine, headers, {
      code: "truncated-body",
      detail: `Content-Length ${length}, but only ${available} bytes follow`,
    });
  const bodyEnd = length === null ? data.length : lines.bodyStart + length;
  // Not `slice`: of a Buffer it gives the same bytes, no copy.
  const body = new Uint8Array(data.subarray(lines.bodyStart, bodyEnd));
  const message: SipMessage =
    startLine.kind === "request"
      ? { kind: "request", method: startLine.method, uri: startLine.uri, headers, body }
      : { kind: "response", status: startLine.status, reason: startLine.reason, headers, body };
  return { ok: true, message };
}
