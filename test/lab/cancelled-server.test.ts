// What happens at an S-CSCF that a user has left, by RTR or by expiry, in the whole core on the virtual clock.
// TS 24.229 5.4.1.5, 5.4.5.1.2; TS 29.228 6.1.3; traps T1, T4, T5, T7.
import assert from "node:assert/strict";
import test from "node:test";
import { sendCx } from "@liquid-ims/diameter/cx/command";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { cxDictionary } from "@liquid-ims/diameter/dictionary/cx";
import { DiameterNode } from "@liquid-ims/diameter/node";
import { cxApplication } from "@liquid-ims/lab/ims-core/cx-client";
import type { HssBehaviour } from "@liquid-ims/lab/ims-core/hss-behaviour";
import { homeDomain } from "@liquid-ims/lab/topology";
import { type BareUe, type CoreWorld, openCoreWorld } from "../support/core-world.ts";
import { openUeWorld, type UeWorld } from "../ue-lcf/ue-world.ts";

const scscf1 = "sip:scscf1.open-ims.test:6060";
const scscf2 = "sip:scscf2.open-ims.test:6060";

function hssOf(world: CoreWorld | UeWorld) {
  return world.placement.node("hss", "hss");
}

/** The HSS ends the registration of a user. */
async function terminate(world: CoreWorld | UeWorld, identity: string): Promise<void> {
  const outcome = await world.simulation.settle(hssOf(world).terminate(identity, "PERMANENT_TERMINATION"));
  assert.equal(outcome?.kind, "answered");
}

test("TS 24.229 5.4.1.5: an RTR ends the registration, its application servers hear of it, and calls go on", async () => {
  const world = await openUeWorld();
  const caller = await world.openUe(1, 1);
  const callee = await world.openUe(2, 2);
  const { placed } = await world.connect(caller, callee);
  const before = world.messages.length;
  const states = () => world.placement.rows.get(caller.identity).map((record) => record.state);
  assert.deepEqual(states(), ["registered"]);
  await terminate(world, caller.identity);
  await world.wait(20_000);
  const told = world.messages.slice(before).filter(({ hop }) => hop === "scscf1 > cfd");
  assert.deepEqual(
    told.map(
      ({ text }) =>
        /^To: (.*)$/m.exec(text)?.[1] + (/^Expires: 0$/m.test(text.replaceAll("\r", "")) ? " 0" : ""),
    ),
    [`<${caller.identity}> 0`],
  );
  assert.deepEqual(states(), ["left"]);
  assert.equal(placed.state, "confirmed");
  placed.hangUp();
  await world.wait(1000);
  assert.deepEqual(callee.heard.at(-1), "call-1 ended by peer");
});

/** Statuses of responses that a UE got for its requests of this method, since that message. */
function statuses(world: UeWorld, from: number, to: string, method: string): number[] {
  return world.messages
    .slice(from)
    .filter(
      ({ hop, text }) => hop.endsWith(`> ${to}`) && new RegExp(`^CSeq: \\d+ ${method}\r$`, "m").test(text),
    )
    .flatMap(({ text }) => /^SIP\/2\.0 (\d+)/.exec(text)?.[1] ?? [])
    .map(Number)
    .filter((status) => status >= 200);
}

test("T4: an S-CSCF that releases sessions sends BYE to both ends, within its tick, and refuses what comes after", async () => {
  const world = await openUeWorld(3, [], { network: { releaseSessionsOnRtr: true } });
  const caller = await world.openUe(1, 1);
  const callee = await world.openUe(2, 2);
  const other = await world.openUe(3, 1);
  const { placed } = await world.connect(caller, callee);
  const spared = await world.connect(other, callee);
  await terminate(world, caller.identity);
  const from = world.messages.length;
  await world.simulation.run({ ms: 10_500, when: () => placed.state === "ended" });
  await world.wait(100);
  const byes = world.messages
    .slice(from)
    .filter(({ hop, text }) => text.startsWith("BYE ") && hop.startsWith("scscf1 > pcscf"));
  assert.deepEqual(byes.map(({ hop }) => hop).sort(), ["scscf1 > pcscf1", "scscf1 > pcscf2"]);
  // Each is a request of the dialog: the ends took it, and the other call of the callee was left alone.
  assert.deepEqual(statuses(world, from, "scscf1", "BYE"), [200, 200]);
  assert.ok(caller.heard.includes("call-1 ended by peer"), caller.heard.join());
  assert.ok(callee.heard.includes("call-1 ended by peer"), callee.heard.join());
  assert.equal(spared.placed.state, "confirmed");

  // Whoever calls him now finds nobody; whoever he calls is not called: the S-CSCF claims him instead (T7).
  const back = world.place(callee, caller);
  await world.wait(2000);
  assert.equal(back.state, "ended");
  const mark = world.messages.length;
  const again = world.place(caller, callee);
  await world.wait(2000);
  assert.equal(again.state, "ended");
  assert.deepEqual(statuses(world, mark, "127.0.3.2", "INVITE"), [404]);
  assert.deepEqual(hssOf(world).assignment(caller.identity)?.state, "unregistered");
  spared.placed.hangUp();
  await world.wait(1000);
  assert.equal(spared.received.state, "ended");
});

test("T4: re-registering before the tick keeps the calls", async () => {
  const world = await openUeWorld(3, [], { network: { releaseSessionsOnRtr: { afterMs: 600_000 } } });
  const caller = await world.openUe(1, 1);
  const callee = await world.openUe(2, 2);
  const { placed } = await world.connect(caller, callee);
  await terminate(world, caller.identity);
  const outcome = await world.simulation.settle(caller.ue.register());
  assert.equal(outcome.outcome, "registered");
  await world.wait(600_000);
  assert.equal(placed.state, "confirmed");
});

test("T4: a call that rings is refused when its user's registration ends", async () => {
  const world = await openUeWorld(3, [], { network: { releaseSessionsOnRtr: { afterMs: 100 } } });
  const caller = await world.openUe(1, 1);
  const callee = await world.openUe(2, 2);
  const placed = world.place(caller, callee);
  await world.wait(300);
  assert.equal(placed.state, "ringing");
  await terminate(world, caller.identity);
  await world.wait(500);
  assert.deepEqual([placed.state, callee.incoming[0]?.state], ["ended", "ended"]);
});

/** A Diameter node in the CFS's place, which sends one MAR. */
async function changeServer(world: CoreWorld, identity: string, originHost?: string): Promise<void> {
  const { cfs, hss } = world.topology;
  const { host: localHost } = cfs.address;
  const { node } = world.simulation.addHost("cfs", {
    addresses: [localHost],
    program: (host) => {
      const made = new DiameterNode(host, {
        ...{ originHost: cfs.fqdn, originRealm: homeDomain, dictionary: cxDictionary },
        peers: [{ originHost: hss.fqdn, address: hss.address, localHost }],
        applications: [cxApplication],
      });
      host.spawn("start", () => made.start());
      return made;
    },
  });
  await world.simulation.run({ ms: 1000 });
  const outcome = await world.simulation.settle(
    new Promise<string>((resolve) => {
      sendCx(
        node,
        multimediaAuth,
        { destinationRealm: homeDomain, ...(originHost === undefined ? {} : { originHost }) },
        {
          ...{ userName: identity.slice("sip:".length), publicIdentity: identity, serverName: scscf2 },
          ...{ sipNumberAuthItems: 1, sipAuthDataItem: { sipAuthenticationScheme: "Digest-AKAv1-MD5" } },
        },
        (answered) => resolve(answered.kind),
      );
    }),
  );
  assert.equal(outcome, "answer");
}

/** A user moves to S-CSCF2 while his registration at S-CSCF1 has 60 s left; then these pass. */
async function moveAndLetExpire(
  behaviour: HssBehaviour,
  originHost?: string,
): Promise<{ world: CoreWorld; user: BareUe }> {
  const world = await openCoreWorld({ without: ["cfs"], network: { hss: behaviour } });
  const user = await world.openUe(1);
  await user.register(1, 60);
  assert.equal(hssOf(world).assignment(user.identity)?.serverName, scscf1);
  await changeServer(world, user.identity, originHost);
  await user.register(1, 600);
  assert.deepEqual(hssOf(world).assignment(user.identity), {
    ...{ state: "registered", serverName: scscf2, authenticationPending: false },
  });
  await world.simulation.run({ ms: 70_000 });
  return { world, user };
}

/** State and name at the HSS when the registration that was left has expired; written by hand. */
const afterExpiry: readonly [HssBehaviour, string | undefined, string, string | null][] = [
  ["specification", undefined, "registered", scscf2],
  // No RTR, since the MAR came in the stored host's name: the expiry is told, and refused.
  ["specification", "scscf1.open-ims.test", "registered", scscf2],
  ["fhoss", undefined, "not registered", null],
  ["open5gs", undefined, "registered", scscf1],
];

for (const [behaviour, originHost, state, serverName] of afterExpiry) {
  test(`T1: ${behaviour}${originHost === undefined ? "" : `, MAR from ${originHost}`}: the registration that was left expires`, async () => {
    const { world, user } = await moveAndLetExpire(behaviour, originHost);
    assert.deepEqual(hssOf(world).assignment(user.identity), {
      ...{ state, serverName, authenticationPending: false },
    });
  });
}

test("T1: fhoss: the user who was wiped is called in vain, until he registers again", async () => {
  const { world, user } = await moveAndLetExpire("fhoss");
  const caller = await world.openUe(2);
  await caller.register(1);
  const call = async (): Promise<number | null> => {
    let status: number | null = null;
    caller.agent.invite(
      { uri: user.identity },
      {
        accepted: () => {
          status = 200;
        },
        failed: ({ response }) => {
          status = response?.status ?? 408;
        },
      },
    );
    await world.simulation.run({ ms: 1000 });
    return status;
  };
  assert.equal(await call(), 480);
  await user.register(1, 600);
  assert.equal(hssOf(world).assignment(user.identity)?.state, "registered");
  // He is found again: nobody answers at this bare UE but it is asked.
  const from = world.hops.length;
  await call();
  assert.ok(
    world.hops.slice(from).some((hop) => /^pcscf1 > 127\.0\.3\.2 INVITE/.test(hop)),
    world.hops.slice(from).join("\n"),
  );
});
