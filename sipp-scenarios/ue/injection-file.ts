// The UEs that SIPp plays and their injection file: what each field is stands at the top of the scenarios. Made from the
// same file of users that the HSS reads.
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import { unfitForSipp } from "@liquid-ims/lab/standing-core/sipp-subscribers";
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { encodeHex, equalBytes } from "@liquid-ims/runtime/text";
import { computeOpc } from "@liquid-ims/sip/authentication/milenage";

/** A UE and its user. */
export interface SippUe {
  /** Default public identity. */
  readonly identity: string;
  readonly privateIdentity: string;
  readonly domain: string;
  /** The whole keyword: SIPp's keywords do not nest. */
  readonly authentication: string;
  /** IPv4. */
  readonly host: string;
  readonly port: number;
}

/** What a line of the injection file says beside the UE. */
export interface UeWishes {
  /** Seconds. */
  readonly expires: number;
  /** Public identity of who is called; null: nobody. */
  readonly peer: string | null;
  /** URI of the S-CSCF in the Service-Route, without `;lr`; null: not known. */
  readonly serviceRoute: string | null;
  /** The P-CSCF that it moves to; null: it does not. */
  readonly second: { readonly host: string; readonly port: number } | null;
  /** Its calls may be replaced (RFC 3891): its INVITEs say so. */
  readonly replaceable: boolean;
}

/** A user whom SIPp cannot play. Keys and passwords are never in it. */
export class UnfitUserError extends Error {
  override readonly name = "UnfitUserError";
}

/** Between the fields of an injection file; SIPp knows no escape for it. */
const separator = ";";
/** KEYWORD_SIZE of SIPp 3.6. */
const longestKeyword = 256;
/** For a field that has no value. */
const nothing = "-";

function akaKeyword(crypto: Crypto, { privateIdentity, authentication }: Subscriber, op: Uint8Array): string {
  if (authentication.kind !== "aka") throw new Error("a user without AKA");
  const { k, opc, amf } = authentication;
  const unfit = unfitForSipp(k) ?? unfitForSipp(amf);
  if (unfit !== null)
    throw new UnfitUserError(`${privateIdentity}: K or AMF ${unfit}; give the user other ones`);
  if (!equalBytes(computeOpc(crypto, k, op), opc))
    throw new UnfitUserError(
      `${privateIdentity}: opc is not that of k and the operator's OP, and SIPp computes it from them; give the OP by --op, or make users by "npm run sipp -- users"`,
    );
  // A password is needed where none is used.
  return checkLength(
    privateIdentity,
    `[authentication username=${privateIdentity} password=none aka_K=${escaped(k)} aka_OP=${escaped(op)} aka_AMF=${escaped(amf)}]`,
  );
}

/** SIPp takes 0x74... as well, but does not end it: what then lies behind it in memory may make SIPp end with an error. */
function escaped(bytes: Uint8Array): string {
  return (encodeHex(bytes).match(/../g) ?? []).map((digits) => `\\x${digits}`).join("");
}

function checkLength(privateIdentity: string, keyword: string): string {
  if (keyword.length <= longestKeyword) return keyword;
  throw new UnfitUserError(
    `${privateIdentity}: the keyword with keys and private identity has ${keyword.length} characters, ${longestKeyword} is what SIPp reads; give a shorter private identity`,
  );
}

function digestKeyword({ privateIdentity, authentication }: Subscriber): string {
  if (authentication.kind !== "digest") throw new Error("a user without SIP Digest");
  const { password } = authentication;
  if (/[\s;[\]"\\]/.test(password))
    throw new UnfitUserError(
      `${privateIdentity}: the password has a space, quote, semicolon, backslash or bracket, which SIPp cannot read; give another one`,
    );
  return `[authentication username=${privateIdentity} password=${password}]`;
}

export interface UePlace {
  readonly host: string;
  readonly port: number;
}

/** The UE of a user. Throws `UnfitUserError`; `op` is what OPc come from, 16 bytes. */
export function sippUe(crypto: Crypto, subscriber: Subscriber, op: Uint8Array, place: UePlace): SippUe {
  const { privateIdentity, publicIdentities, authentication } = subscriber;
  const [identity = ""] = publicIdentities;
  const user = /^sips?:([^@;]+)@([^;:]+)/.exec(identity);
  if (user === null || identity.includes(separator))
    throw new UnfitUserError(
      `${privateIdentity}: ${identity} is no sip:user@domain without parameters, which SIPp's file can hold; put such an identity first`,
    );
  return {
    ...{ identity, privateIdentity, ...place },
    domain: user[2] ?? "",
    authentication:
      authentication.kind === "aka" ? akaKeyword(crypto, subscriber, op) : digestKeyword(subscriber),
  };
}

function lineOf(ue: SippUe, { expires, peer, serviceRoute, second, replaceable }: UeWishes): string {
  const user = /^sips?:([^@]+)@/.exec(ue.identity)?.[1] ?? "";
  return [
    ...[ue.identity, ue.privateIdentity, ue.domain, ue.host, ue.port, ue.authentication, expires, user],
    ...[peer ?? nothing, serviceRoute ?? nothing, second?.host ?? nothing, second?.port ?? nothing],
    replaceable ? "Supported: replaces" : "",
  ].join(separator);
}

/** The injection file, a line for each UE in this order. */
export function formatUes(ues: readonly SippUe[], wishes: (ue: SippUe, index: number) => UeWishes): string {
  const lines = ues.map((ue, index) => lineOf(ue, wishes(ue, index)));
  return `${["SEQUENTIAL", ...lines].join("\n")}\n`;
}

/**
 * The URI in a Service-Route of one entry whose only parameter is `lr`, which every core has that we know; null for
 * others, which SIPp's file cannot hold.
 */
export function serviceRouteUri(value: string): string | null {
  return /^\s*<(sips?:[^;>]+);lr>\s*$/.exec(value)?.[1] ?? null;
}

/** The IPv4 address that many after the first one. */
export function addressAfter(first: string, index: number): string {
  const number = first.split(".").reduce((value, part) => value * 256 + Number(part), 0) + index;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
