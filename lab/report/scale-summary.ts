// What a person reads in the end of an experiment in which functions come and go.
import type { FunctionChange, ScaleReport, SharePhase } from "./scale-report.ts";

/** `icscf2 added at 30.0 s, COMPLETED at 30.1 s`. */
export function describeChange(change: FunctionChange): string {
  const { function: name, action, startedAt, completedAt, state, problem } = change;
  const verb = action === "add" ? "added" : "removed";
  const end = completedAt === null ? state : `${state} at ${completedAt.toFixed(1)} s`;
  return `${name} ${verb} at ${startedAt.toFixed(1)} s, ${end}${problem === null ? "" : ` (${problem})`}`;
}

const phases = { before: "before", both: "with both", after: "after the removal" } as const;

/** `icscf1 104 + icscf2 97 REGISTERs with both, 35.1 s to 60.0 s (icscf2: 65 to 137 by chance)`. */
export function describeShare({ phase, from, to, registers, bounds }: SharePhase): string {
  const counts = registers.map((one) => `${one.function} ${one.registers}`).join(" + ");
  const chance =
    bounds === null ? "" : ` (${registers[1]?.function}: ${bounds.low} to ${bounds.high} by chance)`;
  return `${counts} REGISTERs ${phases[phase]}, ${from.toFixed(1)} s to ${to.toFixed(1)} s${chance}`;
}

export function summariseScale(report: ScaleReport): string[] {
  const { registrations, transactions, reported, records, killed } = report;
  return [
    ...report.functionChanges.map((change) => `change   ${describeChange(change)}`),
    ...(killed === null ? [] : [`         ${killed.function} killed at ${killed.at.toFixed(1)} s`]),
    ...report.shares.map((share) => `load     ${describeShare(share)}`),
    `users    ${registrations.attempted} registrations = ${registrations.completed} completed + ${registrations.failed} failed`,
    `         ${transactions.total} REGISTER transactions of all hops, ${transactions.refused} refused, ${transactions.unanswered} unanswered`,
    `records  ${records.found} of ${records.expected} as the users are registered; CFDs heard of ${reported.found} of ${reported.expected} registrations`,
  ];
}
