// Unsigned32. RFC 6733 4.2.
import { type DataType, decoded, viewOf, wrongLength } from "./data-type.ts";

export const unsigned32: DataType<number> = {
  name: "Unsigned32",
  minimumBytes: 4,
  decode: (data) => (data.length === 4 ? decoded(viewOf(data).getUint32(0)) : wrongLength),
  encode(value) {
    if (!Number.isInteger(value) || value < 0 || value > 0xffffffff)
      throw new RangeError(`Unsigned32: ${value} is no integer of 0 to 4294967295`);
    const data = new Uint8Array(4);
    viewOf(data).setUint32(0, value);
    return data;
  },
};
