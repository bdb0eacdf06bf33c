// An INVITE of the peer outside a dialog until its final response: runs the UAS's table. RFC 3261 9.2, 13.3, 15.1.2.

import { step } from "@liquid-ims/runtime/state-table";
import type { Replaces } from "../header/replaces.ts";
import type { HeaderPair, SipRequest } from "../message.ts";
import type { MessageSource } from "../transport.ts";
import { type Body, bodyOf } from "./body.ts";
import { type Dialog, receiveInDialog, refreshTarget } from "./dialog.ts";
import type { IncomingRequest, RespondOptions } from "./incoming-request.ts";
import { Session } from "./session.ts";
import type { SessionHandlers } from "./session-handlers.ts";
import {
  type InviteServerUsageAction,
  type InviteServerUsageEvent,
  type InviteServerUsageState,
  inviteServerUsageTable,
} from "./session-invite-tables.ts";
import type { DialogUsage, SessionPolicy, UserAgentCore } from "./user-agent-core.ts";

export interface AcceptOptions {
  readonly body?: Body | null;
  readonly headers?: Iterable<HeaderPair>;
  readonly handlers?: SessionHandlers;
  readonly policy?: Partial<SessionPolicy>;
}

export interface IncomingInviteHandlers {
  /** CANCEL, or BYE in the early dialog; answered with 487 already. */
  cancelled?(): void;
}

/** What an event brings along. */
interface Context {
  readonly incoming?: IncomingRequest;
  readonly status?: number;
  readonly options?: RespondOptions & AcceptOptions;
}

export class IncomingInvite implements DialogUsage {
  readonly request: SipRequest;
  readonly source: MessageSource;
  /** The offer. */
  readonly body: Body | null;
  /** Parsed Replaces (RFC 3891), null without one. The owner matches and judges it (`replaces.ts`). */
  readonly replaces: Replaces | null;
  readonly localTag: string;
  /** May be set at any time. */
  handlers: IncomingInviteHandlers = {};
  readonly #core: UserAgentCore;
  readonly #incoming: IncomingRequest;
  /** This end's Contact, kept from the arrival on: it may change while it rings. */
  readonly #contact: string;
  #dialog: Dialog;
  #state: InviteServerUsageState = "Proceeding";
  #session: Session | null = null;

  /** `dialog`: made of the same request by `uasDialog`. */
  constructor(core: UserAgentCore, incoming: IncomingRequest, dialog: Dialog, replaces: Replaces | null) {
    this.#core = core;
    this.#incoming = incoming;
    this.#contact = dialog.localContact;
    this.#dialog = { ...dialog, state: "early" };
    this.request = incoming.request;
    this.source = incoming.source;
    this.localTag = incoming.localTag;
    this.body = bodyOf(incoming.request);
    this.replaces = replaces;
    incoming.onCancel(() => this.#run("CANCEL"));
  }

  get state(): InviteServerUsageState {
    return this.#state;
  }

  /** Early until `accept`. */
  get dialog(): Dialog {
    return this.#session?.dialog ?? this.#dialog;
  }

  /** 101 to 199; makes the early dialog. 100 is the transaction layer's. */
  provisional(status: number, options: RespondOptions = {}): void {
    if (status > 100 && status < 200) this.#run("provisional", { status, options });
  }

  /** 200, repeated until its ACK. Null when it is too late (cancelled, answered). */
  accept(options: AcceptOptions = {}): Session | null {
    if (this.#state !== "Proceeding" && this.#state !== "Early") return null;
    this.#run("accept", { options });
    return this.#session;
  }

  /** 300 to 699. */
  reject(status: number, options: RespondOptions = {}): void {
    if (status >= 300) this.#run("reject", { status, options });
  }

  /** From the user agent: a request in the early dialog. */
  receive(incoming: IncomingRequest): void {
    const received = receiveInDialog(this.#dialog, incoming.request);
    if (!received.ok) {
      incoming.reject(received.rejection);
      return;
    }
    this.#dialog = received.dialog;
    this.#run(incoming.request.method === "BYE" ? "BYE" : "request", { incoming });
  }

  /** Nothing to acknowledge before the 2xx. */
  receiveAck(): void {
    return;
  }

  #run(event: InviteServerUsageEvent, context: Context = {}): void {
    const { next, actions } = step<InviteServerUsageState, InviteServerUsageEvent, InviteServerUsageAction>(
      inviteServerUsageTable,
      this.#state,
      event,
    );
    this.#state = next;
    for (const action of actions) this.#act(action, context);
  }

  #act(action: InviteServerUsageAction, context: Context): void {
    const { incoming, status = 480, options = {} } = context;
    switch (action) {
      case "make early dialog":
        this.#core.addDialog(this.#dialog.id, this);
        break;
      case "send provisional":
        this.#incoming.respond(status, { ...options, headers: this.#dialogHeaders(options.headers) });
        break;
      case "send 2xx":
        this.#succeed(options);
        break;
      case "send refusal":
        this.#incoming.respond(status, options);
        break;
      case "send 487":
        this.#incoming.respond(487);
        break;
      case "answer 200":
        incoming?.respond(200);
        break;
      case "answer request":
        if (incoming !== undefined) this.#answer(incoming);
        break;
      case "report cancelled":
        this.handlers.cancelled?.();
        break;
      case "forget":
        this.#core.removeDialog(this.#dialog.id, this);
        break;
    }
  }

  #dialogHeaders(further: Iterable<HeaderPair> | undefined): HeaderPair[] {
    return [["Contact", this.#contact], ...this.#core.capabilities(), ...(further ?? [])];
  }

  #succeed(options: RespondOptions & AcceptOptions): void {
    const response = this.#incoming.respond(200, {
      ...options,
      headers: this.#dialogHeaders(options.headers),
    });
    this.#session = new Session(this.#core, {
      dialog: { ...this.#dialog, state: "confirmed" },
      invite: this.request,
      response,
      policy: { ...this.#core.policy, ...options.policy },
      handlers: options.handlers ?? {},
      repeat: () => this.#incoming.send(response),
    });
  }

  /** The INVITE's offer waits for its answer: nothing may change the session (14.2, RFC 3311 5.2). */
  #answer(incoming: IncomingRequest): void {
    switch (incoming.request.method) {
      case "OPTIONS":
        incoming.respond(200, { headers: this.#core.capabilities() });
        return;
      case "UPDATE":
        if (bodyOf(incoming.request) === null) {
          this.#dialog = refreshTarget(this.#dialog, incoming.request);
          incoming.respond(200, { headers: this.#dialogHeaders(undefined) });
          return;
        }
        this.#later(incoming);
        return;
      case "INVITE":
        this.#later(incoming);
        return;
      default:
        this.#core.refuseMethod(incoming);
    }
  }

  #later(incoming: IncomingRequest): void {
    incoming.respond(500, { headers: [["Retry-After", String(this.#core.host.random.int(11))]] });
  }
}
