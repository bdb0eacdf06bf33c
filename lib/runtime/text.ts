// Bytes and text. UTF-8 both ways without loss: bytes that are no UTF-8 become lone surrogates U+DC80 to U+DCFF
// and become the same bytes again, so that a header nobody understands survives byte for byte.

// The language's own library has neither; every host of ours has both.
interface TextCoder {
  encode(text: string): Uint8Array;
}
interface TextDecoderLike {
  decode(data: Uint8Array): string;
}
declare const TextEncoder: new () => TextCoder;
declare const TextDecoder: new (
  encoding: string,
  options: { fatal: boolean; ignoreBOM: boolean },
) => TextDecoderLike;

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const chunkLength = 8192;

/** Each byte becomes the code unit of the same value. */
export function decodeLatin1(data: Uint8Array): string {
  if (data.length <= chunkLength) return String.fromCharCode(...data);
  let text = "";
  for (let at = 0; at < data.length; at += chunkLength)
    text += String.fromCharCode(...data.subarray(at, at + chunkLength));
  return text;
}

/** Length of the UTF-8 sequence that begins at `at`, 0 where none does (RFC 3629 4). */
function sequenceLength(data: Uint8Array, at: number): number {
  const first = data[at] as number;
  const second = data[at + 1] ?? 0;
  const continues = (index: number) => ((data[index] ?? 0) & 0xc0) === 0x80;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return continues(at + 1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (first === 0xe0 && second < 0xa0) return 0;
    if (first === 0xed && second > 0x9f) return 0;
    return continues(at + 1) && continues(at + 2) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (first === 0xf0 && second < 0x90) return 0;
    if (first === 0xf4 && second > 0x8f) return 0;
    return continues(at + 1) && continues(at + 2) && continues(at + 3) ? 4 : 0;
  }
  return 0;
}

function decodeWithEscapes(data: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < data.length) {
    const start = at;
    while (at < data.length) {
      const length = sequenceLength(data, at);
      if (length === 0) break;
      at += length;
    }
    if (at > start) text += strictDecoder.decode(data.subarray(start, at));
    while (at < data.length && sequenceLength(data, at) === 0) {
      text += String.fromCharCode(0xdc00 + (data[at] as number));
      at += 1;
    }
  }
  return text;
}

/** UTF-8 to text; bytes that are no UTF-8 are escaped (see above). Never fails. */
export function decodeText(data: Uint8Array): string {
  try {
    return strictDecoder.decode(data);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return decodeWithEscapes(data);
  }
}

const escapedByte = /[\udc80-\udcff]/;

/** Text to UTF-8; escaped bytes become themselves. */
export function encodeText(text: string): Uint8Array {
  if (!escapedByte.test(text)) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  let plain = "";
  for (const character of text) {
    const unit = character.charCodeAt(0);
    if (character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff) {
      if (plain !== "") parts.push(encoder.encode(plain));
      plain = "";
      parts.push(Uint8Array.of(unit - 0xdc00));
    } else {
      plain += character;
    }
  }
  if (plain !== "") parts.push(encoder.encode(plain));
  return concatBytes(parts);
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index++) difference |= (a[index] as number) ^ (b[index] as number);
  return difference === 0;
}

export function encodeHex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += byte.toString(16).padStart(2, "0");
  return text;
}

/** Null when the text is not an even number of hexadecimal digits. */
export function decodeHex(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  const data = new Uint8Array(text.length / 2);
  for (let index = 0; index < data.length; index++)
    data[index] = Number.parseInt(text.slice(index * 2, index * 2 + 2), 16);
  return data;
}

const standardAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const urlAlphabet = `${standardAlphabet.slice(0, 62)}-_`;

function encodeBase(data: Uint8Array, alphabet: string): string {
  let text = "";
  for (let at = 0; at < data.length; at += 3) {
    const left = data.length - at;
    const bits = ((data[at] as number) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    text += alphabet.charAt(bits >> 18) + alphabet.charAt((bits >> 12) & 63);
    if (left > 1) text += alphabet.charAt((bits >> 6) & 63);
    if (left > 2) text += alphabet.charAt(bits & 63);
  }
  return text;
}

function decodeBase(text: string, alphabet: string): Uint8Array | null {
  if (text.length % 4 === 1) return null;
  const data = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const character of text) {
    const value = alphabet.indexOf(character);
    if (value < 0) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      data[at] = (bits >> held) & 0xff;
      at += 1;
    }
  }
  // Bits that no byte takes must be 0, else two texts would mean the same bytes.
  return (bits & ((1 << held) - 1)) === 0 ? data : null;
}

/** RFC 4648 4, with padding. */
export function encodeBase64(data: Uint8Array): string {
  const text = encodeBase(data, standardAlphabet);
  return text + "=".repeat((4 - (text.length % 4)) % 4);
}

/** RFC 4648 4; padding may be missing. Null when it is no base64. */
export function decodeBase64(text: string): Uint8Array | null {
  return decodeBase(text.replace(/={1,2}$/, ""), standardAlphabet);
}

/** RFC 4648 5 without padding, as JOSE uses it (RFC 7515 2). */
export function encodeBase64Url(data: Uint8Array): string {
  return encodeBase(data, urlAlphabet);
}

/** RFC 4648 5 without padding. Null when it is not that. */
export function decodeBase64Url(text: string): Uint8Array | null {
  return decodeBase(text, urlAlphabet);
}
