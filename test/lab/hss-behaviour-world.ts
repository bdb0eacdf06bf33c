// The lab's HSS with one of its behaviours, asked by bare Diameter nodes that keep what it pushes.
import assert from "node:assert/strict";
import { type CxOutcome, type CxRequest, serveCx } from "@liquid-ims/diameter/cx/command";
import { success } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { type PushProfileRequest, pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import {
  type RegistrationTerminationRequest,
  registrationTermination,
} from "@liquid-ims/diameter/cx/registration-termination";
import { type UserAuthorizationRequest, userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import type { Result } from "@liquid-ims/diameter/result";
import type { HssBehaviour } from "@liquid-ims/lab/ims-core/hss-behaviour";
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import { encodeText } from "@liquid-ims/runtime/text";
import { realm } from "../diameter/diameter-world.ts";
import { alice, codeOf, type HssWorld, openHssWorld, type Peer, scscf1 } from "./hss-world.ts";

export const identity = "sip:alice@ims.example";

/** An RTR or PPR that a node has got. */
export interface Pushed {
  /** Virtual time. */
  readonly at: number;
  readonly to: Peer;
  readonly rtr?: RegistrationTerminationRequest;
  readonly ppr?: PushProfileRequest;
}

/** The world with all pushes of the HSS. */
export interface BehaviourWorld extends HssWorld {
  readonly pushed: Pushed[];
  /** What is answered to RTR and PPR; null: nothing. */
  reply: Result | null;
}

/** Nobody is registered. */
export async function open(behaviour: HssBehaviour): Promise<BehaviourWorld> {
  const pushed: Pushed[] = [];
  const replies: { reply: Result | null } = { reply: success };
  const now = { at: () => 0 };
  const answer = ({ answer: say }: CxRequest<unknown, object>): void => {
    if (replies.reply !== null) say(replies.reply);
  };
  const world = await openHssWorld(undefined, {
    behaviour,
    prepare(peer, node) {
      serveCx(node, registrationTermination, (received) => {
        pushed.push({ at: now.at(), to: peer, rtr: received.request });
        answer(received);
      });
      serveCx(node, pushProfile, (received) => {
        pushed.push({ at: now.at(), to: peer, ppr: received.request });
        answer(received);
      });
    },
  });
  now.at = () => world.simulation.now;
  return Object.assign(replies, { ...world, pushed });
}

/** Alice is registered at S-CSCF1. */
export async function openRegistered(behaviour: HssBehaviour): Promise<BehaviourWorld> {
  const world = await open(behaviour);
  await world.challenge("scscf1", scscf1);
  assert.equal(codeOf(await world.assign("scscf1", scscf1, "REGISTRATION")), "2001");
  return world;
}

/** Result and Server-Name of an answer. */
function named(outcome: CxOutcome<{ readonly serverName?: string | undefined }>): string {
  return `${codeOf(outcome)} ${outcome.kind === "answer" ? (outcome.answer.serverName ?? "nobody") : ""}`;
}

/** UAR: its result and Server-Name. */
export async function whoServes(
  world: HssWorld,
  userAuthorizationType: UserAuthorizationRequest["userAuthorizationType"] = "REGISTRATION",
  user: Subscriber = alice,
): Promise<string> {
  const outcome = await world.ask("icscf", userAuthorization, {
    userName: user.privateIdentity,
    publicIdentity: user.publicIdentities[0] ?? "",
    visitedNetworkIdentifier: encodeText(realm),
    userAuthorizationType,
  });
  return named(outcome);
}

/** LIR: its result and Server-Name. */
export async function whereIs(world: HssWorld, publicIdentity: string): Promise<string> {
  return named(await world.ask("icscf", locationInfo, { publicIdentity }));
}
