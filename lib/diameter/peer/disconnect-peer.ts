// Disconnect-Peer: DPR and DPA. RFC 6733 5.4.
import type { Avp } from "../avp.ts";
import { disconnectCause, originHost, originRealm, resultCodeAvp } from "../dictionary/base.ts";
import { buildDefinedAvp, findValue } from "../dictionary.ts";
import { buildAnswer, commandFlag, type DiameterMessage } from "../message.ts";
import { resultCode } from "../result-code.ts";
import type { LocalCapabilities } from "./capabilities-exchange.ts";

export const disconnectPeerCode = 282;

/** Only after REBOOTING is the peer called again (RFC 6733 5.4.3). */
export type DisconnectCause = "REBOOTING" | "BUSY" | "DO_NOT_WANT_TO_TALK_TO_YOU";

function originAvps(local: LocalCapabilities): Avp[] {
  return [buildDefinedAvp(originHost, local.originHost), buildDefinedAvp(originRealm, local.originRealm)];
}

/** A DPR. */
export function buildDisconnectPeerRequest(
  local: LocalCapabilities,
  ids: { readonly hopByHop: number; readonly endToEnd: number },
  cause: DisconnectCause,
): DiameterMessage {
  return {
    flags: commandFlag.request,
    commandCode: disconnectPeerCode,
    applicationId: 0,
    ...ids,
    avps: [...originAvps(local), buildDefinedAvp(disconnectCause, cause)],
  };
}

/** The DPA. */
export function buildDisconnectPeerAnswer(
  local: LocalCapabilities,
  request: DiameterMessage,
): DiameterMessage {
  const result = buildDefinedAvp(resultCodeAvp, resultCode.success);
  return buildAnswer(request, false, [result, ...originAvps(local)]);
}

/** REBOOTING where a DPR does not say why: calling again is the lesser fault. */
export function readDisconnectCause(request: DiameterMessage): DisconnectCause {
  return findValue(request.avps, disconnectCause) ?? "REBOOTING";
}
