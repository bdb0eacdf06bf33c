// DiameterIdentity: the FQDN of a node, or a realm. RFC 6733 4.3.1.
import { decodeLatin1, encodeText } from "@liquid-ims/runtime/text";
import { type DataType, decoded, wrongValue } from "./data-type.ts";

/** Letters, digits, hyphens, dots; underscores too, since names of laboratories have them. */
const domainName = /^[A-Za-z0-9_.-]{1,255}$/;

export const diameterIdentity: DataType<string> = {
  name: "DiameterIdentity",
  minimumBytes: 0,
  decode(data) {
    const text = decodeLatin1(data);
    return domainName.test(text) ? decoded(text) : wrongValue;
  },
  encode(value) {
    if (!domainName.test(value)) throw new RangeError(`DiameterIdentity: "${value}" is no domain name`);
    return encodeText(value);
  },
};

/** One spelling of equal identities: domain names know no case. */
export function identityKey(identity: string): string {
  return identity.toLowerCase();
}

/** Whether two identities are the same. */
export function sameIdentity(a: string, b: string): boolean {
  return identityKey(a) === identityKey(b);
}
