// Methods this system speaks. RFC 3261 7.1, 13-15; RFC 3265/6665, 3311, 3262, 3428, 3515, 3903, 6086.

/** Methods with a meaning here; any other token is still a method (RFC 3261 7.1). */
export const knownMethods = [
  "INVITE",
  "ACK",
  "CANCEL",
  "BYE",
  "REGISTER",
  "OPTIONS",
  "SUBSCRIBE",
  "NOTIFY",
  "REFER",
  "MESSAGE",
  "UPDATE",
  "PRACK",
  "INFO",
  "PUBLISH",
] as const;

/** A method of `knownMethods`. */
export type Method = (typeof knownMethods)[number];

const known: ReadonlySet<string> = new Set(knownMethods);

/** True for a method of `knownMethods`; methods are case-sensitive (RFC 3261 7.1). */
export function isKnownMethod(method: string): method is Method {
  return known.has(method);
}

/** True for requests whose success makes a dialog (RFC 3261 12.1, RFC 6665 4.4.1, RFC 3515 2). */
export function makesDialog(method: string): boolean {
  return method === "INVITE" || method === "SUBSCRIBE" || method === "REFER";
}

/** True for requests that refresh the remote target (RFC 3261 12.2, RFC 3311 5.1, RFC 6665 4.4.1). */
export function refreshesTarget(method: string): boolean {
  return method === "INVITE" || method === "UPDATE" || method === "SUBSCRIBE" || method === "NOTIFY";
}
