// Diameter messages: header and AVPs as bytes, nothing lost on the way. RFC 6733 3.
import { type Avp, type AvpFault, decodeAvps, encodeAvps } from "./avp.ts";
import { viewOf } from "./data-type/data-type.ts";
import { proxyInfo, sessionId } from "./dictionary/base.ts";
import { buildDefinedAvp, isAvp } from "./dictionary.ts";

/** Command flags. */
export const commandFlag = { request: 0x80, proxiable: 0x40, error: 0x20, retransmitted: 0x10 } as const;

/** Bytes of a header. */
export const headerBytes = 20;

export interface DiameterHeader {
  /** The whole octet, reserved bits too. */
  readonly flags: number;
  readonly commandCode: number;
  readonly applicationId: number;
  readonly hopByHop: number;
  readonly endToEnd: number;
}

export interface DiameterMessage extends DiameterHeader {
  /** In the order of the wire. */
  readonly avps: readonly Avp[];
}

/** A message; `fault` is what ended the reading of its AVPs, `message` has those before it. */
export interface DecodedMessage {
  readonly message: DiameterMessage;
  readonly fault: AvpFault | null;
}

export function isRequest(message: DiameterHeader): boolean {
  return (message.flags & commandFlag.request) !== 0;
}

/** The header's fields. `data` has at least 20 bytes. */
export function decodeHeader(data: Uint8Array): DiameterHeader {
  const view = viewOf(data);
  return {
    flags: view.getUint8(4),
    commandCode: view.getUint32(4) & 0xffffff,
    applicationId: view.getUint32(8),
    hopByHop: view.getUint32(12),
    endToEnd: view.getUint32(16),
  };
}

/** Reads one whole message as the stream framer gives it. Throws a RangeError below 20 bytes. */
export function decodeMessage(data: Uint8Array): DecodedMessage {
  if (data.length < headerBytes)
    throw new RangeError(`a Diameter message of ${data.length} bytes has no header`);
  const { avps, fault } = decodeAvps(data.subarray(headerBytes));
  return { message: { ...decodeHeader(data), avps }, fault };
}

/** Throws a RangeError when the message is longer than 24 bits can say. */
export function encodeMessage(message: DiameterMessage): Uint8Array {
  const avps = encodeAvps(message.avps);
  const length = headerBytes + avps.length;
  if (length > 0xffffff) throw new RangeError(`command ${message.commandCode}: ${length} bytes are too many`);
  const data = new Uint8Array(length);
  const view = viewOf(data);
  view.setUint32(0, length);
  view.setUint8(0, 1);
  view.setUint32(4, message.commandCode);
  view.setUint8(4, message.flags);
  view.setUint32(8, message.applicationId);
  view.setUint32(12, message.hopByHop);
  view.setUint32(16, message.endToEnd);
  data.set(avps, headerBytes);
  return data;
}

/** The header of the answer to a request; `error` sets the E bit (RFC 6733 6.2). */
export function answerHeader(request: DiameterHeader, error: boolean): DiameterHeader {
  const { commandCode, applicationId, hopByHop, endToEnd } = request;
  const kept = request.flags & commandFlag.proxiable;
  return { flags: error ? kept | commandFlag.error : kept, commandCode, applicationId, hopByHop, endToEnd };
}

/** Session-Id stands first and Proxy-Info is given back in its order (RFC 6733 8.8, 6.2). */
export function buildAnswer(request: DiameterMessage, error: boolean, avps: readonly Avp[]): DiameterMessage {
  const session = request.avps.find((avp) => isAvp(avp, sessionId));
  const proxies = request.avps.filter((avp) => isAvp(avp, proxyInfo));
  return {
    ...answerHeader(request, error),
    avps: [...(session === undefined ? [] : [session]), ...avps, ...proxies],
  };
}

/** The Session-Id of a value made elsewhere, as the first AVP of a request. */
export function sessionAvp(value: string): Avp {
  return buildDefinedAvp(sessionId, value);
}
