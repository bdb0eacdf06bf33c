// The result of an answer: Result-Code or Experimental-Result, two spaces that are never mixed. RFC 6733 7.1, 7.6.
import type { Avp } from "./avp.ts";
import { experimentalResult, resultCodeAvp } from "./dictionary/base.ts";
import { buildDefinedAvp, findValue } from "./dictionary.ts";
import { isProtocolError } from "./result-code.ts";

export type Result =
  | { readonly kind: "Result-Code"; readonly code: number }
  | { readonly kind: "Experimental-Result"; readonly vendorId: number; readonly code: number };

/** A result of the base protocol. */
export function baseResult(code: number): Result {
  return { kind: "Result-Code", code };
}

/** Its AVP. */
export function resultAvp(result: Result): Avp {
  if (result.kind === "Result-Code") return buildDefinedAvp(resultCodeAvp, result.code);
  return buildDefinedAvp(experimentalResult, {
    vendorId: result.vendorId,
    experimentalResultCode: result.code,
  });
}

/** Whether the answer has the E bit: never for an Experimental-Result (RFC 6733 7.2). */
export function isErrorAnswer(result: Result): boolean {
  return result.kind === "Result-Code" && isProtocolError(result.code);
}

/** Null when neither AVP is there; Result-Code wins where both are. */
export function findResult(avps: readonly Avp[]): Result | null {
  const code = findValue(avps, resultCodeAvp);
  if (code !== null) return baseResult(code);
  const experimental = findValue(avps, experimentalResult);
  if (experimental === null) return null;
  const { vendorId, experimentalResultCode } = experimental;
  return { kind: "Experimental-Result", vendorId, code: experimentalResultCode };
}
