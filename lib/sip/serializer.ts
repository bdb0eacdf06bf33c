// Writes a message. RFC 3261 7. Fields that were received and not changed are written as they came.
import { encodeText } from "@liquid-ims/runtime/text";
import type { SipMessage } from "./message.ts";

/** The start line without its CRLF. */
export function formatStartLine(message: SipMessage): string {
  return message.kind === "request"
    ? `${message.method} ${message.uri} SIP/2.0`
    : `SIP/2.0 ${message.status} ${message.reason}`;
}

/** The bytes of a message; Content-Length is added when it is missing (RFC 3261 18.3), nothing else changes. */
export function serializeMessage(message: SipMessage): Uint8Array {
  const { headers, body } = message;
  const length = headers.has("Content-Length") ? "" : `Content-Length: ${body.length}\r\n`;
  const startLine = formatStartLine(message);
  if (startLine.includes("\r") || startLine.includes("\n"))
    throw new TypeError(`start line ${JSON.stringify(startLine)} has a line break, escape it first`);
  const head = encodeText(`${startLine}\r\n${headers.format()}${length}\r\n`);
  if (body.length === 0) return head;
  const data = new Uint8Array(head.length + body.length);
  data.set(head);
  data.set(body, head.length);
  return data;
}
