// The calls of an experiment: in turn, exponential, repeatable.
import assert from "node:assert/strict";
import test from "node:test";
import { planCalls } from "@liquid-ims/lab/call-plan";
import { SeededRandom } from "@liquid-ims/runtime/simulation";

const callers = Array.from({ length: 20 }, (_, index) => `caller ${index}`);
const callees = ["callee 0", "callee 1"];

test("one call a second, callers and callees in turn", () => {
  const calls = planCalls(new SeededRandom("a"), { callers, callees, rate: 1, duration: 120 });
  assert.equal(calls.length, 120);
  assert.deepEqual(
    calls.slice(19, 22).map(({ at, caller, callee }) => [at, caller, callee]),
    [
      [19, "caller 19", "callee 1"],
      [20, "caller 0", "callee 0"],
      [21, "caller 1", "callee 1"],
    ],
  );
});

test("talking times: mean 10 s, at least 2 s", () => {
  const calls = planCalls(new SeededRandom("b"), { callers, callees, rate: 100, duration: 200 });
  const mean = calls.reduce((sum, call) => sum + call.talk, 0) / calls.length;
  assert.ok(Math.abs(mean - 10) < 0.25, `mean ${mean}`);
  assert.ok(calls.every((call) => call.talk >= 2));
  // Above the minimum the distribution forgets: half of the calls last less than 2 + 8 ln 2 s.
  const short = calls.filter((call) => call.talk < 2 + 8 * Math.LN2).length / calls.length;
  assert.ok(Math.abs(short - 0.5) < 0.02, `${short} below the median`);
});

test("the same seed gives the same calls, another one others", () => {
  const plan = (seed: string) =>
    planCalls(new SeededRandom(seed), { callers, callees, rate: 1, duration: 60 });
  assert.deepEqual(plan("7"), plan("7"));
  assert.notDeepEqual(plan("7"), plan("8"));
});
