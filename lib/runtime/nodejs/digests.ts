// Hashes and the AES block over node:crypto: synchronous, the same on the real and the simulated host.
import { createCipheriv, createHash, createHmac } from "node:crypto";

function plain(data: Uint8Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

export function hash(name: "md5" | "sha256", data: Uint8Array): Uint8Array {
  return plain(createHash(name).update(data).digest());
}

export function hmac(name: "sha256", key: Uint8Array, data: Uint8Array): Uint8Array {
  return plain(createHmac(name, key).update(data).digest());
}

/** One block of AES-128 in ECB. Throws RangeError for a key or block of another length than 16 bytes. */
export function aes128(key: Uint8Array, block: Uint8Array): Uint8Array {
  if (block.length !== 16) throw new RangeError(`AES block of ${block.length} bytes: give 16`);
  if (key.length !== 16) throw new RangeError(`AES-128 key of ${key.length} bytes: give 16`);
  const cipher = createCipheriv("aes-128-ecb", key, null).setAutoPadding(false);
  return plain(cipher.update(block));
}
