// The lab's HSS: what it answers to MAR. TS 29.228 6.3.1, TS 29.229 6.3.9 to 6.3.16, TS 33.102 6.3.2, 6.3.5, annex C.
import { cxResult, success, unableToComply } from "@liquid-ims/diameter/cx/experimental-result";
import type { MultimediaAuthAnswer, MultimediaAuthRequest } from "@liquid-ims/diameter/cx/multimedia-auth";
import type { Host } from "@liquid-ims/runtime/host";
import { concatBytes, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { generateVector, readAuts } from "@liquid-ims/sip/authentication/authentication-vector";
import {
  nextSequenceNumber,
  resynchronise,
  sqnBytes,
  sqnOfBytes,
} from "@liquid-ims/sip/authentication/sequence-number";
import { assignByMultimediaAuth, type CancelledServer } from "./hss-assignment.ts";
import type { HssRules } from "./hss-behaviour.ts";
import type { HssAnswer } from "./hss-procedures.ts";
import type { Registration, Registrations } from "./hss-registration.ts";
import type { SubscriberAuthentication } from "./subscriber.ts";

/** SIP-Authentication-Scheme (TS 29.229 6.3.9). */
export const authenticationScheme = {
  aka: "Digest-AKAv1-MD5",
  digest: "SIP Digest",
  /** The HSS is to choose. */
  unknown: "Unknown",
} as const;

type AuthDataItem = NonNullable<MultimediaAuthAnswer["sipAuthDataItems"]>[number];
type Aka = Extract<SubscriberAuthentication, { kind: "aka" }>;

const randBytes = 16;
const autsBytes = 14;

/** The answer to a MAR, and whom it has cancelled. */
export interface AuthenticationAnswer extends HssAnswer<MultimediaAuthAnswer> {
  readonly cancelled?: { readonly registration: Registration; readonly server: CancelledServer } | null;
}

export interface Authenticator {
  /** `originHost`: of the node that sent the MAR. */
  multimediaAuth(
    registrations: Registrations,
    request: MultimediaAuthRequest,
    originHost: string,
  ): AuthenticationAnswer;
}

export function createAuthenticator(host: Host, digestRealm: string, rules: HssRules): Authenticator {
  const { crypto, random, metrics } = host;
  const count = (mac: "right" | "wrong") =>
    metrics.counter("hss_resynchronisations_total", {
      help: "AUTS of USIMs, by whether their MAC was right",
      labels: { mac },
    });
  const resynchronisations = { right: count("right"), wrong: count("wrong") };

  function akaItem(registration: Registration, { k, opc, amf }: Aka): AuthDataItem {
    registration.sequence = nextSequenceNumber(registration.sequence);
    const sqn = sqnBytes(registration.sequence);
    const vector = generateVector(crypto, { keys: { k, opc }, amf, sqn, rand: random.bytes(randBytes) });
    return {
      sipItemNumber: 1,
      sipAuthenticationScheme: authenticationScheme.aka,
      sipAuthenticate: concatBytes([vector.rand, vector.autn]),
      sipAuthorization: vector.xres,
      confidentialityKey: vector.ck,
      integrityKey: vector.ik,
    };
  }

  function digestItem({ subscriber }: Registration, password: string): AuthDataItem {
    const secret = encodeText(`${subscriber.privateIdentity}:${digestRealm}:${password}`);
    return {
      sipItemNumber: 1,
      sipAuthenticationScheme: authenticationScheme.digest,
      sipDigestAuthenticate: {
        digestRealm,
        digestAlgorithm: "MD5",
        digestQop: "auth",
        digestHa1: encodeHex(crypto.hash("md5", secret)),
      },
    };
  }

  /** TS 33.102 6.3.5: an AUTS whose MAC is wrong changes nothing, and is answered like any other. */
  function readResynchronisation(registration: Registration, { k, opc }: Aka, given: Uint8Array): void {
    const [rand, auts] = [given.slice(0, randBytes), given.slice(randBytes)];
    const sqn = readAuts(crypto, { keys: { k, opc }, rand, auts });
    resynchronisations[sqn === null ? "wrong" : "right"].add();
    if (sqn !== null) registration.sequence = resynchronise(registration.sequence, sqnOfBytes(sqn));
  }

  return {
    multimediaAuth(registrations, request, originHost) {
      const found = registrations.find(request.publicIdentity, request.userName);
      if ("kind" in found) return { result: found };
      const { authentication } = found.subscriber;
      const { sipAuthenticationScheme: asked = authenticationScheme.unknown, sipAuthorization: given } =
        request.sipAuthDataItem;
      // Kamailio writes "unknown".
      const isOpen = asked.toLowerCase() === authenticationScheme.unknown.toLowerCase();
      if (!isOpen && asked !== authenticationScheme[authentication.kind])
        return { result: cxResult("authSchemeNotSupported") };
      if (given !== undefined) {
        // Only who is assigned may report what the user's card said; an HSS that takes no names of MARs cannot tell.
        const isAssigned = rules.multimediaAuth === "ignored" || found.serverName === request.serverName;
        if (authentication.kind !== "aka" || !isAssigned || given.length !== randBytes + autsBytes)
          return { result: unableToComply };
        readResynchronisation(found, authentication, given);
      }
      const { serverName } = request;
      const server = assignByMultimediaAuth(found, { serverName, originHost }, rules);
      const item =
        authentication.kind === "aka"
          ? akaItem(found, authentication)
          : digestItem(found, authentication.password);
      return {
        result: success,
        cancelled: server === null ? null : { registration: found, server },
        answer: {
          userName: found.subscriber.privateIdentity,
          publicIdentity: request.publicIdentity,
          sipNumberAuthItems: 1,
          sipAuthDataItems: [item],
        },
      };
    },
  };
}
