// The S-CSCF as notifier of its users' registration state. RFC 3680, RFC 6665 4.2, TS 24.229 5.4.2.1.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeText } from "@liquid-ims/runtime/text";
import {
  type Dialog,
  dialogIdOfRequest,
  dialogRequest,
  keyOf,
  receiveInDialog,
  refreshTarget,
  uasDialog,
} from "@liquid-ims/sip/dialog/dialog";
import { parseExpires } from "@liquid-ims/sip/header/delta-seconds";
import { parseEvent } from "@liquid-ims/sip/header/event";
import { addressUri } from "@liquid-ims/sip/header/name-address";
import { buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import type { SipStack } from "@liquid-ims/sip/stack";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { liveBindings, type RegisteredUser } from "./bindings.ts";
import { addressOfRecord, reject } from "./cscf.ts";

export interface RegEventOptions {
  /** Contact value of its answers. */
  readonly contact: string;
  find(publicIdentity: string): RegisteredUser | null;
}

export interface RegEvent {
  /** Takes a SUBSCRIBE for the reg event, in a dialog or not; false: it is something else. */
  receive(transaction: ServerTransaction, request: SipRequest): boolean;
  /** A user has registered, or a binding of his has gone. */
  changed(user: RegisteredUser): void;
}

interface Subscription {
  dialog: Dialog;
  user: RegisteredUser;
  version: number;
  /** host.clock time. */
  endsAt: number;
  expiry: Timer | null;
}

/** Seconds; what nothing is asked for gets the first (RFC 3680 4.3 says an hour more). */
const durations = { usual: 3_600, most: 600_000 } as const;

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);
}

/** The whole state of the user: every identity of the set with every contact. RFC 3680 5.2. */
export function registrationInformation(user: RegisteredUser, version: number, now: number): string {
  const bindings = liveBindings(user, now);
  const state = bindings.length > 0 ? "active" : "terminated";
  const contacts = bindings.map(({ contact, callId, sequence, expiresAt }, index) => {
    const left = Math.max(0, Math.round((expiresAt - now) / 1000));
    const instance = contact.parameters.get("+sip.instance") ?? null;
    const parameter =
      instance === null ? "" : `<unknown-param name="+sip.instance">${escaped(instance)}</unknown-param>`;
    const about = `id="c${index + 1}" state="active" event="registered" expires="${left}" callid="${escaped(callId)}" cseq="${sequence}"`;
    return `<contact ${about}><uri>${escaped(contact.uri)}</uri>${parameter}</contact>`;
  });
  const registrations = user.publicIdentities.map(
    (identity, index) =>
      `<registration aor="${escaped(identity)}" id="r${index + 1}" state="${state}">${contacts.join("")}</registration>`,
  );
  return [
    '<?xml version="1.0"?>',
    `<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="${version}" state="full">`,
    ...registrations,
    "</reginfo>",
    "",
  ].join("\r\n");
}

/** 5.4.2.1.1: the user, a P-CSCF of his, an application server that hears of his registrations. */
function maySubscribe(asserted: string, user: RegisteredUser, now: number): boolean {
  if (user.publicIdentities.includes(asserted)) return true;
  const isServer = user.initialFilterCriteria.some(
    ({ applicationServer }) => applicationServer.serverName === asserted,
  );
  const functionAt = (uri: string) => {
    const parsed = parseSipUri(uri);
    return parsed === null ? uri : `${parsed.host}:${parsed.port ?? 5060}`;
  };
  const paths = liveBindings(user, now).flatMap(({ path }) => path.map(addressUri));
  const isPCscf = parseSipUri(asserted)?.user === null;
  return isServer || (isPCscf && paths.some((path) => functionAt(path) === functionAt(asserted)));
}

export function createRegEvent(host: Host, stack: () => SipStack, options: RegEventOptions): RegEvent {
  const subscriptions = new Map<string, Subscription>();

  function forget(subscription: Subscription): void {
    subscription.expiry?.cancel();
    subscriptions.delete(keyOf(subscription.dialog.id));
  }

  function notify(subscription: Subscription, reason: string | null = null): void {
    const now = host.clock.now();
    const left = Math.max(0, Math.round((subscription.endsAt - now) / 1000));
    const state = reason === null ? `active;expires=${left}` : `terminated;reason=${reason}`;
    const text = registrationInformation(subscription.user, subscription.version, now);
    subscription.version += 1;
    const { dialog, request } = dialogRequest(subscription.dialog, "NOTIFY", {
      headers: [
        ["Event", "reg"],
        ["Subscription-State", state],
      ],
      body: { type: "application/reginfo+xml", data: encodeText(text) },
    });
    subscription.dialog = dialog;
    if (reason !== null) forget(subscription);
    stack().request(request, {
      handlers: {
        // RFC 6665 4.2.2: who does not know the subscription any more has ended it.
        response: ({ status }) => {
          if (status === 481) forget(subscription);
        },
        failed: () => forget(subscription),
      },
    });
  }

  /** How long, in seconds; 0 ends it, or fetches the state once (RFC 6665 4.4.3). */
  function grant(subscription: Subscription, transaction: ServerTransaction, request: SipRequest): void {
    const asked = parseExpires(request.headers.get("Expires") ?? "") ?? durations.usual;
    const seconds = Math.min(asked, durations.most);
    const headers: HeaderPair[] = [
      ["Expires", String(seconds)],
      ["Contact", options.contact],
    ];
    const toTag = subscription.dialog.id.localTag;
    transaction.respond(buildResponse(transaction.request, 200, { headers, toTag }));
    subscription.expiry?.cancel();
    subscription.endsAt = host.clock.now() + seconds * 1000;
    if (seconds === 0) {
      notify(subscription, "timeout");
      return;
    }
    const expire = () => notify(subscription, "timeout");
    subscription.expiry = host.clock.after(seconds * 1000, expire, "reg event expires");
    notify(subscription);
  }

  function begin(transaction: ServerTransaction, request: SipRequest): void {
    const identity = addressOfRecord(request.uri);
    const user = identity === null ? null : options.find(identity);
    const [asserted = ""] = request.headers.values("P-Asserted-Identity").map(addressUri);
    if (user === null || !maySubscribe(asserted, user, host.clock.now()))
      return reject(transaction, { status: 403 });
    const localTag = stack().newTag();
    const dialog = uasDialog(request, { localTag, contact: options.contact });
    if (dialog === null) return reject(transaction, { status: 400, reason: "No Contact to notify" });
    const subscription: Subscription = { dialog, user, version: 0, endsAt: 0, expiry: null };
    subscriptions.set(keyOf(dialog.id), subscription);
    grant(subscription, transaction, request);
  }

  function refresh(subscription: Subscription, transaction: ServerTransaction, request: SipRequest): void {
    const received = receiveInDialog(subscription.dialog, request);
    if (!received.ok) return reject(transaction, received.rejection);
    subscription.dialog = refreshTarget(received.dialog, request);
    grant(subscription, transaction, request);
  }

  return {
    receive(transaction, request) {
      if (request.method !== "SUBSCRIBE") return false;
      const id = dialogIdOfRequest(request);
      const subscription = subscriptions.get(keyOf(id));
      if (subscription !== undefined) {
        refresh(subscription, transaction, request);
        return true;
      }
      if (id.localTag !== "" || parseEvent(request.headers.get("Event") ?? "")?.package !== "reg")
        return false;
      begin(transaction, request);
      return true;
    },
    changed(user) {
      for (const subscription of [...subscriptions.values()]) {
        if (subscription.user.privateIdentity !== user.privateIdentity) continue;
        subscription.user = user;
        notify(subscription);
      }
    },
  };
}
