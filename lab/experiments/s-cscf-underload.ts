// The seed's figure 3.6b: S-CSCF2 has little to do, and everybody leaves it for S-CSCF1, calls and all. Users of both
// call each other, so that there are calls of which both ends move.
import { planCallsAmong } from "../call-plan.ts";
import { elementAt, homeDomain } from "../topology.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import { everybodyMovedWithCalls } from "./expectation.ts";
import { createTransferExperiment } from "./transfer-experiment.ts";

/** Users of both S-CSCFs in turn, so that both are called from at any time. */
function interleave(users: readonly string[]): string[] {
  const half = Math.ceil(users.length / 2);
  return users
    .slice(0, half)
    .flatMap((user, index) => [user, ...users.slice(half + index, half + index + 1)]);
}

export const sCscfUnderload = createTransferExperiment({
  name: "s-cscf-underload",
  summary: "figure 3.6b of the seed: everybody leaves an idle S-CSCF, with their calls, over Cx",
  load: 0,
  reason: "underload",
  affected: ({ sCscfs }) => elementAt(sCscfs, 1),
  target: ({ sCscfs }) => elementAt(sCscfs, 0),
  title({ load }) {
    const share = load === 0 ? "all" : `${Math.round((1 - load) * 100)} %`;
    return `S-CSCF2 of ${homeDomain} is underloaded: ${share} of its users move to S-CSCF1`;
  },
  functionName: (element) => element.uri,
  placeOf: (registration) => `sip:${registration.sCscf}`,
  members({ pCscfs, sCscfs, cfd }, { users }) {
    const subscribers = createSubscribers({
      count: users,
      preferredServers: [],
      registerServers: [`sip:${cfd.fqdn}`],
    });
    return subscribers.map((subscriber, index) => ({
      user: subscriber.publicIdentities[0] ?? "",
      // The first half is to be assigned S-CSCF1, the second one S-CSCF2.
      subscriber: { ...subscriber, preferredServers: [elementAt(sCscfs, index < users / 2 ? 0 : 1).uri] },
      pCscf: elementAt(pCscfs, 0).uri,
    }));
  },
  calls: (random, users, { rate, duration }) =>
    planCallsAmong(random, { users: interleave(users), rate, duration }),
  expect: everybodyMovedWithCalls,
  measuresWindow: true,
});
