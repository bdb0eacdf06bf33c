// An INVITE usage from its 2xx to its BYE: runs the session's table. RFC 3261 12.2, 13.3.1.4, 15.
import type { Timer } from "@liquid-ims/runtime/clock";
import { step } from "@liquid-ims/runtime/state-table";
import { parseCSeq } from "../header/cseq.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import { type Dialog, dialogRequest, receiveInDialog } from "./dialog.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import { finalOnly, type Outcome } from "./outcome.ts";
import type { SessionEnd, SessionHandlers } from "./session-handlers.ts";
import { type ReinviteOptions, SessionModifier } from "./session-modifier.ts";
import type { InDialogRequestOptions } from "./session-request-options.ts";
import { type SessionAction, type SessionEvent, type SessionState, sessionTable } from "./session-table.ts";
import { SuccessRepeater } from "./success-repeater.ts";
import type { DialogUsage, SessionPolicy, UserAgentCore } from "./user-agent-core.ts";

/** What a session is made of. */
export interface SessionParts {
  readonly dialog: Dialog;
  readonly invite: SipRequest;
  readonly response: SipResponse;
  readonly policy: SessionPolicy;
  readonly handlers: SessionHandlers;
  /** UAS: sends the 2xx once more. */
  readonly repeat: (() => void) | null;
}

/** What an event brings along. */
interface Context {
  readonly incoming?: IncomingRequest;
  readonly ack?: SipRequest;
  readonly outcome?: Outcome;
  readonly lostStatus?: 481 | 408;
}

/** States in which this end waits for the ACK to its 2xx. */
const withoutAck: ReadonlySet<SessionState> = new Set(["Accepted", "Unacknowledged", "Ending"]);
const over: ReadonlySet<SessionState> = new Set(["Terminating", "Terminated"]);

/** One dialog made by INVITE, accepted (UAS) or confirmed. Made by `OutgoingInvite` and `IncomingInvite`. */
export class Session implements DialogUsage {
  readonly role: "uac" | "uas";
  /** The INVITE that made it. */
  readonly invite: SipRequest;
  /** The 2xx to it. */
  readonly response: SipResponse;
  readonly policy: SessionPolicy;
  /** May be set at any time. */
  handlers: SessionHandlers;
  dialog: Dialog;
  readonly #core: UserAgentCore;
  readonly #modifier: SessionModifier;
  readonly #repeater: SuccessRepeater;
  readonly #repeat: (() => void) | null;
  readonly #acceptedAt: number;
  #state: SessionState;
  #question: Timer | null = null;
  #byeOptions: InDialogRequestOptions = {};
  #byeSent = false;

  constructor(core: UserAgentCore, parts: SessionParts) {
    this.#core = core;
    this.dialog = parts.dialog;
    this.role = parts.dialog.role;
    this.invite = parts.invite;
    this.response = parts.response;
    this.policy = parts.policy;
    this.handlers = parts.handlers;
    this.#repeat = parts.repeat;
    this.#acceptedAt = core.host.clock.now();
    this.#state = this.role === "uac" ? "Confirmed" : "Accepted";
    this.#modifier = new SessionModifier(core, this);
    this.#repeater = new SuccessRepeater(
      core.host.clock,
      core.timers,
      () => {
        if (this.#state === "Accepted" || this.#state === "Ending") this.#run("repeat");
      },
      () => this.#run(this.policy.unacknowledged === "bye" ? "64*T1, bye" : "64*T1, report"),
    );
    core.addDialog(this.dialog.id, this);
    if (this.#state === "Accepted") {
      this.#repeater.start();
      this.#watchAck();
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Ends it: BYE at once, for a UAS without ACK at the ACK or 64*T1 (15). Harmless when it is over. */
  bye(options: InDialogRequestOptions = {}): void {
    this.#byeOptions = options;
    this.#run("bye");
  }

  /** One more BYE in a dialog that this end has ended, where nobody answered the last; told by `byeOutcome`. */
  byeAgain(): void {
    if (this.#state === "Terminated" && this.#byeSent) this.#sendBye();
  }

  /** Ends it without BYE, as after a 481: nothing is sent or told any more. */
  drop(): void {
    this.#run("drop");
  }

  /** UAS: takes the place of an ACK that was lost; the peer said otherwise that it has the 2xx. */
  confirm(): void {
    this.#run("confirm");
  }

  /** False: another INVITE is under way in the dialog or wanted (14.1), or it is not confirmed. */
  reinvite(options: ReinviteOptions): boolean {
    return this.#state === "Confirmed" && this.#modifier.reinvite(options);
  }

  /**
   * Another request in the dialog: OPTIONS, INFO, MESSAGE; also before the ACK. 481 and 408 are told as `lost`
   * besides. False when the session is over: nothing is sent.
   */
  send(method: string, options: InDialogRequestOptions, outcome: (outcome: Outcome) => void): boolean {
    if (over.has(this.#state)) return false;
    const { dialog, request } = dialogRequest(this.dialog, method, options);
    this.dialog = dialog;
    this.#core.send(
      request,
      finalOnly((result) => {
        outcome(result);
        this.checkLost(result, method);
      }),
    );
    return true;
  }

  /** From the user agent: a request of the peer in this dialog. */
  receive(incoming: IncomingRequest): void {
    const received = receiveInDialog(this.dialog, incoming.request);
    if (!received.ok) {
      incoming.reject(received.rejection);
      return;
    }
    this.dialog = received.dialog;
    const { method } = incoming.request;
    this.#run(method === "BYE" || method === "INVITE" ? method : "request", { incoming });
  }

  /** From the user agent: an ACK in this dialog. */
  receiveAck(ack: SipRequest): void {
    if (this.role === "uas" && sequenceOf(ack) === sequenceOf(this.invite)) this.#run("ACK", { ack });
    else this.#modifier.ack(ack);
  }

  /** The peer's BYE was answered before the 2xx came that made this session. */
  overtaken(bye: SipRequest): void {
    this.#run("drop");
    this.handlers.byeReceived?.(bye);
    this.handlers.ended?.({ by: "peer", bye });
  }

  /** 64*T1 without ACK to the 2xx of a re-INVITE: as for the first one. */
  reinviteUnacknowledged(): void {
    if (this.policy.unacknowledged === "bye") this.bye();
    else this.handlers.unacknowledged?.(64 * this.#core.timers.T1);
  }

  /** 12.2.1.2. */
  checkLost(outcome: Outcome, method: string): void {
    const { status } = outcome;
    if ((status !== 481 && status !== 408) || over.has(this.#state)) return;
    this.handlers.lost?.(status, method);
    if (this.policy.lost === "bye") this.#run("lost", { lostStatus: status });
  }

  #run(event: SessionEvent, context: Context = {}): void {
    const { next, actions } = step<SessionState, SessionEvent, SessionAction>(
      sessionTable,
      this.#state,
      event,
    );
    const ends = over.has(next) && !over.has(this.#state);
    this.#state = next;
    if (!withoutAck.has(next)) this.#question?.cancel();
    if (ends) this.#modifier.end();
    for (const action of actions) this.#act(action, context);
  }

  #act(action: SessionAction, context: Context): void {
    const { incoming } = context;
    switch (action) {
      case "send 2xx":
        this.#repeat?.();
        break;
      case "stop 2xx":
        this.#repeater.stop();
        break;
      case "send BYE":
        this.#sendBye();
        break;
      case "answer 200":
        incoming?.respond(200);
        break;
      case "answer 481":
        incoming?.respond(481);
        break;
      case "answer 491":
        incoming?.respond(491);
        break;
      case "take":
        if (incoming !== undefined) this.#take(incoming);
        break;
      case "take a question":
        if (incoming?.request.method === "OPTIONS" && this.handlers.question !== undefined)
          this.handlers.question(incoming);
        else incoming?.respond(481);
        break;
      case "report acknowledged":
        this.handlers.acknowledged?.(context.ack ?? null);
        break;
      case "report unacknowledged":
        this.handlers.unacknowledged?.(this.#core.host.clock.now() - this.#acceptedAt);
        break;
      case "report BYE":
        if (incoming !== undefined) this.handlers.byeReceived?.(incoming.request);
        break;
      case "report BYE outcome":
        if (context.outcome !== undefined) this.handlers.byeOutcome?.(context.outcome);
        break;
      case "report ended by peer":
        if (incoming !== undefined) this.#ended({ by: "peer", bye: incoming.request });
        break;
      case "report ended here":
        this.#ended({ by: "local" });
        break;
      case "report no ACK":
        this.#ended({ by: "no ACK" });
        break;
      case "report lost":
        this.#ended({ by: "lost", status: context.lostStatus ?? 481 });
        break;
      case "forget":
        this.dialog = { ...this.dialog, state: "terminated" };
        this.#core.removeDialog(this.dialog.id, this);
        break;
    }
  }

  #ended(end: SessionEnd): void {
    this.handlers.ended?.(end);
  }

  #sendBye(): void {
    this.#byeSent = true;
    const { dialog, request } = dialogRequest(this.dialog, "BYE", this.#byeOptions);
    this.dialog = dialog;
    this.#core.send(
      request,
      finalOnly((outcome) => this.#run("BYE outcome", { outcome })),
    );
  }

  #take(incoming: IncomingRequest): void {
    const { handlers } = this;
    switch (incoming.request.method) {
      case "INVITE":
        this.#modifier.invite(incoming);
        return;
      case "UPDATE":
        this.#modifier.update(incoming);
        return;
      case "OPTIONS":
        if (handlers.question !== undefined) handlers.question(incoming);
        else incoming.respond(200, { headers: this.#core.capabilities() });
        return;
      default:
        if (handlers.request?.(incoming) !== true) this.#core.refuseMethod(incoming);
    }
  }

  /** Every 4*T1 while the ACK is missing. */
  #watchAck(): void {
    this.#question = this.#core.host.clock.after(
      4 * this.#core.timers.T1,
      () => {
        this.#watchAck();
        this.#run("4*T1");
      },
      "no ACK for 4*T1",
    );
  }
}

function sequenceOf(request: SipRequest): number {
  return parseCSeq(request.headers.get("CSeq") ?? "")?.sequence ?? -1;
}
