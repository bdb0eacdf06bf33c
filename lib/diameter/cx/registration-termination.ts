// Registration-Termination: RTR and RTA. TS 29.229 6.1.9, 6.1.10.
import * as base from "../dictionary/base.ts";
import * as cx from "../dictionary/cx.ts";
import { anyNumber, atMostOnce, type FieldsOf, once } from "../fields.ts";
import type { CxCommand } from "./command.ts";

const request = {
  userName: once(base.userName),
  associatedIdentities: atMostOnce(cx.associatedIdentities),
  supportedFeatures: anyNumber(cx.supportedFeatures),
  publicIdentities: anyNumber(cx.publicIdentity),
  deregistrationReason: once(cx.deregistrationReason),
  rtrFlags: atMostOnce(cx.rtrFlags),
} as const;

const answer = {
  associatedIdentities: atMostOnce(cx.associatedIdentities),
  supportedFeatures: anyNumber(cx.supportedFeatures),
} as const;

export type RegistrationTerminationRequest = FieldsOf<typeof request>;
export type RegistrationTerminationAnswer = FieldsOf<typeof answer>;

/** Registration-Termination, RTR and RTA, for `sendCx` and `serveCx`. */
export const registrationTermination: CxCommand<typeof request, typeof answer> = {
  name: "Registration-Termination",
  commandCode: 304,
  request,
  answer,
  idempotent: false,
};
