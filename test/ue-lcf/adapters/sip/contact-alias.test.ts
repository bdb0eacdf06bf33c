// P-CSCFs that write a flow's address into Contact, as Kamailio's add_contact_alias: one UE becomes two bindings when its
// port changes. Procedure P step 4 (docs/system.md).
import assert from "node:assert/strict";
import test from "node:test";
import { readRegistrationInformation } from "@liquid-ims/cfd/registration-information";
import { fates, openUeWorld, type TestUe, type UeWorld } from "../../ue-world.ts";

const byTcp = (pCscf: number) => ({ pCscf: `sip:pcscf${pCscf}.open-ims.test:4060;transport=tcp` });

interface AliasWorld extends UeWorld {
  /** What the user's S-CSCF holds, by its reg event. */
  bindings(ue: TestUe): Promise<string[]>;
}

async function openWorld(seed: number, listsOwnContacts: boolean): Promise<AliasWorld> {
  const world = await openUeWorld(seed, [], { addContactAlias: true, listsOwnContacts });
  const watcher = await world.openBareUe(7);
  const bindings = ({ identity }: TestUe): Promise<string[]> =>
    world.simulation.settle(
      new Promise<string[]>((resolve, reject) => {
        watcher.agent.subscribe(
          {
            ...{ uri: identity, event: "reg", accept: "application/reginfo+xml", expires: 0, route: [] },
            target: { protocol: "udp", address: { host: "127.0.1.21", port: 6060 } },
            headers: [["P-Asserted-Identity", `<${identity}>`]],
          },
          {
            notified({ body }) {
              const read = readRegistrationInformation(body?.data ?? new Uint8Array(), [identity]);
              if (read.ok) resolve([...read.contacts]);
              else reject(new Error(read.detail));
            },
          },
        );
      }),
    );
  return { ...world, bindings };
}

/** S-CSCFs list all bindings in a 200 (RFC 3261 10.3), or what the REGISTER was about (Kamailio). */
function testBoth(
  title: string,
  run: (open: (seed: number) => Promise<AliasWorld>, listsOwnContacts: boolean) => Promise<void>,
): void {
  test(`T6: ${title}`, () => run((seed) => openWorld(seed, false), false));
  test(`T6, a 200 lists no other binding: ${title}`, () => run((seed) => openWorld(seed, true), true));
}

/** Records of the user as `pcscf2 registered`, with how many contacts the P-CSCFs made of his. */
function records(world: UeWorld, ue: TestUe): string[] {
  return world.placement.rows
    .get(ue.identity)
    .filter(({ state }) => state === "registered")
    .map(({ pCscf, doubtful }) => `${pCscf?.split(".")[0]} ${doubtful ? "doubtful" : "registered"}`);
}

testBoth(
  "moved over TCP, the second binding appears; in the end one is left and the record shows it",
  async (open) => {
    const world = await open(1);
    const a = await world.openUe(1, 1, byTcp(1));
    const [first = ""] = await world.bindings(a);
    assert.match(first, /^sip:user001@127\.0\.3\.2:5060;alias=127\.0\.3\.2~\d+~2$/);
    const moved = await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
    assert.equal(moved.outcome, "registered");
    const both = await world.bindings(a);
    assert.equal(both.length, 2);
    assert.equal(both[0], first);
    await world.wait(10_000);
    assert.deepEqual(await world.bindings(a), [both[1]]);
    assert.deepEqual(records(world, a), ["pcscf2 registered"]);
    assert.equal(
      world.placement.rows.get(a.identity).find(({ state }) => state === "registered")?.contact,
      both[1],
    );
  },
);

testBoth("the last that the CFD hears is a registration", async (open, listsOwnContacts) => {
  const world = await open(2);
  const a = await world.openUe(1, 1, byTcp(1));
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(10_000);
  const told = world.messages.filter(
    ({ hop, text }) => hop === "scscf1 > cfd" && text.startsWith("REGISTER"),
  );
  const contacts = told.map(({ text }) => {
    const body = text.slice(text.indexOf("\r\n\r\n"));
    const [, expires = ""] = /^Expires: (\d+)/m.exec(body) ?? [];
    return `${/^Contact: <[^>]*?(;alias[^>]*)>/m.exec(body)?.[1]?.replace(/127\.0\.3\.2~/g, "") ?? ""} ${expires === "0" ? "gone" : "stays"}`;
  });
  const [old, present] = [contacts[0]?.split(" ")[0], contacts[1]?.split(" ")[0]];
  assert.notEqual(old, present);
  assert.deepEqual(contacts, [
    `${old} stays`,
    `${present} stays`,
    // By its own text: the P-CSCF writes the present flow in front of it, so that it names nobody.
    ...(listsOwnContacts ? [] : [`${present}${old} gone`, `${present} stays`]),
    // Over the old flow: the old P-CSCF makes the binding's text of it.
    `${old} gone`,
    `${present} stays`,
  ]);
});

testBoth(
  "the old flow stays until its last dialog has left it; then it goes, and the call goes on",
  async (open) => {
    const world = await open(3);
    const [a, b] = [await world.openUe(1, 1, byTcp(1)), await world.openUe(2, 3, byTcp(3))];
    const { placed } = await world.connect(a, b);
    await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
    await world.wait(10_000);
    assert.deepEqual(fates(a), ["gen 0 confirmed", "gen 1 confirmed", "gen 0 ended: replaced"]);
    assert.equal((await world.bindings(a)).length, 1);
    assert.equal(placed.state, "confirmed");
    placed.hangUp();
    await world.wait(1000);
    assert.deepEqual(b.heard, ["call-1 ringing", "call-1 confirmed", "call-1 ended by peer"]);
  },
);

testBoth("a dialog that stays on the old flow keeps it: nothing is removed under it", async (open) => {
  const world = await open(4);
  const [a, b] = [await world.openUe(1, 1, byTcp(1)), await world.openUe(2, 3, { ...byTcp(3), lcf: null })];
  const { placed } = await world.connect(a, b);
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  await world.wait(30_000);
  assert.equal((await world.bindings(a)).length, 2);
  placed.hangUp();
  await world.wait(10_000);
  assert.deepEqual(b.heard, ["call-1 ringing", "call-1 confirmed", "call-1 ended by peer"]);
  assert.equal((await world.bindings(a)).length, 1);
  assert.deepEqual(records(world, a), ["pcscf2 registered"]);
});

testBoth("a call that comes while there are two bindings rings once", async (open) => {
  const world = await open(5);
  const [a, b] = [await world.openUe(1, 1, byTcp(1)), await world.openUe(2, 3, byTcp(3))];
  await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  assert.equal((await world.bindings(a)).length, 2);
  await world.connect(b, a);
  assert.equal(a.incoming.length, 1);
  assert.deepEqual(b.heard, ["call-1 ringing", "call-1 confirmed"]);
  await world.wait(10_000);
  assert.equal((await world.bindings(a)).length, 1);
  assert.deepEqual(a.heard, ["call-1 ringing", "call-1 confirmed"]);
});

testBoth(
  "registered anew through the same P-CSCF meanwhile: what was left is not forgotten",
  async (open) => {
    const world = await open(8);
    const [a, b] = [await world.openUe(1, 1, byTcp(1)), await world.openUe(2, 3, { ...byTcp(3), lcf: null })];
    const { placed } = await world.connect(a, b);
    await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
    await world.wait(5_000);
    await world.simulation.settle(a.ue.moveTo(null));
    await world.wait(5_000);
    assert.equal((await world.bindings(a)).length, 2);
    placed.hangUp();
    await world.wait(10_000);
    assert.equal((await world.bindings(a)).length, 1);
    assert.deepEqual(records(world, a), ["pcscf2 registered"]);
  },
);

testBoth("the old P-CSCF is dead: its binding cannot be named any more, all else goes on", async (open) => {
  const world = await open(6);
  const [a, b] = [await world.openUe(1, 1, byTcp(1)), await world.openUe(2, 3, byTcp(3))];
  world.network.kill("pcscf1");
  const moved = await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
  assert.equal(moved.outcome, "registered");
  await world.wait(60_000);
  assert.deepEqual(records(world, a), ["pcscf2 registered"]);
  await world.connect(b, a);
  assert.equal(a.incoming.length, 1);
});

testBoth("moved there and back again: one binding, one record", async (open) => {
  const world = await open(7);
  const a = await world.openUe(1, 1, byTcp(1));
  for (const pCscf of [2, 1, 3]) await world.simulation.settle(a.ue.moveTo(world.pCscf(pCscf)));
  await world.wait(10_000);
  assert.equal((await world.bindings(a)).length, 1);
  assert.deepEqual(records(world, a), ["pcscf3 registered"]);
});

testBoth(
  "5 % of the core's datagrams lost, a tenth overtaken, 10 seeds: one binding, the right record, the call kept",
  async (open) => {
    for (let seed = 100; seed < 110; seed++) {
      const world = await open(seed);
      const [a, b] = [await world.openUe(1, 1, byTcp(1)), await world.openUe(2, 3, byTcp(3))];
      const { placed } = await world.connect(a, b);
      const elements = ["pcscf1", "pcscf2", "pcscf3", "icscf1", "scscf1", "cfd"];
      for (const from of elements)
        for (const to of elements)
          if (from !== to)
            world.simulation.link(from, to, { delayMs: 2, jitterMs: 2, loss: 0.05, reorder: 0.1 });
      const moved = await world.simulation.settle(a.ue.moveTo(world.pCscf(2)));
      await world.wait(120_000);
      assert.equal(moved.outcome, "registered", `seed ${seed}`);
      const bindings = await world.bindings(a);
      assert.equal(bindings.length, 1, `seed ${seed}: ${bindings}`);
      assert.deepEqual(records(world, a), ["pcscf2 registered"], `seed ${seed}`);
      assert.equal(placed.state, "confirmed", `seed ${seed}`);
    }
  },
);
