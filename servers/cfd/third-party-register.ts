// Reads a third-party REGISTER: who is registered, where, for how long. TS 24.229 5.4.1.7, 5.4.1.7A. Pure: what
// follows for the records is said in record-change.ts.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { FunctionName, RegistrationOrder } from "@liquid-ims/location-service/record";
import { addressUris } from "@liquid-ims/sip/header/address-list";
import { contactExpires, contactInstance, contactRegId, parseContacts } from "@liquid-ims/sip/header/contact";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { parseExpires } from "@liquid-ims/sip/header/delta-seconds";
import { parseNameAddress } from "@liquid-ims/sip/header/name-address";
import type { Headers } from "@liquid-ims/sip/headers";
import type { SipRequest } from "@liquid-ims/sip/message";
import { type EmbeddedMessages, readEmbedded } from "./embedded-message.ts";
import { findPCscf, type PCscf } from "./p-cscf-name.ts";

/** A contact of the REGISTER in the body. */
export interface ShownContact {
  readonly uri: string;
  readonly instance: string | null;
  readonly regId: number | null;
  /** It was asked to remove this binding. */
  readonly isRemoved: boolean;
  /** Seconds granted by the 200 in the body; null where it is not there or does not say. */
  readonly granted: number | null;
}

export interface ThirdPartyRegister {
  /** The To URI. */
  readonly identity: string;
  /** The default identity first; only the To URI where nothing names the others. */
  readonly implicitSet: readonly string[];
  /** True when `implicitSet` was named and is not just the To URI. */
  readonly isSetShown: boolean;
  /** Server-Name, verbatim. */
  readonly sCscf: FunctionName;
  /** Seconds; 0 is a de-registration of something. */
  readonly expires: number;
  readonly pCscf: PCscf | null;
  readonly visitedNetwork: string | null;
  /** From the Authorization of the REGISTER in the body. */
  readonly impi: string | null;
  /** Contacts of the REGISTER in the body, "*" for all, null where there is no such body. */
  readonly contacts: readonly ShownContact[] | "*" | null;
  readonly order: RegistrationOrder | null;
  /** Parts of the body that could not be read. */
  readonly unreadable: number;
}

export type ReadResult =
  | { readonly ok: true; readonly value: ThirdPartyRegister }
  | { readonly ok: false; readonly detail: string };

function unusable(detail: string): ReadResult {
  return { ok: false, detail };
}

function uriOf(value: string | undefined): string | null {
  return value === undefined ? null : (parseNameAddress(value)?.uri ?? null);
}

/** URIs that stand in a text, such as operators put into service information; none where this user's is not among them. */
function identitiesIn(text: string, identity: string): string[] {
  const uris = text
    .split(/[\s,;<>"]+/)
    .filter((word) => /^(sips?:[^@\s]+@[^@\s]+|tel:\+?[0-9].*)$/i.test(word));
  return uris.includes(identity) ? uris : [];
}

function readImplicitSet(
  request: SipRequest,
  embedded: EmbeddedMessages,
  identity: string,
): readonly string[] {
  for (const headers of [request.headers, embedded.response?.headers]) {
    const uris = headers === undefined ? null : addressUris(headers, "P-Associated-URI");
    if (uris !== null && uris.length > 0) return uris;
  }
  return identitiesIn(embedded.serviceInfo ?? "", identity);
}

function readContacts({ register, response }: EmbeddedMessages): readonly ShownContact[] | "*" | null {
  if (register === null) return null;
  const contacts = parseContacts(register.headers);
  if (contacts === null || contacts === "*") return contacts;
  const granted = response === null ? null : parseContacts(response.headers);
  return contacts.map((contact) => {
    const binding =
      granted === null || granted === "*" ? undefined : granted.find(({ uri }) => uri === contact.uri);
    return {
      uri: contact.uri,
      instance: contactInstance(contact),
      regId: contactRegId(contact),
      isRemoved: contactExpires(contact, register.headers) === 0,
      granted: binding === undefined || response === null ? null : contactExpires(binding, response.headers),
    };
  });
}

/** The 200 has the Call-ID and CSeq of its REGISTER. */
function readOrder({ register, response }: EmbeddedMessages): RegistrationOrder | null {
  const headers = (register ?? response)?.headers;
  const callId = headers?.get("Call-ID");
  const cseq = parseCSeq(headers?.get("CSeq") ?? "");
  return callId === undefined || cseq === null ? null : { callId, sequence: cseq.sequence };
}

function readImpi(register: SipRequest | null): string | null {
  for (const value of register?.headers.all("Authorization") ?? []) {
    const name = parseCredentials(value)?.parameters.get("username");
    if (name !== undefined && name !== null && name !== "") return name;
  }
  return null;
}

/** RFC 7315 4.3: a token or quoted text with parameters; the first names the network of the P-CSCF. */
function readVisitedNetwork(headers: Headers | undefined): string | null {
  const [first] = headers?.values("P-Visited-Network-ID") ?? [];
  if (first === undefined) return null;
  const name = /^"((?:[^"\\]|\\.)*)"/.exec(first)?.[1] ?? first.split(";")[0]?.trim();
  return name === undefined || name === "" ? null : name;
}

function readExpires(request: SipRequest): number | null {
  const field = request.headers.get("Expires");
  if (field !== undefined) return parseExpires(field);
  const contacts = parseContacts(request.headers);
  const first = contacts === null || contacts === "*" ? undefined : contacts[0];
  return first === undefined ? null : contactExpires(first, request.headers);
}

/** True for what a record can be kept under: a user at a domain, or a telephone number. */
function isIdentity(uri: string): boolean {
  return /^(sips?:[^@\s]+@[^@\s]+|tel:[^\s]+)$/i.test(uri);
}

/** Reads the message; `detail` of a refusal names the field, its value and the remedy. */
export function readThirdPartyRegister(request: SipRequest, table: FunctionTable): ReadResult {
  const { headers } = request;
  const identity = uriOf(headers.get("To"));
  if (identity === null || !isIdentity(identity))
    return unusable(`To "${headers.get("To") ?? ""}" has no public identity; send sip:user@domain or tel:`);
  const sCscf = uriOf(headers.get("From"));
  if (sCscf === null)
    return unusable(`From "${headers.get("From") ?? ""}" has no URI; send the S-CSCF's Server-Name`);
  const contact = uriOf(headers.values("Contact")[0]);
  if (contact !== null && !table.isSame(contact, sCscf))
    return unusable(`Contact ${contact} is not the S-CSCF of From, ${sCscf}; send the same in both`);
  const expires = readExpires(request);
  if (expires === null)
    return unusable(
      `Expires "${headers.get("Expires") ?? ""}" is no number; send the seconds that were granted`,
    );
  const embedded = readEmbedded(request);
  const shown = readImplicitSet(request, embedded, identity);
  const implicitSet = shown.length > 0 ? [...new Set(shown)] : [identity];
  if (!implicitSet.includes(identity)) implicitSet.push(identity);
  return {
    ok: true,
    value: {
      identity,
      implicitSet,
      isSetShown: shown.length > 0,
      sCscf,
      expires,
      pCscf: findPCscf(request, embedded.register, sCscf, table),
      visitedNetwork: readVisitedNetwork(headers) ?? readVisitedNetwork(embedded.register?.headers),
      impi: readImpi(embedded.register),
      contacts: readContacts(embedded),
      order: readOrder(embedded),
      unreadable: embedded.unreadable,
    },
  };
}
