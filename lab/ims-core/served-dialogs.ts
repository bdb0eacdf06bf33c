// The dialogs that an S-CSCF has proxied, for one that ends its users' calls with their registration, as OpenIMSCore does.
// TS 24.229 5.4.5.1.2; RFC 3261 12.
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { addressUri, tagOf } from "@liquid-ims/sip/header/name-address";
import { buildRequest, type HeaderPair, type SipRequest, type SipResponse } from "@liquid-ims/sip/message";
import { refreshesTarget } from "@liquid-ims/sip/method";
import type { Forwarding } from "@liquid-ims/sip/proxy";
import type { SipStack } from "@liquid-ims/sip/stack";

/** On whose behalf the S-CSCF is on the path: the caller's or the called user's. */
export type ServedSide = "orig" | "term";

/** One end of a dialog as requests to it are written. */
interface End {
  /** Value of From or To, with its tag. */
  address: string;
  /** URI of its Contact. */
  target: string;
  /** Routes from the S-CSCF to it. */
  routes: readonly string[];
  /** CSeq of the last request that came from it. */
  sequence: number;
}

interface ServedDialog {
  readonly privateIdentity: string;
  readonly callId: string;
  readonly method: string;
  readonly callerTag: string;
  readonly caller: End;
  /** Null until a 2xx has come. */
  callee: End | null;
  forwarding: Forwarding | null;
}

export interface ServedDialogs {
  /**
   * A request that may make a dialog is about to be forwarded for this user. `response` hears of each response that goes
   * back, `forwarded` takes the way to cancel it.
   */
  begin(
    request: SipRequest,
    side: ServedSide,
    privateIdentity: string,
  ): { response(response: SipResponse): void; forwarded(forwarding: Forwarding): void };
  /**
   * A request within a dialog; null when it belongs to none that is known here: 403. The returned function hears of its
   * responses.
   */
  within(request: SipRequest): ((response: SipResponse) => void) | null;
  /** BYE to both ends of the user's calls; the rest of his dialogs is forgotten. Gives the number of calls. */
  release(privateIdentity: string): number;
}

function sequenceOf(request: SipRequest): number {
  return parseCSeq(request.headers.get("CSeq") ?? "")?.sequence ?? 0;
}

function contactOf(message: SipRequest | SipResponse): string | null {
  const [contact] = message.headers.values("Contact");
  return contact === undefined ? null : addressUri(contact);
}

/** `isOwn`: whether a Record-Route value is this S-CSCF's. */
export function createServedDialogs(stack: () => SipStack, isOwn: (value: string) => boolean): ServedDialogs {
  const dialogs = new Map<string, ServedDialog>();

  function keyOf(callId: string, callerTag: string, side: ServedSide): string {
    return JSON.stringify([callId, callerTag, side]);
  }

  /** Both legs of a call whose ends are served here, when the request belongs to one. */
  function find(request: SipRequest): ServedDialog[] {
    const callId = request.headers.get("Call-ID") ?? "";
    const tags = ["From", "To"].map((name) => tagOf(request.headers.get(name) ?? "") ?? "");
    return tags
      .flatMap((tag) => [keyOf(callId, tag, "orig"), keyOf(callId, tag, "term")])
      .flatMap((key) => dialogs.get(key) ?? []);
  }

  function forget(dialog: ServedDialog): void {
    for (const [key, one] of dialogs) if (one === dialog) dialogs.delete(key);
  }

  /** Routes to the called end: what stands above this S-CSCF's own Record-Route in the 2xx, nearest first. */
  function routesOf(response: SipResponse, side: ServedSide): readonly string[] {
    const all = response.headers.values("Record-Route");
    // Where both users are served here this S-CSCF stands there twice: the caller's side put its value in first.
    const own = side === "orig" ? all.findLastIndex(isOwn) : all.findIndex(isOwn);
    return all.slice(0, Math.max(0, own)).reverse();
  }

  function confirm(dialog: ServedDialog, side: ServedSide, response: SipResponse): void {
    const target = contactOf(response);
    // A retransmission says nothing new; of several that answer, the first is the one that is known.
    if (target === null || dialog.callee !== null) return;
    const address = response.headers.get("To") ?? "";
    dialog.callee = { address, target, routes: routesOf(response, side), sequence: 0 };
  }

  function bye(callId: string, from: End, to: End): void {
    const routes = to.routes.filter((value) => !isOwn(value));
    const headers: HeaderPair[] = [
      ...routes.map((value): HeaderPair => ["Route", value]),
      ["From", from.address],
      ["To", to.address],
      ["Call-ID", callId],
      ["CSeq", `${from.sequence + 1} BYE`],
      ["Max-Forwards", "70"],
      ["Reason", 'SIP;cause=480;text="The registration has ended"'],
    ];
    stack().request(buildRequest({ method: "BYE", uri: to.target, headers }), {
      // Whoever does not answer has lost the call all the same.
      handlers: { response: () => undefined, failed: () => undefined },
    });
  }

  return {
    begin(request, side, privateIdentity) {
      const callId = request.headers.get("Call-ID") ?? "";
      const from = request.headers.get("From") ?? "";
      const callerTag = tagOf(from) ?? "";
      const dialog: ServedDialog = {
        ...{ privateIdentity, callId, callerTag, method: request.method, callee: null, forwarding: null },
        caller: {
          address: from,
          target: contactOf(request) ?? "",
          routes: request.headers.values("Record-Route"),
          sequence: sequenceOf(request),
        },
      };
      dialogs.set(keyOf(callId, callerTag, side), dialog);
      return {
        forwarded(forwarding) {
          dialog.forwarding = forwarding;
        },
        response(response) {
          if (response.status < 200) return;
          if (response.status < 300) confirm(dialog, side, response);
          else if (dialog.callee === null) forget(dialog);
        },
      };
    },
    within(request) {
      const found = find(request);
      if (found.length === 0) return null;
      const senderTag = tagOf(request.headers.get("From") ?? "") ?? "";
      const refreshes = refreshesTarget(request.method);
      const ends = found.map((dialog) => {
        const isCaller = senderTag === dialog.callerTag;
        const [sender, receiver] = isCaller ? [dialog.caller, dialog.callee] : [dialog.callee, dialog.caller];
        if (sender !== null) {
          sender.sequence = Math.max(sender.sequence, sequenceOf(request));
          if (refreshes) sender.target = contactOf(request) ?? sender.target;
        }
        return { dialog, receiver };
      });
      const isOver =
        request.method === "BYE" ||
        (request.method === "NOTIFY" &&
          /^\s*terminated/i.test(request.headers.get("Subscription-State") ?? ""));
      return (response) => {
        if (response.status < 200) return;
        for (const { dialog, receiver } of ends) {
          if (isOver) forget(dialog);
          else if (refreshes && response.status < 300 && receiver !== null)
            receiver.target = contactOf(response) ?? receiver.target;
        }
      };
    },
    release(privateIdentity) {
      let calls = 0;
      for (const dialog of [...dialogs.values()]) {
        if (dialog.privateIdentity !== privateIdentity) continue;
        forget(dialog);
        const { callId, caller, callee, forwarding, method } = dialog;
        if (method !== "INVITE") continue;
        calls += 1;
        if (callee === null) forwarding?.cancel();
        else {
          bye(callId, callee, caller);
          bye(callId, caller, callee);
        }
      }
      return calls;
    },
  };
}
