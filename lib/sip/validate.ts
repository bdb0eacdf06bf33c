// Is a message that could be read also one that can be served, and if not, what is owed? RFC 3261 8.1.1, 8.1.3,
// 8.2.2, 16.3 step 1; RFC 4475. What only some roles ask for (Require, Max-Forwards 0, methods) is theirs.
import { parseContacts } from "./header/contact.ts";
import { parseCSeq } from "./header/cseq.ts";
import { parseNameAddress } from "./header/name-address.ts";
import { parseVia } from "./header/via.ts";
import { clip } from "./header-lines.ts";
import type { Headers } from "./headers.ts";
import type { SipRequest, SipResponse } from "./message.ts";
import { isKnownMethod } from "./method.ts";
import { type Rejection, reject } from "./rejection.ts";
import { normalizeTel, parseSipUri, schemeOf } from "./uri.ts";

export interface ValidateOptions {
  /** Schemes that the Request-URI may have, in lower case; default sip, sips, tel. Others get 416. */
  readonly schemes?: readonly string[];
}

const usualSchemes = ["sip", "sips", "tel"];
const mandatoryFields = ["From", "To", "Call-ID", "CSeq"];
const singleFields = [...mandatoryFields, "Max-Forwards", "Content-Type", "Expires"];
const addressFields = ["Route", "Record-Route", "Path", "Service-Route", "Refer-To"];

/** Null when the URI may stand in a request line (RFC 3261 19.1.1, table 1: no headers). */
function requestUriProblem(uri: string): string | null {
  const scheme = schemeOf(uri);
  if (scheme === "") return `Request-URI ${clip(uri)} has no scheme`;
  if (/[^!-~\u0080-\uffff]|[<>"]/.test(uri)) return `Request-URI ${clip(uri)} has white space or brackets`;
  if (scheme === "sip" || scheme === "sips") {
    const parsed = parseSipUri(uri);
    if (parsed === null) return `Request-URI ${clip(uri)} is no SIP URI`;
    if (parsed.headers !== null) return `Request-URI ${clip(uri)} must not have headers`;
  }
  if (scheme === "tel" && normalizeTel(uri) === null) return `Request-URI ${clip(uri)} is no tel URI`;
  return null;
}

/** Null when it is an address, and a SIP URI in it is one. */
function addressProblem(name: string, value: string): string | null {
  const uri = parseNameAddress(value)?.uri ?? "";
  const scheme = schemeOf(uri);
  const isGood = scheme === "sip" || scheme === "sips" ? parseSipUri(uri) !== null : scheme !== "";
  return isGood ? null : `${name} ${clip(value)} is no address`;
}

/** What is wrong with the fields that every message has. */
function commonProblem(headers: Headers, method: string | null): string | null {
  for (const name of mandatoryFields) if (!headers.has(name)) return `${name} is missing`;
  for (const name of singleFields) if (headers.count(name) > 1) return `${name} comes more than once`;
  for (const name of ["From", "To"]) {
    const problem = addressProblem(name, headers.get(name) ?? "");
    if (problem !== null) return problem;
  }
  const callId = headers.get("Call-ID") ?? "";
  // Stricter than this, many would fail: "=" is no character of a word, but of base64.
  if (!/^[!-~\u0080-\uffff]+$/.test(callId)) return `Call-ID ${clip(callId)} is empty or has white space`;
  const vias = headers.values("Via");
  if (vias.length === 0) return "Via is missing";
  for (const via of vias) if (parseVia(via) === null) return `Via ${clip(via)} is malformed`;
  const written = headers.get("CSeq") ?? "";
  const cseq = parseCSeq(written);
  if (cseq === null) return `CSeq ${clip(written)} is no number below 2^31 and method`;
  return method === null || cseq.method === method ? null : `CSeq has method ${cseq.method}, not ${method}`;
}

/** What is wrong with fields that not every message has, but that somebody acts on. */
function optionalProblem(headers: Headers): string | null {
  const maxForwards = headers.get("Max-Forwards");
  if (maxForwards !== undefined && !(/^[0-9]+$/.test(maxForwards) && Number(maxForwards) <= 255))
    return `Max-Forwards ${clip(maxForwards)} is no number from 0 to 255`;
  if (headers.has("Contact") && parseContacts(headers) === null)
    return `Contact ${clip(headers.get("Contact") ?? "")} is malformed`;
  for (const name of addressFields) {
    for (const value of headers.values(name)) {
      const problem = addressProblem(name, value);
      if (problem !== null) return problem;
    }
  }
  return null;
}

/**
 * The answer owed for a request that is not well-formed; null when it is. 416 for a scheme nobody serves, 501
 * for an unknown method that also contradicts its CSeq, else 400. An ACK is owed none: it is dropped.
 */
export function validateRequest(request: SipRequest, options: ValidateOptions = {}): Rejection | null {
  const { schemes = usualSchemes } = options;
  const problem =
    requestUriProblem(request.uri) ??
    commonProblem(request.headers, request.method) ??
    optionalProblem(request.headers);
  if (problem !== null) {
    const isContradicting = !isKnownMethod(request.method) && problem.startsWith("CSeq has method");
    return reject(isContradicting ? 501 : 400, problem);
  }
  const scheme = schemeOf(request.uri);
  return schemes.includes(scheme) ? null : reject(416, `Request-URI has the scheme ${clip(scheme)}`);
}

/** Null when the response is well-formed; else why it is to be dropped. Nothing is owed for a response. */
export function validateResponse(response: SipResponse): { readonly detail: string } | null {
  const detail = commonProblem(response.headers, null) ?? optionalProblem(response.headers);
  return detail === null ? null : { detail };
}

/**
 * For a user agent: the answer owed for a request that would make a dialog without exactly one Contact
 * (RFC 3261 8.1.1.8, 12.1.1); null when it has one. Proxies do not ask.
 */
export function validateDialogContact(request: SipRequest): Rejection | null {
  const contacts = parseContacts(request.headers);
  if (contacts !== null && contacts !== "*" && contacts.length === 1) return null;
  return reject(400, `${request.method} must have exactly one Contact to make a dialog`);
}
