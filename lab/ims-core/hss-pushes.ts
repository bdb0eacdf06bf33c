// What the lab's HSS sends on its own: RTR and PPR, to the node that wrote the S-CSCF's name last. TS 29.228 6.1.3, 6.1.5,
// 6.1.6, 8.1.1; TS 29.229 6.1.9, 6.1.11.
import { type CxOutcome, sendCx } from "@liquid-ims/diameter/cx/command";
import { isCxResult, isSuccess } from "@liquid-ims/diameter/cx/experimental-result";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import {
  type RegistrationTerminationRequest,
  registrationTermination,
} from "@liquid-ims/diameter/cx/registration-termination";
import { formatUserData } from "@liquid-ims/diameter/cx/user-data";
import { sameIdentity } from "@liquid-ims/diameter/data-type/diameter-identity";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import type { Result } from "@liquid-ims/diameter/result";
import { resultClass, resultCode } from "@liquid-ims/diameter/result-code";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeText } from "@liquid-ims/runtime/text";
import type { CancelledServer } from "./hss-assignment.ts";
import type { Registration } from "./hss-registration.ts";
import { profileOf } from "./subscriber.ts";

/** Why a registration is ended (TS 29.229 6.3.17). */
export type TerminationReason = RegistrationTerminationRequest["deregistrationReason"]["reasonCode"];

/** What became of an RTR or PPR. */
export type PushOutcome =
  /** Its receiver has executed it, or says that it does not know the user. */
  | { readonly kind: "answered"; readonly result: Result }
  /** No Diameter host is stored, so that nobody is to be told. */
  | { readonly kind: "nobody" }
  /** The user has come back to that S-CSCF before it was reached. */
  | { readonly kind: "superseded" }
  /** `why` in words: no such peer, not connected, no answer, a refusal. */
  | { readonly kind: "given up"; readonly to: string; readonly why: string };

export interface Pushes {
  /** RTR to an S-CSCF from which a MAR has taken the user, NEW_SERVER_ASSIGNED for his one implicit set. */
  cancel(registration: Registration, server: CancelledServer): Promise<PushOutcome>;
  /** RTR to the stored Diameter host; the registration ends here when it is answered, whoever answered. */
  terminate(registration: Registration, reason: TerminationReason): Promise<PushOutcome>;
  /** PPR with the present profile to the stored Diameter host. */
  pushProfile(registration: Registration): Promise<PushOutcome>;
}

export interface PushesOptions {
  readonly realm: string;
  /** Identities of the peers that may call; nobody else can be reached. */
  readonly peers: readonly string[];
}

/** Pauses before the second, third and fourth try, in milliseconds; then it is given up. */
const retryMs = [1_000, 2_000, 4_000] as const;
/** How long an answer is waited for. */
const answerMs = 4_000;

/** What an outcome is: null when another try may do better, and in `why` what stands in the way. */
function judge(outcome: CxOutcome<unknown>): { done: PushOutcome | null; why: string } {
  switch (outcome.kind) {
    case "undeliverable":
      return { done: null, why: "not connected" };
    case "unanswered":
      return { done: null, why: "no answer" };
    case "malformed":
      return { done: null, why: `an answer that cannot be read: ${outcome.detail}` };
    case "answer": {
      const { result } = outcome;
      const done: PushOutcome = { kind: "answered", result };
      if (isSuccess(result) || isCxResult(result, "userUnknown")) return { done, why: "" };
      const isBase = result.kind === "Result-Code";
      const passes =
        isBase &&
        (result.code === resultCode.unableToDeliver ||
          result.code === resultCode.tooBusy ||
          resultClass(result.code) === "transient failure");
      return { done: passes ? null : done, why: `${result.kind} ${result.code}` };
    }
  }
}

export function createPushes(host: Host, node: DiameterNode, options: PushesOptions): Pushes {
  const count = (command: "RTR" | "PPR", outcome: PushOutcome["kind"]) =>
    host.metrics
      .counter("hss_pushes_total", { help: "RTR and PPR, by how they ended", labels: { command, outcome } })
      .add();

  /** Tries until it is answered, at most four times; `isNeeded` is asked before each. */
  async function push(
    command: "RTR" | "PPR",
    to: string,
    send: (done: (outcome: CxOutcome<unknown>) => void) => void,
    isNeeded: () => boolean,
  ): Promise<PushOutcome> {
    const end = (outcome: PushOutcome): PushOutcome => {
      count(command, outcome.kind);
      if (outcome.kind === "given up") host.log.warn("hss.push", { command, to, why: outcome.why });
      return outcome;
    };
    if (!options.peers.some((peer) => sameIdentity(peer, to)))
      return end({ kind: "given up", to, why: "not one of the configured peers" });
    for (let tries = 0; ; tries++) {
      if (!isNeeded()) return end({ kind: "superseded" });
      const { done, why } = judge(await new Promise<CxOutcome<unknown>>(send));
      if (done !== null) return end(done);
      const pause = retryMs[tries];
      if (pause === undefined) return end({ kind: "given up", to, why });
      await host.clock.sleep(pause, "hss pushes again");
    }
  }

  function sendTermination(
    { subscriber }: Registration,
    destinationHost: string,
    reasonCode: TerminationReason,
  ): (done: (outcome: CxOutcome<unknown>) => void) => void {
    const destination = { destinationRealm: options.realm, destinationHost, timeoutMs: answerMs };
    const request: RegistrationTerminationRequest = {
      userName: subscriber.privateIdentity,
      supportedFeatures: [],
      publicIdentities: subscriber.publicIdentities,
      deregistrationReason: { reasonCode },
    };
    return (done) => sendCx(node, registrationTermination, destination, request, done);
  }

  return {
    cancel(registration, { serverName, diameterHost }) {
      return push(
        "RTR",
        diameterHost,
        sendTermination(registration, diameterHost, "NEW_SERVER_ASSIGNED"),
        () => registration.serverName !== serverName,
      );
    },
    async terminate(registration, reason) {
      const { diameterHost: to, serverName } = registration;
      if (to === null) return { kind: "nobody" };
      const isPresent = () => registration.serverName === serverName && registration.diameterHost === to;
      const outcome = await push("RTR", to, sendTermination(registration, to, reason), isPresent);
      if (outcome.kind === "answered" && isPresent()) {
        registration.state = "not registered";
        registration.serverName = null;
        registration.diameterHost = null;
        registration.authenticationPending = false;
      }
      return outcome;
    },
    async pushProfile(registration) {
      const to = registration.diameterHost;
      if (to === null) return { kind: "nobody" };
      const destination = { destinationRealm: options.realm, destinationHost: to, timeoutMs: answerMs };
      const { subscriber } = registration;
      const request = {
        userName: subscriber.privateIdentity,
        supportedFeatures: [],
        userData: encodeText(formatUserData(profileOf(subscriber))),
      };
      return push(
        "PPR",
        to,
        (done) => sendCx(node, pushProfile, destination, request, done),
        () => registration.diameterHost === to,
      );
    },
  };
}
