// CFD and CFS as programs from YAML beside a core that is not theirs, and an operator who orders transfers over HTTP as
// docs/running.md tells; calls go on meanwhile.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import { waitUntil } from "@liquid-ims/lab/experiments/wait-until";
import { startNetwork } from "@liquid-ims/lab/network";
import { InProcessPlacement } from "@liquid-ims/lab/placement-in-process";
import { createRealPlatform } from "@liquid-ims/lab/platform-real";
import { createTimeline } from "@liquid-ims/lab/timeline";
import { createTopology, elementAt } from "@liquid-ims/lab/topology";
import { type Fleet, startFleet } from "@liquid-ims/lab/ue/fleet";
import { createSubscribers } from "@liquid-ims/lab/ue/subscribers";
import type { TransferOperation } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { createLineLog } from "@liquid-ims/runtime/nodejs";
import { SeededRandom } from "@liquid-ims/runtime/simulation";
import { placePrograms } from "./placed-programs.ts";
import { newFolder, type Server } from "./run-server.ts";

const userCount = 6;
const ends = new Set(["COMPLETED", "FAILED_TEMP", "FAILED", "ROLLED_BACK"]);

/** os-cfs at the address of the line `ready`. */
function operatorAt(ready: Readonly<Record<string, unknown>>) {
  const address = /http:(\S+)/.exec(String(ready["listening"]))?.[1];
  const url = (path: string) => `http://${address}/os-cfs/v1${path}`;
  const get = async (path: string) => (await fetch(url(path))).json();
  return {
    get,
    async order(body: object): Promise<TransferOperation> {
      const response = await fetch(url("/transfers"), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const operation = await response.json();
      assert.ok(response.ok, JSON.stringify(operation));
      return operation;
    },
    async reachable(name: string): Promise<number> {
      const { users } = await get(`/functions/${encodeURIComponent(name)}/users`);
      return users.filter((user: { unreachable: unknown }) => user.unreachable === null).length;
    },
    /** Asks until `holds`; the last answer. */
    async until(host: Host, id: string, what: string, holds: (present: TransferOperation) => boolean) {
      let present: TransferOperation = await get(`/transfers/${id}`);
      await waitUntil(
        host,
        async () => {
          present = await get(`/transfers/${id}`);
          return holds(present);
        },
        { limitMs: 60_000, what },
      );
      return present;
    },
  };
}

const isOver = ({ state }: TransferOperation) => ends.has(state);

function assertAllMoved(operation: TransferOperation, planned: number): void {
  const text = JSON.stringify(operation);
  assert.equal(operation.state, "COMPLETED", text);
  assert.deepEqual(operation.counts, { planned, moved: planned, left: 0 }, text);
  assert.equal(operation.dialogs.lost, 0, text);
}

async function assertLogged(server: Server, { id, users }: TransferOperation): Promise<void> {
  const lines = server.lines.filter((line) => line.event === "user of a transfer");
  for (const { user } of users)
    assert.ok(
      lines.some((line) => line["transfer"] === id && line["user"] === user),
      `${id} ${user}`,
    );
  const subscribed = server.lines.filter((line) => line.event === "cfs-ue subscription");
  for (const { user } of users)
    assert.ok(
      subscribed.some((line) => line["user"] === user && typeof line["callId"] === "string"),
      `${user} with the Call-ID of its subscription`,
    );
  assert.match(
    await (await server.admin("/metrics")).text(),
    /^cfs_transfer_users_total\{state="done"\} \d+$/m,
  );
}

async function withLab(
  context: TestContext,
  script: (parts: {
    readonly host: Host;
    readonly fleet: Fleet;
    readonly programs: ReturnType<typeof placePrograms>;
    readonly pCscfs: readonly string[];
    readonly sCscfs: readonly string[];
    readonly users: readonly string[];
  }) => Promise<void>,
): Promise<void> {
  const topology = createTopology();
  const log = createLineLog({ level: "error", write: (line) => void process.stderr.write(line) });
  const platform = createRealPlatform({ tap: { sent: () => undefined }, log });
  const own = new InProcessPlacement(platform);
  const programs = placePrograms(context, newFolder(context), own);
  const preferred = topology.sCscfs.map((element) => element.uri);
  const subscribers = createSubscribers({
    count: userCount,
    preferredServers: [preferred[0] ?? ""],
    registerServers: [`sip:${topology.cfd.fqdn}`],
  });
  const members = subscribers.map((subscriber) => ({
    user: subscriber.publicIdentities[0] ?? "",
    subscriber,
    pCscf: elementAt(topology.pCscfs, 0).uri,
  }));
  try {
    await platform.run(async (host) => {
      const network = await startNetwork({
        ...{ topology, placement: programs, subscribers, replaceDialogs: true, osCfs: topology.osCfs },
        capacity: { msPerMessage: 0, queueMs: 0 },
        pace: { mode: "fixed", usersPerSecond: 5 },
        retry: 500,
      });
      const fleet = await startFleet({
        ...{ topology, platform, members, lookup: network.lookup, T1: 500, replaceDialogs: true },
        ...{ timeline: createTimeline(1), random: new SeededRandom("beside a core"), ringing: 0.1 },
      });
      await fleet.register(host);
      await script({
        ...{ host, fleet, programs, sCscfs: preferred, users: members.map(({ user }) => user) },
        pCscfs: topology.pCscfs.map(({ fqdn, address }) => `${fqdn}:${address.port}`),
      });
    });
  } finally {
    await platform.close();
  }
}

test("a P-CSCF, then an S-CSCF is emptied with calls up; a CFS killed in the middle of the next one goes on with it", async (context) => {
  await withLab(context, async ({ host, fleet, programs, pCscfs, sCscfs, users }) => {
    const cfs = programs.server("cfs");
    const oss = operatorAt(await cfs.line("ready"));
    const [p1 = "", p2 = "", p3 = ""] = pCscfs;
    const [s1 = "", s2 = ""] = sCscfs;
    const patience = { limitMs: 60_000, what: "the CFS to reach every UE" };
    await waitUntil(host, async () => (await oss.reachable(p1)) === userCount, patience);
    for (let index = 0; index < userCount; index += 2)
      fleet.place(host, { at: 0, caller: users[index] ?? "", callee: users[index + 1] ?? "", talk: 300 });
    await waitUntil(host, () => fleet.counts.up === userCount / 2, { limitMs: 20_000, what: "the calls" });

    const order = { load: 0, reason: "maintenance", pace: { mode: "fixed", usersPerSecond: 5 } };
    const plan = await oss.order({ ...order, function: p1, targets: [{ function: p2 }], dryRun: true });
    assert.equal(plan.counts.planned, userCount, JSON.stringify(plan));
    assert.equal(await oss.reachable(p1), userCount);

    const first = await oss.order({ ...order, function: p1, targets: [{ function: p2 }] });
    const moved = await oss.until(host, first.id, "the transfer of a P-CSCF", isOver);
    assertAllMoved(moved, userCount);
    assert.ok(moved.dialogs.kept >= userCount / 2, JSON.stringify(moved.dialogs));
    await assertLogged(cfs, moved);
    assert.ok([...fleet.registrations().values()].every((one) => one?.pCscf === p2));

    const second = await oss.order({ ...order, function: s1, targets: [{ function: s2 }] });
    const changed = await oss.until(host, second.id, "the transfer of an S-CSCF", isOver);
    assertAllMoved(changed, userCount);
    await assertLogged(cfs, changed);
    assert.ok([...fleet.registrations().values()].every((one) => `sip:${one?.sCscf}` === s2));

    const slow = { ...order, pace: { mode: "fixed", usersPerSecond: 1 } };
    const third = await oss.order({ ...slow, function: p2, targets: [{ function: p3 }] });
    const middle = ({ counts, state }: TransferOperation) => state === "PROCESSING" && counts.moved > 0;
    const before = await oss.until(host, third.id, "the first users to move", middle);
    assert.ok(before.counts.moved < userCount, JSON.stringify(before.counts));
    process.kill(Number((await cfs.line("ready"))["pid"]), "SIGKILL");
    await cfs.exit;
    const next = await programs.restart("cfs");
    const later = operatorAt(await next.line("ready"));
    const done = await later.until(host, third.id, "the transfer after the restart", isOver);
    assertAllMoved(done, userCount);
    assert.equal(fleet.counts.failed, 0);
    assert.equal(fleet.counts.lost, 0);
    assert.equal(fleet.counts.up, userCount / 2);
    context.diagnostic(
      `dialogs kept ${moved.dialogs.kept}, ${changed.dialogs.kept}, ${done.dialogs.kept}; ${before.counts.moved} of ${userCount} moved before the kill`,
    );
  });
});
