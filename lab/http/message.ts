// HTTP/1.1 messages on a byte stream, one a connection, as far as the lab's small interfaces need them. RFC 9112 2, 5, 6.
import { decodeText, encodeText } from "@liquid-ims/runtime/text";

export interface HttpMessage {
  /** `GET /x HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly startLine: string;
  /** By names in small letters; of a repeated one the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export type HttpReading =
  | { readonly kind: "message"; readonly message: HttpMessage }
  /** The rest is still to come. */
  | { readonly kind: "part" }
  | { readonly kind: "bad"; readonly detail: string };

/** Longest message, head and body, in bytes. */
export const longestMessage = 65_536;

const crlf = "\r\n";

function readHeaders(lines: readonly string[]): Map<string, string> | string {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return `header line "${line}": must be "name: value"`;
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}

/** The message that the first bytes of a connection hold. Without Content-Length it has no body. */
export function readHttp(data: Uint8Array): HttpReading {
  if (data.length > longestMessage)
    return { kind: "bad", detail: `more than ${longestMessage} bytes: send less` };
  // The head is ASCII, so that its characters are bytes.
  const text = decodeText(data);
  const end = text.indexOf(crlf + crlf);
  if (end < 0) return { kind: "part" };
  const [startLine = "", ...lines] = text.slice(0, end).split(crlf);
  const headers = readHeaders(lines);
  if (typeof headers === "string") return { kind: "bad", detail: headers };
  if (headers.has("transfer-encoding"))
    return { kind: "bad", detail: "Transfer-Encoding is not understood: send Content-Length" };
  const given = headers.get("content-length") ?? "0";
  if (!/^\d{1,9}$/.test(given))
    return { kind: "bad", detail: `Content-Length "${given}": must be a number of bytes` };
  const begin = encodeText(text.slice(0, end + 2 * crlf.length)).length;
  const length = Number(given);
  if (begin + length > longestMessage)
    return { kind: "bad", detail: `Content-Length ${given}: a message has ${longestMessage} bytes at most` };
  if (data.length < begin + length) return { kind: "part" };
  const body = decodeText(data.subarray(begin, begin + length));
  return { kind: "message", message: { startLine, headers, body } };
}

/** The last message of its connection. */
export function writeHttp(
  startLine: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Uint8Array {
  const lines = Object.entries({
    ...headers,
    "Content-Length": String(encodeText(body).length),
    Connection: "close",
  }).map(([name, value]) => `${name}: ${value}`);
  return encodeText([startLine, ...lines, "", body].join(crlf));
}
