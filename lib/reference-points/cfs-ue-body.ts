// Signing and opening of cfs-ue bodies. Trust from the registration: the first hello and the first ticket bring the
// key that signs them; all later ones are verified with keys already known.
import type { Crypto, PublicKey } from "@liquid-ims/runtime/crypto";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import type { CfsUeType, Command, NamedKey, NotifyBody, Policy, SubscribeBody } from "./cfs-ue.ts";
import {
  decodeCommand,
  decodeNotifyBody,
  decodePolicy,
  decodeSubscribeBody,
  encodePayload,
} from "./decode-cfs-ue.ts";
import type { DecodeResult } from "./decode-result.ts";
import {
  type JwsFailure,
  type KeyLookup,
  parseJws,
  type SigningKey,
  signJws,
  thumbprint,
  verifyJws,
} from "./jws.ts";

/** Why a body was refused; `field` where its content is wrong. */
export interface OpenFailure {
  readonly ok: false;
  readonly failure: JwsFailure | "bad payload" | "bad key" | "wrong nonce";
  readonly field: string;
  readonly detail: string;
}

export type OpenResult<Value> =
  | { readonly ok: true; readonly kid: string; readonly value: Value }
  | OpenFailure;

type Decode<Value> = (data: Uint8Array) => DecodeResult<Value>;

function seal(
  crypto: Crypto,
  typ: CfsUeType,
  key: SigningKey,
  value: NotifyBody | SubscribeBody | Command | Policy,
): Promise<string> {
  return signJws(crypto, { typ, key, payload: encodePayload(value) });
}

export function sealNotify(crypto: Crypto, key: SigningKey, body: NotifyBody): Promise<string> {
  return seal(crypto, "notify", key, body);
}

export function sealSubscribe(crypto: Crypto, key: SigningKey, body: SubscribeBody): Promise<string> {
  return seal(crypto, "subscribe", key, body);
}

/** Once for each command: what is repeated is the text that this gave. */
export function sealCommand(crypto: Crypto, key: SigningKey, command: Command): Promise<string> {
  return seal(crypto, "command", key, command);
}

export function sealPolicy(crypto: Crypto, key: SigningKey, policy: Policy): Promise<string> {
  return seal(crypto, "policy", key, policy);
}

function failed(failure: OpenFailure["failure"], field: string, detail: string): OpenFailure {
  return { ok: false, failure, field, detail };
}

async function open<Value>(
  crypto: Crypto,
  jws: string,
  options: { readonly typ: CfsUeType; readonly keys: KeyLookup; readonly decode: Decode<Value> },
): Promise<OpenResult<Value>> {
  const verified = await verifyJws(crypto, jws, options);
  if (!verified.ok) return failed(verified.failure, "", verified.detail);
  const decoded = options.decode(verified.payload);
  if (!decoded.ok) return failed("bad payload", decoded.field, decoded.detail);
  return { ok: true, kid: verified.kid, value: decoded.value };
}

/** A NOTIFY's body, with the keys of the dialog's ticket. */
export function openNotify(crypto: Crypto, jws: string, keys: KeyLookup): Promise<OpenResult<NotifyBody>> {
  return open(crypto, jws, { typ: "notify", keys, decode: decodeNotifyBody });
}

/** A SUBSCRIBE's body, with the key of the dialog's hello. */
export function openSubscribe(
  crypto: Crypto,
  jws: string,
  keys: KeyLookup,
): Promise<OpenResult<SubscribeBody>> {
  return open(crypto, jws, { typ: "subscribe", keys, decode: decodeSubscribeBody });
}

export function openCommand(crypto: Crypto, jws: string, keys: KeyLookup): Promise<OpenResult<Command>> {
  return open(crypto, jws, { typ: "command", keys, decode: decodeCommand });
}

export function openPolicy(crypto: Crypto, jws: string, keys: KeyLookup): Promise<OpenResult<Policy>> {
  return open(crypto, jws, { typ: "policy", keys, decode: decodePolicy });
}

/** Imports keys under their names; null when one is no key or its name is not its thumbprint. */
export async function importKeys(
  crypto: Crypto,
  keys: readonly NamedKey[],
): Promise<ReadonlyMap<string, PublicKey> | null> {
  const imported = new Map<string, PublicKey>();
  for (const { kid, jwk } of keys) {
    if (thumbprint(crypto, jwk) !== kid) return null;
    try {
      imported.set(kid, await crypto.importPublicKey(jwk));
    } catch (error) {
      if (error instanceof RuntimeError && error.code === "bad-key") return null;
      throw error;
    }
  }
  return imported;
}

/**
 * A SUBSCRIBE's body with a hello, verified with the key in that hello. It proves that the sender has the key, not
 * who it is: identity and record are compared by the CFS, and a challenge binds the key.
 */
export async function openHello(
  crypto: Crypto,
  jws: string,
): Promise<OpenResult<SubscribeBody & Required<Pick<SubscribeBody, "hello">>>> {
  const parsed = parseJws(jws);
  if (!parsed.ok) return failed(parsed.failure, "", parsed.detail);
  const decoded = decodeSubscribeBody(parsed.value.payload);
  if (!decoded.ok) return failed("bad payload", decoded.field, decoded.detail);
  const { hello } = decoded.value;
  if (hello === undefined) return failed("bad payload", "hello", "missing; a new dialog begins with a hello");
  const kid = thumbprint(crypto, hello.key);
  const keys = await importKeys(crypto, [{ kid, jwk: hello.key }]);
  if (keys === null) return failed("bad key", "hello.key", "is no key; send a P-256 or Ed25519 public key");
  const opened = await openSubscribe(crypto, jws, (name) => keys.get(name));
  if (!opened.ok) return opened;
  return { ok: true, kid, value: { ...opened.value, hello } };
}

/**
 * A NOTIFY's body with a ticket, verified with a key of that ticket; only for the dialog that the LCF has opened with
 * `nonce`, and only once in it. Gives the ticket's keys, to verify all that follows.
 */
export async function openTicket(
  crypto: Crypto,
  jws: string,
  nonce: string,
): Promise<
  | OpenFailure
  | {
      readonly ok: true;
      readonly kid: string;
      readonly value: NotifyBody & Required<Pick<NotifyBody, "ticket">>;
      readonly keys: ReadonlyMap<string, PublicKey>;
    }
> {
  const parsed = parseJws(jws);
  if (!parsed.ok) return failed(parsed.failure, "", parsed.detail);
  const decoded = decodeNotifyBody(parsed.value.payload);
  if (!decoded.ok) return failed("bad payload", decoded.field, decoded.detail);
  const { ticket } = decoded.value;
  if (ticket === undefined)
    return failed("bad payload", "ticket", "missing; a new dialog begins with a ticket");
  if (ticket.nonce !== nonce)
    return failed("wrong nonce", "ticket.nonce", "is not that of this dialog's hello");
  const keys = await importKeys(crypto, ticket.keys);
  if (keys === null)
    return failed("bad key", "ticket.keys", "one is no key, or its kid is not its RFC 7638 thumbprint");
  const opened = await openNotify(crypto, jws, (name) => keys.get(name));
  if (!opened.ok) return opened;
  return { ok: true, kid: opened.kid, value: { ...opened.value, ticket }, keys };
}
