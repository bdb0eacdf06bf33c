// Device-Watchdog: DWR and DWA. RFC 6733 5.5.
import type { Avp } from "../avp.ts";
import { originHost, originRealm, originStateId, resultCodeAvp } from "../dictionary/base.ts";
import { buildDefinedAvp } from "../dictionary.ts";
import { buildAnswer, commandFlag, type DiameterMessage } from "../message.ts";
import { resultCode } from "../result-code.ts";
import type { LocalCapabilities } from "./capabilities-exchange.ts";

export const deviceWatchdogCode = 280;

function originAvps(local: LocalCapabilities): Avp[] {
  return [buildDefinedAvp(originHost, local.originHost), buildDefinedAvp(originRealm, local.originRealm)];
}

/** A DWR. */
export function buildDeviceWatchdogRequest(
  local: LocalCapabilities,
  ids: { readonly hopByHop: number; readonly endToEnd: number },
): DiameterMessage {
  return {
    flags: commandFlag.request,
    commandCode: deviceWatchdogCode,
    applicationId: 0,
    ...ids,
    avps: [...originAvps(local), buildDefinedAvp(originStateId, local.originStateId)],
  };
}

/** The DWA. */
export function buildDeviceWatchdogAnswer(
  local: LocalCapabilities,
  request: DiameterMessage,
): DiameterMessage {
  return buildAnswer(request, false, [
    buildDefinedAvp(resultCodeAvp, resultCode.success),
    ...originAvps(local),
    buildDefinedAvp(originStateId, local.originStateId),
  ]);
}
