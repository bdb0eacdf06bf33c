// Runs the table of re-INVITE and UPDATE for one session. RFC 3261 14, RFC 3311 5.2.
import type { Timer } from "@liquid-ims/runtime/clock";
import { step } from "@liquid-ims/runtime/state-table";
import { parseCSeq } from "../header/cseq.ts";
import type { SipRequest, SipResponse } from "../message.ts";
import { type Body, bodyOf } from "./body.ts";
import { type Dialog, dialogRequest, refreshTarget } from "./dialog.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import { failedOutcome, type Outcome } from "./outcome.ts";
import type { Modification, SessionHandlers } from "./session-handlers.ts";
import {
  type ModificationAction,
  type ModificationEvent,
  type ModificationState,
  modificationTable,
} from "./session-modification-table.ts";
import type { InDialogRequestOptions } from "./session-request-options.ts";
import { SuccessRepeater } from "./success-repeater.ts";
import type { UserAgentCore } from "./user-agent-core.ts";

export interface ReinviteOptions extends InDialogRequestOptions {
  /** Final answer; after 491 the re-INVITE is sent again by itself (14.1) and only then told. */
  outcome(outcome: Outcome): void;
  /** Body of the ACK, where the 2xx held the offer. */
  ackBody?(response: SipResponse): Body | null;
}

/** What the modifier needs of its session. */
export interface ModifiedSession {
  dialog: Dialog;
  readonly role: "uac" | "uas";
  readonly handlers: SessionHandlers;
  /** 64*T1 without ACK to the 2xx of a re-INVITE. */
  reinviteUnacknowledged(): void;
  /** Tells of 481 and 408 (12.2.1.2). */
  checkLost(outcome: Outcome, method: string): void;
}

function sequenceOf(message: SipRequest): number {
  return parseCSeq(message.headers.get("CSeq") ?? "")?.sequence ?? -1;
}

/** What an event brings along. */
interface Context {
  readonly incoming?: IncomingRequest;
  /** Sends the ACK to the 2xx that came. */
  readonly acknowledge?: () => void;
  readonly outcome?: Outcome;
  readonly body?: Body | null;
  readonly ack?: SipRequest;
  readonly status?: number;
  readonly reason?: string | undefined;
}

export class SessionModifier {
  readonly #core: UserAgentCore;
  readonly #session: ModifiedSession;
  readonly #repeater: SuccessRepeater;
  #state: ModificationState = "Idle";
  /** The owner's re-INVITE, from its wish to its outcome. */
  #wanted: ReinviteOptions | null = null;
  #wait: Timer | null = null;
  /** The peer's re-INVITE or UPDATE. */
  #incoming: IncomingRequest | null = null;
  #success: SipResponse | null = null;

  constructor(core: UserAgentCore, session: ModifiedSession) {
    this.#core = core;
    this.#session = session;
    this.#repeater = new SuccessRepeater(
      core.host.clock,
      core.timers,
      () => this.#run("repeat"),
      () => this.#run("64*T1"),
    );
  }

  get state(): ModificationState {
    return this.#state;
  }

  /** False while another one is wanted or under way (14.1). */
  reinvite(options: ReinviteOptions): boolean {
    if (this.#state !== "Idle" || this.#wanted !== null) return false;
    this.#wanted = options;
    this.#run("reinvite");
    return true;
  }

  /** The peer's re-INVITE, its CSeq counted. */
  invite(incoming: IncomingRequest): void {
    this.#run("INVITE", { incoming });
  }

  /** The peer's UPDATE, its CSeq counted. Without an offer it refreshes the target only. */
  update(incoming: IncomingRequest): void {
    if (bodyOf(incoming.request) !== null) {
      this.#run("UPDATE", { incoming });
      return;
    }
    this.#session.dialog = refreshTarget(this.#session.dialog, incoming.request);
    this.#respondSuccess(incoming, null);
  }

  /** An ACK that is not the initial INVITE's. */
  ack(ack: SipRequest): void {
    if (this.#incoming !== null && sequenceOf(ack) === sequenceOf(this.#incoming.request))
      this.#run("ACK", { ack });
  }

  /** The session is over. */
  end(): void {
    this.#wait?.cancel();
    const waited = this.#wait !== null;
    this.#wait = null;
    this.#run("end");
    // Between a 491 and the next try nothing is under way that would bring the outcome.
    if (waited) this.#report(failedOutcome("timeout"));
  }

  #run(event: ModificationEvent, context: Context = {}): void {
    const { next, actions } = step<ModificationState, ModificationEvent, ModificationAction>(
      modificationTable,
      this.#state,
      event,
    );
    this.#state = next;
    for (const action of actions) this.#act(action, context);
  }

  #act(action: ModificationAction, context: Context): void {
    const { incoming, outcome } = context;
    switch (action) {
      case "send INVITE":
        this.#sendInvite();
        break;
      case "send ACK":
        context.acknowledge?.();
        break;
      case "wait":
        this.#startWait();
        break;
      case "report outcome":
        if (outcome !== undefined) this.#report(outcome);
        break;
      case "report INVITE":
      case "report UPDATE":
        if (incoming !== undefined) this.#offer(incoming);
        break;
      case "report ACK":
        if (context.ack !== undefined) this.#session.handlers.reinviteAcknowledged?.(context.ack);
        break;
      case "report no ACK":
        this.#session.reinviteUnacknowledged();
        break;
      case "answer 2xx":
        this.#accept(context.body ?? null);
        break;
      case "send 2xx":
        if (this.#success !== null) this.#incoming?.send(this.#success);
        break;
      case "stop 2xx":
        this.#success = null;
        this.#repeater.stop();
        break;
      case "answer refusal":
        this.#incoming?.respond(
          context.status ?? 488,
          context.reason === undefined ? {} : { reason: context.reason },
        );
        break;
      case "answer 487":
        this.#incoming?.respond(487);
        break;
      case "answer 491":
        incoming?.respond(491);
        break;
      case "answer 500":
        incoming?.respond(500, { headers: [["Retry-After", String(this.#core.host.random.int(11))]] });
        break;
    }
  }

  #sendInvite(): void {
    const wanted = this.#wanted;
    if (wanted === null) return;
    const { dialog, request } = dialogRequest(this.#session.dialog, "INVITE", {
      headers: [...this.#core.capabilities(), ...(wanted.headers ?? [])],
      body: wanted.body ?? null,
    });
    this.#session.dialog = dialog;
    const sequence = dialog.localSequence;
    let ack: SipRequest | null = null;
    this.#core.send(request, {
      response: (response) => {
        if (response.status < 200) return;
        const outcome: Outcome = { status: response.status, response, cause: null };
        if (response.status >= 300) return this.#failed(outcome, response.status === 491 ? "491" : "failure");
        if (ack !== null) return this.#core.sendAck(ack);
        const acknowledge = () => {
          this.#session.dialog = refreshTarget(this.#session.dialog, response);
          const body = wanted.ackBody?.(response) ?? null;
          ack = dialogRequest(this.#session.dialog, "ACK", { sequence, body }).request;
          this.#core.sendAck(ack);
        };
        this.#run("2xx", { acknowledge, outcome });
      },
      failed: (cause) => this.#failed(failedOutcome(cause), "failure"),
    });
  }

  #failed(outcome: Outcome, event: "491" | "failure"): void {
    this.#run(event, { outcome });
    this.#session.checkLost(outcome, "INVITE");
  }

  /** 14.1: the owner of the Call-ID, which is the caller, waits longer. */
  #startWait(): void {
    const { random, clock } = this.#core.host;
    const delay = this.#session.role === "uac" ? 2100 + 10 * random.int(191) : 10 * random.int(201);
    this.#wait = clock.after(
      delay,
      () => {
        this.#wait = null;
        this.#run("reinvite");
      },
      "re-INVITE after 491",
    );
  }

  #report(outcome: Outcome): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    wanted?.outcome(outcome);
  }

  #offer(incoming: IncomingRequest): void {
    this.#incoming = incoming;
    const isCurrent = () => this.#incoming === incoming && incoming.answered === 0;
    const modification: Modification = {
      request: incoming.request,
      body: bodyOf(incoming.request),
      accept: (options = {}) => {
        if (isCurrent()) this.#run("accept", { body: options.body ?? null });
      },
      reject: (status, reason) => {
        if (isCurrent()) this.#run("refuse", { status, reason });
      },
    };
    const { handlers } = this.#session;
    if (incoming.request.method === "INVITE") {
      incoming.onCancel(() => {
        if (isCurrent()) this.#run("CANCEL");
      });
      if (handlers.reinvited === undefined) modification.reject(488);
      else handlers.reinvited(modification);
    } else if (handlers.updated === undefined) modification.reject(488);
    else handlers.updated(modification);
  }

  #accept(body: Body | null): void {
    const incoming = this.#incoming;
    if (incoming === null) return;
    this.#session.dialog = refreshTarget(this.#session.dialog, incoming.request);
    const response = this.#respondSuccess(incoming, body);
    if (incoming.request.method !== "INVITE") return;
    this.#success = response;
    this.#repeater.start();
  }

  #respondSuccess(incoming: IncomingRequest, body: Body | null): SipResponse {
    const contact = this.#session.dialog.localContact;
    return incoming.respond(200, {
      headers: [["Contact", contact], ...this.#core.capabilities()],
      body,
    });
  }
}
