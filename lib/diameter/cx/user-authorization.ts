// User-Authorization: UAR and UAA. TS 29.229 6.1.1, 6.1.2.
import * as base from "../dictionary/base.ts";
import * as cx from "../dictionary/cx.ts";
import { anyNumber, atMostOnce, type FieldsOf, once } from "../fields.ts";
import type { CxCommand } from "./command.ts";

const request = {
  userName: once(base.userName),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  publicIdentity: once(cx.publicIdentity),
  visitedNetworkIdentifier: once(cx.visitedNetworkIdentifier),
  userAuthorizationType: atMostOnce(cx.userAuthorizationType),
  uarFlags: atMostOnce(cx.uarFlags),
} as const;

const answer = {
  supportedFeatures: anyNumber(cx.supportedFeatures),
  serverName: atMostOnce(cx.serverName),
  serverCapabilities: atMostOnce(cx.serverCapabilities),
} as const;

export type UserAuthorizationRequest = FieldsOf<typeof request>;
export type UserAuthorizationAnswer = FieldsOf<typeof answer>;

/** User-Authorization, UAR and UAA, for `sendCx` and `serveCx`. */
export const userAuthorization: CxCommand<typeof request, typeof answer> = {
  name: "User-Authorization",
  commandCode: 300,
  request,
  answer,
  idempotent: true,
};
