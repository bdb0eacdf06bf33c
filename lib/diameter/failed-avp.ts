// The Failed-AVP AVP. RFC 6733 7.5.
import { type Avp, encodeAvps } from "./avp.ts";
import { failedAvp } from "./dictionary/base.ts";
import { buildDefinedAvp } from "./dictionary.ts";
import type { Rejection } from "./rejection.ts";

/** None when there is nothing to show. */
export function failedAvps(rejection: Rejection): Avp[] {
  return rejection.failedAvps.map((avp) => buildDefinedAvp(failedAvp, encodeAvps([avp])));
}
