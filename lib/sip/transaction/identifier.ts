// Branches and tags. RFC 3261 8.1.1.7, 19.3.
import type { Random } from "@liquid-ims/runtime/random";
import { encodeHex } from "@liquid-ims/runtime/text";
import { branchCookie } from "./key.ts";

/** A branch of 128 random bits. */
export function newBranch(random: Random): string {
  return branchCookie + encodeHex(random.bytes(16));
}

/** A tag of 64 random bits; 32 are asked for. */
export function newTag(random: Random): string {
  return encodeHex(random.bytes(8));
}

const statelessMark = "stateless-";

/** The To tag of a response sent without a transaction, by which its ACK is known again (RFC 3261 8.2.7). */
export function newStatelessTag(random: Random): string {
  return statelessMark + newTag(random);
}

/** Whether a To tag was made by `newStatelessTag`. */
export function isStatelessTag(tag: string | null): boolean {
  return tag?.startsWith(statelessMark) ?? false;
}
