// Users whom SIPp can play: their AKA keys are such as SIPp 3.6 gets through its own parser, and their OPc come from one
// OP, which is what SIPp asks for. TS 35.206 4.1.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { encodeText } from "@liquid-ims/runtime/text";
import { computeOpc } from "@liquid-ims/sip/authentication/milenage";
import type { Subscriber, SubscriberAuthentication } from "../ims-core/subscriber.ts";

export interface SippSubscriberOptions {
  readonly count: number;
  readonly domain: string;
  /** Of identities and keys: `sipp` makes `sip:sipp000001@...`. */
  readonly prefix: string;
  /** `mixed`: AKA and Digest in turn. */
  readonly authentication: "aka" | "digest" | "mixed";
  /** 16 bytes. */
  readonly op: Uint8Array;
  /** Server-Names; each user prefers another one of them, in turn. */
  readonly sCscfs: readonly string[];
  /** Application servers that hear of registrations. */
  readonly registerServers: readonly string[];
}

/** The OP of users that are made up; anybody can guess it. */
export const guessableOp: Uint8Array = encodeText("the-operators-op");

/** TS 33.102 annex H: the separation bit is 0. */
const amf = [0x00, 0x00];

/** Most users that the length of their names allows. */
export const mostSippSubscribers = 999_999;

function authenticationOf(
  crypto: Crypto,
  number: number,
  { authentication, op }: SippSubscriberOptions,
): SubscriberAuthentication {
  const digits = String(number).padStart(6, "0");
  if (authentication === "digest" || (authentication === "mixed" && number % 2 === 0))
    return { kind: "digest", password: `secret-of-${digits}` };
  const k = encodeText(`the-key-of${digits}`);
  return { kind: "aka", k, opc: computeOpc(crypto, k, op), amf: Uint8Array.from(amf) };
}

/** The same for the same options, always. */
export function createSippSubscribers(crypto: Crypto, options: SippSubscriberOptions): Subscriber[] {
  const { count, domain, prefix, sCscfs, registerServers } = options;
  return Array.from({ length: count }, (_, index) => {
    const user = `${prefix}${String(index + 1).padStart(6, "0")}@${domain}`;
    const first = index % Math.max(1, sCscfs.length);
    return {
      privateIdentity: user,
      publicIdentities: [`sip:${user}`],
      preferredServers: [...sCscfs.slice(first), ...sCscfs.slice(0, first)],
      registerServers,
      authentication: authenticationOf(crypto, index + 1, options),
    };
  });
}

/**
 * Why SIPp cannot use these bytes as K or OP, null when it can: "[" begins one of its keywords, and a zero byte ends
 * its text, so that only zeros may follow one.
 */
export function unfitForSipp(bytes: Uint8Array): string | null {
  if (bytes.includes(0x5b)) return 'has a byte 0x5b, which SIPp takes for the "[" of a keyword';
  const zero = bytes.indexOf(0);
  if (zero >= 0 && bytes.slice(zero).some((byte) => byte !== 0))
    return "has a byte 0x00 before another one, where SIPp's copy of it ends";
  return null;
}
