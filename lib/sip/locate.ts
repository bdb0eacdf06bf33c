// Locating SIP servers. RFC 3263 4.
import type { Random } from "@liquid-ims/runtime/random";
import type { Target } from "./transport.ts";
import type { SipUri } from "./uri.ts";

/** An SRV record (RFC 2782). */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** A NAPTR record (RFC 3403 4.1). */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  readonly service: string;
  readonly regexp: string;
  readonly replacement: string;
}

/** `none`: the name has no such record. `failed`: nobody could say. */
export type LookupResult<Record> =
  | { readonly kind: "found"; readonly records: readonly Record[] }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly detail: string };

/** The names' directory (DNS) as SIP needs it. The promises never reject. */
export interface Lookup {
  /** IPv4 addresses. */
  a(name: string): Promise<LookupResult<string>>;
  /** IPv6 addresses, without brackets. */
  aaaa(name: string): Promise<LookupResult<string>>;
  srv(name: string): Promise<LookupResult<SrvRecord>>;
  naptr(name: string): Promise<LookupResult<NaptrRecord>>;
}

export interface LocateOptions {
  /** Draws among SRV records of one priority by weight. */
  readonly random: Random;
}

/** All targets of a URI, in the order in which they are to be tried; empty when there is none (RFC 3263 4). */
export function locate(_uri: SipUri, _lookup: Lookup | null, _options: LocateOptions): Promise<Target[]> {
  throw new Error("not there yet");
}
