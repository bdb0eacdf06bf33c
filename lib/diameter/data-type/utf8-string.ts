// UTF8String. RFC 6733 4.3.1.
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import { type DataType, decoded, wrongValue } from "./data-type.ts";

/** `decodeText` marks a byte that is no UTF-8 by a surrogate without its other half. */
const noUtf8 = /[\udc80-\udcff]/u;

export const utf8String: DataType<string> = {
  name: "UTF8String",
  minimumBytes: 0,
  decode(data) {
    const text = decodeText(data);
    return noUtf8.test(text) ? wrongValue : decoded(text);
  },
  encode: encodeText,
};
