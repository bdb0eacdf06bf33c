// Dialogs as plain data. RFC 3261 12.
import { parseCSeq } from "../header/cseq.ts";
import { addressUri, formatNameAddress, parseNameAddress, tagOf } from "../header/name-address.ts";
import type { HeaderPair, SipRequest, SipResponse } from "../message.ts";
import { buildRequest } from "../message.ts";
import type { Rejection } from "../rejection.ts";
import { formatSipUri, parseSipUri } from "../uri.ts";
import { type Body, bodyParts } from "./body.ts";

/** What tells one dialog from another (12). A tag is "" where the peer, of RFC 2543, sent none. */
export interface DialogId {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
}

/** A dialog; survives JSON. `terminated` is set by the usage that owns it. */
export interface Dialog {
  readonly id: DialogId;
  /** Who sent the request that made it. */
  readonly role: "uac" | "uas";
  readonly state: "early" | "confirmed" | "terminated";
  /** Value of From (requests of this end) without its tag. */
  readonly localUri: string;
  /** Value of To (requests of this end) without its tag. */
  readonly remoteUri: string;
  /** URI for the Request-URI of requests of this end. */
  readonly remoteTarget: string;
  /** Contact value of this end, as it was given when the dialog was made. */
  readonly localContact: string;
  /** CSeq number of the last request of this end, 0 before the first. */
  readonly localSequence: number;
  /** CSeq number of the last request of the peer, null before the first. */
  readonly remoteSequence: number | null;
  /** Values of Route in sending order. */
  readonly routeSet: readonly string[];
}

/** Options of `dialogRequest`. */
export interface DialogRequestOptions {
  /** Further headers, after those of the dialog. */
  readonly headers?: Iterable<HeaderPair>;
  readonly body?: Body | null;
  /** CSeq number; default 1 more than the last. ACK and a caller that keeps its own count give it. */
  readonly sequence?: number;
  /** Contact value; default that of the dialog, null leaves it out. */
  readonly contact?: string | null;
}

/** What the peer's request does to the dialog: its new form, or the answer owed. */
export type InDialogResult =
  | { readonly ok: true; readonly dialog: Dialog }
  | { readonly ok: false; readonly rejection: Rejection };

/** Methods whose Contact replaces the remote target (RFC 3261 12.2, 3311 5, 6665 4.4.1, 3515 2.2). */
const targetRefreshMethods: ReadonlySet<string> = new Set([
  "INVITE",
  "UPDATE",
  "SUBSCRIBE",
  "NOTIFY",
  "REFER",
]);

/** A key for maps: equal for equal dialogs and for no others. */
export function keyOf(id: DialogId): string {
  return JSON.stringify([id.callId, id.localTag, id.remoteTag]);
}

/** The dialog that a request received here belongs to (12: remote tag from From, local tag from To). */
export function dialogIdOfRequest(request: SipRequest): DialogId {
  return {
    callId: request.headers.get("Call-ID") ?? "",
    localTag: tagOf(request.headers.get("To") ?? "") ?? "",
    remoteTag: tagOf(request.headers.get("From") ?? "") ?? "",
  };
}

/** The dialog that a response received here belongs to (12: local tag from From, remote tag from To). */
export function dialogIdOfResponse(response: SipResponse): DialogId {
  return {
    callId: response.headers.get("Call-ID") ?? "",
    localTag: tagOf(response.headers.get("From") ?? "") ?? "",
    remoteTag: tagOf(response.headers.get("To") ?? "") ?? "",
  };
}

function withoutTag(value: string): string {
  const parsed = parseNameAddress(value);
  if (parsed === null) return value;
  const parameters = new Map(parsed.parameters);
  parameters.delete("tag");
  return formatNameAddress({ ...parsed, parameters });
}

function withTag(value: string, tag: string): string {
  return tag === "" ? value : `${value};tag=${tag}`;
}

function contactUri(message: SipRequest | SipResponse): string | null {
  const value = message.headers.values("Contact")[0];
  if (value === undefined) return null;
  return parseNameAddress(value)?.uri ?? null;
}

function sequenceOf(message: SipRequest | SipResponse): number {
  return parseCSeq(message.headers.get("CSeq") ?? "")?.sequence ?? 0;
}

/**
 * The UAC's dialog out of a response with status 101 to 299 (12.1.2). Null when it makes none: another status,
 * or a provisional one without To tag. A 2xx without Contact keeps the Request-URI as the target.
 */
export function uacDialog(request: SipRequest, response: SipResponse): Dialog | null {
  const { status } = response;
  const id = dialogIdOfResponse(response);
  if (status <= 100 || status >= 300 || (status < 200 && id.remoteTag === "")) return null;
  return {
    id,
    role: "uac",
    state: status < 200 ? "early" : "confirmed",
    localUri: withoutTag(request.headers.get("From") ?? ""),
    remoteUri: withoutTag(request.headers.get("To") ?? ""),
    remoteTarget: contactUri(response) ?? request.uri,
    localContact: request.headers.get("Contact") ?? "",
    localSequence: sequenceOf(request),
    remoteSequence: null,
    routeSet: response.headers.values("Record-Route").reverse(),
  };
}

/** What the UAS's dialog is made with. */
export interface UasDialogOptions {
  readonly localTag: string;
  /** Contact value of the response. */
  readonly contact: string;
  /** Default `confirmed`. */
  readonly state?: "early" | "confirmed";
}

/** The UAS's dialog out of a request (12.1.1). Null when the request has no Contact: 400 is owed. */
export function uasDialog(request: SipRequest, options: UasDialogOptions): Dialog | null {
  const remoteTarget = contactUri(request);
  if (remoteTarget === null) return null;
  return {
    id: { ...dialogIdOfRequest(request), localTag: options.localTag },
    role: "uas",
    state: options.state ?? "confirmed",
    localUri: withoutTag(request.headers.get("To") ?? ""),
    remoteUri: withoutTag(request.headers.get("From") ?? ""),
    remoteTarget,
    localContact: options.contact,
    localSequence: 0,
    remoteSequence: sequenceOf(request),
    routeSet: request.headers.values("Record-Route"),
  };
}

/**
 * The subscriber's dialog out of the first NOTIFY, which may overtake the 200 (RFC 6665 4.4.1). Null when the
 * NOTIFY has no Contact.
 */
export function notifyDialog(subscribe: SipRequest, notify: SipRequest): Dialog | null {
  const localTag = dialogIdOfRequest(notify).localTag;
  const dialog = uasDialog(notify, { localTag, contact: subscribe.headers.get("Contact") ?? "" });
  return dialog === null ? null : { ...dialog, role: "uac", localSequence: sequenceOf(subscribe) };
}

/** The dialog after a 2xx confirmed it: state, target and, from early, the route set of the 2xx (13.2.2.4). */
export function confirmDialog(dialog: Dialog, response: SipResponse): Dialog {
  return {
    ...dialog,
    state: "confirmed",
    remoteTarget: contactUri(response) ?? dialog.remoteTarget,
    routeSet: response.headers.values("Record-Route").reverse(),
  };
}

/**
 * A subscriber's dialog that a NOTIFY made, after the 2xx: proxies that record their route in the SUBSCRIBE only stand
 * in the 2xx alone (12.1.2), whatever RFC 6665 4.3 asks of them.
 */
export function adoptRouteSet(dialog: Dialog, response: SipResponse): Dialog {
  const routeSet = response.headers.values("Record-Route").reverse();
  return routeSet.length === 0 ? dialog : { ...dialog, routeSet };
}

/** The dialog after a 2xx to a target refresh request of this end (12.2.1.2). */
export function refreshTarget(dialog: Dialog, message: SipRequest | SipResponse): Dialog {
  const remoteTarget = contactUri(message);
  return remoteTarget === null ? dialog : { ...dialog, remoteTarget };
}

function isLoose(route: string): boolean {
  const uri = parseSipUri(addressUri(route));
  return uri === null || uri.parameters.has("lr");
}

/** The Request-URI that a strict router wants: what may not stand there is left out (12.2.1.1, 19.1.1). */
function strictRequestUri(route: string): string {
  const uri = parseSipUri(addressUri(route));
  if (uri === null) return addressUri(route);
  const parameters = new Map(uri.parameters);
  parameters.delete("method");
  return formatSipUri({ ...uri, parameters, headers: null });
}

/** Request-URI and Route values towards a target by a route set (12.2.1.1). */
export function routeTowards(
  target: string,
  routeSet: readonly string[],
): { readonly uri: string; readonly routes: readonly string[] } {
  const [first, ...rest] = routeSet;
  if (first === undefined || isLoose(first)) return { uri: target, routes: routeSet };
  return { uri: strictRequestUri(first), routes: [...rest, `<${target}>`] };
}

/** A request of this end in the dialog (12.2.1.1), and the dialog with its CSeq counted. */
export function dialogRequest(
  dialog: Dialog,
  method: string,
  options: DialogRequestOptions = {},
): { readonly dialog: Dialog; readonly request: SipRequest } {
  const sequence = options.sequence ?? dialog.localSequence + 1;
  const { uri, routes } = routeTowards(dialog.remoteTarget, dialog.routeSet);
  const contact = options.contact === undefined ? dialog.localContact : options.contact;
  const body = bodyParts(options.body);
  const headers: HeaderPair[] = [
    ["Max-Forwards", "70"],
    ...routes.map((route): HeaderPair => ["Route", route]),
    ["From", withTag(dialog.localUri, dialog.id.localTag)],
    ["To", withTag(dialog.remoteUri, dialog.id.remoteTag)],
    ["Call-ID", dialog.id.callId],
    ["CSeq", `${sequence} ${method}`],
  ];
  if (contact !== null && contact !== "" && targetRefreshMethods.has(method))
    headers.push(["Contact", contact]);
  headers.push(...(options.headers ?? []), ...body.headers);
  const request = buildRequest({
    method,
    uri,
    headers,
    ...(body.body === undefined ? {} : { body: body.body }),
  });
  return { dialog: { ...dialog, localSequence: Math.max(dialog.localSequence, sequence) }, request };
}

/**
 * Counts a request of the peer in the dialog (12.2.2). A lower CSeq is owed 500, an equal one too (a
 * retransmission never comes so far). ACK and CANCEL carry the number of their INVITE and count nothing.
 */
export function receiveInDialog(dialog: Dialog, request: SipRequest): InDialogResult {
  if (request.method === "ACK" || request.method === "CANCEL") return { ok: true, dialog };
  const sequence = parseCSeq(request.headers.get("CSeq") ?? "")?.sequence;
  if (sequence === undefined) {
    const detail = `CSeq ${request.headers.get("CSeq") ?? "(none)"} is not a number and a method`;
    return { ok: false, rejection: { status: 400, reason: "Bad CSeq", detail } };
  }
  if (dialog.remoteSequence !== null && sequence <= dialog.remoteSequence) {
    const detail = `CSeq ${sequence} is not above ${dialog.remoteSequence}, the last one in the dialog`;
    return { ok: false, rejection: { status: 500, reason: "CSeq Out Of Order", detail } };
  }
  return { ok: true, dialog: { ...dialog, remoteSequence: sequence } };
}
