// The runs of the explorer, with what each is expected to find: short ones for every test run, long ones for .ci/run
// and the night.
import assert from "node:assert/strict";
import { replacementTables } from "@liquid-ims/ue-lcf/dialog-replacement";
import { type Exploration, type ExplorationResult, explore } from "./replacement-explorer.ts";

export const usual = {
  moves: [1, 1],
  losses: 0,
  hangUp: [false, false],
  tables: replacementTables,
  bounds: { ahead: 1, abandoned: 1, early: 0 },
  ties: "B is higher",
  maximum: 20_000_000,
} satisfies Exploration;

export interface Run {
  readonly title: string;
  readonly changes: Partial<Exploration>;
}

const wide = { ahead: 2, abandoned: 2, early: 2 } as const;
const early = { ahead: 1, abandoned: 1, early: 1 } as const;
/** At most so many dialogs at a time: without it 2,1 has more states than fit in memory (70,000,000 seen). */
const four = { ...usual.bounds, dialogs: 4 } as const;
const five = { ...usual.bounds, dialogs: 5 } as const;

/** `moves of A, B; losses on good paths`. */
export const shortRuns: readonly Run[] = [
  { title: "1,0; 0 losses, wide bounds", changes: { moves: [1, 0], bounds: wide } },
  { title: "0,1; 1 loss, wide bounds", changes: { moves: [0, 1], losses: 1, bounds: wide } },
  { title: "2,0; 1 loss", changes: { moves: [2, 0], losses: 1, mayBeSlow: true } },
  { title: "1,1; 0 losses, one INVITE given up early", changes: { bounds: early } },
  { title: "1,1; 1 loss", changes: { losses: 1 } },
  { title: "1,2; 0 losses, four dialogs", changes: { moves: [1, 2], bounds: four, mayBeSlow: true } },
  { title: "1,0; 1 loss, A hangs up", changes: { moves: [1, 0], losses: 1, hangUp: [true, false] } },
  { title: "0,1; 1 loss, A hangs up", changes: { moves: [0, 1], losses: 1, hangUp: [true, false] } },
  { title: "1,0; 1 loss, both hang up", changes: { moves: [1, 0], losses: 1, hangUp: [true, true] } },
];

/** Minutes: .ci/run. */
export const longRuns: readonly Run[] = [
  // An end may wait 64*T1 for its fresh dialog here: docs/dialog-replacement.md says when.
  {
    title: "1,1; 1 loss, one INVITE given up early",
    changes: { losses: 1, bounds: early, mayBeSlow: true },
  },
  { title: "1,1; 0 losses, A hangs up", changes: { hangUp: [true, false] } },
  {
    title: "2,1; 1 loss, four dialogs",
    changes: { moves: [2, 1], losses: 1, bounds: four, mayBeSlow: true },
  },
  {
    title: "1,2; 1 loss, four dialogs",
    changes: { moves: [1, 2], losses: 1, bounds: four, mayBeSlow: true },
  },
];

/** An hour and more, and up to 16 GB: the night (`npm run explore`). */
export const nightRuns: readonly Run[] = [
  { title: "1,1; 0 losses, B hangs up", changes: { hangUp: [false, true] } },
  { title: "1,1; 0 losses, both hang up", changes: { hangUp: [true, true] } },
  { title: "1,1; 1 loss, A hangs up", changes: { losses: 1, hangUp: [true, false] } },
  { title: "1,1; 1 loss, B hangs up", changes: { losses: 1, hangUp: [false, true] } },
  {
    title: "2,1; 0 losses, B hangs up, four dialogs",
    changes: { moves: [2, 1], bounds: four, hangUp: [false, true], mayBeSlow: true },
  },
  { title: "2,1; 0 losses, five dialogs", changes: { moves: [2, 1], bounds: five, mayBeSlow: true } },
  { title: "1,2; 0 losses, five dialogs", changes: { moves: [1, 2], bounds: five, mayBeSlow: true } },
  {
    title: "2,1; 1 loss, five dialogs",
    changes: { moves: [2, 1], losses: 1, bounds: five, mayBeSlow: true },
  },
];

/** Every end is good, from everywhere one can be reached. */
export function assertGood(run: Run): ExplorationResult {
  const options = { ...usual, ...run.changes };
  const found = explore(options);
  const { counterexample } = found;
  assert.equal(
    counterexample === null ? "" : [counterexample.reason, ...counterexample.steps].join("\n"),
    "",
  );
  assert.ok(found.complete, `${found.states} states and not done`);
  assert.ok(found.kept > 0, "no end with one dialog");
  assert.equal(found.over > 0, options.hangUp.includes(true), `${found.over} ends that are over`);
  return found;
}

/** `204,727 states, 1,633,462 steps between them, ends: 4 with one dialog, 0 over`. */
export function figures(found: ExplorationResult): string {
  const say = (value: number) => value.toLocaleString("en");
  return `${say(found.states)} states, ${say(found.transitions)} steps between them, ends: ${found.kept} with one dialog, ${found.over} over`;
}

export function assertFound(title: string, changes: Partial<Exploration>): string {
  const { states, counterexample } = explore({ ...usual, ...changes });
  assert.ok(counterexample !== null, `${title}: not found in ${states} states`);
  assert.doesNotMatch(counterexample.reason, /for the model/, title);
  return `${counterexample.reason}, after ${counterexample.steps.length} steps, ${states} states`;
}
