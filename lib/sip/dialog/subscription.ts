// A subscription of ours: runs the subscriber's table. RFC 6665 4.1.
import type { Timer } from "@liquid-ims/runtime/clock";
import { step } from "@liquid-ims/runtime/state-table";
import { parseExpires } from "../header/delta-seconds.ts";
import { copyRequest, type HeaderPair, type SipRequest, type SipResponse } from "../message.ts";
import { reject } from "../rejection.ts";
import { transactionTimeout } from "../timers.ts";
import type { Target } from "../transport.ts";
import { type Body, bodyOf } from "./body.ts";
import {
  adoptRouteSet,
  type Dialog,
  dialogIdOfRequest,
  dialogIdOfResponse,
  dialogRequest,
  notifyDialog,
  refreshTarget,
  uacDialog,
} from "./dialog.ts";
import type { IncomingRequest } from "./incoming-request.ts";
import { type OutOfDialogParts, outOfDialogRequest } from "./out-of-dialog.ts";
import { finalOnly, type Outcome } from "./outcome.ts";
import { judgeNotify, type Notification } from "./subscription-notification.ts";
import {
  type SubscriberAction,
  type SubscriberEvent,
  type SubscriberState,
  subscriberTable,
} from "./subscription-table.ts";
import type { DialogUsage, PendingUsage, UserAgentCore } from "./user-agent-core.ts";

/** `body` goes into the first SUBSCRIBE only. */
export interface SubscriptionOptions extends OutOfDialogParts {
  /** Value of Event. */
  readonly event: string;
  /** Value of Accept. */
  readonly accept: string;
  /** Seconds asked for; 0 fetches once. */
  readonly expires: number;
  readonly target?: Target | null;
  /** Refreshes by itself: 600 s before the end, or at half of a time of 1,200 s or less. Default false. */
  readonly refresh?: boolean;
  /** Body of the refreshes that it makes by itself. */
  refreshBody?(): Body | null;
  /**
   * Takes a terminated NOTIFY also when its CSeq is too low, as OpenIMSCore sends it. Default false: 500.
   */
  readonly lenientTermination?: boolean;
}

/** Why a subscription is over. */
export type SubscriptionEnd =
  /** A terminated NOTIFY; `resubscription` says when another may be tried. */
  | { readonly by: "notifier"; readonly reason: string | null; readonly retryAfter: number | null }
  /** The first SUBSCRIBE failed. */
  | { readonly by: "failure"; readonly outcome: Outcome }
  /** A refresh was answered with 481 or the like, or by nobody. */
  | { readonly by: "lost"; readonly outcome: Outcome }
  /** Timer N. */
  | { readonly by: "no NOTIFY" }
  | { readonly by: "expired" };

export interface SubscriptionHandlers {
  notified(notification: Notification): void;
  /** The final answer to a SUBSCRIBE that did not end the subscription. */
  answered?(outcome: Outcome): void;
  /** Called once. */
  ended?(end: SubscriptionEnd): void;
}

/** What is changed by a refresh. */
export interface RefreshOptions {
  readonly body?: Body | null;
  /** Seconds asked for; default as before. */
  readonly expires?: number;
  readonly headers?: Iterable<HeaderPair>;
}

/** Answers to a refresh that end the subscription (RFC 6665 4.1.2.2). */
const fatal: ReadonlySet<number> = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]);

/** What an event brings along. */
interface Context {
  readonly response?: SipResponse;
  readonly outcome?: Outcome;
  readonly incoming?: IncomingRequest;
  readonly notification?: Notification;
  /** Seconds, where the message says. */
  readonly expires?: number | null;
}

/** One SUBSCRIBE outside a dialog and all that follows in the one dialog that it gets; forks are refused. */
export class Subscription implements DialogUsage, PendingUsage {
  readonly callId: string;
  readonly localTag: string;
  /** The first SUBSCRIBE, without Via. */
  readonly request: SipRequest;
  readonly #core: UserAgentCore;
  readonly #options: SubscriptionOptions;
  readonly #handlers: SubscriptionHandlers;
  #state: SubscriberState = "notify_wait";
  #dialog: Dialog | null = null;
  /** Asked for in the SUBSCRIBE that was sent last. */
  #expires: number;
  #first: SipRequest;
  #refresh: RefreshOptions = {};
  #isBusy = true;
  #endsAt: number | null = null;
  #timerN: Timer | null = null;
  #expiry: Timer | null = null;
  #due: Timer | null = null;

  /** Sends the SUBSCRIBE. */
  constructor(core: UserAgentCore, options: SubscriptionOptions, handlers: SubscriptionHandlers) {
    this.#core = core;
    this.#options = options;
    this.#handlers = handlers;
    this.#expires = options.expires;
    this.request = outOfDialogRequest(
      core,
      "SUBSCRIBE",
      { ...options, headers: [...this.#headers(), ...(options.headers ?? [])] },
      true,
    );
    this.#first = this.request;
    const id = dialogIdOfRequest(this.request);
    this.callId = id.callId;
    this.localTag = id.remoteTag;
    core.addPending(this);
    this.#startTimerN();
    this.#sendFirst();
  }

  get state(): SubscriberState {
    return this.#state;
  }

  /** Null before the first 2xx or NOTIFY. */
  get dialog(): Dialog | null {
    return this.#dialog;
  }

  /** True while a SUBSCRIBE has no final answer. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** The clock's ms at which it expires; null while that is not known. */
  get endsAt(): number | null {
    return this.#endsAt;
  }

  /** Sends a SUBSCRIBE in the dialog. False: there is no NOTIFY yet, another is under way, or it is over. */
  refresh(options: RefreshOptions = {}): boolean {
    if (this.#isBusy || (this.#state !== "pending" && this.#state !== "active")) return false;
    this.#expires = options.expires ?? (this.#expires || this.#options.expires);
    this.#refresh = options;
    this.#run("refresh");
    return true;
  }

  /** Ends it: SUBSCRIBE with Expires 0; the terminated NOTIFY, or timer N, is told as the end. False as above. */
  unsubscribe(options: { readonly body?: Body | null } = {}): boolean {
    return this.refresh({ ...options, expires: 0 });
  }

  /** Forgets it: nothing more is sent or told, its NOTIFYs get 481 (which ends it at the notifier). */
  abandon(): void {
    this.#state = "terminated";
    this.#forget();
  }

  /** From the user agent. */
  receive(incoming: IncomingRequest): void {
    if (incoming.request.method !== "NOTIFY") {
      this.#core.refuseMethod(incoming);
      return;
    }
    this.#notified(incoming, this.#dialog);
  }

  /** From the user agent: the first NOTIFY may come before the 2xx (4.1.2.4). */
  receiveBeforeDialog(incoming: IncomingRequest): void {
    if (incoming.request.method === "NOTIFY")
      this.#notified(incoming, notifyDialog(this.#first, incoming.request));
    else incoming.reject(reject(481, "no such dialog is here"));
  }

  /** ACK belongs to no subscription. */
  receiveAck(): void {
    return;
  }

  #headers(): HeaderPair[] {
    return [
      ["Event", this.#options.event],
      ["Expires", String(this.#expires)],
      ["Accept", this.#options.accept],
    ];
  }

  #notified(incoming: IncomingRequest, dialog: Dialog | null): void {
    const judged = judgeNotify(incoming.request, dialog, {
      event: this.#options.event,
      isFirst: this.#dialog === null,
      lenientTermination: this.#options.lenientTermination ?? false,
    });
    if ("rejection" in judged) {
      incoming.reject(judged.rejection);
      return;
    }
    this.#dialog = judged.dialog;
    const { state } = judged;
    const notification: Notification = { state, body: bodyOf(incoming.request), request: incoming.request };
    const event =
      state.state === "terminated"
        ? "NOTIFY terminated"
        : state.state === "pending"
          ? "NOTIFY pending"
          : "NOTIFY active";
    this.#run(event, { incoming, notification, expires: state.expires });
  }

  #run(event: SubscriberEvent, context: Context = {}): void {
    const { next, actions } = step<SubscriberState, SubscriberEvent, SubscriberAction>(
      subscriberTable,
      this.#state,
      event,
    );
    this.#state = next;
    for (const action of actions) this.#act(action, context);
  }

  #act(action: SubscriberAction, context: Context): void {
    const { outcome, notification } = context;
    switch (action) {
      case "start timerN":
        this.#startTimerN();
        break;
      case "stop timerN":
        this.#timerN?.cancel();
        break;
      case "raise duration":
        this.#expires = context.expires ?? this.#expires;
        break;
      case "make dialog":
        this.#makeDialog(context.response ?? null);
        break;
      case "note duration":
        this.#noteDuration(context.expires ?? null);
        break;
      case "send SUBSCRIBE":
        if (this.#dialog === null) this.#sendFirst();
        else this.#sendRefresh(this.#dialog);
        break;
      case "answer 200":
        context.incoming?.respond(200);
        break;
      case "report notification":
        if (notification !== undefined) this.#handlers.notified(notification);
        break;
      case "report answer":
        if (outcome !== undefined) this.#handlers.answered?.(outcome);
        break;
      case "report failure":
        if (outcome !== undefined) this.#handlers.ended?.({ by: "failure", outcome });
        break;
      case "report lost":
        if (outcome !== undefined) this.#handlers.ended?.({ by: "lost", outcome });
        break;
      case "report no NOTIFY":
        this.#handlers.ended?.({ by: "no NOTIFY" });
        break;
      case "report expired":
        this.#handlers.ended?.({ by: "expired" });
        break;
      case "report terminated":
        if (notification === undefined) break;
        this.#handlers.ended?.({
          by: "notifier",
          reason: notification.state.reason,
          retryAfter: notification.state.retryAfter,
        });
        break;
      case "forget":
        this.#forget();
        break;
    }
  }

  /** The first of 2xx and NOTIFY makes it; from then on other branches of a fork are strangers (481). */
  #makeDialog(response: SipResponse | null): void {
    if (this.#dialog === null && response !== null) this.#dialog = uacDialog(this.#first, response);
    if (this.#dialog === null) return;
    this.#core.removePending(this);
    this.#core.addDialog(this.#dialog.id, this);
  }

  #forget(): void {
    for (const timer of [this.#timerN, this.#expiry, this.#due]) timer?.cancel();
    this.#core.removePending(this);
    if (this.#dialog !== null) this.#core.removeDialog(this.#dialog.id, this);
  }

  #noteDuration(seconds: number | null): void {
    if (seconds === null) return;
    const { clock } = this.#core.host;
    this.#expiry?.cancel();
    this.#due?.cancel();
    this.#endsAt = clock.now() + seconds * 1000;
    // The end of one that was ended by us is told by its NOTIFY or timer N.
    if (this.#expires === 0) return;
    this.#expiry = clock.after(seconds * 1000, () => this.#expire(), "subscription expires");
    if (this.#options.refresh !== true) return;
    const wait = seconds > 1200 ? seconds - 600 : seconds / 2;
    this.#due = clock.after(wait * 1000, () => this.#refreshWhenDue(), "subscription is due");
  }

  #expire(): void {
    // Before its first NOTIFY timer N decides.
    if (this.#state !== "notify_wait") this.#run("expired");
  }

  #refreshWhenDue(): void {
    this.refresh({ body: this.#options.refreshBody?.() ?? null });
  }

  #startTimerN(): void {
    this.#timerN?.cancel();
    this.#timerN = this.#core.host.clock.after(
      transactionTimeout(this.#core.timers),
      () => this.#run("timerN"),
      "timer N",
    );
  }

  #sendFirst(): void {
    this.#isBusy = true;
    if (this.#first.headers.get("Expires") !== String(this.#expires)) {
      const again = copyRequest(this.#first);
      again.headers.set("Expires", String(this.#expires));
      const sequence = Number.parseInt(again.headers.get("CSeq") ?? "0", 10) + 1;
      again.headers.set("CSeq", `${sequence} SUBSCRIBE`);
      this.#first = again;
    }
    const target = this.#options.target ?? this.#core.identity.target ?? null;
    this.#core.send(
      this.#first,
      finalOnly((outcome) => this.#answered(outcome, "2xx", "failure", "failure")),
      target,
    );
  }

  #sendRefresh(current: Dialog): void {
    this.#isBusy = true;
    const { body = null, headers = [] } = this.#refresh;
    const { dialog, request } = dialogRequest(current, "SUBSCRIBE", {
      headers: [...this.#headers(), ...headers],
      body,
    });
    this.#dialog = dialog;
    this.#core.send(
      request,
      finalOnly((outcome) => this.#answered(outcome, "refresh 2xx", "refresh fatal", "refresh failure")),
    );
  }

  #answered(outcome: Outcome, success: SubscriberEvent, ends: SubscriberEvent, fails: SubscriberEvent): void {
    this.#isBusy = false;
    const { status, response } = outcome;
    if (response === null) {
      this.#run(ends, { outcome });
      return;
    }
    if (status < 300) {
      // A NOTIFY of another branch came first: its dialog is the one that counts.
      const isOther =
        this.#dialog !== null && this.#dialog.id.remoteTag !== dialogIdOfResponse(response).remoteTag;
      if (this.#dialog !== null && !isOther) {
        const dialog = success === "2xx" ? adoptRouteSet(this.#dialog, response) : this.#dialog;
        this.#dialog = refreshTarget(dialog, response);
      }
      const expires = isOther ? null : parseExpires(response.headers.get("Expires") ?? "");
      this.#run(success, { response, outcome, expires });
      return;
    }
    const minimum = parseExpires(response.headers.get("Min-Expires") ?? "");
    if (status === 423 && minimum !== null && minimum > this.#expires) this.#run("423", { expires: minimum });
    else this.#run(fatal.has(status) ? ends : fails, { outcome });
  }
}
