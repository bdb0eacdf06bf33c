// OctetString: bytes as they are. RFC 6733 4.2.
import { type DataType, decoded } from "./data-type.ts";

export const octetString: DataType<Uint8Array> = {
  name: "OctetString",
  minimumBytes: 0,
  decode: (data) => decoded(data),
  encode: (data) => data,
};
