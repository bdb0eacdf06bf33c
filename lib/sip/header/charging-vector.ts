// P-Charging-Vector. RFC 7315 4.6, 5.6 (was RFC 3455).
import { formatParameters, type Parameters, parameterText, scanParameters } from "./parameters.ts";
import { isToken, quoteText, Scanner } from "./scanner.ts";

/** What ties the charging records of one session together. */
export interface ChargingVector {
  /** icid-value, without quotes. */
  readonly icid: string;
  /** The others, as written: icid-generated-at, orig-ioi, term-ioi, related-icid. */
  readonly parameters: Parameters;
}

/** Null when it is none or has no icid-value. */
export function parseChargingVector(text: string): ChargingVector | null {
  const scanner = new Scanner(`;${text}`);
  const all = scanParameters(scanner);
  scanner.skipSpace();
  const icid = all === null || !scanner.done ? null : parameterText(all, "icid-value");
  if (all === null || icid === null) return null;
  return { icid, parameters: new Map([...all].filter(([name]) => name !== "icid-value")) };
}

/** As one value. */
export function formatChargingVector(vector: ChargingVector): string {
  const icid = isToken(vector.icid) ? vector.icid : quoteText(vector.icid);
  return `icid-value=${icid}${formatParameters(vector.parameters)}`;
}
