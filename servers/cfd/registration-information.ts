// Reads registration information: which contacts are registered. RFC 3680 5. The document is a peer's: its size is
// bounded, a document type (and with it every entity of its own) is refused, what is unknown in it is left alone.
import { decodeText } from "@liquid-ims/runtime/text";
import { equalSipUris, normalizeTel, parseSipUri } from "@liquid-ims/sip/uri";
import { SaxesParser } from "saxes";

/** One address-of-record of the document. */
interface Registration {
  readonly aor: string;
  /** URIs of the contacts that are active. */
  readonly contacts: string[];
}

export type RegistrationInformation =
  | { readonly ok: true; readonly contacts: readonly string[] }
  | { readonly ok: false; readonly detail: string };

/** Media type of the body. */
export const registrationInformationType = "application/reginfo+xml";

const namespace = "urn:ietf:params:xml:ns:reginfo";
/** Bytes. Kamailio's are at most 16,384. */
const longest = 65_536;

/** True for the same identity or contact: RFC 3261 19.1.4, RFC 3966 4. */
export function isSameUri(a: string, b: string): boolean {
  if (a === b) return true;
  const [left, right] = [parseSipUri(a), parseSipUri(b)];
  if (left !== null && right !== null) return equalSipUris(left, right);
  const tel = normalizeTel(a);
  return tel !== null && tel === normalizeTel(b);
}

/** Where the parser is; whatever lies deeper than the document's own elements is nowhere. */
function placeOf(open: readonly string[]): string {
  return open.length > 4 ? "" : open.join(" ");
}

interface Contact {
  readonly isActive: boolean;
  uri: string | null;
}

/** The contacts of all of these identities, which are one implicit set; `detail` says why there is no telling. */
export function readRegistrationInformation(
  body: Uint8Array,
  identities: readonly string[],
): RegistrationInformation {
  if (body.length > longest)
    return { ok: false, detail: `${body.length} bytes, at most ${longest} are read` };
  const registrations: Registration[] = [];
  let state: string | null = null;
  let registration: Registration | null = null;
  let contact: Contact | null = null;
  let text: string | null = null;
  let fault: string | null = null;
  /** Names of the elements that are open; those of other namespaces as "". */
  const open: string[] = [];

  const parser = new SaxesParser({ xmlns: true });
  parser.on("doctype", () => {
    fault ??= "it has a document type";
  });
  parser.on("opentag", (tag) => {
    open.push(tag.uri === namespace ? tag.local : "");
    const place = placeOf(open);
    const attribute = (key: string) => tag.attributes[key]?.value ?? null;
    if (place === "reginfo") state = attribute("state");
    else if (place === "reginfo registration") {
      registration = { aor: attribute("aor") ?? "", contacts: [] };
      registrations.push(registration);
    } else if (place === "reginfo registration contact")
      contact = { isActive: attribute("state") === "active", uri: null };
    else if (place === "reginfo registration contact uri") text = "";
  });
  const take = (part: string) => {
    if (text !== null) text += part;
  };
  parser.on("text", take);
  parser.on("cdata", take);
  parser.on("closetag", () => {
    const place = placeOf(open);
    open.pop();
    if (place === "reginfo registration contact uri" && contact !== null) {
      contact.uri = text?.trim() ?? null;
      text = null;
    } else if (place === "reginfo registration contact" && contact !== null) {
      if (contact.isActive && (contact.uri === null || contact.uri === "")) fault ??= "a contact has no uri";
      else if (contact.isActive && contact.uri !== null) registration?.contacts.push(contact.uri);
      contact = null;
    }
  });
  // Without a handler saxes throws; the document is the peer's, so its errors are values.
  parser.on("error", (error) => {
    fault ??= error.message;
  });
  parser.write(decodeText(body)).close();

  if (fault !== null) return { ok: false, detail: fault };
  if (state !== "full") return { ok: false, detail: `its state is ${state ?? "not there"}, full is needed` };
  const ours = registrations.filter(({ aor }) => identities.some((identity) => isSameUri(identity, aor)));
  if (ours.length === 0) return { ok: false, detail: `it says nothing of ${identities.join(", ")}` };
  return { ok: true, contacts: [...new Set(ours.flatMap(({ contacts }) => contacts))] };
}
