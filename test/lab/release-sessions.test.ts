// The experiment s-cscf-underload with S-CSCFs that cut calls when the HSS cancels them, with and without a CFS that knows
// it, and with each behaviour of the HSS; on the virtual clock. system 3, S; traps T1, T4.
import assert from "node:assert/strict";
import test from "node:test";
import type { ExperimentOptions, ExperimentResult } from "@liquid-ims/lab/experiments/experiment";
import { sCscfUnderload } from "@liquid-ims/lab/experiments/s-cscf-underload";
import { countMoveMessages } from "@liquid-ims/lab/report/move-messages";

const defaults: ExperimentOptions = {
  ...{ speed: 1, virtual: true, seed: 1, users: 20, rate: 1, duration: 60, pace: "fixed", t1: 500 },
  ...{ replaceDialogs: true, load: 0, loss: 0, kill: false, placement: "shared", logLevel: "error" },
};

function run(changes: Partial<ExperimentOptions>): Promise<ExperimentResult> {
  return sCscfUnderload.run({ ...defaults, ...changes }, () => undefined);
}

function messages({ trace }: ExperimentResult, begins: string, to?: string): number {
  return trace.filter((entry) => entry.message.startsWith(begins) && (to === undefined || entry.to === to))
    .length;
}

/** BYEs that an S-CSCF has sent on its own. */
function cutsIn({ trace }: ExperimentResult): number {
  return trace.filter(
    ({ from, message }) =>
      from === "scscf2" && message.startsWith("BYE ") && message.includes("\r\nReason: SIP;cause=480"),
  ).length;
}

test("specification: each move has its RTR, which only ends the registration: all moved with their calls, 12 seeds", async () => {
  const small = { users: 8, rate: 0.5, duration: 24 } as const;
  let kept = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const result = await run({ ...small, seed });
    const { transfer, dialogs, calls, window } = result.report;
    assert.deepEqual([seed, transfer.moved, transfer.left, dialogs.lost], [seed, 4, 0, 0]);
    assert.ok(calls.failed <= (window?.callsLost ?? 0), `seed ${seed}: ${JSON.stringify(calls)}`);
    assert.deepEqual(
      [
        messages(result, "Registration-Termination-Request", "scscf2"),
        messages(result, "Registration-Termination-Answer success"),
      ],
      [4, 4],
      `seed ${seed}`,
    );
    // The left S-CSCF claims nobody, and has nothing to end.
    const claims = result.trace.filter(
      ({ from, message }) =>
        from === "scscf2" && /Server-Assignment-Type: (UNREG|TIMEOUT|USER_)/.test(message),
    );
    assert.deepEqual(claims, [], `seed ${seed}`);
    kept += dialogs.kept;
  }
  assert.ok(kept > 5, `${kept} dialogs kept in all`);
});

for (const hss of ["fhoss", "open5gs"] as const) {
  test(`${hss}: no RTR, and everybody moves with their calls`, async () => {
    const result = await run({ hss });
    assert.deepEqual(result.context.failures, []);
    assert.equal(result.report.transfer.moved, 10);
    assert.equal(messages(result, "Registration-Termination-Request"), 0);
  });
}

test("pyhss: through its REST interface everybody moves with their calls, without a MAR of the CFS", async () => {
  const result = await run({ hss: "pyhss" });
  assert.deepEqual(result.context.failures, []);
  const { transfer, dialogs, window, users } = result.report;
  assert.deepEqual(transfer, { planned: 10, moved: 10, left: 0 });
  assert.ok(dialogs.kept >= 3, JSON.stringify(dialogs));
  const ofCfs = result.trace.filter(({ from }) => from === "cfs");
  assert.equal(ofCfs.filter(({ message }) => message.startsWith("Multimedia-Auth-Request")).length, 0);
  const patches = ofCfs.filter(({ to, message }) => to === "hss" && message.startsWith("PATCH "));
  assert.equal(patches.length, 10);
  // What the MAR opens elsewhere is opened by the PATCH: 10 windows, each with all of its parts.
  assert.ok(window !== null && window.medianMilliseconds > window.parts.registrationMilliseconds);
  for (const part of Object.values(window.parts)) assert.ok(part > 0, JSON.stringify(window.parts));
  // Of the messages of his move: GET and PATCH to write the name, GET to see him held, each with its answer.
  const [{ user } = { user: "" }] = users.filter(({ planned }) => planned);
  const count = (trace: ExperimentResult["trace"]) =>
    countMoveMessages(trace, [{ user, from: 0, to: 300_000 }], "cfs.open-ims.test").get(user) ?? 0;
  const others = result.trace.filter(({ protocol, from }) => protocol !== "http" || from === "oss");
  assert.equal(count(result.trace) - count(others), 6);
});

test("pyhss: without its interface a MAR moves nobody: all are told why, and the run ends soon", async () => {
  const result = await run({ hss: "pyhss", users: 8, withoutAdapter: true });
  const { transfer, dialogs, window, load } = result.report;
  assert.deepEqual(transfer, { planned: 4, moved: 0, left: 4 });
  assert.deepEqual([dialogs.lost, window], [0, null]);
  const [state, ...rest] = result.context.failures;
  assert.equal(state, "the transfer has not ended, it is FAILED_TEMP");
  const users = rest.slice(0, -1);
  assert.match(rest.at(-1) ?? "", /^\d+ dialogs stayed on the path that was left$/);
  assert.equal(users.length, 4);
  for (const line of users)
    assert.match(line, /was not moved: refused, HSS does not move users on MAR: .* give cx\.adapter/);
  const lastHangUp = Math.max(...result.context.dialogs.map(({ endedAt }) => endedAt ?? 0));
  const end = Math.max(...load.map(({ second }) => second));
  assert.ok(end <= lastHangUp + 12, `the last call ended at ${lastHangUp} s, the run at ${end} s`);
});

test("pyhss: a MESSAGE into every window makes it forget the user; that is told of him, not of the HSS", async () => {
  const result = await run({ hss: "pyhss", duration: 30, messageIntoWindow: true });
  const { report, context } = result;
  for (const { planned, outcome, reason } of report.users) {
    if (!planned) continue;
    // Where the fault meets every window, the guard may end the transfer for the others: it says that users have failed.
    const isGuarded = outcome === "aborted" && reason.startsWith("too many failures: ");
    assert.ok(outcome === "moved" || outcome === "rolledBack" || isGuarded, `${outcome}: ${reason}`);
    assert.doesNotMatch(reason, /does not move users/);
  }
  const claimed = context.failures.filter((line) =>
    /UNREGISTERED_USER of sip:scscf1\S+ for .* caused by a MESSAGE .* in his window$/.test(line),
  );
  assert.ok(claimed.length >= 10, context.failures.join("\n"));
});

/** How long after the RTR calls are cut; at 0 and 20 ms there is no time to replace them. */
for (const afterMs of [0, 20, 200, 10_000]) {
  test(`T4: calls are cut within ${afterMs} ms, and the CFS knows: who is in a call waits for its end, and none is cut`, async () => {
    const result = await run({ releaseSessionsOnRtr: { afterMs }, cancelsOldServer: true });
    assert.deepEqual(result.context.failures, []);
    const { transfer, dialogs, calls } = result.report;
    assert.deepEqual(transfer, { planned: 10, moved: 10, left: 0 });
    assert.deepEqual([dialogs.kept, dialogs.lost, calls.failed, cutsIn(result)], [0, 0, 0, 0]);
    // There was somebody to wait for.
    assert.ok(dialogs.endedMeanwhile > 5, JSON.stringify(dialogs));
    assert.equal(messages(result, "Registration-Termination-Request", "scscf2"), 10);
  });
}

test("T4: calls are cut at once, and the CFS does not know: they are lost, and the report says so", async () => {
  const result = await run({ releaseSessionsOnRtr: { afterMs: 0 } });
  const { dialogs, calls } = result.report;
  assert.ok(dialogs.lost >= 5, JSON.stringify(dialogs));
  assert.ok(calls.failed >= dialogs.lost, JSON.stringify(calls));
  assert.ok(cutsIn(result) >= 2 * 5, `${cutsIn(result)} BYEs of the S-CSCF`);
  assert.match(result.context.failures.join(), /dialogs were lost/);
});

test("T4: a tick of OpenIMSCore's length leaves time to replace them", async () => {
  const result = await run({ releaseSessionsOnRtr: true });
  assert.deepEqual(result.context.failures, []);
  assert.ok(result.report.dialogs.kept >= 3, JSON.stringify(result.report.dialogs));
});
