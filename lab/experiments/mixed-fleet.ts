// Half of the users have no LCF: SIPp plays their UEs. P-CSCF1 is drained; those with an LCF move with their calls, of
// the others the CFS says "no LCF" and leaves them.
import { planCalls } from "../call-plan.ts";
import { createSippSubscribers, guessableOp } from "../standing-core/sipp-subscribers.ts";
import { elementAt, homeDomain } from "../topology.ts";
import { registerSippUes } from "../ue/sipp-ues.ts";
import { createSubscribers } from "../ue/subscribers.ts";
import { type Expectation, everybodyMovedWithCalls } from "./expectation.ts";
import type { ExperimentOptions } from "./experiment.ts";
import { createTransferExperiment } from "./transfer-experiment.ts";

/** Users with an LCF who are called, registered through P-CSCF3. */
const calleeCount = 2;
const prefix = "sipp";
const noLcf = "no LCF";

/** Of the users who are at P-CSCF1. */
function halves({ users }: Pick<ExperimentOptions, "users">): { withLcf: number; without: number } {
  const without = Math.floor(users / 2);
  return { withLcf: users - without, without };
}

function isStranger(user: string): boolean {
  return user.startsWith(`sip:${prefix}`);
}

/** Seconds of the script for the drain, and of the clock at least: movements need real time. */
const drainSeconds = { script: 60, clock: 15 };

/**
 * Who has an LCF moves with his calls; who has none is left for that reason, and is never counted as moved. So the drain
 * does not come to its end: at its deadline the CFS says FAILED_TEMP, for users are left.
 */
export const lcfsMovedOthersLeft: Expectation = (report, operation, failedOutside) => {
  const strangers = report.users.filter(({ user }) => isStranger(user));
  const planned = strangers.filter((one) => one.planned);
  const failures = everybodyMovedWithCalls(
    { ...report, users: report.users.filter(({ user }) => !isStranger(user)) },
    { ...operation, state: "COMPLETED" },
    failedOutside,
  );
  const problem = operation.problem?.title ?? "no problem";
  if (operation.state !== "FAILED_TEMP" || problem !== "deadline")
    failures.push(
      `the drain was to end at its deadline with users left, FAILED_TEMP: ${operation.state}, ${problem}`,
    );
  for (const { user, outcome, reason } of strangers)
    if (outcome !== "skipped" || reason !== noLcf)
      failures.push(
        `${user} has no LCF and was to be skipped for that: ${outcome}, ${reason || "no reason"}`,
      );
  const { moved, left } = report.transfer;
  const withLcf = report.users.filter((one) => one.planned && !isStranger(one.user)).length;
  if (moved !== withLcf) failures.push(`${moved} users count as moved, ${withLcf} have an LCF`);
  if (left !== planned.length || planned.length !== strangers.length || strangers.length === 0)
    failures.push(`${left} users count as left, ${strangers.length} have no LCF`);
  return failures;
};

export const mixedFleet = createTransferExperiment({
  name: "mixed-fleet",
  summary: "half of the UEs are SIPp scripts without an LCF: a drained P-CSCF keeps them, the others move",
  load: 0,
  reason: "maintenance",
  affected: ({ pCscfs }) => elementAt(pCscfs, 0),
  target: ({ pCscfs }) => elementAt(pCscfs, 1),
  title(options) {
    const { withLcf, without } = halves(options);
    return `P-CSCF1 is drained: ${withLcf} users move to P-CSCF2, ${without} SIPp UEs without an LCF stay`;
  },
  deadline: ({ speed }) => Math.max(drainSeconds.clock, Math.ceil(drainSeconds.script / speed)),
  functionName: (element) => `${element.fqdn}:${element.address.port}`,
  placeOf: (registration) => registration.pCscf,
  members({ pCscfs, sCscfs, cfd }, options) {
    const { withLcf } = halves(options);
    const subscribers = createSubscribers({
      count: withLcf + calleeCount,
      preferredServers: sCscfs.map((element) => element.uri),
      registerServers: [`sip:${cfd.fqdn}`],
    });
    return subscribers.map((subscriber, index) => ({
      user: subscriber.publicIdentities[0] ?? "",
      subscriber,
      pCscf: elementAt(pCscfs, index < withLcf ? 0 : 2).uri,
    }));
  },
  strangers: {
    subscribers: ({ crypto }, { sCscfs, cfd }, options) =>
      createSippSubscribers(crypto, {
        ...{ count: halves(options).without, domain: homeDomain, prefix, authentication: "aka" },
        op: guessableOp,
        sCscfs: sCscfs.map((element) => element.uri),
        registerServers: [`sip:${cfd.fqdn}`],
      }),
    register: (subscribers, { address }) => registerSippUes(subscribers, address),
  },
  calls: (random, users, options) =>
    planCalls(random, {
      callers: users.slice(0, halves(options).withLcf),
      callees: users.slice(halves(options).withLcf),
      rate: options.rate,
      duration: options.duration,
    }),
  expect: lcfsMovedOthersLeft,
  unfit: new Map([
    ["--virtual", "SIPp has no virtual clock; --speed shortens the experiment"],
    ["--ipv6", "each of SIPp's UEs has an address of its own, and ::1 is one; leave it out"],
  ]),
});
