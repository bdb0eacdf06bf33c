// Bodies of several parts, as third-party REGISTERs have them. RFC 2046 5.1.1, RFC 5621 3.1, TS 24.229 5.4.1.7A.
import { concatBytes, decodeLatin1, encodeText } from "@liquid-ims/runtime/text";
import { parseContentType } from "./header/content-type.ts";
import { parameterText } from "./header/parameters.ts";
import { readHeaderLines } from "./header-lines.ts";
import { type HeaderPair, Headers } from "./headers.ts";

/** One part: its own header fields and its bytes. */
export interface BodyPart {
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** The parts in their order; null when the type is no multipart, has no boundary, or the body is not made so. */
export function parseMultipart(body: Uint8Array, contentType: string): BodyPart[] | null {
  const type = parseContentType(contentType);
  const boundary = type?.type === "multipart" ? parameterText(type.parameters, "boundary") : null;
  if (boundary === null || boundary === "") return null;
  // The line break before a delimiter belongs to it; the first delimiter may have none.
  const text = `\r\n${decodeLatin1(body)}`;
  const delimiter = `\r\n--${boundary}`;
  const parts: BodyPart[] = [];
  let partStart = -1;
  for (let at = text.indexOf(delimiter); at >= 0; at = text.indexOf(delimiter, at)) {
    const delimiterStart = at;
    at += delimiter.length;
    const isLast = text.startsWith("--", at);
    while (text.charAt(at) === " " || text.charAt(at) === "\t") at += 1;
    // A longer word that only begins like the boundary is content.
    if (!isLast && !text.startsWith("\r\n", at)) continue;
    if (partStart >= 0) {
      const part = parsePart(body.subarray(partStart, Math.max(partStart, delimiterStart - 2)));
      if (part === null) return null;
      parts.push(part);
    }
    if (isLast) return parts.length === 0 ? null : parts;
    // Two characters before the body's first byte were added above.
    partStart = at;
  }
  return null;
}

function parsePart(data: Uint8Array): BodyPart | null {
  const { fields, bodyStart, fault } = readHeaderLines(data, 0);
  if (fault !== null) return null;
  return { headers: Headers.received(fields), body: new Uint8Array(data.subarray(bodyStart)) };
}

/** The body; its Content-Type is `multipart/...;boundary="<boundary>"`. The boundary must not occur in a part. */
export function formatMultipart(
  boundary: string,
  parts: readonly { readonly headers: Iterable<HeaderPair>; readonly body: Uint8Array }[],
): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const { headers, body } of parts) {
    pieces.push(
      encodeText(`--${boundary}\r\n${Headers.from(headers).format()}\r\n`),
      body,
      encodeText("\r\n"),
    );
  }
  return concatBytes([...pieces, encodeText(`--${boundary}--\r\n`)]);
}
