// Enumerated, as the names that the specification gives to the values. RFC 6733 4.3.1.
import { type DataType, decoded, wrongValue } from "./data-type.ts";
import { integer32 } from "./integer32.ts";

/** A value without a name is an invalid value (5004). */
export function enumerated<const Name extends string>(
  values: Readonly<Record<Name, number>>,
): DataType<Name> {
  const names = new Map<number, Name>();
  for (const name in values) names.set(values[name], name);
  return {
    name: "Enumerated",
    minimumBytes: 4,
    decode(data) {
      const number = integer32.decode(data);
      if (!number.ok) return number;
      const name = names.get(number.value);
      return name === undefined ? wrongValue : decoded(name);
    },
    encode: (name) => integer32.encode(values[name]),
  };
}
