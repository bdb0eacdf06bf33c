// Third-party REGISTERs for tests: composed here, and those captured from real S-CSCFs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readThirdPartyRegister, type ThirdPartyRegister } from "@liquid-ims/cfd/third-party-register";
import { createFunctionTable, type FunctionTable } from "@liquid-ims/location-service/function-name";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildRequest, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";

/** The functions of the captures' network. */
export const functions = [
  { name: "pcscf1.open-ims.test:4060", addresses: ["127.0.1.1"] },
  { name: "pcscf2.open-ims.test:4060", addresses: ["127.0.1.2"] },
  { name: "pcscf3.open-ims.test:4060", addresses: ["127.0.1.3"] },
  { name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21"] },
  { name: "sip:scscf2.open-ims.test:6060", addresses: ["127.0.1.22"] },
];

export const table: FunctionTable = createFunctionTable(functions);

/** The bytes of one captured message: what follows the line that tells its length. */
export function readCapture(folder: string, name: string): Uint8Array {
  const file = readFileSync(join(folder, name));
  const lineEnd = file.indexOf(0x0a);
  const length = / len=(\d+)/.exec(file.subarray(0, lineEnd).toString())?.[1];
  return new Uint8Array(file.subarray(lineEnd + 1, lineEnd + 1 + Number(length)));
}

export function parseRequest(data: Uint8Array): SipRequest {
  const parsed = parseMessage(data);
  if (!parsed.ok || parsed.message.kind !== "request")
    throw new Error(`no request: ${parsed.ok ? "a response" : parsed.error.detail}`);
  return parsed.message;
}

export interface Embedded {
  readonly callId?: string;
  readonly sequence?: number;
  readonly contact?: string;
  readonly pCscf?: string;
  readonly expires?: number;
  readonly user?: string;
}

/** A UE's REGISTER as it reaches the S-CSCF. */
export function ueRegister(o: Embedded = {}): SipRequest {
  const { callId = "reg-1@ue", sequence = 2, user = "alice", expires = 600, pCscf = "pcscf1" } = o;
  const contact = o.contact ?? `<sip:${user}@127.0.3.1:5060>`;
  return buildRequest({
    method: "REGISTER",
    uri: "sip:open-ims.test",
    headers: [
      ["Via", "SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bKue"],
      ["From", `<sip:${user}@open-ims.test>;tag=ue`],
      ["To", `<sip:${user}@open-ims.test>`],
      ["Call-ID", callId],
      ["CSeq", `${sequence} REGISTER`],
      ["Contact", contact],
      ["Expires", String(expires)],
      ["Path", `<sip:term@${pCscf}.open-ims.test:4060;lr>`],
      [
        "Authorization",
        `Digest username="${user}-private@open-ims.test", realm="open-ims.test", uri="sip:x"`,
      ],
    ],
  });
}

export interface ThirdParty {
  readonly user?: string;
  /** Default "scscf1". */
  readonly sCscf?: string;
  /** Null: shown nowhere. Default "pcscf1". */
  readonly pCscf?: string | null;
  readonly expires?: number;
  readonly embedded?: SipRequest;
  readonly associated?: string;
  /** Replaces or adds fields; undefined takes one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly branch?: string;
}

/** A third-party REGISTER in the manner of Kamailio. */
export function thirdParty(o: ThirdParty = {}): SipRequest {
  const { user = "alice", sCscf = "scscf1", pCscf = "pcscf1", expires = 600, branch = "z9hG4bK1" } = o;
  const server = `sip:${sCscf}.open-ims.test:6060`;
  const fields = new Map<string, string | undefined>([
    ["Via", `SIP/2.0/UDP 127.0.1.21:6060;branch=${branch}`],
    ["To", `<sip:${user}@open-ims.test>`],
    ["From", `<${server}>;tag=s`],
    ["Call-ID", `${branch}@scscf`],
    ["CSeq", "10 REGISTER"],
    ["Max-Forwards", "10"],
    ["Event", "registration"],
    ["Expires", String(expires)],
    ["Contact", `<${server}>`],
    ["P-Associated-URI", o.associated ?? `<sip:${user}@open-ims.test>`],
    ["P-Visited-Network-ID", "open-ims.test"],
  ]);
  if (pCscf !== null && o.embedded === undefined)
    fields.set("Path", `<${server};lr>,<sip:term@${pCscf}.open-ims.test:4060;lr>`);
  if (o.embedded !== undefined) fields.set("Content-Type", "message/sip");
  for (const [name, value] of Object.entries(o.headers ?? {})) fields.set(name, value);
  const headers: HeaderPair[] = [];
  for (const [name, value] of fields) if (value !== undefined) headers.push([name, value]);
  const body = o.embedded === undefined ? new Uint8Array(0) : serializeMessage(o.embedded);
  return buildRequest({ method: "REGISTER", uri: "sip:cfd.open-ims.test:7080", headers, body });
}

/** The same with a body of any kind. */
export function withBody(request: SipRequest, contentType: string, body: string | Uint8Array): SipRequest {
  const headers = request.headers.clone();
  headers.set("Content-Type", contentType);
  const bytes = typeof body === "string" ? encodeText(body) : body;
  return buildRequest({ method: request.method, uri: request.uri, headers, body: bytes });
}

/** What the CFD reads in it. */
export function read(request: SipRequest): ThirdPartyRegister {
  const result = readThirdPartyRegister(request, table);
  if (!result.ok) throw new Error(result.detail);
  return result.value;
}
