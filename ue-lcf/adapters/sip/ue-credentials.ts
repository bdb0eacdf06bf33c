// What a UE proves itself with, as its options say it. RFC 3261 22, RFC 3310.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import type { AkaAuthenticator } from "@liquid-ims/sip/authentication/aka";
import {
  akaCredentials,
  digestCredentials,
  type UserCredentials,
} from "@liquid-ims/sip/authentication/user-credentials";
import { createUsim } from "@liquid-ims/sip/authentication/usim";

/** A challenge of another kind is not answered. */
export type UeCredentials =
  /** Digest (RFC 2617, RFC 7616). */
  | { readonly kind: "digest"; readonly password: string }
  /** AKA (RFC 3310) with a USIM in software, which forgets its sequence numbers with the UE; 16 bytes each. */
  | { readonly kind: "aka"; readonly k: Uint8Array; readonly opc: Uint8Array }
  /** AKA with a card of the device's. */
  | { readonly kind: "card"; readonly card: AkaAuthenticator };

/** Those of a private identity, for its registration. */
export function userCredentials(
  crypto: Crypto,
  username: string,
  credentials: UeCredentials,
): UserCredentials {
  switch (credentials.kind) {
    case "digest":
      return digestCredentials({ username, password: credentials.password });
    case "aka": {
      const { k, opc } = credentials;
      return akaCredentials({ username, authenticator: createUsim({ crypto, keys: { k, opc } }) });
    }
    case "card":
      return akaCredentials({ username, authenticator: credentials.card });
  }
}
