// Location-Info: LIR and LIA. TS 29.229 6.1.5, 6.1.6.
import * as cx from "../dictionary/cx.ts";
import { anyNumber, atMostOnce, type FieldsOf, once } from "../fields.ts";
import type { CxCommand } from "./command.ts";

const request = {
  originatingRequest: atMostOnce(cx.originatingRequest),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  publicIdentity: once(cx.publicIdentity),
  userAuthorizationType: atMostOnce(cx.userAuthorizationType),
} as const;

const answer = {
  supportedFeatures: anyNumber(cx.supportedFeatures),
  serverName: atMostOnce(cx.serverName),
  serverCapabilities: atMostOnce(cx.serverCapabilities),
  wildcardedPublicIdentity: atMostOnce(cx.wildcardedPublicIdentity),
} as const;

export type LocationInfoRequest = FieldsOf<typeof request>;
export type LocationInfoAnswer = FieldsOf<typeof answer>;

/** Location-Info, LIR and LIA, for `sendCx` and `serveCx`. */
export const locationInfo: CxCommand<typeof request, typeof answer> = {
  name: "Location-Info",
  commandCode: 302,
  request,
  answer,
  idempotent: true,
};
