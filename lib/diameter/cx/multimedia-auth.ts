// Multimedia-Auth: MAR and MAA. TS 29.229 6.1.7, 6.1.8.
import * as base from "../dictionary/base.ts";
import * as cx from "../dictionary/cx.ts";
import { anyNumber, atMostOnce, type FieldsOf, once } from "../fields.ts";
import type { CxCommand } from "./command.ts";

const request = {
  userName: once(base.userName),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  publicIdentity: once(cx.publicIdentity),
  sipAuthDataItem: once(cx.sipAuthDataItem),
  sipNumberAuthItems: once(cx.sipNumberAuthItems),
  serverName: once(cx.serverName),
} as const;

const answer = {
  userName: atMostOnce(base.userName),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  publicIdentity: atMostOnce(cx.publicIdentity),
  sipNumberAuthItems: atMostOnce(cx.sipNumberAuthItems),
  sipAuthDataItems: anyNumber(cx.sipAuthDataItem),
} as const;

export type MultimediaAuthRequest = FieldsOf<typeof request>;
export type MultimediaAuthAnswer = FieldsOf<typeof answer>;

/** Multimedia-Auth, MAR and MAA, for `sendCx` and `serveCx`. */
export const multimediaAuth: CxCommand<typeof request, typeof answer> = {
  name: "Multimedia-Auth",
  commandCode: 303,
  request,
  answer,
  idempotent: false,
};
