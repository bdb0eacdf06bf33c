// The CFS as a node of Cx: MAR, UAR and LIR to the HSS, RTR and PPR from it (pushes.ts). TS 29.228 6.1.1, 6.1.4, 6.3; TS 29.229.
import { type CxOutcome, sendCx } from "@liquid-ims/diameter/cx/command";
import { isCxResult, isSuccess } from "@liquid-ims/diameter/cx/experimental-result";
import { type LocationInfoAnswer, locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { type UserAuthorizationAnswer, userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { sameIdentity } from "@liquid-ims/diameter/data-type/diameter-identity";
import { cxApplicationId, cxDictionary, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import { DiameterNode, type PeerStatus } from "@liquid-ims/diameter/node";
import type { Result } from "@liquid-ims/diameter/result";
import { resultClass, resultCode } from "@liquid-ims/diameter/result-code";
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeText } from "@liquid-ims/runtime/text";
import type { CxConfig } from "../config.ts";
import type {
  AssignedServer,
  Cx,
  CxFailure,
  CxUser,
  HeldRegistration,
  Reassigned,
  ReassignOptions,
} from "./cx.ts";
import { Pushes, type PushReceiver } from "./pushes.ts";

export interface CxNodeOptions {
  readonly config: CxConfig;
  /** For Visited-Network-Identifier. */
  readonly homeDomain: string;
  /** See `PushReceiver`. */
  serving: PushReceiver["serving"];
}

/** The CFS's side of Cx, over connections to the configured peers. */
export class CxNode implements Cx {
  readonly #host: Host;
  readonly #options: CxNodeOptions;
  readonly #node: DiameterNode;

  /** Throws for peers that cannot be: the same one twice, the CFS itself. */
  constructor(host: Host, options: CxNodeOptions) {
    const { originHost, originRealm, listen = null, peers, requestMs, reconnectMs } = options.config;
    const { serving = [] } = options.config;
    this.#host = host;
    this.#options = options;
    this.#node = new DiameterNode(host, {
      originHost,
      originRealm,
      listen,
      peers: [
        ...peers.map(({ host: identity, address, localHost }) => ({
          originHost: identity,
          address,
          realms: ["*"],
          ...(localHost === undefined ? {} : { localHost }),
        })),
        // S-CSCFs get only what names them.
        ...serving.flatMap(({ server, host: identity, address, localHost }) => ({
          originHost: identity ?? splitFunctionName(server)?.host ?? server,
          address: address ?? null,
          realms: [],
          ...(localHost === undefined ? {} : { localHost }),
        })),
      ],
      applications: [{ applicationId: cxApplicationId, vendorId: vendor3gpp }],
      dictionary: cxDictionary,
      ...(requestMs === undefined ? {} : { requestMs }),
      reconnectMs: reconnectMs ?? defaultReconnectMs,
    });
    new Pushes(host, this.#node, options.config, { serving: (push) => options.serving(push) });
  }

  /**
   * Listens, calls its peers and waits a second at most for the first to be open: what an earlier life has left is
   * asked at once. Rejects when an address cannot be had. An HSS that is down is called again and again.
   */
  async start(): Promise<void> {
    await this.#node.start();
    if (this.open > 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#host.clock.after(startMs, resolve, "the HSS is called");
      this.#node.watchPeers(() => {
        if (this.open === 0) return;
        timer.cancel();
        resolve();
      });
    });
  }

  /** Every peer: the state of its machine (RFC 6733 5.6), its CEA, why it is not open; for /healthz. */
  get peers(): readonly PeerStatus[] {
    return this.#node.peers;
  }

  /** HSSs and agents that requests can be sent to. */
  get open(): number {
    const { peers } = this.#options.config;
    return this.#node.peers.filter(
      ({ originHost, state }) =>
        (state === "I-Open" || state === "R-Open") &&
        peers.some(({ host }) => sameIdentity(host, originHost)),
    ).length;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#node.stop("REBOOTING", resolve));
  }

  get #destination() {
    const { destinationRealm, destinationHost } = this.#options.config;
    return { destinationRealm, ...(destinationHost === undefined ? {} : { destinationHost }) };
  }

  #originOf(previous: string): { originHost?: string } {
    const host = splitFunctionName(previous)?.host;
    const isOwn = (this.#options.config.marOriginHost ?? "own") === "own";
    return isOwn || host === undefined ? {} : { originHost: host };
  }

  /** TS 23.003 13.4B: a UE without an ISIM registers with an identity that is made of the private one. */
  #identityOf({ privateIdentity, publicIdentity }: CxUser): string {
    return this.#options.config.publicIdentity === "private" ? `sip:${privateIdentity}` : publicIdentity;
  }

  reassign(user: CxUser, server: string, options: ReassignOptions): Promise<Reassigned> {
    const request = {
      userName: user.privateIdentity,
      publicIdentity: this.#identityOf(user),
      supportedFeatures: [],
      sipNumberAuthItems: 1,
      sipAuthDataItem: {
        sipAuthenticationScheme: this.#options.config.authenticationScheme ?? defaultAuthenticationScheme,
      },
      serverName: server,
    };
    const { timeoutMs, previous } = options;
    const destination = { ...this.#destination, ...this.#originOf(previous), timeoutMs };
    return new Promise((resolve) => {
      sendCx(this.#node, multimediaAuth, destination, request, (outcome) => {
        // Vectors in the answer are for an S-CSCF: they are neither kept nor logged.
        const failure = this.#failureOf(outcome, "MAR", user);
        resolve(failure ?? { ok: true });
      });
    });
  }

  async assignedServer(user: CxUser): Promise<AssignedServer> {
    const outcome = await this.#authorize(user, "REGISTRATION");
    const failure = this.#failureOf(outcome, "UAR", user);
    // What some HSSs name for a first registration is their choice, not an assignment.
    const isFirst = outcome.kind === "answer" && isCxResult(outcome.result, "firstRegistration");
    return failure ?? { ok: true, server: isFirst ? null : serverOf(outcome) };
  }

  async registration(user: CxUser): Promise<HeldRegistration> {
    const located = await this.#locate(user);
    const nobody = { ok: true, server: null, registered: false } as const;
    if (isNobody(located)) return nobody;
    const failure = this.#failureOf(located, "LIR", user);
    const server = serverOf(located);
    if (failure === null && server === null) return nobody;
    if (failure !== null && !isUntold(located)) return failure;
    // LIR names the S-CSCF of one who is looked after as unregistered, too (6.1.4.1).
    const authorized = await this.#authorize(user, "DE_REGISTRATION");
    const untold = this.#noted(isNobody(authorized) ? null : failureOf(authorized, "UAR"), "UAR", user);
    if (untold !== null && untold.reason !== "refused by the HSS") return untold;
    const registered = isRegistered(authorized);
    if (failure !== null) return registered ? failure : nobody;
    return { ok: true, server, registered };
  }

  #authorize(
    user: CxUser,
    userAuthorizationType: "REGISTRATION" | "DE_REGISTRATION",
  ): Promise<CxOutcome<UserAuthorizationAnswer>> {
    const request = {
      userName: user.privateIdentity,
      publicIdentity: this.#identityOf(user),
      supportedFeatures: [],
      visitedNetworkIdentifier: encodeText(this.#options.homeDomain),
      userAuthorizationType,
    };
    return new Promise((resolve) => {
      sendCx(this.#node, userAuthorization, this.#destination, request, resolve);
    });
  }

  #locate(user: CxUser): Promise<CxOutcome<LocationInfoAnswer>> {
    return new Promise((resolve) => {
      const request = { publicIdentity: this.#identityOf(user), supportedFeatures: [] };
      sendCx(this.#node, locationInfo, this.#destination, request, resolve);
    });
  }

  #failureOf(outcome: CxOutcome<unknown>, command: "MAR" | "UAR" | "LIR", user: CxUser): CxFailure | null {
    return this.#noted(failureOf(outcome, command), command, user);
  }

  /** Counts it; null: it was done. */
  #noted<Failure extends CxFailure | null>(
    failure: Failure,
    command: "MAR" | "UAR" | "LIR",
    user: CxUser,
  ): Failure {
    const labels = { command, result: failure?.reason ?? "success" };
    this.#host.metrics.counter("cfs_cx_requests_total", { help: "Requests to the HSS", labels }).add();
    if (failure !== null) this.#host.log.warn("HSS", { command, user: user.privateIdentity, ...failure });
    return failure;
  }
}

/** What FHoSS and the specification's own users take; an HSS answers it with a vector that nobody uses. */
export const defaultAuthenticationScheme = "Digest-AKAv1-MD5";
/** How long the start waits for an HSS, ms. */
const startMs = 1_000;
/** An HSS that was restarted is wanted back soon: moves wait for it. */
const defaultReconnectMs = 2_000;

/** Nobody is registered: DIAMETER_ERROR_IDENTITY_NOT_REGISTERED, or services for unregistered users only. */
function isNobody(outcome: CxOutcome<unknown>): boolean {
  if (outcome.kind !== "answer") return false;
  const { result } = outcome;
  return isCxResult(result, "identityNotRegistered") || isCxResult(result, "unregisteredService");
}

function serverOf(outcome: CxOutcome<{ readonly serverName?: string | undefined }>): string | null {
  return outcome.kind === "answer" ? (outcome.answer.serverName ?? null) : null;
}

/**
 * An answer to LIR that leaves open whether he is registered. FHoSS cannot comply where somebody is unregistered and has no
 * services for that time, and answers without any result about somebody between MAR and SAR.
 */
function isUntold(outcome: CxOutcome<unknown>): boolean {
  if (outcome.kind !== "answer") return outcome.kind === "malformed";
  const { result } = outcome;
  return result.kind === "Result-Code" && result.code === resultCode.unableToComply;
}

/**
 * False when a UAR for a de-registration was refused, for want of a registration, or answered with success and no
 * S-CSCF, for one who is unregistered (6.1.1.1). An HSS that refuses that type for good says nothing against him.
 */
function isRegistered(outcome: CxOutcome<UserAuthorizationAnswer>): boolean {
  if (isNobody(outcome)) return false;
  return outcome.kind !== "answer" || !isSuccess(outcome.result) || serverOf(outcome) !== null;
}

function resultFailure(result: Result): Omit<CxFailure, "detail"> {
  if (isCxResult(result, "userUnknown") || isCxResult(result, "identitiesDontMatch"))
    return { ok: false, reason: "unknown to the HSS", mayBeDone: false };
  const isBase = result.kind === "Result-Code";
  if (isBase && result.code === resultCode.unableToDeliver)
    return { ok: false, reason: "HSS cannot be reached", mayBeDone: false };
  if (isBase && (result.code === resultCode.tooBusy || resultClass(result.code) === "transient failure"))
    return { ok: false, reason: "HSS too busy", mayBeDone: false };
  return { ok: false, reason: "refused by the HSS", mayBeDone: false };
}

/** What a result asks for that is in the CFS's hands. */
function remedyOf(result: Result): string {
  if (isCxResult(result, "authSchemeNotSupported"))
    return ": he does not authenticate so; give cx.authenticationScheme, or Unknown, then the HSS chooses";
  if (isCxResult(result, "roamingNotAllowed"))
    return ": the HSS does not know homeDomain as a visited network; add it there";
  return "";
}

/** What an outcome means; null: it was done. */
export function failureOf(outcome: CxOutcome<unknown>, command: string): CxFailure | null {
  switch (outcome.kind) {
    case "answer": {
      const { result } = outcome;
      if (isSuccess(result)) return null;
      const said = `${command} was answered ${result.kind} ${result.code}`;
      return { ...resultFailure(result), detail: `${said}${remedyOf(result)}` };
    }
    case "undeliverable":
      return {
        ok: false,
        reason: "HSS cannot be reached",
        mayBeDone: false,
        detail: `no peer for ${command}`,
      };
    case "unanswered":
      return {
        ok: false,
        reason: "HSS does not answer",
        mayBeDone: true,
        detail: `${command} has no answer`,
      };
    case "malformed":
      return { ok: false, reason: "HSS does not answer", mayBeDone: true, detail: outcome.detail };
  }
}
