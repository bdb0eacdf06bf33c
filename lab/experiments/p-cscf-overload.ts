// The seed's figure 3.6a: P-CSCF1 is overloaded, and half of its users move to P-CSCF2, calls and all.
import { planCalls } from "../call-plan.ts";
import { elementAt, homeDomain } from "../topology.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import { everybodyMovedWithCalls } from "./expectation.ts";
import { createTransferExperiment } from "./transfer-experiment.ts";

/** Users who are called, registered through P-CSCF3. */
const calleeCount = 2;

export const pCscfOverload = createTransferExperiment({
  name: "p-cscf-overload",
  summary: "figure 3.6a of the seed: half of an overloaded P-CSCF's users move, with their calls",
  load: 0.5,
  reason: "overload",
  affected: ({ pCscfs }) => elementAt(pCscfs, 0),
  target: ({ pCscfs }) => elementAt(pCscfs, 1),
  title({ load }) {
    const share = load === 0 ? "all" : `${Math.round((1 - load) * 100)} %`;
    return `P-CSCF1 of ${homeDomain} is overloaded: ${share} of its users move to P-CSCF2`;
  },
  functionName: (element) => `${element.fqdn}:${element.address.port}`,
  placeOf: (registration) => registration.pCscf,
  members({ pCscfs, sCscfs, cfd }, { users }) {
    const subscribers = createSubscribers({
      count: users + calleeCount,
      preferredServers: sCscfs.map((element) => element.uri),
      registerServers: [`sip:${cfd.fqdn}`],
    });
    return subscribers.map((subscriber, index) => ({
      user: subscriber.publicIdentities[0] ?? "",
      subscriber,
      pCscf: elementAt(pCscfs, index < users ? 0 : 2).uri,
    }));
  },
  calls: (random, users, options) =>
    planCalls(random, {
      callers: users.slice(0, options.users),
      callees: users.slice(options.users),
      rate: options.rate,
      duration: options.duration,
    }),
  expect: everybodyMovedWithCalls,
});
