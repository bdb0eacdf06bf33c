// Contact. RFC 3261 20.10, 10.2; RFC 3840 9 (feature tags); RFC 5626 11 (reg-id, +sip.instance).
import type { Headers } from "../headers.ts";
import { parseDeltaSeconds } from "./delta-seconds.ts";
import { type NameAddress, parseNameAddress } from "./name-address.ts";
import { parameterText } from "./parameters.ts";

/** "*" for all of them (only to remove all bindings), else the addresses; null when a field is malformed. */
export function parseContacts(headers: Headers): "*" | NameAddress[] | null {
  const values = headers.values("Contact");
  if (values.length === 1 && values[0] === "*") return "*";
  const contacts: NameAddress[] = [];
  for (const value of values) {
    const contact = parseNameAddress(value);
    if (contact === null) return null;
    contacts.push(contact);
  }
  return contacts;
}

/** The URI of the only Contact; null when there is none, several, or "*". */
export function contactUri(headers: Headers): string | null {
  const contacts = parseContacts(headers);
  if (contacts === null || contacts === "*" || contacts.length !== 1) return null;
  return contacts[0]?.uri ?? null;
}

/**
 * How long a binding is asked for or granted, in seconds: its own `expires`, else the Expires field, else null
 * (the registrar's default). Malformed ones count as absent (RFC 3261 10.2.1.1, 20.10).
 */
export function contactExpires(contact: NameAddress, headers: Headers): number | null {
  const own = parameterText(contact.parameters, "expires");
  const seconds = own === null ? null : parseDeltaSeconds(own);
  if (seconds !== null) return seconds;
  const field = headers.get("Expires");
  return field === undefined ? null : parseDeltaSeconds(field);
}

/** Preference from 0 to 1; 1 when absent or malformed. */
export function contactPriority(contact: NameAddress): number {
  const q = contact.parameters.get("q") ?? "";
  return /^(0(\.[0-9]{0,3})?|1(\.0{0,3})?)$/.test(q) ? Number(q) : 1;
}

/** The instance-id without quotes and brackets, in lower case (RFC 5626 4.1); null when absent. */
export function contactInstance(contact: NameAddress): string | null {
  const text = parameterText(contact.parameters, "+sip.instance");
  return text === null ? null : text.replace(/^<|>$/g, "").toLowerCase();
}

/** The flow number of RFC 5626 4.2; null when absent or out of range. */
export function contactRegId(contact: NameAddress): number | null {
  const text = contact.parameters.get("reg-id") ?? "";
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value < 2 ** 31 ? value : null;
}
