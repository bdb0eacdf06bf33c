// T4 in the lab's core: an HSS that does as the specification says, RTR to the S-CSCF that a user leaves, and S-CSCFs
// that then cut his calls within ten seconds, as OpenIMSCore does. Configured, and found by the CFS itself.
import assert from "node:assert/strict";
import test from "node:test";
import type { TransferResource } from "@liquid-ims/cfs/operations/operations";
import type { Call } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import type { TestUe } from "../../ue-lcf/ue-world.ts";
import {
  ended,
  isAt,
  leave,
  type OwnCfs,
  type OwnCfsOptions,
  openOwnCfs,
  s1,
  s2,
  settled,
} from "./own-cfs.ts";

/** Slow enough that the first end of a call waits for the other one, which is when a call can be cut. */
const slow = { pace: { mode: "fixed", usersPerSecond: 0.15 } } as const;

interface Core {
  readonly made: OwnCfs;
  readonly ues: readonly TestUe[];
  /** Users 1 and 2, 3 and 4, 5 and 6 are in a call with each other; 7 and 8 are idle. */
  readonly calls: readonly { readonly placed: Call; readonly received: Call }[];
}

async function open(seed: number, cx: OwnCfsOptions["cx"] = {}): Promise<Core> {
  const network = { hss: "specification", releaseSessionsOnRtr: true } as const;
  const made = await openOwnCfs(seed, { network, ...(cx === undefined ? {} : { cx }) });
  const ues: TestUe[] = [];
  for (let n = 1; n <= 8; n++) ues.push(await made.world.openUe(n, 1 + (n % 3)));
  const calls: Core["calls"][number][] = [];
  for (const n of [0, 2, 4]) {
    const [caller, callee] = [ues[n], ues[n + 1]];
    assert.ok(caller !== undefined && callee !== undefined);
    calls.push(await made.world.connect(caller, callee));
  }
  return { made, ues, calls };
}

function cutIn({ calls }: Core): number {
  return calls.filter(({ placed }) => placed.state === "ended").length;
}

function present({ made }: Core, id: string): Promise<TransferResource> {
  return settled(made, made.cfs.node.operations.getTransfer(id));
}

/** The users themselves hang up; then everybody can be moved. */
async function finish(core: Core, id: string): Promise<TransferResource> {
  for (const { placed } of core.calls) if (placed.state === "confirmed") placed.hangUp();
  const transfer = await ended(core.made, id, 240_000);
  for (const ue of core.ues) isAt(core.made, ue, s2);
  return transfer;
}

test("T4, configured: idle users move, those in calls wait for the ends of their calls, none is cut", async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const core = await open(seed, { cancelsOldServer: true });
    const id = await leave(core.made, slow);
    await core.made.world.wait(70_000);
    const waiting = await present(core, id);
    assert.deepEqual([cutIn(core), waiting.counts.moved], [0, 2], `seed ${seed}`);
    const transfer = await finish(core, id);
    assert.equal(transfer.counts.moved, 8, `seed ${seed}`);
    assert.equal(transfer.problem, undefined);
  }
});

test("T4, not configured: the CFS sees that calls are cut, says so, and keeps the others where they are", async (context) => {
  let seen = 0;
  let kept = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const core = await open(seed);
    const id = await leave(core.made, slow);
    await core.made.world.wait(70_000);
    const transfer = await present(core, id);
    const { problem } = transfer;
    const cut = cutIn(core);
    const what = `seed ${seed}: ${JSON.stringify(transfer.users)}`;
    if (problem === undefined) {
      assert.ok(cut < 2, what);
      kept += transfer.dialogs.kept;
      continue;
    }
    seen += 1;
    assert.equal(problem.title, "calls were cut");
    assert.match(problem.detail ?? "", /^2 of 2 calls .*set cx\.cancelsOldServer: true/);
    assert.equal(cut, 2, what);
    // Nobody is tried any more whose call goes on: however long it lasts.
    await core.made.world.wait(120_000);
    assert.equal(cutIn(core), 2, what);
    const [fifth, sixth] = core.ues.slice(4);
    assert.ok(fifth !== undefined && sixth !== undefined);
    for (const ue of [fifth, sixth]) isAt(core.made, ue, s1, what);
    const line = (await present(core, id)).users.find(({ user }) => user === fifth.identity);
    assert.equal(line?.state, "planned");
    assert.match(line.reason, /^not idle/);
    // The idle ones go on, and those whose calls have ended.
    assert.equal((await finish(core, id)).counts.moved, 8, what);
  }
  context.diagnostic(`in ${seen} of 12 runs two calls were cut; ${kept} calls kept in the others`);
  assert.ok(seen > 0 && kept > 0);
});

test("T4: after a failure users are moved with their calls, which are said to be at risk", async () => {
  const core = await open(1, { cancelsOldServer: true });
  const id = await leave(core.made, { reason: "failure" });
  const transfer = await ended(core.made, id);
  assert.equal(transfer.counts.moved, 8, JSON.stringify(transfer.users));
  const atRisk = transfer.users.filter(({ reason }) => /^1 call at risk: the S-CSCF/.test(reason));
  assert.equal(atRisk.length, 6, JSON.stringify(transfer.users));
});
