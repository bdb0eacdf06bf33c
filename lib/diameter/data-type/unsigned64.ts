// Unsigned64. RFC 6733 4.2.
import { type DataType, decoded, viewOf, wrongLength } from "./data-type.ts";

export const unsigned64: DataType<bigint> = {
  name: "Unsigned64",
  minimumBytes: 8,
  decode: (data) => (data.length === 8 ? decoded(viewOf(data).getBigUint64(0)) : wrongLength),
  encode(value) {
    if (value < 0n || value > 0xffffffffffffffffn)
      throw new RangeError(`Unsigned64: ${value} is not within 0 to 2^64 - 1`);
    const data = new Uint8Array(8);
    viewOf(data).setBigUint64(0, value);
    return data;
  },
};
