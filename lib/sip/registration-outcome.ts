// What the answer to a REGISTER says. RFC 3261 10.2.4, RFC 3327 5.1, RFC 3608 6.1, RFC 7315 4.1, RFC 5626 4.2.
import { contactExpires, contactInstance, contactRegId } from "./header/contact.ts";
import { parseExpires, parseRetryAfter } from "./header/delta-seconds.ts";
import { addressUri, type NameAddress, parseNameAddress } from "./header/name-address.ts";
import type { SipResponse } from "./message.ts";
import type { AuthenticationFailure } from "./registration-challenge.ts";
import type { ClientFailure } from "./stack.ts";
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
  /** Own ones besides the one that was made or refreshed now: left by a P-CSCF that rewrites Contact. */
  readonly stale: readonly RegisteredBinding[];
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

function isOwn(binding: NameAddress, sent: NameAddress | null): boolean {
  if (sent === null) return false;
  if (equalUris(binding.uri, sent.uri)) return true;
  const instance = contactInstance(sent);
  return (
    instance !== null && instance === contactInstance(binding) && contactRegId(sent) === contactRegId(binding)
  );
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

/** The own binding that this REGISTER was about: with the URI that was sent, else the one that lasts longest. */
function presentBinding(
  bindings: readonly RegisteredBinding[],
  sent: NameAddress | null,
): RegisteredBinding | null {
  let present: RegisteredBinding | null = null;
  for (const binding of bindings) {
    if (!binding.own) continue;
    if (sent !== null && equalUris(binding.uri, sent.uri)) return binding;
    if (present === null || binding.expires >= present.expires) present = binding;
  }
  return present;
}

/** A 200 to a REGISTER with this Contact value, which asked for so many seconds. */
export function readRegistered(response: SipResponse, contact: string, asked: number): Registered {
  const { headers } = response;
  const sent = parseNameAddress(contact);
  const bindings = readBindings(response, sent);
  const present = presentBinding(bindings, sent);
  return {
    kind: "registered",
    expires: present?.expires ?? parseExpires(headers.get("Expires") ?? "") ?? asked,
    path: headers.values("Path"),
    serviceRoute: headers.values("Service-Route"),
    associatedUris: headers.values("P-Associated-URI").map(addressUri),
    bindings,
    stale: bindings.filter((binding) => binding.own && binding !== present),
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
