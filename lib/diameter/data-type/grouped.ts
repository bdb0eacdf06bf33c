// Grouped: AVPs within an AVP, as an object. RFC 6733 4.4.
import { decodeAvps, encodeAvps } from "../avp.ts";
import { type FieldList, type FieldsOf, readFields, writeFields } from "../fields.ts";
import { type DataType, decoded } from "./data-type.ts";

/** AVPs that are not in the list are passed over when read; the AVP itself still has them. */
export function grouped<const L extends FieldList>(list: L): DataType<FieldsOf<L>> {
  return {
    name: "Grouped",
    minimumBytes: 0,
    decode(data) {
      const { avps, fault } = decodeAvps(data);
      if (fault !== null) return { ok: false, fault: { resultCode: fault.resultCode, inside: fault.avp } };
      const read = readFields(list, avps);
      if (read.ok) return decoded(read.value);
      const { resultCode, failedAvps } = read.rejection;
      const [inside] = failedAvps;
      return { ok: false, fault: inside === undefined ? { resultCode } : { resultCode, inside } };
    },
    encode: (value) => encodeAvps(writeFields(list, value)),
  };
}
