// What a request of the base protocol owes on an open connection. RFC 6733 5.4.1, 5.5.1, 7.1.
import { disconnectCause, originHost, originRealm, originStateId } from "../dictionary/base.ts";
import type { Dictionary } from "../dictionary.ts";
import { atMostOnce, type FieldList, once, readFields } from "../fields.ts";
import type { DecodedMessage } from "../message.ts";
import type { Rejection } from "../rejection.ts";
import { resultCode } from "../result-code.ts";
import { checkAvps, checkHeader } from "../validate.ts";
import { capabilitiesExchangeCode } from "./capabilities-exchange.ts";
import { deviceWatchdogCode } from "./device-watchdog.ts";
import { disconnectPeerCode } from "./disconnect-peer.ts";

const origin = { originHost: once(originHost), originRealm: once(originRealm) } as const;
const fields: ReadonlyMap<number, FieldList> = new Map<number, FieldList>([
  [deviceWatchdogCode, { ...origin, originStateId: atMostOnce(originStateId) }],
  [disconnectPeerCode, { ...origin, disconnectCause: once(disconnectCause) }],
]);

/** Null for a DWR or DPR that can be served; a CER comes at the wrong time, all else is unknown. */
export function checkBaseRequest(decoded: DecodedMessage, dictionary: Dictionary): Rejection | null {
  const { message } = decoded;
  const wrong = checkHeader(message) ?? checkAvps(decoded, dictionary);
  if (wrong !== null) return wrong;
  if (message.commandCode === capabilitiesExchangeCode) {
    const detail = "capabilities were exchanged already";
    return { resultCode: resultCode.unableToComply, failedAvps: [], detail };
  }
  const list = fields.get(message.commandCode);
  if (list === undefined)
    return { resultCode: resultCode.commandUnsupported, failedAvps: [], detail: "the command is unknown" };
  const read = readFields(list, message.avps);
  return read.ok ? null : read.rejection;
}
