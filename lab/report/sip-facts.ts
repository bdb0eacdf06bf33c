// What the report needs of a SIP message in the trace.
import { encodeText } from "@liquid-ims/runtime/text";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { addressUri, tagOf } from "@liquid-ims/sip/header/name-address";
import { parseReplaces } from "@liquid-ims/sip/header/replaces";
import { parseMessage } from "@liquid-ims/sip/parser";
import type { TraceEntry } from "../trace.ts";

export interface SipFacts {
  /** Method of the request, or of the request that a response answers. */
  readonly method: string;
  /** Null for a request. */
  readonly status: number | null;
  /** Request-URI without parameters; empty for a response. */
  readonly requestUri: string;
  /** Number of the CSeq. */
  readonly sequence: number;
  readonly callId: string;
  /** Of the topmost Via: the transaction. */
  readonly branch: string;
  /** URI of From and To, without tag. */
  readonly from: string;
  readonly to: string;
  /** The To header has a tag: an in-dialog request, or a response. */
  readonly hasToTag: boolean;
  /** Call-ID of the dialog that an INVITE replaces. */
  readonly replaces: string | null;
  /** A REGISTER that takes a binding away. */
  readonly removes: boolean;
  /** Last Service-Route of a 200 to a REGISTER. */
  readonly serviceRoute: string | null;
}

/** Null for what is not SIP, or not a whole message. */
export function sipFacts(entry: TraceEntry): SipFacts | null {
  if (!entry.protocol.startsWith("sip/")) return null;
  const parsed = parseMessage(encodeText(entry.message));
  if (!parsed.ok) return null;
  const { message } = parsed;
  const { headers } = message;
  const to = headers.get("To") ?? "";
  const cSeq = parseCSeq(headers.get("CSeq") ?? "");
  return {
    method: message.kind === "request" ? message.method : (cSeq?.method ?? ""),
    status: message.kind === "request" ? null : message.status,
    requestUri: message.kind === "request" ? (message.uri.split(";")[0] ?? "") : "",
    sequence: cSeq?.sequence ?? 0,
    callId: headers.get("Call-ID") ?? "",
    branch: /;\s*branch=([^;,\s]+)/i.exec(headers.get("Via") ?? "")?.[1] ?? "",
    from: addressUri(headers.get("From") ?? ""),
    to: addressUri(to),
    hasToTag: tagOf(to) !== null,
    removes: /^0+$/.test(headers.get("Expires")?.trim() ?? ""),
    serviceRoute: headers.values("Service-Route").at(-1) ?? null,
    replaces: parseReplaces(headers.get("Replaces") ?? "")?.callId ?? null,
  };
}
