// The TSIG key with which the CFS changes the zone. RFC 8945 6.
import { TsigKey } from "@liquid-ims/dns/tsig-key";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { decodeBase64 } from "@liquid-ims/runtime/text";
import type { DnsConfig } from "../config.ts";

/** Throws a RuntimeError `bad-key` for a secret that is no base64. */
export function zoneKeyOf(key: DnsConfig["key"]): TsigKey {
  if (key instanceof TsigKey) return key;
  const { name, algorithm, secret } = key;
  const bytes = decodeBase64(secret);
  if (bytes === null || bytes.length === 0)
    throw new RuntimeError("bad-key", `the secret of the DNS key ${name} is no base64`);
  return new TsigKey(name, algorithm, bytes);
}
