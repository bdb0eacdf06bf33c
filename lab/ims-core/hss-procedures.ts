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
      if (state === "not registered" || serverName === null)
        return { result: cxResult("identityNotRegistered") };
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

/** 6.1.2.1. A name that is not the stored one is refused whatever is asked: only MAR overwrites it (8.1). */
export function serverAssignment(
  registrations: Registrations,
  request: ServerAssignmentRequest,
): HssAnswer<ServerAssignmentAnswer> {
  const found = findAssigned(registrations, request);
  if ("kind" in found) return { result: found };
  const { serverName, serverAssignmentType: type } = request;
  const { privateIdentity } = found.subscriber;
  if (type === "NO_ASSIGNMENT") {
    if (found.serverName !== serverName) return { result: unableToComply };
    return { result: success, answer: profileAnswer(found) };
  }
  if (found.serverName !== null && found.serverName !== serverName)
    return {
      result: cxResult("identityAlreadyRegistered"),
      answer: { userName: privateIdentity, serverName: found.serverName },
    };
  const answer = { userName: privateIdentity };
  switch (type) {
    case "REGISTRATION":
    case "RE_REGISTRATION":
      found.state = "registered";
      found.serverName = serverName;
      found.authenticationPending = false;
      return {
        result: success,
        answer:
          request.userDataAlreadyAvailable === "USER_DATA_ALREADY_AVAILABLE" ? answer : profileAnswer(found),
      };
    case "UNREGISTERED_USER":
      found.state = "unregistered";
      found.serverName = serverName;
      found.authenticationPending = false;
      return { result: success, answer: profileAnswer(found) };
    case "TIMEOUT_DEREGISTRATION":
    case "USER_DEREGISTRATION":
    case "ADMINISTRATIVE_DEREGISTRATION":
    case "DEREGISTRATION_TOO_MUCH_DATA":
      if (found.serverName === null) return { result: unableToComply };
      return forget(found, answer);
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
      return found.state === "not registered" ? forget(found, answer) : { result: success, answer };
    default:
      return { result: cxResult("inAssignmentType") };
  }
}

function forget(found: Registration, answer: ServerAssignmentAnswer): HssAnswer<ServerAssignmentAnswer> {
  found.state = "not registered";
  found.serverName = null;
  found.authenticationPending = false;
  return { result: success, answer };
}

function profileAnswer({ subscriber }: Registration): ServerAssignmentAnswer {
  return {
    userName: subscriber.privateIdentity,
    userData: encodeText(formatUserData(profileOf(subscriber))),
  };
}
