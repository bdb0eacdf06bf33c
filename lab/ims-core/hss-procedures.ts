// The lab's HSS: what it answers to UAR, SAR and LIR. TS 29.228 6.1.1.1, 6.1.2.1, 6.1.4.1, 8.1.2.
import { cxResult, success, unableToComply } from "@liquid-ims/diameter/cx/experimental-result";
import type { LocationInfoAnswer, LocationInfoRequest } from "@liquid-ims/diameter/cx/location-info";
import type {
  ServerAssignmentAnswer,
  ServerAssignmentRequest,
} from "@liquid-ims/diameter/cx/server-assignment";
import type {
  UserAuthorizationAnswer,
  UserAuthorizationRequest,
} from "@liquid-ims/diameter/cx/user-authorization";
import { formatUserData } from "@liquid-ims/diameter/cx/user-data";
import { baseResult, type Result } from "@liquid-ims/diameter/result";
import { resultCode } from "@liquid-ims/diameter/result-code";
import { encodeText } from "@liquid-ims/runtime/text";
import { assignByServerAssignment, endAssignment } from "./hss-assignment.ts";
import type { HssRules } from "./hss-behaviour.ts";
import type { Registration, Registrations } from "./hss-registration.ts";
import { profileOf } from "./subscriber.ts";

/** An answer's result and what goes with it. */
export interface HssAnswer<A> {
  readonly result: Result;
  readonly answer?: A;
}

/** The operator's wishes as names, instead of capabilities that stand for them (6.7). */
function capabilitiesOf({ subscriber }: Registration): { serverNames: readonly string[] } {
  return { serverNames: subscriber.preferredServers };
}

/** 6.1.1.1. Everybody may roam, nobody is barred. */
export function userAuthorization(
  registrations: Registrations,
  request: UserAuthorizationRequest,
): HssAnswer<UserAuthorizationAnswer> {
  const found = registrations.find(request.publicIdentity, request.userName);
  if ("kind" in found) return { result: found };
  const { state, serverName } = found;
  const named = serverName === null ? {} : { serverName };
  switch (request.userAuthorizationType ?? "REGISTRATION") {
    case "REGISTRATION":
      if (serverName !== null) return { result: cxResult("subsequentRegistration"), answer: named };
      return {
        result: cxResult("firstRegistration"),
        answer: { serverCapabilities: capabilitiesOf(found) },
      };
    case "REGISTRATION_AND_CAPABILITIES":
      return { result: success, answer: { ...named, serverCapabilities: capabilitiesOf(found) } };
    default:
      // De-registration: one who is only looked after as unregistered has none to end.
      if (state !== "registered" || serverName === null) return { result: cxResult("identityNotRegistered") };
      return { result: success, answer: named };
  }
}

/** 6.1.4.1. Who has a service profile has services for the time when he is not registered, too. */
export function locationInfo(
  registrations: Registrations,
  request: LocationInfoRequest,
): HssAnswer<LocationInfoAnswer> {
  const found = registrations.find(request.publicIdentity, null);
  if ("kind" in found) return { result: found };
  const { serverName, subscriber } = found;
  if (request.userAuthorizationType === "REGISTRATION_AND_CAPABILITIES")
    return { result: success, answer: { serverCapabilities: capabilitiesOf(found) } };
  if (serverName !== null) return { result: success, answer: { serverName } };
  if (subscriber.registerServers.length === 0) return { result: cxResult("identityNotRegistered") };
  return {
    result: cxResult("unregisteredService"),
    answer: { serverCapabilities: capabilitiesOf(found) },
  };
}

/** Types of SAR that end a registration; the others name one identity (6.1.2.1, step 2). */
const deregistrations: ReadonlySet<string> = new Set([
  "TIMEOUT_DEREGISTRATION",
  "USER_DEREGISTRATION",
  "TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME",
  "USER_DEREGISTRATION_STORE_SERVER_NAME",
  "ADMINISTRATIVE_DEREGISTRATION",
  "DEREGISTRATION_TOO_MUCH_DATA",
]);

function findAssigned(registrations: Registrations, request: ServerAssignmentRequest): Registration | Result {
  const { publicIdentities = [], userName = null, serverAssignmentType: type } = request;
  const ends = deregistrations.has(type);
  if (publicIdentities.length > 1 && !ends) return baseResult(resultCode.avpOccursTooManyTimes);
  if (publicIdentities.length === 0 && (userName === null || !ends)) return baseResult(resultCode.missingAvp);
  const found = registrations.find(publicIdentities[0] ?? null, userName);
  if ("kind" in found) return found;
  for (const identity of publicIdentities) {
    const other = registrations.find(identity, userName);
    if ("kind" in other) return other;
    if (other !== found) return cxResult("identitiesDontMatch");
  }
  return found;
}

/**
 * A SAR of another S-CSCF than the stored one; null: it is executed as if the name were the stored one. 6.1.2.1, 8.1.2:
 * refused whatever it asks, for only MAR overwrites (8.1).
 */
function serveStranger(
  found: Registration,
  { serverName, serverAssignmentType: type }: ServerAssignmentRequest,
  rules: HssRules,
): HssAnswer<ServerAssignmentAnswer> | null {
  const userName = found.subscriber.privateIdentity;
  const rule = assigns(type) ? rules.assignment : rules.deregistration;
  switch (rule) {
    case "refused":
      return {
        result: cxResult("identityAlreadyRegistered"),
        answer: { userName, ...(found.serverName === null ? {} : { serverName: found.serverName }) },
      };
    case "ignored":
      return { result: success, answer: { userName } };
    case "executed":
      return null;
    case "overwrites":
      if (assigns(type)) return null;
      found.serverName = serverName;
      return { result: success, answer: { userName } };
  }
}

function assigns(type: ServerAssignmentRequest["serverAssignmentType"]): boolean {
  return type === "REGISTRATION" || type === "RE_REGISTRATION" || type === "UNREGISTERED_USER";
}

/** 6.1.2.1. `originHost`: of the node that sent the SAR. */
export function serverAssignment(
  registrations: Registrations,
  request: ServerAssignmentRequest,
  originHost: string,
  rules: HssRules,
): HssAnswer<ServerAssignmentAnswer> {
  const found = findAssigned(registrations, request);
  if ("kind" in found) return { result: found };
  const { serverName, serverAssignmentType: type } = request;
  if (type === "NO_ASSIGNMENT") {
    if (found.serverName !== serverName) return { result: unableToComply };
    return { result: success, answer: profileAnswer(found) };
  }
  if (found.serverName !== null && found.serverName !== serverName) {
    const served = serveStranger(found, request, rules);
    if (served !== null) return served;
  }
  const answer = { userName: found.subscriber.privateIdentity };
  const end = (): HssAnswer<ServerAssignmentAnswer> => {
    endAssignment(found, rules);
    return { result: success, answer };
  };
  switch (type) {
    case "REGISTRATION":
    case "RE_REGISTRATION":
      assignByServerAssignment(found, { serverName, originHost }, "registered", rules);
      return {
        result: success,
        answer:
          request.userDataAlreadyAvailable === "USER_DATA_ALREADY_AVAILABLE" ? answer : profileAnswer(found),
      };
    case "UNREGISTERED_USER":
      assignByServerAssignment(found, { serverName, originHost }, "unregistered", rules);
      return { result: success, answer: profileAnswer(found) };
    case "TIMEOUT_DEREGISTRATION":
    case "USER_DEREGISTRATION":
    case "ADMINISTRATIVE_DEREGISTRATION":
    case "DEREGISTRATION_TOO_MUCH_DATA":
      if (found.serverName === null) return { result: unableToComply };
      return end();
    case "TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME":
    case "USER_DEREGISTRATION_STORE_SERVER_NAME":
      if (found.serverName === null) return { result: unableToComply };
      found.state = "unregistered";
      found.authenticationPending = false;
      return { result: success, answer };
    case "AUTHENTICATION_FAILURE":
    case "AUTHENTICATION_TIMEOUT":
      if (!found.authenticationPending) return { result: success, answer };
      found.authenticationPending = false;
      // Who was registered stays it: somebody else's failure must not end that.
      return found.state === "not registered" ? end() : { result: success, answer };
    default:
      return { result: cxResult("inAssignmentType") };
  }
}

function profileAnswer({ subscriber }: Registration): ServerAssignmentAnswer {
  return {
    userName: subscriber.privateIdentity,
    userData: encodeText(formatUserData(profileOf(subscriber))),
  };
}
