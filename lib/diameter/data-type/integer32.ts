// Integer32. RFC 6733 4.2.
import { type DataType, decoded, viewOf, wrongLength } from "./data-type.ts";

export const integer32: DataType<number> = {
  name: "Integer32",
  minimumBytes: 4,
  decode: (data) => (data.length === 4 ? decoded(viewOf(data).getInt32(0)) : wrongLength),
  encode(value) {
    if (!Number.isInteger(value) || value < -0x80000000 || value > 0x7fffffff)
      throw new RangeError(`Integer32: ${value} is no integer of -2147483648 to 2147483647`);
    const data = new Uint8Array(4);
    viewOf(data).setInt32(0, value);
    return data;
  },
};
