// Problem details that os-cfs owes: each names the field, its value and the remedy. RFC 9457.
import type { ProblemDetails } from "@liquid-ims/reference-points/os-cfs";

/** The kinds of problems, by their stable name. */
export const problemTypes = {
  "unknown-function": { status: 404, title: "No such function" },
  "unknown-user": { status: 404, title: "No such user is registered" },
  "unknown-transfer": { status: 404, title: "No such transfer" },
  "unknown-function-operation": { status: 404, title: "No such function operation" },
  "unknown-resource": { status: 404, title: "No such resource" },
  "no-drain": { status: 404, title: "The function has no standing order" },
  "method-not-allowed": { status: 405, title: "This resource has no such method" },
  "transfer-running": { status: 409, title: "The function has a transfer already" },
  "function-operation-running": { status: 409, title: "The function has another operation already" },
  "last-function": { status: 409, title: "No other function of its kind is left" },
  "transfer-ended": { status: 409, title: "The transfer has ended" },
  "key-reused": { status: 409, title: "The idempotency key belongs to another request" },
  "malformed-json": { status: 400, title: "The body is no JSON" },
  "body-too-long": { status: 413, title: "The body is too long" },
  "wrong-content-type": { status: 415, title: "The body has the wrong type" },
  "invalid-request": { status: 422, title: "The request has a wrong member" },
  "no-usable-target": { status: 422, title: "No target can be used" },
  "bad-request": { status: 400, title: "The request cannot be understood" },
  "dns-name-in-use": { status: 409, title: "The host name belongs to something else" },
  "dns-changed-meanwhile": { status: 409, title: "Others change the zone all the time" },
  "dns-overtaken": { status: 409, title: "Somebody else has changed the zone since" },
  "dns-superseded": { status: 409, title: "Another order for the function took its place" },
  "dns-no-answer": { status: 504, title: "The name server does not answer" },
  "dns-query-failed": { status: 502, title: "The name server does not say what is in the zone" },
  "dns-refused": { status: 502, title: "The name server does not let the key change this" },
  "dns-bad-key": { status: 502, title: "The name server does not know the key" },
  "dns-bad-signature": { status: 502, title: "The name server has another secret for the key" },
  "dns-bad-time": { status: 502, title: "The clocks of CFS and name server differ" },
  "dns-bad-truncation": { status: 502, title: "The name server wants longer signatures" },
  "dns-not-zone": { status: 502, title: "The name server does not have this zone" },
  "dns-server-failure": { status: 502, title: "The name server could not change the zone" },
  "dns-not-understood": { status: 502, title: "The name server does not take updates" },
  "dns-unverifiable": { status: 502, title: "The answer's signature does not verify" },
  "store-down": { status: 503, title: "The location service does not answer" },
  "internal-error": { status: 500, title: "The CFS has a fault" },
} as const;

export type ProblemType = keyof typeof problemTypes;

/** Prefix of `type`: a name, not a place to fetch. */
export const problemRoot = "urn:liquid-ims:problem:";

export interface ProblemSubject {
  /** The member, header or path segment that is wrong. */
  readonly field: string;
  readonly value: unknown;
  readonly remedy: string;
}

/** Longest part of a value that is shown. */
const longestValue = 200;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > longestValue ? `${text.slice(0, longestValue)}...` : text;
}

/** Problem details with field, value and remedy as members of their own, too. */
export type Problem = ProblemDetails & { readonly field: string; readonly remedy: string };

export function problem(type: ProblemType, { field, value, remedy }: ProblemSubject): Problem {
  const { status, title } = problemTypes[type];
  const given = value === undefined ? field : `${field} is ${shown(value)}`;
  return { type: `${problemRoot}${type}`, title, status, detail: `${given}: ${remedy}`, field, remedy };
}
