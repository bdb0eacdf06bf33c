// Reading a SUBSCRIBE: what the event package wants of it, and the answers owed. RFC 6665 4.2.1, 7.2; cfs-ue 2.
import { type FunctionTable, functionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import { contentType, eventPackage } from "@liquid-ims/reference-points/cfs-ue";
import { decodeText } from "@liquid-ims/runtime/text";
import { parseDeltaSeconds } from "@liquid-ims/sip/header/delta-seconds";
import { parseEvent } from "@liquid-ims/sip/header/event";
import { addressUri, parseNameAddress, tagOf } from "@liquid-ims/sip/header/name-address";
import type { SipRequest } from "@liquid-ims/sip/message";
import { type Rejection, reject } from "@liquid-ims/sip/rejection";
import { parseSipUri } from "@liquid-ims/sip/uri";

export interface SubscribeLimits {
  /** Seconds. */
  readonly shortestExpires: number;
  /** Seconds. */
  readonly longestExpires: number;
}

/** A SUBSCRIBE that asks for what we have. */
export interface SubscribeRequest {
  readonly request: SipRequest;
  readonly callId: string;
  readonly fromTag: string;
  /** Null: outside a dialog. */
  readonly toTag: string | null;
  /** URI of Contact, null where there is none. */
  readonly contact: string | null;
  /** Value of Event, with its `id` where it has one. */
  readonly event: string;
  /** Seconds granted; 0 ends or fetches. */
  readonly expires: number;
  /** The compact JWS; null: nothing signed in it. */
  readonly body: string | null;
}

export type SubscribeReading =
  | { readonly ok: true; readonly subscribe: SubscribeRequest }
  | { readonly ok: false; readonly rejection: Rejection };

function refused(rejection: Rejection): SubscribeReading {
  return { ok: false, rejection };
}

const allowEvents = ["Allow-Events", eventPackage] as const;

/** What is granted of the seconds asked for, or the 423 that is owed. */
export function grantExpires(asked: number, limits: SubscribeLimits): number | Rejection {
  if (asked !== 0 && asked < limits.shortestExpires) {
    const least = String(limits.shortestExpires);
    return reject(423, `Expires ${asked}: at least ${least}, or 0`, [["Min-Expires", least]]);
  }
  return Math.min(asked, limits.longestExpires);
}

/** Media ranges of Accept that our bodies are among (RFC 3261 20.1); none at all means the package's own. */
function acceptsBodies(request: SipRequest): boolean {
  const ranges = request.headers.values("Accept");
  if (ranges.length === 0 && !request.headers.has("Accept")) return true;
  return ranges.some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const refusing = parameters.some((parameter) => /^q\s*=\s*0(\.0*)?$/.test(parameter));
    return !refusing && (type === contentType || type === "application/*" || type === "*/*");
  });
}

function checkEvent(request: SipRequest): Rejection | { readonly event: string } {
  const event = request.headers.get("Event");
  const known = event !== undefined && parseEvent(event)?.package === eventPackage;
  if (known && request.headers.count("Event") === 1) return { event };
  return reject(489, `Event ${event ?? "is missing"}`, [allowEvents]);
}

function checkBody(request: SipRequest): Rejection | { readonly body: string | null } {
  if (request.body.length === 0) return { body: null };
  const type = (request.headers.get("Content-Type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== contentType)
    return reject(415, `Content-Type ${type ?? ""}: only ${contentType} is read`, [["Accept", contentType]]);
  if (request.headers.has("Content-Encoding"))
    return reject(415, "Content-Encoding: none is undone", [["Accept-Encoding", "identity"]]);
  return { body: decodeText(request.body) };
}

/** Reads it, in the order: Require, Event, Accept, Expires, body, dialog. */
export function readSubscribe(request: SipRequest, limits: SubscribeLimits): SubscribeReading {
  const { headers } = request;
  const required = headers.values("Require");
  if (required.length > 0)
    return refused(reject(420, `Require ${required.join(", ")}`, [["Unsupported", required.join(", ")]]));
  const event = checkEvent(request);
  if ("status" in event) return refused(event);
  if (!acceptsBodies(request))
    return refused(
      reject(406, `Accept ${headers.all("Accept").join(", ")}: without ${contentType}`, [
        ["Accept", contentType],
      ]),
    );
  const written = headers.get("Expires");
  const asked = written === undefined ? limits.longestExpires : parseDeltaSeconds(written);
  if (asked === null) return refused(reject(400, `Expires ${written ?? ""}: is no number of seconds`));
  const expires = grantExpires(asked, limits);
  if (typeof expires !== "number") return refused(expires);
  const body = checkBody(request);
  if ("status" in body) return refused(body);
  const callId = headers.get("Call-ID") ?? "";
  const fromTag = tagOf(headers.get("From") ?? "");
  if (callId === "" || fromTag === null || fromTag === "")
    return refused(reject(400, "Call-ID or From tag: missing, and they name the dialog"));
  const contact = headers.values("Contact")[0];
  return {
    ok: true,
    subscribe: {
      request,
      callId,
      fromTag,
      toTag: tagOf(headers.get("To") ?? ""),
      contact: contact === undefined ? null : (parseNameAddress(contact)?.uri ?? null),
      event: event.event,
      expires,
      body: body.body,
    },
  };
}

/**
 * The P-CSCF by which a request came: the Record-Route entry nearest to the UE, by its name in the table where it
 * has one. Null when nothing that is read as a SIP URI stands there: it did not come through an IMS core.
 */
export function pCscfOf(request: SipRequest, table: FunctionTable): FunctionName | null {
  const nearest = request.headers.values("Record-Route").at(-1);
  const uri = nearest === undefined ? null : parseSipUri(addressUri(nearest));
  if (uri === null) return null;
  return table.nameOf(uri.host, uri.port) ?? functionName(uri.host, uri.port);
}
