// Hashes over node:crypto: synchronous, the same on the real and the simulated host.
import { createHash, createHmac } from "node:crypto";
import type { HmacHash } from "../crypto.ts";

function plain(data: Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export function hash(name: "md5" | "sha256", data: Uint8Array): Uint8Array {
  return plain(createHash(name).update(data).digest());
}

export function hmac(name: HmacHash, key: Uint8Array, data: Uint8Array): Uint8Array {
  return plain(createHmac(name, key).update(data).digest());
}
