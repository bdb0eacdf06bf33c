// Results of Cx: Experimental-Result-Code values of 3GPP. TS 29.229 6.2.
import { vendor3gpp } from "../dictionary/cx.ts";
import { baseResult, type Result } from "../result.ts";
import { resultCode } from "../result-code.ts";

/** 2001 here is not the base protocol's 2001. */
export const cxResultCode = {
  firstRegistration: 2001,
  subsequentRegistration: 2002,
  unregisteredService: 2003,
  successServerNameNotStored: 2004,
  userUnknown: 5001,
  identitiesDontMatch: 5002,
  identityNotRegistered: 5003,
  roamingNotAllowed: 5004,
  identityAlreadyRegistered: 5005,
  authSchemeNotSupported: 5006,
  inAssignmentType: 5007,
  tooMuchData: 5008,
  notSupportedUserData: 5009,
  featureUnsupported: 5011,
  servingNodeFeatureUnsupported: 5012,
} as const;

export type CxResultName = keyof typeof cxResultCode;

/** DIAMETER_SUCCESS, a Result-Code. */
export const success: Result = baseResult(resultCode.success);

/** DIAMETER_UNABLE_TO_COMPLY, a Result-Code. */
export const unableToComply: Result = baseResult(resultCode.unableToComply);

/** A result of Cx by its name. */
export function cxResult(name: CxResultName): Result {
  return { kind: "Experimental-Result", vendorId: vendor3gpp, code: cxResultCode[name] };
}

/** Whether this is that result of Cx. */
export function isCxResult(result: Result, name: CxResultName): boolean {
  return (
    result.kind === "Experimental-Result" &&
    result.vendorId === vendor3gpp &&
    result.code === cxResultCode[name]
  );
}

/** Whether the request was executed, in either space of codes. */
export function isSuccess(result: Result): boolean {
  return result.code >= 2000 && result.code < 3000;
}
