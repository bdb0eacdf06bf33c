// SIP, SIPS and tel URIs. RFC 3261 19.1, 25.1; RFC 3966 3, 4.
import type { Parameters } from "./header/parameters.ts";
import { equalHosts, formatHost, parseHost } from "./host.ts";

export type { Parameters };

/** A SIP or SIPS URI. Texts are as written, escapes too; names of parameters are in lower case. */
export interface SipUri {
  readonly scheme: "sip" | "sips";
  readonly user: string | null;
  readonly password: string | null;
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number | null;
  readonly parameters: Parameters;
  /** What stands behind the `?`. */
  readonly headers: string | null;
}

const control = /[^!-~\u0080-\uffff]|["<>]/;
const badEscape = /%(?![0-9A-Fa-f]{2})/;
const parameterText = /^[0-9A-Za-z\-_.!~*'()%[\]/:&+$]+$/;
const escaped = /%([0-9A-Fa-f]{2})/g;
const unreserved = /[0-9A-Za-z\-_.!~*'()]/;

/** Escapes of characters that need none are undone, the others in upper case (RFC 3261 19.1.4). */
function normalizeEscapes(text: string): string {
  return text.replace(escaped, (written: string, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return unreserved.test(character) ? character : written.toUpperCase();
  });
}

function parsePort(text: string): number | null {
  return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null;
}

/** `host` or `host:port`, IPv6 in brackets; null when it is neither. */
export function parseHostPort(text: string): { host: string; port: number | null } | null {
  const colon = text.startsWith("[") ? text.indexOf("]") + 1 : text.indexOf(":");
  const end = colon <= 0 ? text.length : colon;
  const host = parseHost(text.slice(0, end));
  if (host === null) return null;
  if (end === text.length) return { host, port: null };
  const port = text.charAt(end) === ":" ? parsePort(text.slice(end + 1)) : null;
  return port === null ? null : { host, port };
}

function parseUriParameters(text: string): Parameters | null {
  const parameters = new Map<string, string | null>();
  for (const part of text.split(";")) {
    const equals = part.indexOf("=");
    const written = equals < 0 ? part : part.slice(0, equals);
    const value = equals < 0 ? null : part.slice(equals + 1);
    if (!parameterText.test(written) || (value !== null && !parameterText.test(value))) return null;
    const name = normalizeEscapes(written).toLowerCase();
    if (parameters.has(name)) return null;
    parameters.set(name, value);
  }
  return parameters;
}

/** Null when it is no SIP or SIPS URI, or has a parameter twice. */
export function parseSipUri(text: string): SipUri | null {
  const colon = text.indexOf(":");
  const scheme = text.slice(0, Math.max(0, colon)).toLowerCase();
  if ((scheme !== "sip" && scheme !== "sips") || control.test(text) || badEscape.test(text)) return null;

  // Neither parameters nor headers can hold an "@", the user can hold ";" and "?".
  const at = text.indexOf("@", colon);
  let user: string | null = null;
  let password: string | null = null;
  if (at >= 0) {
    const info = text.slice(colon + 1, at);
    const split = info.indexOf(":");
    user = split < 0 ? info : info.slice(0, split);
    password = split < 0 ? null : info.slice(split + 1);
    if (user === "") return null;
  }
  const rest = text.slice((at < 0 ? colon : at) + 1);
  if (rest.includes("@")) return null;
  const question = rest.indexOf("?");
  const beforeHeaders = question < 0 ? rest : rest.slice(0, question);
  const headers = question < 0 ? null : rest.slice(question + 1);
  const semicolon = beforeHeaders.indexOf(";");
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon));
  const parameters: Parameters | null =
    semicolon < 0 ? new Map() : parseUriParameters(beforeHeaders.slice(semicolon + 1));
  if (hostPort === null || parameters === null || headers === "") return null;
  return { scheme, user, password, ...hostPort, parameters, headers };
}

/** As text. */
export function formatSipUri(uri: SipUri): string {
  const password = uri.password === null ? "" : `:${uri.password}`;
  const user = uri.user === null ? "" : `${uri.user}${password}@`;
  const port = uri.port === null ? "" : `:${uri.port}`;
  let parameters = "";
  for (const [name, value] of uri.parameters) parameters += value === null ? `;${name}` : `;${name}=${value}`;
  const headers = uri.headers === null ? "" : `?${uri.headers}`;
  return `${uri.scheme}:${user}${formatHost(uri.host)}${port}${parameters}${headers}`;
}

// In one URI only, these make it another one; any other parameter in one only is ignored.
const decidingParameters = ["transport", "user", "ttl", "method", "maddr"];

function normalizeValue(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : normalizeEscapes(value).toLowerCase();
}

function equalParameters(a: Parameters, b: Parameters): boolean {
  if (decidingParameters.some((name) => a.has(name) !== b.has(name))) return false;
  for (const [name, value] of a)
    if (b.has(name) && normalizeValue(value) !== normalizeValue(b.get(name))) return false;
  return true;
}

function normalizeHeaders(headers: string | null): string {
  if (headers === null) return "";
  const pairs = headers.split("&").map((pair) => {
    const [name = "", ...value] = normalizeEscapes(pair).split("=");
    return [name.toLowerCase(), ...value].join("=");
  });
  return pairs.sort().join("&");
}

function equalTexts(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : normalizeEscapes(a) === normalizeEscapes(b);
}

/** Comparison of RFC 3261 19.1.4. Not transitive: a URI may equal two that differ. */
export function equalSipUris(a: SipUri, b: SipUri): boolean {
  return (
    a.scheme === b.scheme &&
    a.port === b.port &&
    equalTexts(a.user, b.user) &&
    equalTexts(a.password, b.password) &&
    equalHosts(a.host, b.host) &&
    equalParameters(a.parameters, b.parameters) &&
    normalizeHeaders(a.headers) === normalizeHeaders(b.headers)
  );
}

/** One text per telephone number, for comparing (RFC 3966 4): no visual separators, lower case, parameters in
 * alphabetical order. Null when it is no tel URI. */
export function normalizeTel(text: string): string | null {
  if (!/^tel:/i.test(text) || control.test(text)) return null;
  const [number = "", ...parameters] = text.slice(4).split(";");
  const digits = number.replace(/[-.()]/g, "").toLowerCase();
  if (!/^(\+[0-9]+|[0-9a-f*#]+)$/.test(digits)) return null;
  const normalized = parameters.map((parameter) => {
    const [name = "", ...rest] = normalizeEscapes(parameter).toLowerCase().split("=");
    const value = rest.join("=");
    const isNumber = name === "ext" || (name === "phone-context" && value.startsWith("+"));
    return [name, isNumber ? value.replace(/[-.()]/g, "") : value].join("=");
  });
  return [`tel:${digits}`, ...normalized.sort()].join(";");
}

/** The scheme in lower case; empty when the text has none. */
export function schemeOf(uri: string): string {
  return /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(uri)?.[1]?.toLowerCase() ?? "";
}
