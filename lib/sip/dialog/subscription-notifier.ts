// The notifier's half of a subscription, as functions over plain data that a store can keep. RFC 6665 4.2.
import { parseExpires } from "../header/delta-seconds.ts";
import { parseEvent } from "../header/event.ts";
import { formatSubscriptionState } from "../header/subscription-state.ts";
import { buildResponse, type HeaderPair, type SipRequest, type SipResponse } from "../message.ts";
import { type Rejection, reject } from "../rejection.ts";
import type { Body } from "./body.ts";
import { type Dialog, dialogRequest, receiveInDialog, refreshTarget, uasDialog } from "./dialog.ts";

export type NotifierState = "pending" | "active" | "terminated";

/** Why a subscription ended (RFC 6665 4.1.3), or a reason of an extension. */
export type TerminationReason =
  | "deactivated"
  | "probation"
  | "rejected"
  | "timeout"
  | "giveup"
  | "noresource"
  | "invariant";

/** One subscription; survives JSON. */
export interface NotifierSubscription {
  readonly dialog: Dialog;
  /** Value of Event, with its `id` where there is one: each NOTIFY repeats it. */
  readonly event: string;
  readonly state: NotifierState;
  /** Wall clock, ms. */
  readonly expiresAt: number;
}

/** What a notifier offers. Durations in seconds. */
export interface NotifierPackage {
  readonly package: string;
  /** A shorter subscription, but for 0, is owed 423. */
  readonly minimum: number;
  /** A longer one is shortened. */
  readonly maximum: number;
  /** Where the SUBSCRIBE does not say. */
  readonly default: number;
  /** Media type of its NOTIFYs: an Accept without it is owed 406. Default: not looked at. */
  readonly contentType?: string;
}

export type NotifierResult<Value> =
  | ({ readonly ok: true } & Value)
  | { readonly ok: false; readonly rejection: Rejection };

function refuse(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection };
}

function acceptsType(request: SipRequest, type: string): boolean {
  const accepted = request.headers.values("Accept");
  if (!request.headers.has("Accept")) return true;
  const [main = ""] = type.split("/");
  const wanted = new Set([type, `${main}/*`, "*/*"].map((value) => value.toLowerCase()));
  return accepted.some((value) => wanted.has((value.split(";")[0] ?? "").trim().toLowerCase()));
}

/** The duration that a SUBSCRIBE gets, in seconds, 0 for a fetch or an end; or the answer owed (4.2.1.1). */
export function judgeDuration(
  request: SipRequest,
  offered: NotifierPackage,
): NotifierResult<{ readonly expires: number }> {
  const field = request.headers.get("Expires");
  const asked = field === undefined ? offered.default : (parseExpires(field) ?? offered.default);
  if (asked > 0 && asked < offered.minimum) {
    const detail = `Expires ${asked}: at least ${offered.minimum} s`;
    return refuse(reject(423, detail, [["Min-Expires", String(offered.minimum)]]));
  }
  return { ok: true, expires: Math.min(asked, offered.maximum) };
}

function judgeEvent(request: SipRequest, offered: NotifierPackage): Rejection | null {
  const event = parseEvent(request.headers.get("Event") ?? "");
  if (event?.package !== offered.package) {
    const detail = `Event ${request.headers.get("Event") ?? "(none)"}: only ${offered.package} is here`;
    return reject(489, detail, [["Allow-Events", offered.package]]);
  }
  if (offered.contentType !== undefined && !acceptsType(request, offered.contentType)) {
    const detail = `Accept ${request.headers.get("Accept") ?? ""}: NOTIFYs are ${offered.contentType}`;
    return reject(406, detail, [["Accept", offered.contentType]]);
  }
  return null;
}

/** What `acceptSubscribe` makes a subscription with. */
export interface AcceptSubscribeOptions {
  readonly offered: NotifierPackage;
  readonly localTag: string;
  /** Contact value of this end. */
  readonly contact: string;
  /** Default `active`; `terminated` whenever the duration is 0. */
  readonly state?: NotifierState;
  /** Wall clock now, ms. */
  readonly now: number;
}

/** A SUBSCRIBE outside a dialog: the subscription and its 200, or the answer owed (4.2.1). A NOTIFY must follow. */
export function acceptSubscribe(
  request: SipRequest,
  options: AcceptSubscribeOptions,
): NotifierResult<{ readonly subscription: NotifierSubscription; readonly response: SipResponse }> {
  const { offered, localTag, contact, now } = options;
  const refused = judgeEvent(request, offered);
  if (refused !== null) return refuse(refused);
  const duration = judgeDuration(request, offered);
  if (!duration.ok) return duration;
  const dialog = uasDialog(request, { localTag, contact });
  if (dialog === null) return refuse(reject(400, "a SUBSCRIBE needs a Contact with a URI"));
  const subscription: NotifierSubscription = {
    dialog,
    event: request.headers.get("Event") ?? offered.package,
    state: duration.expires === 0 ? "terminated" : (options.state ?? "active"),
    expiresAt: now + duration.expires * 1000,
  };
  return { ok: true, subscription, response: subscribeResponse(subscription, request, now) };
}

/** Whole seconds left. */
export function remainingSeconds(subscription: NotifierSubscription, now: number): number {
  if (subscription.state === "terminated") return 0;
  return Math.max(0, Math.floor((subscription.expiresAt - now) / 1000));
}

/** The 200 to a SUBSCRIBE, with the time that is left (4.2.1.1). */
export function subscribeResponse(
  subscription: NotifierSubscription,
  request: SipRequest,
  now: number,
): SipResponse {
  return buildResponse(request, 200, {
    toTag: subscription.dialog.id.localTag,
    headers: [
      ["Expires", String(remainingSeconds(subscription, now))],
      ["Contact", subscription.dialog.localContact],
    ],
  });
}

/** What an in-dialog SUBSCRIBE would do. */
export interface JudgedSubscribe {
  /** The subscription with the request's CSeq counted and nothing else changed: for one that is not believed. */
  readonly counted: NotifierSubscription;
  /** The same with the request obeyed: new expiry and target, `terminated` for Expires 0. */
  readonly refreshed: NotifierSubscription;
  /** Seconds granted. */
  readonly expires: number;
}

/** An in-dialog SUBSCRIBE against its subscription (4.2.1.4): 481 when that is over, 500 for an old CSeq. */
export function judgeSubscribe(
  subscription: NotifierSubscription,
  request: SipRequest,
  options: { readonly offered: NotifierPackage; readonly now: number },
): NotifierResult<JudgedSubscribe> {
  if (subscription.state === "terminated" || subscription.expiresAt <= options.now)
    return refuse(reject(481, "the subscription is over"));
  const received = receiveInDialog(subscription.dialog, request);
  if (!received.ok) return received;
  const refused = judgeEvent(request, options.offered);
  if (refused !== null) return refuse(refused);
  const duration = judgeDuration(request, options.offered);
  if (!duration.ok) return duration;
  const counted = { ...subscription, dialog: received.dialog };
  const refreshed: NotifierSubscription = {
    ...counted,
    dialog: refreshTarget(received.dialog, request),
    state: duration.expires === 0 ? "terminated" : subscription.state,
    expiresAt: options.now + duration.expires * 1000,
  };
  return { ok: true, counted, refreshed, expires: duration.expires };
}

/** What goes into a NOTIFY. */
export interface NotifyOptions {
  /** Wall clock now, ms. */
  readonly now: number;
  /** CSeq number; default 1 more than the dialog's last. A store that counts for itself gives it. */
  readonly sequence?: number;
  /** For `terminated`. */
  readonly reason?: TerminationReason | (string & {});
  /** Seconds; for `terminated` with `probation` or `giveup`. */
  readonly retryAfter?: number;
  readonly body?: Body | null;
  readonly headers?: Iterable<HeaderPair>;
}

/** The next NOTIFY (4.2.2), and the subscription with its CSeq counted. State and time left are the subscription's. */
export function buildNotify(
  subscription: NotifierSubscription,
  options: NotifyOptions,
): { readonly subscription: NotifierSubscription; readonly request: SipRequest } {
  const { now, sequence, reason, retryAfter, body = null } = options;
  const isOver = subscription.state === "terminated";
  const state = formatSubscriptionState({
    state: subscription.state,
    reason: isOver ? (reason ?? null) : null,
    expires: isOver ? null : remainingSeconds(subscription, now),
    retryAfter: isOver ? (retryAfter ?? null) : null,
    parameters: new Map(),
  });
  const { dialog, request } = dialogRequest(subscription.dialog, "NOTIFY", {
    headers: [["Event", subscription.event], ["Subscription-State", state], ...(options.headers ?? [])],
    body,
    ...(sequence === undefined ? {} : { sequence }),
  });
  return { subscription: { ...subscription, dialog }, request };
}

/** What the answer to a NOTIFY means for its subscription (4.2.2): any failure but a Retry-After ends it. */
export function judgeNotifyAnswer(response: SipResponse): "kept" | "retry" | "over" {
  if (response.status < 300) return "kept";
  return response.headers.has("Retry-After") ? "retry" : "over";
}
