// Decoders for JSON values that came from a peer: small ones put together to bigger ones. Unknown members are
// ignored; what is missing, of another type or out of bounds is named with its path.
import { decodeText } from "@liquid-ims/runtime/text";
import type { DecodeFailure, DecodeResult } from "./decode-result.ts";

/** Reads a value that stands at `field`. */
export type Decoder<Value> = (value: unknown, field: string) => DecodeResult<Value>;

/** How a value is shown in an error: short, and never a whole body. */
function shown(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

export function refuse(field: string, value: unknown, remedy: string): DecodeFailure {
  return { ok: false, field, detail: `${shown(value)}; ${remedy}` };
}

/** A string of `least` to `most` UTF-16 units, without control characters (it may end in a header or a log). */
export function text(options: { readonly least?: number; readonly most?: number } = {}): Decoder<string> {
  const { least = 1, most = 1024 } = options;
  const remedy = `must be a string of ${least} to ${most} characters without control characters`;
  return (value, field) => {
    if (typeof value !== "string" || value.length < least || value.length > most || hasControl(value))
      return refuse(field, value, remedy);
    return { ok: true, value };
  };
}

function hasControl(value: string): boolean {
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/** An integer that a double holds exactly, of at least `least` (default 0). */
export function integer(options: { readonly least?: number; readonly most?: number } = {}): Decoder<number> {
  const { least = 0, most = Number.MAX_SAFE_INTEGER } = options;
  return (value, field) => {
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most)
      return refuse(field, value, `must be an integer from ${least} to ${most}`);
    return { ok: true, value };
  };
}

/** A time in milliseconds; parts of a millisecond are allowed. */
export const time: Decoder<number> = (value, field) => {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    return refuse(field, value, "must be milliseconds since 1970");
  return { ok: true, value };
};

export const flag: Decoder<boolean> = (value, field) =>
  typeof value === "boolean" ? { ok: true, value } : refuse(field, value, "must be true or false");

export function oneOf<Value extends string>(values: readonly Value[]): Decoder<Value> {
  return (value, field) => {
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) return refuse(field, value, `must be one of ${values.join(", ")}`);
    return { ok: true, value: found };
  };
}

/** Null or what `decoder` reads. A missing value is not null. */
export function nullable<Value>(decoder: Decoder<Value>): Decoder<Value | null> {
  return (value, field) => (value === null ? { ok: true, value } : decoder(value, field));
}

/** An array of at most `most` items (default 1,000). */
export function list<Value>(decoder: Decoder<Value>, most = 1000): Decoder<readonly Value[]> {
  return (value, field) => {
    if (!Array.isArray(value)) return refuse(field, value, "must be an array");
    if (value.length > most) return refuse(field, value.length, `items; at most ${most} are read`);
    const items: Value[] = [];
    for (const [index, item] of value.entries()) {
      const read = decoder(item, `${field}[${index}]`);
      if (!read.ok) return read;
      items.push(read.value);
    }
    return { ok: true, value: items };
  };
}

type Members<Value> = { readonly [Name in keyof Value]: Decoder<Value[Name]> };

/** An object with all `required` members and any of the `optional` ones. */
export function object<Required extends object, Optional extends object = object>(
  required: Members<Required>,
  optional?: Members<Optional>,
): Decoder<Required & Partial<Optional>> {
  const all: [string, Decoder<unknown>, boolean][] = [
    ...Object.entries<Decoder<unknown>>(required).map(
      ([name, decoder]): [string, Decoder<unknown>, boolean] => [name, decoder, true],
    ),
    ...Object.entries<Decoder<unknown>>(optional ?? {}).map(
      ([name, decoder]): [string, Decoder<unknown>, boolean] => [name, decoder, false],
    ),
  ];
  return (value, field) => {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return refuse(field, value, "must be an object");
    const members = new Map<string, unknown>(Object.entries(value));
    const result: Record<string, unknown> = {};
    for (const [name, decoder, needed] of all) {
      const member = members.get(name);
      if (member === undefined && !needed) continue;
      const read = decoder(member, field === "" ? name : `${field}.${name}`);
      if (!read.ok) return read;
      result[name] = read.value;
    }
    // Each member was put there by the decoder that its type names.
    return { ok: true, value: result as Required & Partial<Optional> };
  };
}

/** Either of two members decides what the object is: the value of `name` chooses the decoder. */
export function variant<Value>(
  name: string,
  decoders: Readonly<Record<string, Decoder<Value>>>,
): Decoder<Value> {
  const choose = object({ [name]: oneOf(Object.keys(decoders)) });
  return (value, field) => {
    const chosen = choose(value, field);
    if (!chosen.ok) return chosen;
    const decoder = decoders[chosen.value[name] ?? ""];
    return decoder === undefined ? refuse(field, value, `has no ${name}`) : decoder(value, field);
  };
}

/** Parses JSON text; the failure's field is empty, as it is the whole. */
export function parseJson(data: Uint8Array): DecodeResult<unknown> {
  try {
    const value: unknown = JSON.parse(decodeText(data));
    return { ok: true, value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { ok: false, field: "", detail: "is no JSON; send one JSON object in UTF-8" };
  }
}
