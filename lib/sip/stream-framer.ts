// Cuts a byte stream into messages and keep-alives. RFC 3261 7.5, 18.3, 20.14; RFC 5626 3.5.1, 4.4.1.
import { decodeLatin1, encodeText } from "@liquid-ims/runtime/text";
import { clip } from "./header-lines.ts";

/**
 * What a stream holds. `keep-alive-request` is CRLF CRLF and wants a CRLF back; `keep-alive-response` is a lone
 * CRLF. A request whose halves come in two chunks gives a response, which means nothing, and then the request.
 * Behind an `error` nothing can be told apart any more: the stream is to be closed.
 */
export type StreamFrame =
  | { readonly kind: "message"; readonly data: Uint8Array }
  | { readonly kind: "keep-alive-request" }
  | { readonly kind: "keep-alive-response" }
  | { readonly kind: "error"; readonly detail: string };

export interface StreamFramerOptions {
  /** Longest message, head and body; default 65,536. What waits for its rest is never longer. */
  readonly maximumBytes?: number;
}

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const nothing = new Uint8Array(0);

/** Longest Content-Length value that is looked at; a longer one is no number. */
const longestValue = 200;

/** The Content-Length of a head that ends with its empty line; the reason when it says none. */
function contentLength(data: Uint8Array, start: number, end: number): number | string {
  let length: number | null = null;
  for (let at = lineBreak(data, start); at < end - 2; at = lineBreak(data, at)) {
    const colon = endOfName(data, at);
    if (colon < 0) continue;
    let fieldEnd = lineBreak(data, at);
    while (data[fieldEnd] === 0x20 || data[fieldEnd] === 0x09) fieldEnd = lineBreak(data, fieldEnd);
    if (length !== null) return "Content-Length comes twice";
    const value = decodeLatin1(data.subarray(colon + 1, Math.min(fieldEnd, colon + longestValue))).trim();
    if (fieldEnd - colon > longestValue || !/^[0-9]+$/.test(value))
      return `Content-Length is ${clip(value)}, must be a number`;
    length = Number(value);
  }
  return length ?? "Content-Length is missing, on a stream it must be there";
}

const fullName = encodeText("content-length");

/** The colon behind Content-Length or its compact form `l`; -1 when the line has another name. */
function endOfName(data: Uint8Array, start: number): number {
  // Bit 0x20 makes a letter small. It makes CR a minus too, but such a line is refused by the parser.
  let at = start + 1;
  if (((data[start] ?? 0) | 0x20) !== 0x6c) {
    for (at = start; at < start + fullName.length; at++)
      if (((data[at] ?? 0) | 0x20) !== fullName[at - start]) return -1;
  }
  while (data[at] === 0x20 || data[at] === 0x09) at += 1;
  return data[at] === 0x3a ? at : -1;
}

/** The position behind the next CRLF. */
function lineBreak(data: Uint8Array, start: number): number {
  let at = data.indexOf(carriageReturn, start);
  while (at >= 0 && data[at + 1] !== lineFeed) at = data.indexOf(carriageReturn, at + 1);
  return at < 0 ? data.length : at + 2;
}

/** One direction of one connection. */
export class StreamFramer {
  readonly #maximumBytes: number;
  /** What waits for its rest: `#held` bytes of a buffer that may be longer. */
  #buffer: Uint8Array = nothing;
  #held = 0;
  /** Up to here in the buffer, no end of the head was found. */
  #searched = 0;
  /** Length of the message whose head is complete; 0 when it is not. */
  #messageLength = 0;
  #afterHalfRequest = false;
  #broken = false;

  constructor(options: StreamFramerOptions = {}) {
    this.#maximumBytes = options.maximumBytes ?? 65_536;
  }

  /** Bytes that wait for their rest. */
  get buffered(): number {
    return this.#held;
  }

  /** The frames that this chunk completes, in order. The chunk may be reused afterwards. */
  push(chunk: Uint8Array): StreamFrame[] {
    if (this.#broken || chunk.length === 0) return [];
    const frames: StreamFrame[] = [];
    const data = this.#held === 0 ? chunk : this.#append(chunk);
    let start = 0;
    while (start < data.length) {
      const end = this.#readFrame(data, start, frames);
      if (this.#broken) {
        this.#keep(nothing);
        return frames;
      }
      if (end === start) break;
      start = end;
    }
    if (start > 0 || this.#held === 0) this.#keep(data.subarray(start));
    return frames;
  }

  /** Where the frame that begins at `start` ends; `start` itself when its rest is missing. */
  #readFrame(data: Uint8Array, start: number, frames: StreamFrame[]): number {
    if (data[start] === carriageReturn) return this.#readKeepAlive(data, start, frames);
    this.#afterHalfRequest = false;
    if (this.#messageLength === 0 && !this.#readHead(data, start, frames)) return start;
    if (data.length - start < this.#messageLength) return start;
    const end = start + this.#messageLength;
    // Not `slice`: of a Buffer it gives the same bytes, no copy.
    frames.push({ kind: "message", data: new Uint8Array(data.subarray(start, end)) });
    this.#messageLength = 0;
    this.#searched = 0;
    return end;
  }

  #readKeepAlive(data: Uint8Array, start: number, frames: StreamFrame[]): number {
    if (start + 1 >= data.length) return start;
    if (data[start + 1] !== lineFeed) {
      this.#fail(frames, "CR without LF before a message");
      return start;
    }
    if (this.#afterHalfRequest) {
      this.#afterHalfRequest = false;
      frames.push({ kind: "keep-alive-request" });
      return start + 2;
    }
    if (data[start + 2] === carriageReturn && data[start + 3] === lineFeed) {
      frames.push({ kind: "keep-alive-request" });
      return start + 4;
    }
    // Perhaps half a request; a response must not wait for what may never come.
    this.#afterHalfRequest = true;
    frames.push({ kind: "keep-alive-response" });
    return start + 2;
  }

  /** Finds the end of the head and the message's length; false while it is unknown. */
  #readHead(data: Uint8Array, start: number, frames: StreamFrame[]): boolean {
    const last = data.length - 3;
    let at = nextCarriageReturn(data, start + this.#searched);
    while (at < last && !isHeadEnd(data, at)) at = nextCarriageReturn(data, at + 1);
    if (at > last) at = last;
    const headLength = at + 4 - start;
    if (headLength > this.#maximumBytes) {
      this.#fail(frames, `no end of the header fields within ${this.#maximumBytes} bytes`);
      return false;
    }
    if (at >= last) {
      this.#searched = Math.max(0, last - start);
      return false;
    }
    const length = contentLength(data, start, at + 4);
    if (typeof length === "string") {
      this.#fail(frames, length);
      return false;
    }
    if (length > this.#maximumBytes - headLength) {
      this.#fail(frames, `Content-Length ${length}: messages may have ${this.#maximumBytes} bytes in all`);
      return false;
    }
    this.#messageLength = headLength + length;
    return true;
  }

  #fail(frames: StreamFrame[], detail: string): void {
    this.#broken = true;
    frames.push({ kind: "error", detail });
  }

  /** What is held and the chunk, in one piece. The buffer doubles, so that small chunks cost no more than large. */
  #append(chunk: Uint8Array): Uint8Array {
    const length = this.#held + chunk.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#held));
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#held);
    this.#held = length;
    return this.#buffer.subarray(0, length);
  }

  /** Holds a copy of the rest; an idle connection holds nothing. */
  #keep(rest: Uint8Array): void {
    this.#buffer = rest.length === 0 ? nothing : new Uint8Array(rest);
    this.#held = rest.length;
  }
}

function nextCarriageReturn(data: Uint8Array, start: number): number {
  const at = data.indexOf(carriageReturn, start);
  return at < 0 ? data.length : at;
}

function isHeadEnd(data: Uint8Array, at: number): boolean {
  return (
    data[at] === carriageReturn &&
    data[at + 1] === lineFeed &&
    data[at + 2] === carriageReturn &&
    data[at + 3] === lineFeed
  );
}
