// Reads AVPs into typed fields by a list of what a command or group holds, and writes them. RFC 6733 3.2, 7.1.5.
import { type Avp, encodeAvps } from "./avp.ts";
import { type AvpDefinition, buildDefinedAvp, isAvp, rawAvp } from "./dictionary.ts";
import type { Read, Rejection } from "./rejection.ts";
import { resultCode } from "./result-code.ts";

/** `{ }`, `[ ]`, `1*{ }` and `*[ ]` of a command's grammar. */
export type Occurs = "once" | "at most once" | "at least once" | "any number";

export interface Field<T, O extends Occurs> {
  readonly avp: AvpDefinition<T>;
  readonly occurs: O;
}

/** Fields by name, in the order in which they are written. */
export type FieldList = Readonly<Record<string, Field<unknown, Occurs>>>;

type Value<F> = F extends Field<infer T, Occurs> ? T : never;
type Named<L, O extends Occurs> = { [K in keyof L]: L[K] extends { occurs: O } ? K : never }[keyof L];

/** The object with the values of a list; what may be absent is absent, also a list without a member. */
export type FieldsOf<L> = {
  readonly [K in Named<L, "once">]: Value<L[K]>;
} & {
  readonly [K in Named<L, "at most once">]?: Value<L[K]> | undefined;
} & {
  readonly [K in Named<L, "at least once">]: readonly Value<L[K]>[];
} & {
  readonly [K in Named<L, "any number">]?: readonly Value<L[K]>[] | undefined;
};

export function once<T>(avp: AvpDefinition<T>): Field<T, "once"> {
  return { avp, occurs: "once" };
}

export function atMostOnce<T>(avp: AvpDefinition<T>): Field<T, "at most once"> {
  return { avp, occurs: "at most once" };
}

export function atLeastOnce<T>(avp: AvpDefinition<T>): Field<T, "at least once"> {
  return { avp, occurs: "at least once" };
}

export function anyNumber<T>(avp: AvpDefinition<T>): Field<T, "any number"> {
  return { avp, occurs: "any number" };
}

function reject(code: number, definition: AvpDefinition<unknown>, avp: Avp, what: string): Rejection {
  return { resultCode: code, failedAvps: [avp], detail: `${definition.name} ${what}` };
}

function readValue(definition: AvpDefinition<unknown>, avp: Avp): Read<unknown> {
  const read = definition.type.decode(avp.data);
  if (read.ok) return read;
  const { resultCode: code, inside } = read.fault;
  // 7.5: the groups around an offending AVP may stand in Failed-AVP, with nothing else in them.
  const blamed = inside === undefined ? avp : { ...avp, data: encodeAvps([inside]) };
  const what = code === resultCode.missingAvp ? "lacks an AVP" : "has no valid value";
  return { ok: false, rejection: reject(code, definition, blamed, what) };
}

function readField({ avp: definition, occurs }: Field<unknown, Occurs>, avps: readonly Avp[]): Read<unknown> {
  const found = avps.filter((avp) => isAvp(avp, definition));
  const single = occurs === "once" || occurs === "at most once";
  const second = found[1];
  if (single && second !== undefined) {
    const rejection = reject(resultCode.avpOccursTooManyTimes, definition, second, "comes more than once");
    return { ok: false, rejection };
  }
  if (found.length === 0) {
    if (occurs === "at most once" || occurs === "any number") return { ok: true, value: undefined };
    const example = rawAvp(definition, new Uint8Array(definition.type.minimumBytes));
    return { ok: false, rejection: reject(resultCode.missingAvp, definition, example, "is missing") };
  }
  const values: unknown[] = [];
  for (const avp of found) {
    const read = readValue(definition, avp);
    if (!read.ok) return read;
    values.push(read.value);
  }
  return { ok: true, value: single ? values[0] : values };
}

/** The fields, or the first thing that is wrong with them. AVPs that are not in the list are passed over. */
export function readFields<L extends FieldList>(list: L, avps: readonly Avp[]): Read<FieldsOf<L>> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(list)) {
    const read = readField(field, avps);
    if (!read.ok) return read;
    if (read.value !== undefined) values[name] = read.value;
  }
  // Each name has the value of its own definition; the compiler cannot follow that through a loop.
  return { ok: true, value: values as FieldsOf<L> };
}

/** The AVPs of these fields, in the list's order. */
export function writeFields<L extends FieldList>(list: L, values: FieldsOf<L>): Avp[] {
  const byName = values as Readonly<Record<string, unknown>>;
  return Object.entries(list).flatMap(([name, { avp, occurs }]) => {
    const value = byName[name];
    if (value === undefined) return [];
    if (occurs === "once" || occurs === "at most once") return [buildDefinedAvp(avp, value)];
    return (value as readonly unknown[]).map((one) => buildDefinedAvp(avp, one));
  });
}
