// User agent: what a node is towards SIP above its transactions. RFC 3261 8.2, 11, 12.2.2, RFC 3891 3.
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { type DialogId, dialogIdOfRequest, keyOf, uasDialog } from "./dialog/dialog.ts";
import { IncomingRequest } from "./dialog/incoming-request.ts";
import { type OutOfDialogParts, outOfDialogRequest } from "./dialog/out-of-dialog.ts";
import { finalOnly, type Outcome } from "./dialog/outcome.ts";
import { readReplaces } from "./dialog/replaces.ts";
import { Session } from "./dialog/session.ts";
import {
  type InviteOptions,
  OutgoingInvite,
  type OutgoingInviteHandlers,
} from "./dialog/session-invite-client.ts";
import { IncomingInvite } from "./dialog/session-invite-server.ts";
import { Subscription, type SubscriptionHandlers, type SubscriptionOptions } from "./dialog/subscription.ts";
import type {
  DialogUsage,
  LocalIdentity,
  PendingUsage,
  SessionPolicy,
  UserAgentCore,
} from "./dialog/user-agent-core.ts";
import type { HeaderPair, SipRequest } from "./message.ts";
import { isKnownMethod } from "./method.ts";
import { type Rejection, reject } from "./rejection.ts";
import { openStack, type SipStack, type StackOptions } from "./stack.ts";
import { defaultTimers, type Timers } from "./timers.ts";
import type {
  ClientHandlers,
  ClientTransaction,
  ServerTransaction,
  TransactionUser,
} from "./transaction-user.ts";
import type { Target } from "./transport.ts";
import { validateDialogContact } from "./validate.ts";

export interface UserAgentHandlers {
  /** INVITE outside a dialog, in order so far as 8.2 goes. Without a handler: 480. */
  invite?(invite: IncomingInvite): void;
  /**
   * Another request outside a dialog; false leaves it to the default: OPTIONS 200, SUBSCRIBE 489, NOTIFY 481,
   * others 405.
   */
  request?(incoming: IncomingRequest): boolean;
  /**
   * A request in a dialog that is not here, before its 481; false leaves it to that. `invite`: the INVITE of
   * ours, neither failed nor forgotten, whose Call-ID and tag it carries; its 2xx may still come.
   */
  unknownDialog?(incoming: IncomingRequest, invite: OutgoingInvite | null): boolean;
}

export interface UserAgentOptions {
  readonly identity: LocalIdentity;
  readonly handlers: UserAgentHandlers;
  /** Those of the stack; default RFC 3261's. */
  readonly timers?: Partial<Timers>;
  /** Option tags that a Require may name and that Supported says. Default `replaces`. */
  readonly supported?: readonly string[];
  /** Methods in Allow. Default INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, NOTIFY. */
  readonly allow?: readonly string[];
  /** Packages in Allow-Events; default none. */
  readonly allowEvents?: readonly string[];
  /** Media types taken in an INVITE, else 415. Default: all. */
  readonly accept?: readonly string[];
  /** Default `bye` in both. */
  readonly policy?: Partial<SessionPolicy>;
}

export interface OutOfDialogOptions extends OutOfDialogParts {
  /** Where it is sent instead of to the first Route. */
  readonly target?: Target | null;
}

const defaultAllow = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE", "NOTIFY"];

function pendingKey(callId: string, localTag: string): string {
  return JSON.stringify([callId, localTag]);
}

/** Made before its stack: `new UserAgent`, `openStack({ user })`, `attach`; `openUserAgent` does all three. */
export class UserAgent implements TransactionUser, UserAgentCore {
  readonly host: Host;
  readonly timers: Timers;
  readonly policy: SessionPolicy;
  /** For new dialogs and requests; existing dialogs keep theirs. */
  identity: LocalIdentity;
  readonly #handlers: UserAgentHandlers;
  readonly #supported: readonly string[];
  readonly #allow: readonly string[];
  readonly #allowEvents: readonly string[];
  readonly #accept: readonly string[] | null;
  readonly #dialogs = new Map<string, DialogUsage>();
  readonly #pending = new Map<string, PendingUsage>();
  #stack: SipStack | null = null;

  constructor(host: Host, options: UserAgentOptions) {
    this.host = host;
    this.timers = { ...defaultTimers, ...options.timers };
    this.policy = { unacknowledged: "bye", lost: "bye", ...options.policy };
    this.identity = options.identity;
    this.#handlers = options.handlers;
    this.#supported = options.supported ?? ["replaces"];
    this.#allow = options.allow ?? defaultAllow;
    this.#allowEvents = options.allowEvents ?? [];
    this.#accept = options.accept ?? null;
  }

  /** Throws before `attach`. */
  get stack(): SipStack {
    if (this.#stack === null) throw new Error("the user agent has no stack yet: call attach first");
    return this.#stack;
  }

  /** Dialogs made by INVITE, from their 2xx to the answer to their BYE. */
  get sessions(): readonly Session[] {
    return [...this.#dialogs.values()].filter((usage) => usage instanceof Session);
  }

  attach(stack: SipStack): void {
    this.#stack = stack;
  }

  invite(options: InviteOptions, handlers: OutgoingInviteHandlers): OutgoingInvite {
    return new OutgoingInvite(this, options, handlers);
  }

  subscribe(options: SubscriptionOptions, handlers: SubscriptionHandlers): Subscription {
    return new Subscription(this, options, handlers);
  }

  /** A request outside any dialog that makes none: OPTIONS, MESSAGE. */
  sendRequest(method: string, options: OutOfDialogOptions, outcome: (outcome: Outcome) => void): void {
    const request = outOfDialogRequest(this, method, options, false);
    this.send(request, finalOnly(outcome), options.target ?? this.identity.target ?? null);
  }

  /** Forgets every session and subscription, without a word to the peers, and closes the stack. */
  async close(): Promise<void> {
    for (const usage of [...this.#dialogs.values(), ...this.#pending.values()]) {
      if (usage instanceof Session) usage.drop();
      else if (usage instanceof Subscription) usage.abandon();
    }
    await this.#stack?.close();
  }

  capabilities(): HeaderPair[] {
    const headers: HeaderPair[] = [["Allow", this.#allow.join(", ")]];
    if (this.#supported.length > 0) headers.push(["Supported", this.#supported.join(", ")]);
    if (this.#allowEvents.length > 0) headers.push(["Allow-Events", this.#allowEvents.join(", ")]);
    return headers;
  }

  newTag(): string {
    return encodeHex(this.host.random.bytes(8));
  }

  newCallId(): string {
    return encodeHex(this.host.random.bytes(16));
  }

  send(request: SipRequest, handlers: ClientHandlers, target: Target | null = null): ClientTransaction {
    return this.stack.request(request, { handlers, target });
  }

  sendAck(request: SipRequest): void {
    this.stack.sendAck(request);
  }

  addDialog(id: DialogId, usage: DialogUsage): void {
    this.#dialogs.set(keyOf(id), usage);
  }

  /** Nothing when another usage has taken its place. */
  removeDialog(id: DialogId, usage: DialogUsage): void {
    if (this.#dialogs.get(keyOf(id)) === usage) this.#dialogs.delete(keyOf(id));
  }

  addPending(pending: PendingUsage): void {
    this.#pending.set(pendingKey(pending.callId, pending.localTag), pending);
  }

  removePending(pending: PendingUsage): void {
    const key = pendingKey(pending.callId, pending.localTag);
    if (this.#pending.get(key) === pending) this.#pending.delete(key);
  }

  refuseMethod(incoming: IncomingRequest): void {
    incoming.reject(this.#methodRefusal(incoming.request.method));
  }

  /** From the stack. */
  request(transaction: ServerTransaction): void {
    const incoming = new IncomingRequest(transaction, this.newTag());
    const refusal = this.#judge(incoming.request);
    if (refusal !== null) {
      this.#refuse(incoming, refusal);
      return;
    }
    const id = dialogIdOfRequest(incoming.request);
    if (id.localTag === "") this.#outOfDialog(incoming);
    else this.#inDialog(incoming, id);
  }

  /** From the stack: an ACK to a 2xx. */
  ack(request: SipRequest): void {
    this.#dialogs.get(keyOf(dialogIdOfRequest(request)))?.receiveAck(request);
  }

  #methodRefusal(method: string): Rejection {
    const allow: HeaderPair[] = [["Allow", this.#allow.join(", ")]];
    if (isKnownMethod(method)) return reject(405, `${method} is not allowed here`, allow);
    return reject(501, `${method} is no method that is known here`, allow);
  }

  /** 8.2.1, 8.2.2.3, 8.2.3, in this order. */
  #judge(request: SipRequest): Rejection | null {
    const { method, headers } = request;
    if (!this.#allow.includes(method)) return this.#methodRefusal(method);
    const unknown = headers.values("Require").filter((tag) => !this.#supported.includes(tag.toLowerCase()));
    if (unknown.length > 0) {
      const detail = `Require ${unknown.join(", ")} is not supported here`;
      return reject(420, detail, [["Unsupported", unknown.join(", ")]]);
    }
    return method === "INVITE" ? this.#judgeBody(request) : null;
  }

  #judgeBody(request: SipRequest): Rejection | null {
    if (this.#accept === null || request.body.length === 0) return null;
    const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    if (this.#accept.includes(type)) return null;
    return reject(415, `a body of type ${type} is not taken here`, [["Accept", this.#accept.join(", ")]]);
  }

  #refuse(incoming: IncomingRequest, rejection: Rejection): void {
    this.host.log.debug("request refused", { status: rejection.status, detail: rejection.detail });
    this.host.metrics
      .counter("sip_user_agent_refused_total", {
        help: "Requests that the user agent refused by itself.",
        labels: { status: String(rejection.status) },
      })
      .add();
    incoming.reject(rejection);
  }

  #inDialog(incoming: IncomingRequest, id: DialogId): void {
    const usage = this.#dialogs.get(keyOf(id));
    if (usage !== undefined) {
      usage.receive(incoming);
      return;
    }
    const pending = this.#pending.get(pendingKey(id.callId, id.localTag)) ?? null;
    const invite = pending instanceof OutgoingInvite ? pending : null;
    if (this.#handlers.unknownDialog?.(incoming, invite) === true) return;
    if (pending !== null) pending.receiveBeforeDialog(incoming);
    else this.#refuse(incoming, reject(481, "no such dialog is here"));
  }

  #outOfDialog(incoming: IncomingRequest): void {
    const { request } = incoming;
    const replaces = readReplaces(request);
    if ("rejection" in replaces) {
      this.#refuse(incoming, replaces.rejection);
      return;
    }
    if (request.method === "INVITE") {
      this.#invited(incoming, replaces.replaces);
      return;
    }
    if (this.#handlers.request?.(incoming) === true) return;
    switch (request.method) {
      case "OPTIONS":
        this.#answerOptions(incoming);
        return;
      case "SUBSCRIBE":
        this.#refuse(
          incoming,
          reject(489, `Event ${request.headers.get("Event") ?? "(none)"} is not known here`, [
            ["Allow-Events", this.#allowEvents.join(", ")],
          ]),
        );
        return;
      case "NOTIFY":
      case "BYE":
      case "UPDATE":
        this.#refuse(incoming, reject(481, `${request.method} outside a dialog`));
        return;
      default:
        this.refuseMethod(incoming);
        return;
    }
  }

  #invited(incoming: IncomingRequest, replaces: IncomingInvite["replaces"]): void {
    const refusal = validateDialogContact(incoming.request);
    if (refusal !== null) {
      this.#refuse(incoming, refusal);
      return;
    }
    const { localTag } = incoming;
    const dialog = uasDialog(incoming.request, { localTag, contact: this.identity.contact });
    if (dialog === null) {
      this.#refuse(incoming, reject(400, "the INVITE's Contact cannot be read"));
      return;
    }
    if (this.#handlers.invite === undefined) incoming.respond(480);
    else this.#handlers.invite(new IncomingInvite(this, incoming, dialog, replaces));
  }

  /** 11.2. */
  #answerOptions(incoming: IncomingRequest): void {
    const accept: HeaderPair[] = this.#accept === null ? [] : [["Accept", this.#accept.join(", ")]];
    incoming.respond(200, { headers: [...this.capabilities(), ...accept] });
  }
}

/** Opens a stack with a user agent on it; rejects as `openStack` does. */
export async function openUserAgent(
  host: Host,
  options: UserAgentOptions & Omit<StackOptions, "user" | "refuseMerged">,
): Promise<UserAgent> {
  const userAgent = new UserAgent(host, options);
  userAgent.attach(await openStack(host, { ...options, user: userAgent, refuseMerged: true }));
  return userAgent;
}
