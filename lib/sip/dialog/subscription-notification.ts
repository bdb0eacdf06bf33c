// A NOTIFY as its subscriber judges it, and what its end means. RFC 6665 4.1.3, 4.1.2.4, 4.4.1.
import { type EventHeader, parseEvent } from "../header/event.ts";
import { parameterText } from "../header/parameters.ts";
import { parseSubscriptionState, type SubscriptionState } from "../header/subscription-state.ts";
import type { HeaderPair, SipRequest } from "../message.ts";
import { type Rejection, reject } from "../rejection.ts";
import type { Body } from "./body.ts";
import { type Dialog, receiveInDialog, refreshTarget } from "./dialog.ts";

/** A NOTIFY, answered with 200 already. */
export interface Notification {
  readonly state: SubscriptionState;
  readonly body: Body | null;
  readonly request: SipRequest;
}

/**
 * What RFC 6665 4.1.3 says of subscribing anew: seconds to wait, 0 for at once; null: not again.
 * `later` is what "some later time" means to the caller.
 */
export function resubscription(
  reason: string | null,
  retryAfter: number | null,
  later: number,
): number | null {
  switch (reason) {
    case "rejected":
    case "noresource":
    case "invariant":
      return null;
    case "deactivated":
    case "timeout":
      return 0;
    case "probation":
    case "giveup":
      return retryAfter ?? later;
    default:
      return retryAfter ?? 0;
  }
}

function sameEvent(a: EventHeader | null, b: EventHeader | null): boolean {
  if (a === null || b === null) return false;
  return a.package === b.package && parameterText(a.parameters, "id") === parameterText(b.parameters, "id");
}

/** The dialog after the NOTIFY and what it says; or the answer owed. `dialog` is null where it could not be made. */
export function judgeNotify(
  request: SipRequest,
  dialog: Dialog | null,
  options: {
    /** Value of Event of the SUBSCRIBE. */
    readonly event: string;
    /** It makes the dialog, so its CSeq is counted already. */
    readonly isFirst: boolean;
    /** Takes a terminated one in spite of its CSeq. */
    readonly lenientTermination: boolean;
  },
): { readonly dialog: Dialog; readonly state: SubscriptionState } | { readonly rejection: Rejection } {
  if (dialog === null) return { rejection: reject(400, "a NOTIFY needs a Contact with a URI") };
  const wanted = parseEvent(options.event);
  if (!sameEvent(parseEvent(request.headers.get("Event") ?? ""), wanted)) {
    const allow: HeaderPair[] = [["Allow-Events", wanted?.package ?? options.event]];
    return { rejection: reject(489, `Event is not ${options.event}`, allow) };
  }
  const state = parseSubscriptionState(request.headers.get("Subscription-State") ?? "");
  if (state === null) return { rejection: reject(400, "Subscription-State is missing or malformed") };
  if (options.isFirst) return { dialog, state };
  const received = receiveInDialog(dialog, request);
  if (received.ok) return { dialog: refreshTarget(received.dialog, request), state };
  if (options.lenientTermination && state.state === "terminated") return { dialog, state };
  return { rejection: received.rejection };
}
