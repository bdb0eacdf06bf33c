// An INVITE of ours outside a dialog, with all that it may lead to: runs the UAC's table. RFC 3261 9.1, 13.2.
import type { Timer } from "@liquid-ims/runtime/clock";
import { step } from "@liquid-ims/runtime/state-table";
import type { SipRequest, SipResponse } from "../message.ts";
import { transactionTimeout } from "../timers.ts";
import type { ClientTransaction } from "../transaction-user.ts";
import type { Target } from "../transport.ts";
import { type Body, bodyOf } from "./body.ts";
import {
  confirmDialog,
  type Dialog,
  dialogIdOfRequest,
  dialogIdOfResponse,
  dialogRequest,
  uacDialog,
} from "./dialog.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import { type OutOfDialogParts, outOfDialogRequest } from "./out-of-dialog.ts";
import { failedOutcome, type Outcome } from "./outcome.ts";
import { Session } from "./session.ts";
import {
  type InviteClientUsageAction,
  type InviteClientUsageEvent,
  type InviteClientUsageState,
  inviteClientUsageTable,
} from "./session-invite-tables.ts";
import type { PendingUsage, SessionPolicy, UserAgentCore } from "./user-agent-core.ts";

/** `headers`: Replaces, Require, Accept-Contact. `body`: the offer; without one the 2xx holds it. */
export interface InviteOptions extends OutOfDialogParts {
  /** Where it is sent instead of to the first Route. */
  readonly target?: Target | null;
  /** Body of the ACK: the answer to an offer in the 2xx. */
  ackBody?(response: SipResponse): Body | null;
  readonly policy?: Partial<SessionPolicy>;
}

export interface OutgoingInviteHandlers {
  /** 100 to 199; the early dialog where the response made one (several when the request forked). */
  provisional?(response: SipResponse, dialog: Dialog | null): void;
  /**
   * A 2xx, acknowledged already; each dialog of a fork once. `late`: after `cancel` or `abandon`; the owner
   * keeps the session or ends it with `bye`. Set `session.handlers` here.
   */
  accepted(session: Session, response: SipResponse, late: boolean): void;
  /** Asked before a 2xx is acknowledged. False: it is dropped without ACK, as if the INVITE had never been sent. */
  wanted?(): boolean;
  /** The final failure: 300 to 699 (487 after `cancel`), or no answer. No `accepted` came before. */
  failed?(outcome: Outcome): void;
}

/** What an event brings along. */
interface Context {
  readonly response?: SipResponse;
  readonly outcome?: Outcome;
}

/** What one 2xx led to. */
interface AcceptedDialog {
  readonly ack: SipRequest;
  readonly session: Session;
}

export class OutgoingInvite implements PendingUsage {
  /** As it was given to the transaction layer, without Via. */
  readonly request: SipRequest;
  readonly callId: string;
  readonly localTag: string;
  readonly #core: UserAgentCore;
  readonly #options: InviteOptions;
  readonly #handlers: OutgoingInviteHandlers;
  readonly #transaction: ClientTransaction;
  /** By remote tag. */
  readonly #early = new Map<string, Dialog>();
  readonly #accepted = new Map<string, AcceptedDialog>();
  /** BYEs that overtook their 2xx. */
  readonly #byes = new Map<string, SipRequest>();
  #state: InviteClientUsageState = "Calling";
  #timer: Timer | null = null;

  /** Sends it. */
  constructor(core: UserAgentCore, options: InviteOptions, handlers: OutgoingInviteHandlers) {
    this.#core = core;
    this.#options = options;
    this.#handlers = handlers;
    this.request = outOfDialogRequest(core, "INVITE", options, true);
    const id = dialogIdOfRequest(this.request);
    this.callId = id.callId;
    this.localTag = id.remoteTag;
    core.addPending(this);
    this.#transaction = core.send(
      this.request,
      {
        response: (response) => this.#response(response),
        failed: (cause) => this.#run("failure", { outcome: failedOutcome(cause) }),
      },
      options.target ?? core.identity.target ?? null,
    );
  }

  get state(): InviteClientUsageState {
    return this.#state;
  }

  /** Those without a final response. */
  get earlyDialogs(): readonly Dialog[] {
    return [...this.#early.values()];
  }

  /** CANCEL once a provisional response has come (9.1); a 2xx that crosses it is told as `late`. */
  cancel(): void {
    this.#run("cancel");
  }

  /** Given up without CANCEL: a 2xx is acknowledged and told as `late`; CANCEL after 64*T1 cleans up. */
  abandon(): void {
    this.#run("abandon");
  }

  /** From the user agent: a request of the peer in a dialog of this INVITE that has no 2xx yet. */
  receiveBeforeDialog(incoming: IncomingRequest): void {
    const { remoteTag } = dialogIdOfRequest(incoming.request);
    const isEarly = this.#early.has(remoteTag);
    switch (incoming.request.method) {
      case "BYE":
        this.#byes.set(remoteTag, incoming.request);
        incoming.respond(200);
        return;
      case "OPTIONS":
        incoming.respond(isEarly ? 200 : 481, isEarly ? { headers: this.#core.capabilities() } : {});
        return;
      case "UPDATE":
        // The INVITE's offer has no answer that counts before the 2xx (RFC 3311 5.2).
        if (isEarly && bodyOf(incoming.request) !== null) incoming.respond(491);
        else incoming.respond(isEarly ? 200 : 481);
        return;
      default:
        if (isEarly) this.#core.refuseMethod(incoming);
        else incoming.respond(481);
    }
  }

  #response(response: SipResponse): void {
    const { status } = response;
    if (status >= 200 && status < 300 && this.#handlers.wanted?.() === false) return;
    if (status < 200) this.#run("1xx", { response });
    else if (status >= 300) this.#run("failure", { outcome: { status, response, cause: null } });
    else
      this.#run(this.#accepted.has(dialogIdOfResponse(response).remoteTag) ? "2xx again" : "2xx", {
        response,
      });
  }

  #run(event: InviteClientUsageEvent, context: Context = {}): void {
    const { next, actions } = step<InviteClientUsageState, InviteClientUsageEvent, InviteClientUsageAction>(
      inviteClientUsageTable,
      this.#state,
      event,
    );
    this.#state = next;
    for (const action of actions) this.#act(action, context);
  }

  #act(action: InviteClientUsageAction, context: Context): void {
    const { response } = context;
    switch (action) {
      case "report provisional":
        if (response !== undefined) this.#provisional(response);
        break;
      case "send ACK":
        if (response !== undefined) this.#acknowledge(response);
        break;
      case "report session":
        if (response !== undefined) this.#report(response, false);
        break;
      case "report late session":
        if (response !== undefined) this.#report(response, true);
        break;
      case "report failure":
        if (context.outcome !== undefined) this.#handlers.failed?.(context.outcome);
        break;
      case "send CANCEL":
        this.#transaction.cancel();
        break;
      case "start 64*T1":
        this.#timer = this.#core.host.clock.after(
          transactionTimeout(this.#core.timers),
          () => this.#run("64*T1"),
          "64*T1 of an INVITE",
        );
        break;
      case "stop 64*T1":
        this.#timer?.cancel();
        break;
      case "forget":
        this.#early.clear();
        this.#core.removePending(this);
        break;
    }
  }

  #provisional(response: SipResponse): void {
    const dialog = uacDialog(this.request, response);
    if (dialog !== null) this.#early.set(dialog.id.remoteTag, dialog);
    this.#handlers.provisional?.(response, dialog);
  }

  #acknowledge(response: SipResponse): void {
    const { remoteTag } = dialogIdOfResponse(response);
    const known = this.#accepted.get(remoteTag);
    if (known !== undefined) {
      this.#core.sendAck(known.ack);
      return;
    }
    const early = this.#early.get(remoteTag);
    const dialog = early === undefined ? uacDialog(this.request, response) : confirmDialog(early, response);
    if (dialog === null) return;
    this.#early.delete(remoteTag);
    const ack = dialogRequest(dialog, "ACK", {
      sequence: dialog.localSequence,
      body: this.#options.ackBody?.(response) ?? null,
    }).request;
    const session = new Session(this.#core, {
      dialog,
      invite: this.request,
      response,
      policy: { ...this.#core.policy, ...this.#options.policy },
      handlers: {},
      repeat: null,
    });
    this.#accepted.set(remoteTag, { ack, session });
    this.#core.sendAck(ack);
  }

  #report(response: SipResponse, late: boolean): void {
    const { remoteTag } = dialogIdOfResponse(response);
    const accepted = this.#accepted.get(remoteTag);
    if (accepted === undefined) return;
    this.#handlers.accepted(accepted.session, response, late);
    const bye = this.#byes.get(remoteTag);
    if (bye !== undefined) accepted.session.overtaken(bye);
  }
}
