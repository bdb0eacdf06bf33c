// Server-Assignment: SAR and SAA. TS 29.229 6.1.3, 6.1.4.
import * as base from "../dictionary/base.ts";
import * as cx from "../dictionary/cx.ts";
import { anyNumber, atMostOnce, type FieldsOf, once } from "../fields.ts";
import type { CxCommand } from "./command.ts";

const request = {
  userName: atMostOnce(base.userName),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  publicIdentities: anyNumber(cx.publicIdentity),
  wildcardedPublicIdentity: atMostOnce(cx.wildcardedPublicIdentity),
  serverName: once(cx.serverName),
  serverAssignmentType: once(cx.serverAssignmentType),
  userDataAlreadyAvailable: once(cx.userDataAlreadyAvailable),
  scscfRestorationInfo: atMostOnce(cx.scscfRestorationInfo),
  multipleRegistrationIndication: atMostOnce(cx.multipleRegistrationIndication),
  sarFlags: atMostOnce(cx.sarFlags),
} as const;

const answer = {
  userName: atMostOnce(base.userName),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  userData: atMostOnce(cx.userData),
  chargingInformation: atMostOnce(cx.chargingInformation),
  associatedIdentities: atMostOnce(cx.associatedIdentities),
  looseRouteIndication: atMostOnce(cx.looseRouteIndication),
  scscfRestorationInfos: anyNumber(cx.scscfRestorationInfo),
  serverName: atMostOnce(cx.serverName),
  wildcardedPublicIdentity: atMostOnce(cx.wildcardedPublicIdentity),
} as const;

export type ServerAssignmentRequest = FieldsOf<typeof request>;
export type ServerAssignmentAnswer = FieldsOf<typeof answer>;

/** Server-Assignment, SAR and SAA, for `sendCx` and `serveCx`. */
export const serverAssignment: CxCommand<typeof request, typeof answer> = {
  name: "Server-Assignment",
  commandCode: 301,
  request,
  answer,
  idempotent: false,
};
