// What is known of AVPs: name, format and flags. RFC 6733 4.5.
import { type Avp, avpFlag, buildAvp } from "./avp.ts";
import type { DataType } from "./data-type/data-type.ts";

/** One AVP as its specification defines it. */
export interface AvpDefinition<T> {
  readonly name: string;
  readonly code: number;
  readonly vendorId: number | null;
  /** Whether we set the M bit. Received AVPs may have it otherwise. */
  readonly mandatory: boolean;
  readonly type: DataType<T>;
}

/** AVPs by vendor and code. */
export interface Dictionary {
  find(avp: { readonly code: number; readonly vendorId: number | null }): AvpDefinition<unknown> | undefined;
}

/** The V bit with vendor 0 means the same as no vendor (RFC 6733 4.1). */
function keyOf(code: number, vendorId: number | null): string {
  return `${vendorId ?? 0}:${code}`;
}

/** A dictionary of all these; throws an Error when two have the same code. */
export function createDictionary(
  ...parts: readonly Readonly<Record<string, AvpDefinition<unknown>>>[]
): Dictionary {
  const byKey = new Map<string, AvpDefinition<unknown>>();
  for (const definition of parts.flatMap((part) => Object.values(part))) {
    const key = keyOf(definition.code, definition.vendorId);
    const other = byKey.get(key);
    if (other !== undefined)
      throw new Error(`AVP ${definition.code} is both ${other.name} and ${definition.name}`);
    byKey.set(key, definition);
  }
  return { find: ({ code, vendorId }) => byKey.get(keyOf(code, vendorId)) };
}

/** Whether this is the AVP of that definition. */
export function isAvp(avp: Avp, definition: AvpDefinition<unknown>): boolean {
  return avp.code === definition.code && (avp.vendorId ?? 0) === (definition.vendorId ?? 0);
}

/** The AVP with that value. Throws a RangeError for a value that the format cannot hold. */
export function buildDefinedAvp<T>(definition: AvpDefinition<T>, value: T): Avp {
  return rawAvp(definition, definition.type.encode(value));
}

/** The AVP with these bytes for its value. */
export function rawAvp(definition: AvpDefinition<unknown>, data: Uint8Array): Avp {
  return buildAvp(definition.code, definition.vendorId, definition.mandatory ? avpFlag.mandatory : 0, data);
}

/** The value of the first AVP of that definition; null when it is absent or cannot be read. */
export function findValue<T>(avps: readonly Avp[], definition: AvpDefinition<T>): T | null {
  const avp = avps.find((one) => isAvp(one, definition));
  if (avp === undefined) return null;
  const read = definition.type.decode(avp.data);
  return read.ok ? read.value : null;
}
