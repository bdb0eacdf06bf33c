// A SUBSCRIBE's body: what can be refused before its signature is looked at, and the signature. cfs-ue 5 and 6.

import type { Hello, SubscribeBody } from "@liquid-ims/reference-points/cfs-ue";
import { openHello, openSubscribe } from "@liquid-ims/reference-points/cfs-ue-body";
import { decodeSubscribeBody } from "@liquid-ims/reference-points/decode-cfs-ue";
import { parseJws, thumbprint } from "@liquid-ims/reference-points/jws";
import type { Crypto, PublicJwk } from "@liquid-ims/runtime/crypto";
import { isSameContact } from "./record-agreement.ts";
import type { BelievedHello, LcfRow } from "./rows.ts";

/** `failure` is a short stable name for counters. */
export interface BodyRefusal {
  readonly ok: false;
  readonly failure: string;
  readonly detail: string;
}

function refuse(failure: string, detail: string): BodyRefusal {
  return { ok: false, failure, detail };
}

/** A hello as it was claimed; nothing in it is proved. */
export interface ClaimedHello {
  readonly ok: true;
  readonly hello: Hello;
  /** Names the key that is said to have signed it. */
  readonly kid: string;
}

export interface HelloDialog {
  readonly callId: string;
  readonly fromTag: string;
  /** Of the SUBSCRIBE. */
  readonly contact: string;
}

/** The hello in a body, held against the SUBSCRIBE that carries it. Times in ms; `life` of a nonce. */
export function readHello(
  body: string,
  dialog: HelloDialog,
  times: { readonly now: number; readonly life: number },
): ClaimedHello | BodyRefusal {
  const parsed = parseJws(body);
  if (!parsed.ok) return refuse(parsed.failure, parsed.detail);
  if (parsed.value.typ !== "subscribe") return refuse("wrong typ", `typ is "${parsed.value.typ}"`);
  const decoded = decodeSubscribeBody(parsed.value.payload);
  if (!decoded.ok) return refuse("bad payload", `${decoded.field}: ${decoded.detail}`);
  const { hello, callId, fromTag } = decoded.value;
  if (hello === undefined) return refuse("no hello", "a new dialog begins with a hello");
  if (callId !== dialog.callId || fromTag !== dialog.fromTag)
    return refuse("another dialog's body", `signed for ${callId} ${fromTag}`);
  if (!isSameContact(hello.contact, dialog.contact))
    return refuse("contact", `hello's contact ${hello.contact}, Contact ${dialog.contact}`);
  if (Math.abs(times.now - hello.time) > times.life)
    return refuse("old hello", `hello's time is ${Math.round(times.now - hello.time)} ms ago`);
  return { ok: true, hello, kid: parsed.value.kid };
}

export type VerifiedHello =
  | { readonly ok: true; readonly hello: BelievedHello; readonly body: SubscribeBody }
  | BodyRefusal;

function believed(hello: Hello, kid: string, signedBy: string): BelievedHello {
  const { identity, instance, contact, path, serviceRoute, nonce, key } = hello;
  return { claims: { identity, instance, contact, path, serviceRoute }, nonce, kid, jwk: key, signedBy };
}

/** Verifies a hello by its own key, or by the bound key that it wants to replace. */
export async function verifyHello(
  crypto: Crypto,
  text: string,
  claimed: ClaimedHello,
  lcf: LcfRow,
): Promise<VerifiedHello> {
  const own = thumbprint(crypto, claimed.hello.key);
  const bound = lcf.bindings.find((binding) => binding.kid === claimed.kid && binding.kid !== own);
  if (bound === undefined) {
    const opened = await openHello(crypto, text);
    if (!opened.ok) return refuse(opened.failure, `${opened.field} ${opened.detail}`);
    return { ok: true, hello: believed(opened.value.hello, opened.kid, opened.kid), body: opened.value };
  }
  const opened = await openKnown(crypto, text, bound);
  if (!opened.ok) return opened;
  return { ok: true, hello: believed(claimed.hello, own, bound.kid), body: opened.body };
}

/** A body in a dialog, by the key of its hello. */
export async function openKnown(
  crypto: Crypto,
  text: string,
  known: { readonly kid: string; readonly jwk: PublicJwk },
): Promise<{ readonly ok: true; readonly body: SubscribeBody } | BodyRefusal> {
  // The key came from a row of ours, where only keys stand that could be imported before.
  const key = await crypto.importPublicKey(known.jwk);
  const opened = await openSubscribe(crypto, text, (kid) => (kid === known.kid ? key : undefined));
  return opened.ok
    ? { ok: true, body: opened.value }
    : refuse(opened.failure, `${opened.field} ${opened.detail}`);
}
