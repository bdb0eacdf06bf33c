// What is owed to the sender of a request that cannot be served as it is. RFC 6733 7.
import type { Avp } from "./avp.ts";

/** A refusal: the code, and what goes into the Failed-AVP AVP (RFC 6733 7.5). */
export interface Rejection {
  readonly resultCode: number;
  readonly failedAvps: readonly Avp[];
  /** For the Error-Message AVP and our log: never a value of an AVP. */
  readonly detail: string;
}

/** A value, or what is owed. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly rejection: Rejection };
