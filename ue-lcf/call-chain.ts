// One call as a chain of dialogs: runs the tables of dialog replacement over sessions. RFC 3891, RFC 3261 13 to 15.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import type { IncomingRequest } from "@liquid-ims/sip/dialog/incoming-request";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { OutgoingInvite, OutgoingInviteHandlers } from "@liquid-ims/sip/dialog/session-invite-client";
import type { IncomingInvite } from "@liquid-ims/sip/dialog/session-invite-server";
import type { SipResponse } from "@liquid-ims/sip/message";
import { type Timers, transactionTimeout } from "@liquid-ims/sip/timers";
import { step } from "./dialog-replacement.ts";
import type { CallAction, CallEvent, CallTimer, FreshName, LegTimer } from "./dialog-replacement-event.ts";
import {
  type CallState,
  highestHeld,
  type Leg,
  legNamedBy,
  legOf,
  type OverReason,
  type ReplacesName,
} from "./dialog-replacement-state.ts";

/** What an INVITE with Replaces needs besides the present registration and media. */
export interface ReplacingInvite extends FreshName {
  readonly replaces: ReplacesName;
  readonly gen: number;
}

/** What the chain asks of the call that it carries. */
export interface CallChainOwner {
  newName(): FreshName;
  sendInvite(invite: ReplacingInvite, handlers: OutgoingInviteHandlers): OutgoingInvite;
  /** 200 with the present media; null when it came too late. */
  accept(invite: IncomingInvite): Session | null;
  /** A BYE once more, in a dialog that is over here. */
  repeatBye(session: Session, unanswered: () => void): void;
  /** A session begins: its handlers for media are set here. */
  opened(session: Session): void;
  provisional(response: SipResponse): void;
  confirmed(leg: Leg, session: Session): void;
  /** The media follow this session. */
  follow(session: Session): void;
  dialogEnded(leg: Leg, by: "replaced" | "self" | "peer" | "lost", next: Leg | null): void;
  pinned(leg: Leg, reason: string): void;
  ended(reason: OverReason, status: number | null): void;
  /** Nothing of it is remembered any more. */
  done(): void;
}

export interface CallChainOptions {
  readonly host: Host;
  readonly timers: Timers;
  readonly owner: CallChainOwner;
  readonly state: CallState;
}

/** Jitter of rule 5, in ms. */
const retryJitter = { least: 500, most: 4000 } as const;

export class CallChain {
  readonly #host: Host;
  readonly #timers: Timers;
  readonly #owner: CallChainOwner;
  readonly #sessions = new Map<string, Session>();
  readonly #outgoing = new Map<string, OutgoingInvite>();
  readonly #incoming = new Map<string, IncomingInvite>();
  readonly #questions = new Map<string, IncomingRequest>();
  readonly #running = new Map<string, Timer>();
  #state: CallState;
  #queue: CallEvent[] = [];
  #isRunning = false;

  constructor(options: CallChainOptions) {
    this.#host = options.host;
    this.#timers = options.timers;
    this.#owner = options.owner;
    this.#state = options.state;
  }

  get state(): CallState {
    return this.#state;
  }

  /** The session of the highest held dialog; null when there is none. */
  get session(): Session | null {
    const held = highestHeld(this.#state);
    return held === null ? null : (this.#sessions.get(held.callId) ?? null);
  }

  names(replaces: ReplacesName): boolean {
    return legNamedBy(this.#state, replaces) !== null;
  }

  /** The leg of a request whose dialog the user agent does not know. */
  hasLeg(callId: string, localTag: string): boolean {
    return legOf(this.#state, callId)?.localTag === localTag;
  }

  /** Known only when the peer has answered: why its dialogs are never replaced from here. */
  setNever(never: string | null): void {
    this.#state = { ...this.#state, never };
  }

  /** The first INVITE of a call that this end places. */
  attach(invite: OutgoingInvite): void {
    this.#outgoing.set(invite.callId, invite);
  }

  /** The first session of a call that this end has answered. */
  begin(session: Session): void {
    const { callId } = session.dialog.id;
    this.#open(callId, session);
    this.#startTimer("ask", callId);
    this.#startTimer("acknowledge", callId);
  }

  /** An INVITE with Replaces that names this call; identity and media have been looked at. */
  invited(invite: IncomingInvite, gen: number | null, registration: string): void {
    const { replaces } = invite;
    if (replaces === null) return;
    const { callId, remoteTag } = invite.dialog.id;
    this.#incoming.set(callId, invite);
    const { localTag } = invite;
    this.apply({ type: "invite", callId, localTag, remoteTag, replaces, gen, registration });
    this.#incoming.delete(callId);
  }

  /** A question or a BYE in a dialog that the user agent does not know. */
  stray(incoming: IncomingRequest, callId: string): void {
    const { method } = incoming.request;
    if (method === "OPTIONS") this.#asked(callId, incoming);
    else if (method === "BYE") {
      this.apply({ type: "bye", callId });
      if (incoming.answered === 0) incoming.respond(481);
    }
  }

  /** Handlers of an INVITE of this call. */
  inviteHandlers(callId: string): OutgoingInviteHandlers {
    return {
      provisional: (response) => {
        if (response.status > 100) this.apply({ type: "provisional", callId });
        this.#owner.provisional(response);
      },
      // A 2xx after all that a message may live: no ACK, and no BYE that would be taken for a hang-up.
      wanted: () => legOf(this.#state, callId)?.state !== "Gone",
      accepted: (session) => this.#accepted(callId, session),
      failed: (outcome) => {
        this.#outgoing.delete(callId);
        this.apply({ type: "failure", callId, status: outcome.status });
      },
    };
  }

  apply(event: CallEvent): void {
    this.#queue.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Stops all timers; nothing is said to anybody. */
  close(): void {
    for (const timer of this.#running.values()) timer.cancel();
    this.#running.clear();
  }

  #step(event: CallEvent): void {
    const before = this.#state;
    const { state, actions } = step(before, event, this.#owner.newName());
    this.#state = state;
    for (const action of actions) this.#perform(action);
    this.#dropEnded(before);
  }

  #accepted(callId: string, session: Session): void {
    const leg = legOf(this.#state, callId);
    // Another branch of a fork is none of the chain.
    if (leg === null || this.#sessions.has(callId)) {
      session.bye();
      return;
    }
    this.#outgoing.delete(callId);
    this.#open(callId, session);
    this.apply({ type: "success", callId, remoteTag: session.dialog.id.remoteTag });
  }

  #open(callId: string, session: Session): void {
    this.#sessions.set(callId, session);
    this.#owner.opened(session);
    const { handlers } = session;
    session.handlers = {
      ...handlers,
      acknowledged: (ack) => {
        handlers.acknowledged?.(ack);
        this.apply({ type: "ack", callId });
      },
      question: (incoming) => this.#asked(callId, incoming),
      byeReceived: () => this.apply({ type: "bye", callId }),
      byeOutcome: (outcome) => {
        if (outcome.status === 408 || outcome.response === null)
          this.apply({ type: "byeUnanswered", callId });
      },
      lost: (_status, method) => {
        if (method !== "OPTIONS") this.apply({ type: "lost", callId });
      },
    };
  }

  #asked(callId: string, incoming: IncomingRequest): void {
    this.#questions.set(callId, incoming);
    this.apply({ type: "question", callId });
    this.#questions.delete(callId);
    if (incoming.answered === 0) incoming.respond(481);
  }

  #perform(action: CallAction): void {
    switch (action.type) {
      case "sendInvite":
        this.#outgoing.set(action.callId, this.#owner.sendInvite(action, this.inviteHandlers(action.callId)));
        break;
      case "answerInvite":
        this.#answerInvite(action.callId, action.status);
        break;
      case "sendAck":
        // The session has acknowledged its 2xx already (RFC 3261 13.2.2.4).
        break;
      case "sendBye":
        this.#sendBye(action.callId);
        break;
      case "sendCancel":
        this.#outgoing.get(action.callId)?.cancel();
        break;
      case "ask":
        this.#ask(action.callId);
        break;
      case "probe":
        this.#sessions.get(action.lower)?.send("OPTIONS", {}, ({ status }) => {
          this.apply({ type: "probeAnswered", callId: action.callId, status });
        });
        break;
      case "answerQuestion":
        this.#questions.get(action.callId)?.respond(action.status);
        break;
      case "answerBye":
        // A session answers the BYE in its dialog; for a stray one 481 is what `stray` says.
        break;
      case "startTimer":
        this.#startTimer(action.timer, "callId" in action ? action.callId : "");
        break;
      case "stopTimer":
        this.#stopTimer(action.timer, "callId" in action ? action.callId : "");
        break;
      case "media":
        this.#withSession(action.callId, (session) => this.#owner.follow(session));
        break;
      case "confirmed":
        this.#withLeg(action.callId, (leg) =>
          this.#withSession(action.callId, (session) => this.#owner.confirmed(leg, session)),
        );
        break;
      case "dialogEnded":
        this.#withLeg(action.callId, (leg) => {
          const next = action.next === null ? null : legOf(this.#state, action.next);
          this.#owner.dialogEnded(leg, action.by, next);
        });
        break;
      case "pinned":
        this.#withLeg(action.callId, (leg) => this.#owner.pinned(leg, action.reason));
        break;
      case "ended":
        this.#owner.ended(action.reason, action.status);
        break;
      case "done":
        this.close();
        this.#owner.done();
        break;
    }
  }

  #withLeg(callId: string, run: (leg: Leg) => void): void {
    const leg = legOf(this.#state, callId);
    if (leg !== null) run(leg);
  }

  #withSession(callId: string, run: (session: Session) => void): void {
    const session = this.#sessions.get(callId);
    if (session !== undefined) run(session);
  }

  #answerInvite(callId: string, status: 200 | 481 | 491 | 603): void {
    const invite = this.#incoming.get(callId);
    if (invite === undefined) return;
    if (status !== 200) {
      invite.reject(status);
      return;
    }
    const session = this.#owner.accept(invite);
    if (session !== null) this.#open(callId, session);
    else this.apply({ type: "lost", callId });
  }

  #sendBye(callId: string): void {
    const session = this.#sessions.get(callId);
    if (session === undefined) return;
    if (session.state === "Terminating" || session.state === "Terminated")
      this.#owner.repeatBye(session, () => this.apply({ type: "byeUnanswered", callId }));
    else session.bye();
  }

  #ask(callId: string): void {
    const session = this.#sessions.get(callId);
    session?.send("OPTIONS", {}, ({ status }) => {
      this.apply({ type: "questionAnswered", callId, status });
      // The session stops repeating its 200.
      if (status >= 200 && status <= 299) session.confirm();
    });
  }

  /** Sessions whose dialog is over without a BYE: the peer has said that it is gone. */
  #dropEnded(before: CallState): void {
    for (const leg of this.#state.legs) {
      if (leg.state !== "Ended" || legOf(before, leg.callId)?.state === "Ended") continue;
      const session = this.#sessions.get(leg.callId);
      if (session === undefined) continue;
      if (session.state === "Accepted" || session.state === "Unacknowledged" || session.state === "Confirmed")
        session.drop();
    }
    for (const leg of this.#state.legs)
      if (leg.state === "Abandoned" && legOf(before, leg.callId)?.state === "Open")
        this.#outgoing.get(leg.callId)?.abandon();
  }

  #duration(timer: LegTimer | CallTimer): number {
    const { T1 } = this.#timers;
    switch (timer) {
      case "silence":
        return 2 * T1;
      case "ask":
        return 4 * T1;
      case "acknowledge":
      case "forget":
      case "memory":
        return transactionTimeout(this.#timers);
      case "retry":
        return retryJitter.least + this.#host.random.int(retryJitter.most - retryJitter.least);
    }
  }

  #startTimer(timer: LegTimer | CallTimer, callId: string): void {
    this.#stopTimer(timer, callId);
    const key = `${timer} ${callId}`;
    const fired = () => {
      this.#running.delete(key);
      if (timer === "retry") this.apply({ type: "retry" });
      else if (timer === "memory") this.apply({ type: "forgotten" });
      else this.apply({ type: "timer", timer, callId });
    };
    this.#running.set(key, this.#host.clock.after(this.#duration(timer), fired, `call ${timer}`));
  }

  #stopTimer(timer: LegTimer | CallTimer, callId: string): void {
    const key = `${timer} ${callId}`;
    this.#running.get(key)?.cancel();
    this.#running.delete(key);
  }
}
