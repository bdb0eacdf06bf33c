// What an S-CSCF holds of its registered users. RFC 3261 10.3, RFC 3327 5.3, TS 24.229 5.4.1.2.
import type { InitialFilterCriteria } from "@liquid-ims/diameter/cx/user-data";
import type { NameAddress } from "@liquid-ims/sip/header/name-address";

export interface Binding {
  /** The Contact value as the UE wrote it. */
  readonly contact: NameAddress;
  readonly path: readonly string[];
  readonly callId: string;
  readonly sequence: number;
  /** host.clock time. */
  readonly expiresAt: number;
}

/** One implicit registration set. */
export interface RegisteredUser {
  readonly privateIdentity: string;
  /** The default identity first. */
  readonly publicIdentities: readonly string[];
  /** By priority. */
  readonly initialFilterCriteria: readonly InitialFilterCriteria[];
  readonly bindings: Map<string, Binding>;
}

export interface BindingChange {
  readonly contacts: readonly NameAddress[];
  readonly path: readonly string[];
  readonly callId: string;
  readonly sequence: number;
  /** Granted to contacts that ask for nothing of their own, in seconds. */
  readonly defaultExpires: number;
  readonly maximumExpires: number;
  /** host.clock time. */
  readonly now: number;
}

/** Seconds for one contact: its own parameter, else the Expires header's, at most what is granted here. */
function expiresOf(contact: NameAddress, change: BindingChange): number {
  const own = contact.parameters.get("expires");
  const asked = own !== undefined && own !== null && /^\d+$/.test(own) ? Number(own) : change.defaultExpires;
  return Math.min(asked, change.maximumExpires);
}

/** The key of a binding: one device keeps one, whatever else its Contact says (RFC 5626 6). */
function keyOf(contact: NameAddress): string {
  const instance = contact.parameters.get("+sip.instance") ?? null;
  const flow = contact.parameters.get("reg-id") ?? null;
  return instance !== null && flow !== null ? JSON.stringify([instance, flow]) : contact.uri;
}

/**
 * Applies a REGISTER to a user's bindings; false when one of them is newer (RFC 3261 10.3, step 7), then nothing
 * has changed.
 */
export function applyRegister(user: RegisteredUser, change: BindingChange): boolean {
  const { callId, sequence, path, now } = change;
  const stale = change.contacts.some((contact) => {
    const known = user.bindings.get(keyOf(contact));
    return known !== undefined && known.callId === callId && known.sequence >= sequence;
  });
  if (stale) return false;
  for (const contact of change.contacts) {
    const expires = expiresOf(contact, change);
    if (contact.uri === "*") user.bindings.clear();
    else if (expires === 0) user.bindings.delete(keyOf(contact));
    else
      user.bindings.set(keyOf(contact), { contact, path, callId, sequence, expiresAt: now + expires * 1000 });
  }
  return true;
}

/** The bindings that have not expired. */
export function liveBindings(user: RegisteredUser, now: number): Binding[] {
  return [...user.bindings.values()].filter((binding) => binding.expiresAt > now);
}

/**
 * Contact values of a 200 with the seconds that are left (RFC 3261 10.3, step 8). `about`: only those of these URIs, as
 * Kamailio's S-CSCF answers.
 */
export function formatBindings(
  user: RegisteredUser,
  now: number,
  about: ReadonlySet<string> | null = null,
): string[] {
  const listed = liveBindings(user, now).filter(({ contact }) => about === null || about.has(contact.uri));
  return listed.map(({ contact, expiresAt }) => {
    const parameters = [...contact.parameters].filter(([name]) => name !== "expires");
    const text = parameters
      .map(([name, value]) => (value === null ? `;${name}` : `;${name}=${value}`))
      .join("");
    return `<${contact.uri}>${text};expires=${Math.max(1, Math.round((expiresAt - now) / 1000))}`;
  });
}
