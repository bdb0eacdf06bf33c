// The registrar in the lab's S-CSCF. TS 24.229 5.4.1, RFC 3261 10.3.
import { isSuccess } from "@liquid-ims/diameter/cx/experimental-result";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import type { ImsSubscription } from "@liquid-ims/diameter/cx/user-data";
import type { Host } from "@liquid-ims/runtime/host";
import { concatBytes, decodeText } from "@liquid-ims/runtime/text";
import { contactExpires, parseContacts } from "@liquid-ims/sip/header/contact";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { addressUri, parseNameAddress } from "@liquid-ims/sip/header/name-address";
import { buildRequest, buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import type { SipStack } from "@liquid-ims/sip/stack";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import {
  applyRegister,
  type BindingChange,
  formatBindings,
  liveBindings,
  type RegisteredUser,
} from "./bindings.ts";
import { createChallenges, type Verdict } from "./challenges.ts";
import { addressOfRecord, reject } from "./cscf.ts";
import type { CxClient, CxReply } from "./cx-client.ts";
import { createGivenUpAuthentications } from "./given-up-authentications.ts";
import { authenticationScheme } from "./hss-authentication.ts";
import { privateIdentityOf } from "./identity.ts";
import { createRegisteredUsers } from "./registered-users.ts";
import { sendThirdPartyRegisters } from "./third-party-registration.ts";
import { parseUserData } from "./user-data-reader.ts";

export interface RegistrarOptions {
  /** The name that the HSS keeps; also From and Contact of third-party registrations. */
  readonly serverName: string;
  readonly serviceRoute: string;
  readonly realm: string;
  /** Seconds. */
  readonly maximumExpires: number;
  /** Third-party registrations say Expires 0 also when another contact stays. */
  readonly tellsRemovalAsEnd: boolean;
  /** A 200 lists the contacts of its REGISTER only. */
  readonly listsOwnContacts: boolean;
}

export interface Registrar {
  register(transaction: ServerTransaction, request: SipRequest): void;
  /** The registered user of a public identity, null when there is none. */
  find(publicIdentity: string): RegisteredUser | null;
  /** The registered user of a private identity with one of these public ones; none of them stands for all. */
  findPrivate(privateIdentity: string, publicIdentities: readonly string[]): RegisteredUser | null;
  /** The network ends a registration: it is forgotten, and the application servers hear of it (5.4.1.5, 5.4.1.7). */
  terminate(user: RegisteredUser): void;
  /** The registration is over as if nobody had refreshed it: it is forgotten, and the HSS is told by SAR. */
  expire(user: RegisteredUser): void;
  /** A profile that the HSS has pushed; false when it cannot be read. */
  changeProfile(user: RegisteredUser, userData: Uint8Array): boolean;
}

export interface RegistrarEvents {
  /** A registration has expired, or `expire` was called; the HSS has been told. */
  expired?(user: RegisteredUser): void;
  /** A REGISTER was accepted. */
  registered?(user: RegisteredUser): void;
}

const registrationTypes = {
  REGISTRATION: "initial registration",
  RE_REGISTRATION: "re-registration",
  USER_DEREGISTRATION: "de-registration",
} as const;

/** The HSS refuses: 403. It is busy, cannot comply, does not answer or cannot be understood: 500 (RFC 3261 21.5.1). */
function statusOf(reply: CxReply<unknown>): number {
  return reply.kind === "answer" && reply.result.kind === "Experimental-Result" ? 403 : 500;
}

/** True when every contact of the REGISTER is to be removed. */
function isRemoval({ headers }: SipRequest): boolean {
  const contacts = parseContacts(headers);
  if (contacts === null || contacts === "*") return contacts === "*";
  return contacts.every((contact) => contactExpires(contact, headers) === 0);
}

const nothingKept = { publicIdentities: [], initialFilterCriteria: [] } as const;

/** What an S-CSCF keeps of a profile; the lab's subscriptions have one service profile. */
function keptOf({
  serviceProfiles,
}: ImsSubscription): Pick<RegisteredUser, "publicIdentities" | "initialFilterCriteria"> {
  return {
    publicIdentities: serviceProfiles.flatMap((profile) =>
      profile.publicIdentities.filter((one) => one.barred !== true).map((one) => one.identity),
    ),
    initialFilterCriteria: serviceProfiles.flatMap((profile) => profile.initialFilterCriteria),
  };
}

export function createRegistrar(
  host: Host,
  cx: CxClient,
  stack: () => SipStack,
  options: RegistrarOptions,
  events: RegistrarEvents = {},
): Registrar {
  const users = createRegisteredUsers(host, ended);
  const challenges = createChallenges(host, options.realm);
  const { find } = users;
  const authentications = createGivenUpAuthentications({
    isWaiting: (userName) => challenges.isWaiting(userName),
    isRegistered: (publicIdentity) => find(publicIdentity) !== null,
    tell: (userName, publicIdentity) =>
      host.spawn("scscf gives up a challenge", () => tellTimeout(userName, publicIdentity)),
  });

  /** 5.4.1.5: what expires here the HSS is to know. The application servers hear nothing, as real cores have it. */
  function ended(user: RegisteredUser): void {
    host.spawn("scscf tells of an expiry", async () => {
      const { privateIdentity: userName, publicIdentities } = user;
      const reply = await cx.ask(serverAssignment, {
        ...{ userName, publicIdentities: publicIdentities.slice(0, 1), serverName: options.serverName },
        serverAssignmentType: "TIMEOUT_DEREGISTRATION",
        userDataAlreadyAvailable: "USER_DATA_ALREADY_AVAILABLE",
      });
      const refused = reply.kind === "answer" && !isSuccess(reply.result);
      if (refused) host.log.info("scscf.expiry-refused", { user: userName, code: reply.result.code });
    });
    events.expired?.(user);
  }

  /** 5.4.1.2.1: every REGISTER that does not answer the present challenge rightly gets one. */
  async function sendChallenge(
    transaction: ServerTransaction,
    userName: string,
    publicIdentity: string,
    verdict: Verdict,
  ): Promise<void> {
    const item =
      verdict.kind === "synchronisation failure"
        ? {
            sipAuthenticationScheme: authenticationScheme.aka,
            sipAuthorization: concatBytes([verdict.rand, verdict.auts]),
          }
        : { sipAuthenticationScheme: authenticationScheme.unknown };
    const reply = await cx.ask(multimediaAuth, {
      userName,
      publicIdentity,
      sipAuthDataItem: item,
      sipNumberAuthItems: 1,
      serverName: options.serverName,
    });
    if (reply.kind !== "answer" || !isSuccess(reply.result))
      return reject(transaction, { status: statusOf(reply) });
    const [given] = reply.answer.sipAuthDataItems ?? [];
    const challenge =
      given === undefined
        ? null
        : challenges.create(
            { userName, callId: transaction.request.headers.get("Call-ID") ?? "" },
            given,
            () => authentications.giveUp(userName, publicIdentity),
          );
    if (challenge === null) return reject(transaction, { status: 500, reason: "HSS gives no usable vector" });
    const headers = [["WWW-Authenticate", challenge]] as const;
    transaction.respond(buildResponse(transaction.request, 401, { headers }));
  }

  /** 5.4.1.2.1: nobody has answered, and nobody is registered. */
  async function tellTimeout(userName: string, publicIdentity: string): Promise<void> {
    await cx.ask(serverAssignment, {
      ...{ userName, publicIdentities: [publicIdentity], serverName: options.serverName },
      serverAssignmentType: "AUTHENTICATION_TIMEOUT",
      userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE",
    });
  }

  async function accept(
    transaction: ServerTransaction,
    request: SipRequest,
    userName: string,
    publicIdentity: string,
  ): Promise<void> {
    const now = host.clock.now();
    const known = users.get(publicIdentity);
    const registered = known !== null && liveBindings(known, now).length > 0;
    const contacts = request.headers.values("Contact").map((value) => parseNameAddress(value));
    const usable = contacts.filter((value) => value !== null);
    if (usable.length !== contacts.length)
      return reject(transaction, { status: 400, reason: "Contact cannot be read" });
    const expires = request.headers.get("Expires");
    const change: BindingChange = {
      contacts: usable,
      path: request.headers.values("Path"),
      callId: request.headers.get("Call-ID") ?? "",
      sequence: parseCSeq(request.headers.get("CSeq") ?? "")?.sequence ?? 0,
      defaultExpires:
        expires !== undefined && /^\d+$/.test(expires) ? Number(expires) : options.maximumExpires,
      maximumExpires: options.maximumExpires,
      now,
    };
    // Tried on a copy: what the HSS refuses changes nothing.
    const draft = known ?? { privateIdentity: userName, ...nothingKept, bindings: new Map() };
    const tried = { ...draft, bindings: new Map(draft.bindings) };
    if (!applyRegister(tried, change))
      return reject(transaction, { status: 500, reason: "CSeq is not higher" });
    const stays = liveBindings(tried, now).length > 0;
    const type = stays ? (registered ? "RE_REGISTRATION" : "REGISTRATION") : "USER_DEREGISTRATION";
    const reply = await cx.ask(serverAssignment, {
      userName,
      publicIdentities: [publicIdentity],
      serverName: options.serverName,
      serverAssignmentType: type,
      userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE",
    });
    if (reply.kind !== "answer" || !isSuccess(reply.result))
      return reject(transaction, { status: statusOf(reply) });
    const { userData } = reply.answer;
    const profile = userData === undefined ? null : parseUserData(decodeText(userData));
    if (profile === null && (userData !== undefined || (stays && known === null))) {
      const problem = "User-Data is missing or no IMSSubscription";
      host.log.warn("scscf.profile", { user: userName, problem });
      return reject(transaction, { status: 500, reason: "HSS gives no usable profile" });
    }
    // Another device's REGISTER may have been accepted meanwhile, or the registration may have ended.
    const before = users.get(publicIdentity) ?? { ...draft, bindings: new Map() };
    const present: RegisteredUser = profile === null ? before : { ...before, ...keptOf(profile) };
    if (!applyRegister(present, change))
      return reject(transaction, { status: 500, reason: "CSeq is not higher" });
    users.keep(present);
    events.registered?.(present);
    respond(transaction, request, present);
    sendThirdPartyRegisters(host, stack(), {
      serverName: options.serverName,
      user: present,
      request,
      registrationType: registrationTypes[type],
      isToldAsEnd: options.tellsRemovalAsEnd && isRemoval(request),
      now: host.clock.now(),
    });
  }

  /** 5.4.1.2.2: Path as it came, Service-Route, the implicit set. */
  function respond(transaction: ServerTransaction, request: SipRequest, user: RegisteredUser): void {
    const about = options.listsOwnContacts
      ? new Set(request.headers.values("Contact").map((value) => addressUri(value)))
      : null;
    const headers: HeaderPair[] = [
      ...request.headers.values("Path").map((value): HeaderPair => ["Path", value]),
      ["Service-Route", options.serviceRoute],
      ...formatBindings(user, host.clock.now(), about).map((value): HeaderPair => ["Contact", value]),
      ...user.publicIdentities.map((value): HeaderPair => ["P-Associated-URI", `<${value}>`]),
    ];
    transaction.respond(buildResponse(request, 200, { headers }));
  }

  /** What a REGISTER would say that ends all bindings of a user, for criteria and for the Path. */
  function closing(user: RegisteredUser): SipRequest {
    const paths = liveBindings(user, host.clock.now()).map((binding) => binding.path);
    const identity = `<${user.publicIdentities[0] ?? ""}>`;
    const headers: HeaderPair[] = [
      ["From", identity],
      ["To", identity],
      ["Contact", "*"],
      ["Expires", "0"],
      ...(paths.at(-1) ?? []).map((value): HeaderPair => ["Path", value]),
    ];
    return buildRequest({ method: "REGISTER", uri: `sip:${options.realm}`, headers });
  }

  return {
    find,
    findPrivate: users.findPrivate,
    terminate(user) {
      const request = closing(user);
      users.forget(user);
      sendThirdPartyRegisters(host, stack(), {
        serverName: options.serverName,
        user: { ...user, bindings: new Map() },
        request,
        isFromUe: false,
        registrationType: "de-registration",
        now: host.clock.now(),
      });
    },
    expire(user) {
      users.forget(user);
      ended(user);
    },
    changeProfile(user, userData) {
      const profile = parseUserData(decodeText(userData));
      if (profile === null) return false;
      users.forget(user);
      users.keep({ ...user, ...keptOf(profile) });
      return true;
    },
    register(transaction, request) {
      const publicIdentity = addressOfRecord(addressUri(request.headers.get("To") ?? ""));
      if (publicIdentity === null)
        return reject(transaction, { status: 400, reason: "To names no identity" });
      const userName = privateIdentityOf(request, publicIdentity);
      const end = authentications.begin(userName);
      const verdict = challenges.judge(userName, request);
      host.spawn("scscf registers", () =>
        (verdict.kind === "right"
          ? accept(transaction, request, userName, publicIdentity)
          : sendChallenge(transaction, userName, publicIdentity, verdict)
        ).finally(end),
      );
    },
  };
}
