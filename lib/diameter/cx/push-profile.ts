// Push-Profile: PPR and PPA. TS 29.229 6.1.11, 6.1.12.
import * as base from "../dictionary/base.ts";
import * as cx from "../dictionary/cx.ts";
import { anyNumber, atMostOnce, type FieldsOf, once } from "../fields.ts";
import type { CxCommand } from "./command.ts";

const request = {
  userName: once(base.userName),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  userData: atMostOnce(cx.userData),
  chargingInformation: atMostOnce(cx.chargingInformation),
} as const;

const answer = {
  supportedFeatures: anyNumber(cx.supportedFeatures),
} as const;

export type PushProfileRequest = FieldsOf<typeof request>;
export type PushProfileAnswer = FieldsOf<typeof answer>;

/** Push-Profile, PPR and PPA, for `sendCx` and `serveCx`. */
export const pushProfile: CxCommand<typeof request, typeof answer> = {
  name: "Push-Profile",
  commandCode: 305,
  request,
  answer,
  idempotent: true,
};
