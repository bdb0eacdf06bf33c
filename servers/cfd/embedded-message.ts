// What an S-CSCF puts into the body of a third-party REGISTER: the UE's REGISTER, its 200, service information.
// TS 24.229 5.4.1.7A, TS 29.228 B (service-info).
import { concatBytes, decodeText, encodeText } from "@liquid-ims/runtime/text";
import { parseContentType } from "@liquid-ims/sip/header/content-type";
import type { SipRequest, SipResponse } from "@liquid-ims/sip/message";
import { parseMultipart } from "@liquid-ims/sip/multipart";
import { type ParseResult, parseMessage } from "@liquid-ims/sip/parser";
import { SaxesParser } from "saxes";

export interface EmbeddedMessages {
  /** The UE's REGISTER. */
  readonly register: SipRequest | null;
  /** The final response to it. */
  readonly response: SipResponse | null;
  /** Text of `service-info`. */
  readonly serviceInfo: string | null;
  /** Parts of a known type that could not be read. */
  readonly unreadable: number;
}

const longestXml = 65_536;

/** The text of `service-info` in an `ims-3gpp` document; null when it is no such document. */
function readServiceInfo(data: Uint8Array): string | null {
  if (data.length > longestXml) return null;
  let text = "";
  let depth = 0;
  let seen = false;
  let failed = false;
  const parser = new SaxesParser();
  parser.on("opentag", (tag) => {
    if (tag.name === "service-info") {
      depth += 1;
      seen = true;
    }
  });
  parser.on("closetag", (tag) => {
    if (tag.name === "service-info") depth -= 1;
  });
  const take = (part: string) => {
    if (depth > 0) text += part;
  };
  parser.on("text", take);
  parser.on("cdata", take);
  // Without a handler saxes throws; the document is the peer's, so its errors are values.
  parser.on("error", () => {
    failed = true;
  });
  parser.write(decodeText(data)).close();
  return failed || !seen ? null : text.trim();
}

/**
 * A message in a body. Its end is the body's: where a multipart's delimiter has taken the last CRLF, or the head was copied
 * without it, the empty line is missing.
 */
function parseEmbedded(body: Uint8Array): ParseResult {
  const parsed = parseMessage(body);
  if (parsed.ok || parsed.error.code !== "truncated-head") return parsed;
  const endsLine = body.at(-2) === 0x0d && body.at(-1) === 0x0a;
  return parseMessage(concatBytes([body, encodeText(endsLine ? "\r\n" : "\r\n\r\n")]));
}

interface Found {
  register: SipRequest | null;
  response: SipResponse | null;
  serviceInfo: string | null;
  unreadable: number;
}

function readBody(contentType: string, body: Uint8Array, found: Found, depth: number): void {
  const type = parseContentType(contentType);
  if (type === null) return;
  const name = `${type.type}/${type.subtype}`;
  if (name === "message/sip") {
    const parsed = parseEmbedded(body);
    if (!parsed.ok) found.unreadable += 1;
    else if (parsed.message.kind === "response") found.response ??= parsed.message;
    else if (parsed.message.method === "REGISTER") found.register ??= parsed.message;
  } else if (name === "application/3gpp-ims+xml") {
    const info = readServiceInfo(body);
    if (info === null) found.unreadable += 1;
    else found.serviceInfo ??= info;
  } else if (type.type === "multipart" && depth < 2) {
    const parts = parseMultipart(body, contentType);
    if (parts === null) found.unreadable += 1;
    // RFC 2046 5.1: a part without Content-Type is text.
    for (const part of parts ?? [])
      readBody(part.headers.get("Content-Type") ?? "text/plain", part.body, found, depth + 1);
  }
}

/** Reads the body, alone or in parts; of two of a kind the first counts, what is unknown is left alone. */
export function readEmbedded(request: SipRequest): EmbeddedMessages {
  const found: Found = { register: null, response: null, serviceInfo: null, unreadable: 0 };
  const contentType = request.headers.get("Content-Type");
  if (contentType !== undefined && request.body.length > 0) readBody(contentType, request.body, found, 0);
  return found;
}
