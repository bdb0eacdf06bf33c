// What a data format of AVPs is. RFC 6733 4.2, 4.3.
import type { Avp } from "../avp.ts";
import { resultCode } from "../result-code.ts";

/** Why bytes are no value: 5014 for their number, 5004 for what they say; inside of a group its own code. */
export interface DataTypeFault {
  readonly resultCode: number;
  /** The AVP inside of a grouped one that is to blame. */
  readonly inside?: Avp;
}

export type Decoded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly fault: DataTypeFault };

/** `encode` throws a RangeError for what the format cannot hold: that is a fault of ours. */
export interface DataType<T> {
  readonly name: string;
  /** So many zero bytes stand in Failed-AVP for a missing value (RFC 6733 7.1.5, 5005). */
  readonly minimumBytes: number;
  decode(data: Uint8Array): Decoded<T>;
  encode(value: T): Uint8Array;
}

export function decoded<T>(value: T): Decoded<T> {
  return { ok: true, value };
}

export const wrongLength: { readonly ok: false; readonly fault: DataTypeFault } = {
  ok: false,
  fault: { resultCode: resultCode.invalidAvpLength },
};

export const wrongValue: { readonly ok: false; readonly fault: DataTypeFault } = {
  ok: false,
  fault: { resultCode: resultCode.invalidAvpValue },
};

/** A view of exactly these bytes. */
export function viewOf(data: Uint8Array): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
