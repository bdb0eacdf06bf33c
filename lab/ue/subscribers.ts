// The lab's subscribers: names, keys, passwords and identities that anybody can guess.
import { encodeText } from "@liquid-ims/runtime/text";
import type { Subscriber, SubscriberAuthentication } from "../ims-core/subscriber.ts";
import { homeDomain } from "../topology.ts";

export interface SubscriberOptions {
  readonly count: number;
  /** S-CSCF names in the order in which they are to be assigned. */
  readonly preferredServers: readonly string[];
  /** Application servers that hear of registrations. */
  readonly registerServers: readonly string[];
  /** How they prove who they are. Default: AKA. */
  readonly authentication?: "aka" | "digest";
}

/** TS 33.102 annex H: the separation bit is 0, vectors are not for EPS AKA. */
const amf = [0x00, 0x00];

function authenticationOf(kind: "aka" | "digest", number: number): SubscriberAuthentication {
  const digits = String(number).padStart(4, "0");
  if (kind === "digest") return { kind, password: `secret-of-user${digits.slice(1)}` };
  // 16 bytes each, none of them zero: SIPp stops at one.
  const [k, opc] = [`the-key-of-u${digits}`, `the-opc-of-u${digits}`];
  return { kind, k: encodeText(k), opc: encodeText(opc), amf: Uint8Array.from(amf) };
}

/** `sip:user001@open-ims.test` and so on. */
export function createSubscribers(options: SubscriberOptions): Subscriber[] {
  const { count, preferredServers, registerServers, authentication = "aka" } = options;
  return Array.from({ length: count }, (_, index) => {
    const user = `user${String(index + 1).padStart(3, "0")}`;
    return {
      privateIdentity: `${user}@${homeDomain}`,
      publicIdentities: [`sip:${user}@${homeDomain}`],
      preferredServers,
      registerServers,
      authentication: authenticationOf(authentication, index + 1),
    };
  });
}
