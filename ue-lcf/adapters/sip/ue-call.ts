// One call of a UE: what the application sees, over the chain of dialogs that carries it. RFC 3261 13 to 15, RFC 3264.
import { type DialogDescription, type DialogReport, endedBy } from "@liquid-ims/reference-points/cfs-ue";
import { dialogName } from "@liquid-ims/reference-points/dialog-name";
import type { Host } from "@liquid-ims/runtime/host";
import { dialogRequest } from "@liquid-ims/sip/dialog/dialog";
import { finalOnly } from "@liquid-ims/sip/dialog/outcome";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { Modification, SessionHandlers } from "@liquid-ims/sip/dialog/session-handlers";
import type { OutgoingInvite, OutgoingInviteHandlers } from "@liquid-ims/sip/dialog/session-invite-client";
import type { IncomingInvite } from "@liquid-ims/sip/dialog/session-invite-server";
import { formatReplaces } from "@liquid-ims/sip/header/replaces";
import type { HeaderPair, SipRequest, SipResponse } from "@liquid-ims/sip/message";
import type { UserAgent } from "@liquid-ims/sip/user-agent";
import { CallChain, type CallChainOwner, type ReplacingInvite } from "../../call-chain.ts";
import { CallDescriptions } from "../../call-descriptions.ts";
import type { FreshName } from "../../dialog-replacement-event.ts";
import {
  answeredCall,
  type CallState as ChainState,
  isOver,
  type Leg,
  type OverReason,
  placedCall,
  standsElsewhere,
} from "../../dialog-replacement-state.ts";
import type { MediaDirection, MediaPort } from "../../media.ts";
import type { ObservedDialog, UeObserver } from "../../observation.ts";
import { addressOfPeer, learnPeer, type PeerIdentity, unknownPeer } from "../../peer-identity.ts";
import { stampOfKey } from "../../registration-stamp.ts";
import type { Call, CallEnd, CallHandlers, CallState } from "./ue-api.ts";

/** What a call needs of its UE. */
export interface UeCallContext {
  readonly host: Host;
  readonly agent: UserAgent;
  readonly media: MediaPort;
  readonly observer: UeObserver;
  /** Key of the present registration, null without one or while nothing new may be sent. */
  registration(): string | null;
  /** Why no call of this UE is replaced; null: they are. */
  readonly never: string | null;
  /** False: the LCF's command holds replacing back. */
  mayReplace(): boolean;
  /** Wall clock at which a registration that was left expires; null when that is not known. */
  expiryOf(registration: string): number | null;
  report(report: DialogReport): void;
  /** Forgets the call. */
  done(call: UeCall): void;
}

export class UeCall implements Call, CallChainOwner {
  readonly id: string;
  readonly direction: "outgoing" | "incoming";
  readonly peer: string;
  readonly emergency: boolean;
  handlers: CallHandlers;
  identity: PeerIdentity;
  readonly #context: UeCallContext;
  readonly #descriptions: CallDescriptions;
  #state: CallState = "calling";
  #chain: CallChain | null = null;
  /** An incoming INVITE that rings, and the registration by which it came. */
  #ringing: { readonly invite: IncomingInvite; readonly registration: string } | null = null;
  /** Call-IDs of the dialogs that were confirmed here: the others never were anybody's. */
  readonly #confirmed = new Set<string>();

  constructor(
    context: UeCallContext,
    options: { id: string; direction: "outgoing" | "incoming"; peer: string; handlers: CallHandlers },
  ) {
    this.#context = context;
    this.id = options.id;
    this.direction = options.direction;
    this.peer = options.peer;
    this.handlers = options.handlers;
    this.emergency = options.direction === "outgoing" && /^urn:service:sos\b/i.test(options.peer);
    this.identity = { ...unknownPeer, dialled: options.direction === "outgoing" ? options.peer : null };
    this.#descriptions = new CallDescriptions(
      context.host,
      context.media({ id: this.id, peer: this.peer }),
      (remote) => this.handlers.mediaChanged?.(remote),
    );
  }

  get state(): CallState {
    return this.#state;
  }

  get chain(): CallChain | null {
    return this.#chain;
  }

  /** Sends the first INVITE. Nothing when it was hung up before that. */
  place(): void {
    if (this.#state === "ended") return;
    const name = this.newName();
    const registration = this.#context.registration() ?? "";
    this.#chain = this.#newChain(placedCall({ ...name, registration }, this.#chainOptions()));
    const invite = this.#context.agent.invite(
      { uri: this.peer, ...name, body: this.#descriptions.offer(name.callId) },
      this.#chain.inviteHandlers(name.callId),
    );
    this.#chain.attach(invite);
  }

  /** An INVITE of the peer without Replaces. */
  receive(invite: IncomingInvite, registration: string): void {
    this.#ringing = { invite, registration };
    this.identity = learnPeer(this.identity, invite.request);
    invite.handlers = { cancelled: () => this.#finish({ by: "peer" }, true) };
  }

  ring(): void {
    if (this.#ringing === null || this.#state !== "calling") return;
    this.#state = "ringing";
    this.#ringing.invite.provisional(180);
    this.handlers.ringing?.();
  }

  answer(): void {
    if (this.#ringing === null || (this.#state !== "calling" && this.#state !== "ringing")) return;
    const { invite, registration } = this.#ringing;
    if (!this.canAnswer(invite)) {
      this.reject(488);
      return;
    }
    this.#ringing = null;
    const session = this.accept(invite);
    if (session === null) {
      this.#finish({ by: "peer" }, true);
      return;
    }
    const { callId, localTag, remoteTag } = session.dialog.id;
    const first = { callId, localTag, remoteTag, registration };
    this.#chain = this.#newChain(answeredCall(first, this.#chainOptions()));
    this.#chain.begin(session);
  }

  reject(status = 486): void {
    if (this.#ringing === null) return;
    this.#ringing.invite.reject(status);
    this.#finish({ by: "refused", status }, true);
  }

  hangUp(): void {
    if (this.#state === "ended") return;
    if (this.#ringing !== null) {
      this.#ringing.invite.reject(486);
      this.#finish({ by: "self" }, true);
    } else if (this.#chain !== null) this.#chain.apply({ type: "hangUp" });
    else this.#finish({ by: "self" }, true);
  }

  setDirection(direction: MediaDirection): void {
    this.#descriptions.want(direction);
    this.#offerWanted();
  }

  /** True while the dialog by which it is described belongs to another registration than that one. */
  standsElsewhere(registration: string): boolean {
    if (this.#ringing !== null) return this.#ringing.registration !== registration;
    return this.#chain !== null && standsElsewhere(this.#chain.state, registration);
  }

  /** True while any dialog of it, or one that may still come, belongs to another registration than that one. */
  usesOther(registration: string): boolean {
    if (this.#ringing !== null) return this.#ringing.registration !== registration;
    const legs = this.#chain?.state.legs ?? [];
    return legs.some((leg) => leg.registration !== registration && !isOver(leg));
  }

  /** False: nothing in its offer can be used (488). */
  canAnswer(invite: IncomingInvite): boolean {
    return this.#descriptions.canAnswer(invite.body);
  }

  /** How the CFS sees it; null when it is over. */
  describe(): DialogDescription | null {
    if (this.#state === "ended") return null;
    const { crypto } = this.#context.host;
    const { emergency } = this;
    const id = this.#chain?.session?.dialog.id ?? this.#ringing?.invite.dialog.id ?? this.#firstId();
    if (id === null) return null;
    const name = dialogName(id.callId, id.localTag, id.remoteTag, crypto);
    const session = this.#chain?.session ?? null;
    const role = session?.role ?? (this.direction === "outgoing" ? "uac" : "uas");
    if (session === null) return { id: name, state: "early", role, emergency, replaceable: "early dialog" };
    const never = this.#chain?.state.never ?? null;
    return { id: name, state: "confirmed", role, emergency, replaceable: never ?? true };
  }

  /** Names of its dialogs that are remembered (64*T1) but held no more. */
  formerNames(): string[] {
    const held = this.#state === "ended" ? null : (this.#chain?.session?.dialog.id.callId ?? null);
    const legs = this.#chain?.state.legs ?? [];
    return legs
      .filter((leg) => leg.remoteTag !== null && leg.callId !== held)
      .map((leg) => this.#nameOf(leg));
  }

  /** The UE stops: nothing is said to anybody. */
  close(): void {
    this.#chain?.close();
  }

  // What the chain asks for.

  newName(): FreshName {
    return { callId: this.#context.agent.newCallId(), localTag: this.#context.agent.newTag() };
  }

  sendInvite(invite: ReplacingInvite, handlers: OutgoingInviteHandlers): OutgoingInvite {
    const { callId, localTag, replaces, gen } = invite;
    const { instance, gruu } = this.identity;
    const parameters = new Map([["gen", String(gen)]]);
    const headers: HeaderPair[] = [
      ["Replaces", formatReplaces({ ...replaces, earlyOnly: false, parameters })],
      ["Require", "replaces"],
    ];
    if (instance !== null && gruu === null)
      headers.push(["Accept-Contact", `*;+sip.instance="<${instance}>";require;explicit`]);
    const uri = addressOfPeer(this.identity) ?? this.peer;
    return this.#context.agent.invite(
      { uri, callId, localTag, headers, body: this.#descriptions.offer(callId) },
      handlers,
    );
  }

  accept(invite: IncomingInvite): Session | null {
    const body = this.#descriptions.answer(invite.dialog.id.callId, invite.body);
    return invite.accept({ body, policy: { unacknowledged: "report", lost: "report" } });
  }

  repeatBye(session: Session, unanswered: () => void): void {
    const { request } = dialogRequest(session.dialog, "BYE", {});
    this.#context.agent.send(
      request,
      finalOnly(({ status }) => {
        if (status === 408) unanswered();
      }),
    );
  }

  opened(session: Session): void {
    const fromPeer: SipRequest | SipResponse = session.role === "uac" ? session.response : session.invite;
    this.identity = learnPeer(this.identity, fromPeer);
    this.#chain?.setNever(this.#neverReason(fromPeer));
    const handlers = this.#descriptions.opened(session);
    const learning = (hear: SessionHandlers["reinvited"]) => (modification: Modification) => {
      this.identity = learnPeer(this.identity, modification.request);
      hear?.(modification);
    };
    session.handlers = {
      ...handlers,
      reinvited: learning(handlers.reinvited),
      updated: learning(handlers.updated),
    };
  }

  provisional(response: SipResponse): void {
    this.identity = learnPeer(this.identity, response);
    if (response.status !== 180 || this.#state !== "calling") return;
    this.#state = "ringing";
    this.handlers.ringing?.();
  }

  confirmed(leg: Leg): void {
    const { observer, host } = this.#context;
    observer.dialog?.({
      kind: "confirmed",
      at: host.clock.wall(),
      call: this.id,
      dialog: this.#observed(leg),
    });
    const isFirst = this.#confirmed.size === 0;
    this.#confirmed.add(leg.callId);
    if (isFirst && this.#state !== "ended") {
      this.#state = "confirmed";
      this.handlers.confirmed?.();
    }
    this.#offerWanted();
  }

  follow(): void {
    this.#offerWanted();
  }

  dialogEnded(leg: Leg, by: "replaced" | "self" | "peer" | "lost", next: Leg | null): void {
    const { observer, host } = this.#context;
    const dialog = this.#observed(leg);
    const replacedBy = next?.callId ?? null;
    observer.dialog?.({ kind: "ended", at: host.clock.wall(), call: this.id, dialog, by, replacedBy });
    // One whose ACK never came was held, but the CFS has not heard of it.
    if (!this.#confirmed.has(leg.callId)) return;
    const id = this.#nameOf(leg);
    if (by === "replaced" && next !== null) {
      const media = this.#descriptions.changedInReplacing ? { reason: "media changed" } : {};
      this.#context.report({ id, result: "kept", newId: this.#nameOf(next), ...media });
    } else if (by === "lost") this.#context.report({ id, result: "lost" });
    else this.#context.report({ id, result: "ended", reason: by === "peer" ? endedBy.peer : endedBy.self });
  }

  pinned(leg: Leg, reason: string): void {
    const { observer, host } = this.#context;
    const dialog = this.#observed(leg);
    observer.dialog?.({ kind: "pinned", at: host.clock.wall(), call: this.id, dialog, reason });
    const until = this.#context.expiryOf(leg.registration);
    const report = { id: this.#nameOf(leg), result: "pinned", reason } as const;
    this.#context.report(until === null ? report : { ...report, until });
  }

  ended(reason: OverReason, status: number | null): void {
    if (reason === "refused" || (reason === "lost" && this.#confirmed.size === 0))
      this.#finish({ by: "refused", status: status ?? 408 }, false);
    else this.#finish({ by: reason }, false);
  }

  done(): void {
    this.#context.done(this);
  }

  #newChain(state: ChainState): CallChain {
    const { host, agent } = this.#context;
    return new CallChain({ host, timers: agent.timers, owner: this, state });
  }

  #chainOptions(): { registration: string | null; never: string | null; allowed: boolean } {
    return {
      registration: this.#context.registration(),
      never: this.#neverReason(null),
      allowed: this.#context.mayReplace(),
    };
  }

  /** `message`: the peer's INVITE or 2xx, which says what it supports. */
  #neverReason(message: SipRequest | SipResponse | null): string | null {
    if (this.emergency) return "emergency call";
    if (this.#context.never !== null) return this.#context.never;
    if (message === null) return null;
    const supported = message.headers.values("Supported").map((tag) => tag.toLowerCase());
    if (!supported.includes("replaces")) return "the peer does not support Replaces";
    return addressOfPeer(this.identity) === null ? "the peer cannot be addressed" : null;
  }

  #finish(end: CallEnd, isForgotten: boolean): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#ringing = null;
    this.#descriptions.closed();
    this.handlers.ended?.(end);
    if (isForgotten) this.#context.done(this);
  }

  #offerWanted(): void {
    const session = this.#chain?.session ?? null;
    if (session !== null && this.#state !== "ended") this.#descriptions.offerWanted(session);
  }

  #firstId(): { callId: string; localTag: string; remoteTag: string } | null {
    const leg = this.#chain?.state.legs[0];
    return leg === undefined ? null : { ...leg, remoteTag: leg.remoteTag ?? "" };
  }

  #nameOf(leg: Leg): string {
    return dialogName(leg.callId, leg.localTag, leg.remoteTag ?? "", this.#context.host.crypto);
  }

  #observed(leg: Leg): ObservedDialog {
    const { callId, localTag, role, gen } = leg;
    return {
      callId,
      localTag,
      remoteTag: leg.remoteTag ?? "",
      role,
      gen,
      registration: stampOfKey(leg.registration),
      emergency: this.emergency,
    };
  }
}
