// The lab's S-CSCF tells who is registered, and the CFD asks it. RFC 3680, TS 24.229 5.4.2.1.
import assert from "node:assert/strict";
import test from "node:test";
import { readRegistrationInformation } from "@liquid-ims/cfd/registration-information";
import { createSubscribers } from "@liquid-ims/lab/ue/subscribers";
import { decodeText } from "@liquid-ims/runtime/text";
import type { Subscription } from "@liquid-ims/sip/dialog/subscription";
import { type BareUe, type CoreWorld, openCoreWorld } from "../support/core-world.ts";
import { openUeWorld, type UeWorld } from "../ue-lcf/ue-world.ts";

const cfd = "sip:cfd.open-ims.test";
const user = "sip:user001@open-ims.test";

/** What a watcher heard: states of NOTIFYs with their contacts, and how it ended. */
interface Watch {
  readonly heard: string[];
  readonly bodies: string[];
  readonly subscription: Subscription;
}

async function watch(world: CoreWorld, watcher: BareUe, asserted: string, expires: number): Promise<Watch> {
  const heard: string[] = [];
  const bodies: string[] = [];
  const subscription = watcher.agent.subscribe(
    {
      uri: user,
      event: "reg",
      accept: "application/reginfo+xml",
      expires,
      route: [],
      target: { protocol: "udp", address: { host: "127.0.1.21", port: 6060 } },
      headers: [["P-Asserted-Identity", `<${asserted}>`]],
    },
    {
      notified({ state, body }) {
        bodies.push(decodeText(body?.data ?? new Uint8Array()));
        const read = readRegistrationInformation(body?.data ?? new Uint8Array(), [user]);
        heard.push(`${state.state} ${read.ok ? read.contacts.join(" ") : read.detail}`);
      },
      ended: (end) => heard.push(`ended: ${end.by === "failure" ? end.outcome.status : end.by}`),
    },
  );
  await world.simulation.run({ ms: 100 });
  return { heard, bodies, subscription };
}

async function openWatched(): Promise<{ world: CoreWorld; ue: BareUe; watcher: BareUe }> {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  await ue.register(1);
  return { world, ue, watcher: await world.openUe(2) };
}

test("RFC 6665 4.4.3: Expires 0 fetches the state once", async () => {
  const { world, ue, watcher } = await openWatched();
  const { heard, bodies } = await watch(world, watcher, cfd, 0);
  assert.deepEqual(heard, [`terminated ${ue.contact}`, "ended: notifier"]);
  assert.match(
    bodies[0] ?? "",
    /^<\?xml version="1\.0"\?>\r\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">/,
  );
  assert.match(bodies[0] ?? "", /<registration aor="sip:user001@open-ims\.test" id="r1" state="active">/);
});

test("RFC 3680 4.7: a subscriber hears of changes until it leaves", async () => {
  const { world, ue, watcher } = await openWatched();
  const { heard, subscription, bodies } = await watch(world, watcher, cfd, 600);
  await ue.register(2);
  await ue.register(2, 0);
  await world.simulation.run({ ms: 100 });
  assert.deepEqual(heard, [`active ${ue.contact}`, `active ${ue.contact}`, "active "]);
  assert.deepEqual(
    bodies.map((body) => /version="(\d)"/.exec(body.slice(30))?.[1]),
    ["0", "1", "2"],
  );
  assert.ok(subscription.unsubscribe());
  await world.simulation.run({ ms: 100 });
  assert.deepEqual(heard.slice(3), ["terminated ", "ended: notifier"]);
});

test("RFC 6665 4.2.1: a subscription that nobody refreshes ends by itself", async () => {
  const { world, watcher, ue } = await openWatched();
  const { heard } = await watch(world, watcher, cfd, 60);
  await world.simulation.run({ ms: 61_000 });
  assert.deepEqual(heard.slice(0, 2), [`active ${ue.contact}`, `terminated ${ue.contact}`]);
});

test("TS 24.229 5.4.2.1.1: the user, his P-CSCF and his application servers may ask; nobody else, and of nobody else", async () => {
  const { world, watcher } = await openWatched();
  const rows: readonly (readonly [asserted: string, isAllowed: boolean])[] = [
    [user, true],
    ["sip:pcscf1.open-ims.test:4060", true],
    [cfd, true],
    ["sip:pcscf2.open-ims.test:4060", false],
    ["sip:user002@open-ims.test", false],
    ["sip:as.elsewhere.test", false],
  ];
  for (const [asserted, isAllowed] of rows) {
    const { heard } = await watch(world, watcher, asserted, 0);
    assert.equal(heard[0]?.startsWith("terminated sip:"), isAllowed, asserted);
    if (!isAllowed) assert.deepEqual(heard, ["ended: 403"], asserted);
  }
});

/** The same user (or another one) on a second device. */
async function openSecond(world: UeWorld, number: number, pCscf: number, count = 1) {
  const first = createSubscribers({ count, preferredServers: [], registerServers: [] }).at(-1);
  const [publicIdentity] = first?.publicIdentities ?? [];
  assert.ok(first !== undefined && publicIdentity !== undefined);
  return world.openUe(number, pCscf, {
    publicIdentity,
    privateIdentity: first.privateIdentity,
    credentials: first.authentication,
  });
}

const lines = (world: UeWorld) =>
  world.placement.rows
    .get(user)
    .map(({ pCscf, state, doubtful }) => `${pCscf?.split(".")[0]} ${doubtful ? "doubtful" : state}`)
    .sort();

test("T0, whole core: one of two devices leaves, told as Expires 0: the CFD asks, and the other one's record stays", async () => {
  const world = await openUeWorld(1, [], { tellsRemovalAsEnd: true });
  await world.openUe(1, 1);
  const second = await openSecond(world, 2, 2);
  await world.wait(100);
  assert.deepEqual(lines(world), ["pcscf1 registered", "pcscf2 registered"]);
  await world.simulation.settle(second.ue.deregister());
  await world.wait(500);
  assert.deepEqual(lines(world), ["pcscf1 registered", "pcscf2 left"]);
  const asked = world.hops.filter((hop) => / (SUBSCRIBE|NOTIFY) /.test(hop) && hop.includes("cfd"));
  assert.deepEqual(
    asked.map((hop) => hop.replace(/ sip:.*/, "")),
    ["cfd > scscf1 SUBSCRIBE", "scscf1 > cfd NOTIFY", "cfd > scscf1 SUBSCRIBE", "scscf1 > cfd NOTIFY"],
  );
});

test("T0, whole core: the last device leaves: nothing is in doubt, nobody is asked", async () => {
  const world = await openUeWorld(2, [], { tellsRemovalAsEnd: true });
  const only = await world.openUe(1, 1);
  await world.simulation.settle(only.ue.deregister());
  await world.wait(500);
  assert.deepEqual(lines(world), ["pcscf1 left"]);
  assert.ok(!world.hops.some((hop) => hop.startsWith("cfd > scscf1 SUBSCRIBE")));
});

test("T0, whole core, lossy: the question and its answer survive lost datagrams", async () => {
  for (let seed = 10; seed < 20; seed++) {
    const world = await openUeWorld(seed, [], { tellsRemovalAsEnd: true });
    await world.openUe(1, 1);
    const second = await openSecond(world, 2, 2);
    await world.wait(100);
    for (const [from, to] of [
      ["cfd", "scscf1"],
      ["scscf1", "cfd"],
    ] as const)
      world.simulation.link(from, to, { delayMs: 1, loss: 0.1, reorder: 0.2, duplicate: 0.1 });
    await world.simulation.settle(second.ue.deregister());
    await world.wait(20_000);
    assert.deepEqual(lines(world), ["pcscf1 registered", "pcscf2 left"], `seed ${seed}`);
  }
});

test("T0, whole core, no contact shown: two devices under one record; the one that stays is found by its P-CSCF", async () => {
  const world = await openUeWorld(3, [], { tellsRemovalAsEnd: true, showsRegister: false });
  const first = await world.openUe(1, 1);
  const second = await openSecond(world, 2, 2);
  await world.wait(100);
  assert.deepEqual(lines(world), ["pcscf2 registered"]);
  await world.simulation.settle(second.ue.deregister());
  await world.wait(500);
  assert.deepEqual(lines(world), ["pcscf1 registered"]);
  await world.simulation.settle(first.ue.deregister());
  await world.wait(500);
  assert.deepEqual(lines(world), ["pcscf1 left"]);
});

test("T6 and T0, no contact shown: the stale binding's end is an Expires 0; the record is that of the kept one", async () => {
  for (const listsOwnContacts of [false, true]) {
    const world = await openUeWorld(4, [], {
      ...{ addContactAlias: true, tellsRemovalAsEnd: true, showsRegister: false, listsOwnContacts },
    });
    const ue = await world.openUe(1, 1, { pCscf: "sip:pcscf1.open-ims.test:4060;transport=tcp" });
    await world.simulation.settle(ue.ue.moveTo(world.pCscf(2)));
    await world.wait(10_000);
    assert.deepEqual(lines(world), ["pcscf2 registered"]);
    const heard = world.messages.filter(
      ({ hop, text }) => hop === "scscf1 > cfd" && text.startsWith("REGISTER"),
    );
    const expires = heard.map(({ text }) => /^Expires: (\d+)/m.exec(text)?.[1]);
    assert.ok(expires.includes("0"), `${expires}`);
    assert.notEqual(expires.at(-1), "0");
  }
});

test("T0, whole core, IPv6: the question goes to an address in brackets, the answer comes back", async () => {
  const world = await openUeWorld(5, [], {
    ...{ tellsRemovalAsEnd: true, showsRegister: false, addressing: "IPv6" },
  });
  await world.openUe(1, 1);
  const second = await openSecond(world, 2, 2);
  await world.wait(100);
  await world.simulation.settle(second.ue.deregister());
  await world.wait(500);
  assert.deepEqual(lines(world), ["pcscf1 registered"]);
  const asked = world.messages.find(
    ({ text }) => text.startsWith("SUBSCRIBE") && text.includes("Event: reg"),
  );
  assert.match(asked?.text ?? "", /^Contact: <sip:\[2001:db8:[0-9a-f:]+\]:\d+>\r$/m);
});

test("T0, whole core: both devices leave before the question arrives, lossy, 20 seeds: nobody is on record once the S-CSCF has told of anybody", async () => {
  let refused = 0;
  for (let seed = 30; seed < 50; seed++) {
    const world = await openUeWorld(seed, [], { tellsRemovalAsEnd: true, showsRegister: seed % 2 === 0 });
    const first = await world.openUe(1, 1);
    const second = await openSecond(world, 2, 2);
    await world.openUe(3, 1);
    const other = await openSecond(world, 4, 2, 3);
    await world.wait(100);
    for (const [from, to] of [
      ["cfd", "scscf1"],
      ["scscf1", "cfd"],
    ] as const)
      world.simulation.link(from, to, { delayMs: 5, jitterMs: 40, loss: 0.05, reorder: 0.2 });
    await world.simulation.settle(first.ue.deregister());
    await world.simulation.settle(second.ue.deregister());
    await world.wait(15_000);
    if (lines(world).some((line) => line.endsWith("doubtful"))) refused += 1;
    await world.simulation.settle(other.ue.deregister());
    await world.wait(15_000);
    const left = lines(world).map((line) => line.split(" ")[1]);
    assert.deepEqual(new Set(left), new Set(["left"]), `seed ${seed}`);
    const others = world.placement.rows.get("sip:user003@open-ims.test");
    assert.deepEqual(
      [others.filter(({ state }) => state === "registered").length, others.some(({ doubtful }) => doubtful)],
      [1, false],
      `seed ${seed}`,
    );
  }
  assert.ok(refused > 0, "in some runs the S-CSCF has lost the user before it has told of anybody");
});
