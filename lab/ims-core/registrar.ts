// The registrar in the lab's S-CSCF. TS 24.229 5.4.1, RFC 3261 10.3.
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { challengeOf, verifyResponse } from "@liquid-ims/sip/authentication/digest";
import { formatChallenge } from "@liquid-ims/sip/header/challenge";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { addressUri, parseNameAddress } from "@liquid-ims/sip/header/name-address";
import { buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import type { ServerTransaction, SipStack } from "@liquid-ims/sip/stack";
import { applyRegister, formatBindings, liveBindings, type RegisteredUser } from "./bindings.ts";
import { addressOfRecord, reject } from "./cscf.ts";
import { type DigestAuthenticate, isSuccess } from "./cx.ts";
import type { CxClient } from "./cx-link.ts";
import { privateIdentityOf } from "./identity.ts";
import { sendThirdPartyRegisters } from "./third-party-registration.ts";

/** TS 24.229 7.x: reg-await-auth. */
const awaitAuthenticationMs = 240_000;

export interface RegistrarOptions {
  /** The name that the HSS keeps; also From and Contact of third-party registrations. */
  readonly serverName: string;
  readonly serviceRoute: string;
  readonly realm: string;
  /** Seconds. */
  readonly maximumExpires: number;
}

export interface Registrar {
  register(transaction: ServerTransaction, request: SipRequest): void;
  /** The registered user of a public identity, null when there is none. */
  find(publicIdentity: string): RegisteredUser | null;
}

/** A challenge that waits for its answer, by private identity. */
interface Challenge {
  readonly nonce: string;
  readonly digest: DigestAuthenticate;
  readonly until: number;
}

export function createRegistrar(
  host: Host,
  cx: CxClient,
  stack: () => SipStack,
  options: RegistrarOptions,
): Registrar {
  const byIdentity = new Map<string, RegisteredUser>();
  const challenges = new Map<string, Challenge>();

  function find(publicIdentity: string): RegisteredUser | null {
    const user = byIdentity.get(publicIdentity);
    return user !== undefined && liveBindings(user, host.clock.now()).length > 0 ? user : null;
  }

  /** 5.4.1.2.1: every REGISTER that answers no present challenge gets one. */
  async function sendChallenge(
    transaction: ServerTransaction,
    userName: string,
    publicIdentity: string,
  ): Promise<void> {
    const answer = await cx.request({
      command: "Multimedia-Auth",
      userName,
      publicIdentity,
      serverName: options.serverName,
      authenticationScheme: "SIP Digest",
    });
    if (!isSuccess(answer.result) || answer.digest === undefined) {
      return reject(transaction, { status: answer.result.space === "3gpp" ? 403 : 500 });
    }
    const nonce = encodeHex(host.random.bytes(16));
    challenges.set(userName, {
      nonce,
      digest: answer.digest,
      until: host.clock.now() + awaitAuthenticationMs,
    });
    const challenge = formatChallenge(challengeOf({ realm: answer.digest.realm, nonce }));
    const headers = [["WWW-Authenticate", challenge]] as const;
    transaction.respond(buildResponse(transaction.request, 401, { headers }));
  }

  /** A challenge is good for one answer, right or wrong. */
  function takeChallenge(userName: string): Challenge | null {
    const found = challenges.get(userName);
    challenges.delete(userName);
    return found !== undefined && found.until > host.clock.now() ? found : null;
  }

  function answers(request: SipRequest, { nonce, digest }: Challenge): boolean {
    const credentials = parseCredentials(request.headers.get("Authorization") ?? "");
    if (credentials === null || credentials.parameters.get("nonce") !== nonce) return false;
    const secret = { ha1: digest.ha1 };
    return verifyResponse({ crypto: host.crypto, credentials, secret, method: "REGISTER" });
  }

  async function accept(
    transaction: ServerTransaction,
    request: SipRequest,
    userName: string,
    publicIdentity: string,
  ): Promise<void> {
    const known = byIdentity.get(publicIdentity);
    const now = host.clock.now();
    const registered = known !== undefined && liveBindings(known, now).length > 0;
    const contacts = request.headers.values("Contact").map((value) => parseNameAddress(value));
    const usable = contacts.filter((value) => value !== null);
    if (usable.length !== contacts.length)
      return reject(transaction, { status: 400, reason: "Contact cannot be read" });
    const user = known ?? {
      privateIdentity: userName,
      publicIdentities: [],
      registerServers: [],
      bindings: new Map(),
    };
    const expires = request.headers.get("Expires");
    const fits = applyRegister(user, {
      contacts: usable,
      path: request.headers.values("Path"),
      callId: request.headers.get("Call-ID") ?? "",
      sequence: parseCSeq(request.headers.get("CSeq") ?? "")?.sequence ?? 0,
      defaultExpires:
        expires !== undefined && /^\d+$/.test(expires) ? Number(expires) : options.maximumExpires,
      maximumExpires: options.maximumExpires,
      now,
    });
    if (!fits) return reject(transaction, { status: 500, reason: "CSeq is not higher" });
    const stays = liveBindings(user, now).length > 0;
    const answer = await cx.request({
      command: "Server-Assignment",
      userName,
      publicIdentity,
      serverName: options.serverName,
      serverAssignmentType: stays ? (registered ? "RE_REGISTRATION" : "REGISTRATION") : "USER_DEREGISTRATION",
    });
    if (!isSuccess(answer.result)) {
      if (known === undefined) user.bindings.clear();
      return reject(transaction, { status: answer.result.space === "3gpp" ? 403 : 500 });
    }
    const profile = answer.profile ?? user;
    const present: RegisteredUser = { ...user, ...profile };
    for (const identity of present.publicIdentities) {
      if (stays) byIdentity.set(identity, present);
      else byIdentity.delete(identity);
    }
    respond(transaction, request, present);
    sendThirdPartyRegisters(host, stack(), {
      serverName: options.serverName,
      user: present,
      request,
      now: host.clock.now(),
    });
  }

  /** 5.4.1.2.2: Path as it came, Service-Route, the implicit set. */
  function respond(transaction: ServerTransaction, request: SipRequest, user: RegisteredUser): void {
    const headers: HeaderPair[] = [
      ...request.headers.values("Path").map((value): HeaderPair => ["Path", value]),
      ["Service-Route", options.serviceRoute],
      ...formatBindings(user, host.clock.now()).map((value): HeaderPair => ["Contact", value]),
      ...user.publicIdentities.map((value): HeaderPair => ["P-Associated-URI", `<${value}>`]),
    ];
    transaction.respond(buildResponse(request, 200, { headers }));
  }

  return {
    find,
    register(transaction, request) {
      const publicIdentity = addressOfRecord(addressUri(request.headers.get("To") ?? ""));
      if (publicIdentity === null)
        return reject(transaction, { status: 400, reason: "To names no identity" });
      const userName = privateIdentityOf(request, publicIdentity);
      const pending = takeChallenge(userName);
      const isAnswer = pending !== null && answers(request, pending);
      host.spawn("scscf registers", () =>
        isAnswer
          ? accept(transaction, request, userName, publicIdentity)
          : sendChallenge(transaction, userName, publicIdentity),
      );
    },
  };
}
