// Domain names, as text and as sent. RFC 1035 3.1, 4.1.4, 5.1; RFC 4343 (case).
import { concatBytes } from "@liquid-ims/runtime/text";

/** Something that has no place in a DNS message: which field, which value, what is allowed. A fault of the caller. */
export class DnsDataError extends Error {
  override readonly name = "DnsDataError";
}

const longestLabel = 63;
const longestName = 255;

/** The labels as written; a dot behind a backslash is part of its label (RFC 1035 5.1). */
function labelsOf(name: string): string[] {
  const labels = [""];
  for (let at = 0; at < name.length; at++) {
    const character = name.charAt(at);
    if (character === ".") labels.push("");
    else labels.push(`${labels.pop()}${character === "\\" ? `\\${name.charAt(++at)}` : character}`);
  }
  if (labels.at(-1) === "") labels.pop();
  return labels.length === 1 && labels[0] === "" ? [] : labels;
}

/** The form in which two names are compared: lower case, without the dot at the end; the root is "". */
export function plainName(name: string): string {
  return labelsOf(name.toLowerCase()).join(".");
}

/** True when `name` is `zone` or below it. */
export function isInZone(name: string, zone: string): boolean {
  const [below, apex] = [plainName(name), plainName(zone)];
  return apex === "" || below === apex || below.endsWith(`.${apex}`);
}

function encodeLabel(text: string, name: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const digits = /^\\(\d{3})/.exec(text.slice(at, at + 4))?.[1];
    if (digits !== undefined) {
      bytes.push(Number(digits));
      at += 3;
      continue;
    }
    if (text[at] === "\\") at += 1;
    bytes.push(text.charCodeAt(at));
  }
  if (bytes.length === 0) throw new DnsDataError(`name "${name}": an empty label; write names as a.example`);
  if (bytes.length > longestLabel)
    throw new DnsDataError(`name "${name}": a label of ${bytes.length} bytes, at most ${longestLabel}`);
  if (bytes.some((byte) => !(byte <= 255)))
    throw new DnsDataError(`name "${name}": has other characters than ASCII; write it in its A-label form`);
  return Uint8Array.of(bytes.length, ...bytes);
}

/** Each label as sent, with the part of the name that begins there as the key of compression. */
export function suffixesOf(name: string): { readonly key: string; readonly label: Uint8Array }[] {
  const labels = labelsOf(name);
  const suffixes = labels.map((label, index) => ({
    key: labels.slice(index).join(".").toLowerCase(),
    label: encodeLabel(label, name),
  }));
  const length = suffixes.reduce((sum, { label }) => sum + label.length, 1);
  if (length > longestName)
    throw new DnsDataError(`name "${name}": ${length} bytes as sent, at most ${longestName}`);
  return suffixes;
}

/** The name as sent, without compression. Throws DnsDataError for what is no name. */
export function encodeName(name: string): Uint8Array {
  return concatBytes([...suffixesOf(name).map(({ label }) => label), Uint8Array.of(0)]);
}

/** The name as it is signed: also in lower case (RFC 4034 6.2). */
export function encodeCanonicalName(name: string): Uint8Array {
  return encodeName(name.toLowerCase());
}

function decodeLabel(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    if (character === "." || character === "\\") text += `\\${character}`;
    else if (byte > 0x20 && byte < 0x7f) text += character;
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

/** The name at an offset, without a dot at its end, and where the bytes behind it begin; null when there is none. */
export function decodeName(
  data: Uint8Array,
  at: number,
): { readonly name: string; readonly next: number } | null {
  const labels: string[] = [];
  let next: number | null = null;
  let length = 1;
  // A pointer leads to earlier bytes only, so a loop ends.
  let limit = at;
  let here = at;
  for (;;) {
    const first = data[here];
    if (first === undefined) return null;
    if (first === 0) return { name: labels.join("."), next: next ?? here + 1 };
    if (first >= 0xc0) {
      const low = data[here + 1];
      if (low === undefined) return null;
      next ??= here + 2;
      here = ((first & 0x3f) << 8) | low;
      if (here >= limit) return null;
      limit = here;
      continue;
    }
    if (first > longestLabel || here + 1 + first >= data.length) return null;
    length += first + 1;
    if (length > longestName) return null;
    labels.push(decodeLabel(data.subarray(here + 1, here + 1 + first)));
    here += 1 + first;
  }
}

/** True for what can be sent as a name, the root apart. */
export function isDomainName(name: string): boolean {
  try {
    return encodeName(name).length > 1;
  } catch (error) {
    if (error instanceof DnsDataError) return false;
    throw error;
  }
}
