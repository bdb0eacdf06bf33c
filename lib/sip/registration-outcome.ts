// What the answer to a REGISTER says. RFC 3261 10.2.4, RFC 3327 5.1, RFC 3608 6.1, RFC 7315 4.1, RFC 5626 4.2.
import { contactExpires, contactInstance, contactRegId } from "./header/contact.ts";
import { parseExpires, parseRetryAfter } from "./header/delta-seconds.ts";
import { addressUri, type NameAddress, parseNameAddress } from "./header/name-address.ts";
import type { SipResponse } from "./message.ts";
import type { AuthenticationFailure } from "./registration-challenge.ts";
import type { ClientFailure } from "./transaction-user.ts";
import { equalSipUris, parseSipUri } from "./uri.ts";

/** A binding as the 200 lists it. */
export interface RegisteredBinding {
  readonly uri: string;
  /** The whole Contact value. */
  readonly contact: string;
  readonly instanceId: string | null;
  /** Seconds. */
  readonly expires: number;
  /** Same URI, or same instance and reg-id, as the Contact of this registration. */
  readonly own: boolean;
}

/** A successful registration. */
export interface Registered {
  readonly kind: "registered";
  /** Seconds granted to the own binding. */
  readonly expires: number;
  /** Values of Path, as seen. */
  readonly path: readonly string[];
  /** Values for Route. */
  readonly serviceRoute: readonly string[];
  readonly associatedUris: readonly string[];
  readonly bindings: readonly RegisteredBinding[];
  /** URI of the own one that was made or refreshed now; null where the 200 lists none. */
  readonly present: string | null;
  /** Own ones besides that: left by a P-CSCF that rewrites Contact. */
  readonly stale: readonly RegisteredBinding[];
  /**
   * URI of the present one before this, where it is another one and is not listed. It may stand: Kamailio's S-CSCF lists
   * what the REGISTER was about and no more.
   */
  readonly unlisted: string | null;
  readonly response: SipResponse;
}

export type RegistrationOutcome =
  | Registered
  /** 200 to a REGISTER with Expires 0. */
  | { readonly kind: "removed"; readonly response: SipResponse }
  /** `retryAfter`: seconds, null when the answer does not say. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly retryAfter: number | null;
      readonly response: SipResponse;
      /** Where authentication failed: why. */
      readonly authentication?: AuthenticationFailure;
    }
  | { readonly kind: "failed"; readonly cause: ClientFailure }
  /** Told by itself only: the time granted is over and no refresh succeeded. */
  | { readonly kind: "expired" };

function equalUris(a: string, b: string): boolean {
  const left = parseSipUri(a);
  const right = parseSipUri(b);
  return a === b || (left !== null && right !== null && equalSipUris(left, right));
}

/** Another device may have the same private address behind another NAT: its instance tells it apart (RFC 5626 4.1). */
function isOwn(binding: NameAddress, sent: NameAddress | null): boolean {
  if (sent === null) return false;
  const [instance, other] = [contactInstance(sent), contactInstance(binding)];
  const [regId, otherRegId] = [contactRegId(sent), contactRegId(binding)];
  const isSameDevice = instance !== null && instance === other;
  if (isSameDevice && regId === otherRegId) return true;
  if (instance !== null && other !== null && !isSameDevice) return false;
  if (regId !== null && otherRegId !== null && regId !== otherRegId) return false;
  return equalUris(binding.uri, sent.uri);
}

function readBindings(response: SipResponse, sent: NameAddress | null): RegisteredBinding[] {
  const bindings: RegisteredBinding[] = [];
  for (const contact of response.headers.values("Contact")) {
    const parsed = parseNameAddress(contact);
    if (parsed === null) continue;
    bindings.push({
      uri: parsed.uri,
      contact,
      instanceId: contactInstance(parsed),
      expires: contactExpires(parsed, response.headers) ?? 0,
      own: isOwn(parsed, sent),
    });
  }
  return bindings;
}

/**
 * The own binding that this REGISTER was about. Where P-CSCFs rewrite Contact (Kamailio's `alias`) several equal what was
 * sent, and none may be the same text: it is the one that lasts longest, of two such the one that was not there `before`.
 */
function presentBinding(
  bindings: readonly RegisteredBinding[],
  sent: NameAddress | null,
  before: readonly string[],
): RegisteredBinding | null {
  const own = bindings.filter((binding) => binding.own);
  const longest = Math.max(...own.map(({ expires }) => expires));
  const candidates = own.filter(({ expires }) => expires === longest);
  const made = candidates.filter(({ uri }) => !before.includes(uri));
  const best = made.length > 0 ? made : candidates;
  return best.find(({ uri }) => uri === sent?.uri) ?? best.at(-1) ?? null;
}

/** A 200 to a REGISTER with this Contact value, which asked for so many seconds. `before`: what the 200 before it said. */
export function readRegistered(
  response: SipResponse,
  contact: string,
  asked: number,
  before: Pick<Registered, "bindings" | "present"> | null = null,
): Registered {
  const { headers } = response;
  const sent = parseNameAddress(contact);
  const bindings = readBindings(response, sent);
  const known = before?.bindings.map(({ uri }) => uri) ?? [];
  const present = presentBinding(bindings, sent, known);
  const last = before?.present ?? null;
  const isListed = present === null || present.uri === last || bindings.some(({ uri }) => uri === last);
  return {
    kind: "registered",
    expires: present?.expires ?? parseExpires(headers.get("Expires") ?? "") ?? asked,
    path: headers.values("Path"),
    serviceRoute: headers.values("Service-Route"),
    associatedUris: headers.values("P-Associated-URI").map(addressUri),
    bindings,
    present: present?.uri ?? null,
    stale: bindings.filter((binding) => binding.own && binding !== present),
    unlisted: isListed ? null : last,
    response,
  };
}

/** Any other final answer. */
export function readRefused(
  response: SipResponse,
  authentication: AuthenticationFailure | null = null,
): RegistrationOutcome {
  const retryAfter = parseRetryAfter(response.headers.get("Retry-After") ?? "");
  return {
    kind: "refused",
    status: response.status,
    retryAfter: retryAfter?.seconds ?? null,
    response,
    ...(authentication === null ? {} : { authentication }),
  };
}

/** Seconds until the refresh: 600 before the end, or at half of a time of 1,200 or less (TS 24.229 5.1.1.4.1). */
export function refreshDelay(expires: number): number {
  return expires > 1200 ? expires - 600 : expires / 2;
}
