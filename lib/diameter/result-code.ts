// Result-Code values of the base protocol. RFC 6733 7.1.

/** The values this stack sends or tells apart. Cx's own values are another space: cx/experimental-result. */
export const resultCode = {
  success: 2001,
  commandUnsupported: 3001,
  unableToDeliver: 3002,
  realmNotServed: 3003,
  tooBusy: 3004,
  loopDetected: 3005,
  applicationUnsupported: 3007,
  invalidHeaderBits: 3008,
  invalidAvpBits: 3009,
  unknownPeer: 3010,
  electionLost: 4003,
  avpUnsupported: 5001,
  authorizationRejected: 5003,
  invalidAvpValue: 5004,
  missingAvp: 5005,
  avpOccursTooManyTimes: 5009,
  noCommonApplication: 5010,
  unsupportedVersion: 5011,
  unableToComply: 5012,
  invalidAvpLength: 5014,
  invalidMessageLength: 5015,
  noCommonSecurity: 5017,
} as const;

/** The thousands of a value (RFC 6733 7.1). */
export type ResultClass =
  | "informational"
  | "success"
  | "protocol error"
  | "transient failure"
  | "permanent failure";

const classes: Readonly<Record<number, ResultClass>> = {
  1: "informational",
  2: "success",
  3: "protocol error",
  4: "transient failure",
  5: "permanent failure",
};

/** An unknown class is to be taken for a permanent failure (RFC 6733 7.1). */
export function resultClass(code: number): ResultClass {
  return classes[Math.floor(code / 1000)] ?? "permanent failure";
}

/** Protocol errors, and only they, set the E bit of the answer (RFC 6733 7.1.3, 7.2). */
export function isProtocolError(code: number): boolean {
  return resultClass(code) === "protocol error";
}
