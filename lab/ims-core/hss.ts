// Home Subscriber Server of the lab. TS 29.228 6.1 and 6.3, with SIP Digest.
import type { Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { encodeHex, encodeText } from "@liquid-ims/runtime/text";
import {
  type CxAnswer,
  type CxRequest,
  firstRegistration,
  identitiesDontMatch,
  identityAlreadyRegistered,
  identityNotRegistered,
  type LocationInfoRequest,
  type MultimediaAuthRequest,
  type ServerAssignmentRequest,
  subsequentRegistration,
  success,
  tooBusy,
  type UserAuthorizationRequest,
  unableToComply,
  unregisteredService,
  userUnknown,
} from "./cx.ts";
import { openCxServer } from "./cx-link.ts";
import { type Capacity, createServiceQueue } from "./service-time.ts";

/** One IMS subscription with one private identity. */
export interface Subscriber {
  readonly privateIdentity: string;
  readonly password: string;
  /** The implicit registration set, its default identity first. */
  readonly publicIdentities: readonly string[];
  /** S-CSCF names in the order in which the operator wants them tried. */
  readonly preferredServers: readonly string[];
  /** Application servers that get a third-party REGISTER. */
  readonly registerServers: readonly string[];
}

export interface HssOptions {
  readonly listen: Address;
  readonly realm: string;
  readonly subscribers: readonly Subscriber[];
  readonly capacity: Capacity;
}

/** What the HSS holds of a subscription while it runs (TS 29.228 6.1 and 8.1). */
interface Registration {
  readonly subscriber: Subscriber;
  state: "not registered" | "registered" | "unregistered";
  serverName: string | null;
  authenticationPending: boolean;
}

export interface HssNode {
  readonly ready: Promise<void>;
  /** Name and state of a public identity, for those who compare at the end. */
  assignment(publicIdentity: string): { state: string; serverName: string | null } | null;
  stop(): void;
}

export function createHss(options: HssOptions): Program<HssNode> {
  return (host) => {
    const byIdentity = new Map<string, Registration>();
    for (const subscriber of options.subscribers) {
      const registration: Registration = {
        subscriber,
        state: "not registered",
        serverName: null,
        authenticationPending: false,
      };
      for (const identity of subscriber.publicIdentities) byIdentity.set(identity, registration);
    }
    const queue = createServiceQueue(host, options.capacity);

    function find(publicIdentity: string, userName: string | null): Registration | CxAnswer {
      const registration = byIdentity.get(publicIdentity);
      if (registration === undefined) return { result: userUnknown };
      if (userName !== null && userName !== registration.subscriber.privateIdentity) {
        return { result: identitiesDontMatch };
      }
      return registration;
    }

    /** 6.1.1.1. */
    function userAuthorization(request: UserAuthorizationRequest): CxAnswer {
      const found = find(request.publicIdentity, request.userName);
      if ("result" in found) return found;
      if (request.userAuthorizationType === "DE_REGISTRATION") {
        if (found.state === "not registered" || found.serverName === null)
          return { result: identityNotRegistered };
        return { result: success, serverName: found.serverName };
      }
      if (found.serverName !== null) return { result: subsequentRegistration, serverName: found.serverName };
      return { result: firstRegistration, preferredServers: found.subscriber.preferredServers };
    }

    /** 6.3.1: only this command may overwrite the name of the S-CSCF (8.1). */
    function multimediaAuth(request: MultimediaAuthRequest): CxAnswer {
      const found = find(request.publicIdentity, request.userName);
      if ("result" in found) return found;
      if (found.serverName !== request.serverName || found.state !== "registered") {
        found.serverName = request.serverName;
        found.authenticationPending = true;
      }
      const { privateIdentity, password } = found.subscriber;
      const secret = encodeText(`${privateIdentity}:${options.realm}:${password}`);
      return {
        result: success,
        digest: { realm: options.realm, ha1: encodeHex(host.crypto.hash("md5", secret)) },
      };
    }

    /** 6.1.2.1. */
    function serverAssignment(request: ServerAssignmentRequest): CxAnswer {
      const found = find(request.publicIdentity, request.userName);
      if ("result" in found) return found;
      const { publicIdentities, registerServers } = found.subscriber;
      const profile = { publicIdentities, registerServers };
      if (found.serverName !== null && found.serverName !== request.serverName) {
        return { result: identityAlreadyRegistered, serverName: found.serverName };
      }
      switch (request.serverAssignmentType) {
        case "REGISTRATION":
        case "RE_REGISTRATION":
          found.state = "registered";
          found.serverName = request.serverName;
          found.authenticationPending = false;
          return { result: success, profile };
        case "UNREGISTERED_USER":
          found.state = "unregistered";
          found.serverName = request.serverName;
          return { result: success, profile };
        case "TIMEOUT_DEREGISTRATION":
        case "USER_DEREGISTRATION":
          if (found.serverName === null) return { result: unableToComply };
          found.state = "not registered";
          found.serverName = null;
          found.authenticationPending = false;
          return { result: success };
      }
    }

    /** 6.1.4.1. */
    function locationInfo(request: LocationInfoRequest): CxAnswer {
      const found = find(request.publicIdentity, null);
      if ("result" in found) return found;
      if (found.serverName !== null) return { result: success, serverName: found.serverName };
      if (found.subscriber.registerServers.length === 0) return { result: identityNotRegistered };
      return { result: unregisteredService, preferredServers: found.subscriber.preferredServers };
    }

    function answer(request: CxRequest): CxAnswer {
      switch (request.command) {
        case "User-Authorization":
          return userAuthorization(request);
        case "Multimedia-Auth":
          return multimediaAuth(request);
        case "Server-Assignment":
          return serverAssignment(request);
        case "Location-Info":
          return locationInfo(request);
      }
    }

    let stop: () => void = () => undefined;
    const opened = openCxServer(host, options.listen, (request, reply) => {
      if (!queue.admit(() => reply(answer(request)), "hss serves")) reply({ result: tooBusy });
    }).then((listener) => {
      stop = () => listener.close();
    });
    host.spawn("hss listens", () => opened);
    return {
      ready: opened,
      assignment(publicIdentity) {
        const found = byIdentity.get(publicIdentity);
        return found === undefined ? null : { state: found.state, serverName: found.serverName };
      },
      stop: () => stop(),
    };
  };
}
