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

/** What is said of who has no S-CSCF: the operator's wishes as names, instead of capabilities that stand for them (6.7). */
function wishes(
  { subscriber }: Registration,
  { withoutServer }: HssRules,
): { serverCapabilities: { serverNames: readonly string[] } } | { serverName: string } {
  const { preferredServers: serverNames } = subscriber;
  const [first] = serverNames;
  if (withoutServer === "Server-Name" && first !== undefined) return { serverName: first };
  return { serverCapabilities: { serverNames } };
}

/**
 * UAR for a de-registration. Who is looked after as unregistered is not refused, but has no registration whose S-CSCF
 * could be named. Null: this HSS answers it as if it were for a registration.
 */
function deregistrationQuery(
  found: Registration,
  rules: HssRules,
): HssAnswer<UserAuthorizationAnswer> | null {
  const { state, serverName } = found;
  switch (rules.deregistrationQuery) {
    case "type ignored":
      return null;
    case "executed":
      if (serverName === null) return null;
      endAssignment(found, rules);
      return { result: success, answer: { serverName } };
    case "answered":
      if (serverName === null || state === "not registered")
        return { result: cxResult("identityNotRegistered") };
      return { result: success, answer: state === "registered" ? { serverName } : {} };
  }
}

/** 6.1.1.1. Everybody may roam, nobody is barred. */
export function userAuthorization(
  registrations: Registrations,
  request: UserAuthorizationRequest,
  rules: HssRules,
): HssAnswer<UserAuthorizationAnswer> {
  const found = registrations.find(request.publicIdentity, request.userName);
  if ("kind" in found) return { result: found };
  const { serverName, subscriber } = found;
  const named = serverName === null ? {} : { serverName };
  const type = request.userAuthorizationType ?? "REGISTRATION";
  if (type === "REGISTRATION_AND_CAPABILITIES") {
    const serverCapabilities = { serverNames: subscriber.preferredServers };
    return { result: success, answer: { ...named, serverCapabilities } };
  }
  const answered = type === "DE_REGISTRATION" ? deregistrationQuery(found, rules) : null;
  if (answered !== null) return answered;
  if (serverName !== null) return { result: cxResult("subsequentRegistration"), answer: named };
  return { result: cxResult("firstRegistration"), answer: wishes(found, rules) };
}

/** 6.1.4.1. Who has a service profile has services for the time when he is not registered, too. */
export function locationInfo(
  registrations: Registrations,
  request: LocationInfoRequest,
  rules: HssRules,
): HssAnswer<LocationInfoAnswer> {
  const found = registrations.find(request.publicIdentity, null);
  if ("kind" in found) return { result: found };
  const { serverName, state, subscriber } = found;
  const serverCapabilities = { serverNames: subscriber.preferredServers };
  if (request.userAuthorizationType === "REGISTRATION_AND_CAPABILITIES")
    return { result: success, answer: { serverCapabilities } };
  const hasServices = subscriber.registerServers.length > 0;
  if (serverName !== null) {
    const isRefused =
      rules.unregisteredLocation === "unableToComply" && state === "unregistered" && !hasServices;
    return isRefused ? { result: unableToComply } : { result: success, answer: { serverName } };
  }
  if (rules.withoutServer === "Server-Name") return { result: success, answer: wishes(found, rules) };
  if (!hasServices) return { result: cxResult("identityNotRegistered") };
  return { result: cxResult("unregisteredService"), answer: { serverCapabilities } };
}

type AssignmentType = ServerAssignmentRequest["serverAssignmentType"];

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
  { serverName, type }: { readonly serverName: string; readonly type: AssignmentType },
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

/** What a SAR is taken for. */
function typeOf({ serverAssignmentType: type }: ServerAssignmentRequest, rules: HssRules): AssignmentType {
  if (rules.otherAssignments === "by type" || type === "REGISTRATION" || type === "RE_REGISTRATION")
    return type;
  return "USER_DEREGISTRATION";
}

function assigns(type: AssignmentType): boolean {
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
  const { serverName } = request;
  const type = typeOf(request, rules);
  if (type === "NO_ASSIGNMENT") {
    if (found.serverName !== serverName) return { result: unableToComply };
    return { result: success, answer: profileAnswer(found) };
  }
  const isStranger = found.serverName !== serverName;
  if (isStranger && (found.serverName !== null || rules.deregistration === "ignored")) {
    const served = serveStranger(found, { serverName, type }, rules);
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
