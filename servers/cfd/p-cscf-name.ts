// Which P-CSCF serves the user. RFC 3327 (Path), RFC 7315 4.6 (icid-generated-at).
import { type FunctionTable, functionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import { addressUris } from "@liquid-ims/sip/header/address-list";
import { parseChargingVector } from "@liquid-ims/sip/header/charging-vector";
import { parameterText } from "@liquid-ims/sip/header/parameters";
import type { Headers } from "@liquid-ims/sip/headers";
import type { SipRequest } from "@liquid-ims/sip/message";
import { parseHostPort, parseSipUri } from "@liquid-ims/sip/uri";

export interface PCscf {
  readonly name: FunctionName;
  /** Path without the S-CSCF itself, topmost first, as URIs; empty where the name came from elsewhere. */
  readonly path: readonly string[];
  /** Where the name stood. */
  readonly source: "Path" | "embedded Path" | "icid-generated-at";
}

/** The name of a Path entry: by the table where it is there, else host and port as they stand. */
function nameOfUri(uri: string, table: FunctionTable): FunctionName | null {
  const parsed = parseSipUri(uri);
  if (parsed === null) return null;
  return table.nameOf(parsed.host, parsed.port) ?? functionName(parsed.host, parsed.port);
}

function fromPath(
  headers: Headers,
  sCscf: FunctionName,
  table: FunctionTable,
): { readonly name: FunctionName; readonly path: readonly string[] } | null {
  // A damaged Path names nobody: to guess could name the wrong P-CSCF.
  const uris = addressUris(headers, "Path");
  if (uris === null) return null;
  const path: string[] = [];
  let name: FunctionName | null = null;
  for (const uri of uris) {
    const entry = nameOfUri(uri, table);
    if (entry === null) return null;
    if (table.isSame(entry, sCscf)) continue;
    path.push(uri);
    name = entry;
  }
  return name === null ? null : { name, path };
}

/**
 * The only P-CSCF at an address, often without a port: other functions may share it, and S-CSCFs are named by SIP URIs. Of
 * several P-CSCFs none is guessed.
 */
function pCscfAt(host: string, port: number | null, table: FunctionTable): FunctionName | null {
  const names = table.namesOf(host, port);
  if (names.length === 0) return functionName(host, port);
  const pCscfs = names.filter((name) => !/^sips?:/i.test(name));
  return pCscfs.length === 1 ? (pCscfs[0] ?? null) : null;
}

function fromChargingVector(headers: Headers, table: FunctionTable): FunctionName | null {
  const vector = parseChargingVector(headers.get("P-Charging-Vector") ?? "");
  const text = vector === null ? null : parameterText(vector.parameters, "icid-generated-at");
  if (text === null) return null;
  // gen-value: an IPv6 address may stand there without brackets.
  const address = parseHostPort(text) ?? parseHostPort(`[${text}]`);
  if (address === null) return null;
  return pCscfAt(address.host, address.port, table);
}

/**
 * The P-CSCF of a third-party REGISTER, from the first that shows one: the bottom-most Path value that is not the
 * S-CSCF itself; the Path of the REGISTER in the body; icid-generated-at. Null where none does.
 */
export function findPCscf(
  request: SipRequest,
  embedded: SipRequest | null,
  sCscf: FunctionName,
  table: FunctionTable,
): PCscf | null {
  const outer = fromPath(request.headers, sCscf, table);
  if (outer !== null) return { ...outer, source: "Path" };
  const inner = embedded === null ? null : fromPath(embedded.headers, sCscf, table);
  if (inner !== null) return { ...inner, source: "embedded Path" };
  const generatedAt =
    fromChargingVector(request.headers, table) ??
    (embedded === null ? null : fromChargingVector(embedded.headers, table));
  return generatedAt === null ? null : { name: generatedAt, path: [], source: "icid-generated-at" };
}
