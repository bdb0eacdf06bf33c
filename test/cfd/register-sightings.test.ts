// What a CFD says of the REGISTERs that came, for whoever sets up a core. TS 24.229 5.4.1.7, 5.4.1.7A.
import assert from "node:assert/strict";
import test from "node:test";
import { thirdParty, ueRegister } from "./messages.ts";
import { openWorld } from "./world.ts";

const charging = "icid-value=1;icid-generated-at=127.0.1.2";

test("nothing has come: nobody, nothing refused", async () => {
  const world = await openWorld();
  assert.deepEqual(world.cfd.node.registers(), { from: [], refused: null });
});

const cases = [
  {
    title: "Kamailio: Path and P-Associated-URI, no body",
    message: {},
    pCscf: "pcscf1.open-ims.test:4060",
    pCscfFrom: "Path",
    lacks: ["icid-generated-at", "embedded REGISTER"],
  },
  {
    title: "OpenIMSCore: the charging vector alone",
    message: { pCscf: null, headers: { "P-Charging-Vector": charging, "P-Associated-URI": undefined } },
    pCscf: "pcscf2.open-ims.test:4060",
    pCscfFrom: "icid-generated-at",
    lacks: ["Path", "embedded REGISTER", "P-Associated-URI"],
  },
  {
    title: "the UE's REGISTER in the body",
    message: { embedded: ueRegister({ pCscf: "pcscf3" }) },
    pCscf: "pcscf3.open-ims.test:4060",
    pCscfFrom: "embedded Path",
    lacks: ["Path", "icid-generated-at"],
  },
  {
    title: "nothing names the P-CSCF",
    message: { pCscf: null },
    pCscf: null,
    pCscfFrom: null,
    lacks: ["Path", "icid-generated-at", "embedded REGISTER", "P-CSCF"],
  },
] as const;

for (const { title, message, ...expected } of cases)
  test(`what was missing: ${title}`, async () => {
    const world = await openWorld();
    world.scscf1.send(thirdParty(message));
    await world.run(50);
    const [sighting, ...others] = world.cfd.node.registers().from;
    assert.deepEqual(others, []);
    assert.ok(sighting !== undefined);
    const { sCscf, source, count, pCscf, pCscfFrom, lacks } = sighting;
    assert.deepEqual({ pCscf, pCscfFrom, lacks }, expected);
    assert.deepEqual([sCscf, source, count], ["sip:scscf1.open-ims.test:6060", "udp:127.0.1.21:6060", 1]);
    for (const lack of expected.lacks) assert.equal(world.count("cfd_register_lacks_total", lack), 1);
  });

test("the last registration of each S-CSCF; a de-registration is none", async () => {
  const world = await openWorld();
  world.scscf1.send(world.fresh({ pCscf: null }));
  world.scscf1.send(world.fresh({ user: "bob" }));
  world.scscf1.send(world.fresh({ user: "bob", expires: 0, pCscf: null }));
  world.scscf2.send(world.fresh({ user: "carol", sCscf: "scscf2", pCscf: "pcscf2" }));
  await world.run(100);
  assert.deepEqual(
    world.cfd.node.registers().from.map(({ sCscf, count, pCscf }) => [sCscf, count, pCscf]),
    [
      ["sip:scscf1.open-ims.test:6060", 2, "pcscf1.open-ims.test:4060"],
      ["sip:scscf2.open-ims.test:6060", 1, "pcscf2.open-ims.test:4060"],
    ],
  );
});

test("the last one that was refused: from where, with what, why", async () => {
  const world = await openWorld();
  world.stranger.send(world.fresh());
  await world.run(50);
  const { refused, from } = world.cfd.node.registers();
  assert.deepEqual(from, []);
  assert.ok(refused !== null);
  assert.deepEqual([refused.source, refused.status, refused.reason], ["udp:127.0.9.9:6060", 403, "stranger"]);
  assert.match(refused.detail, /sip:scscf1\.open-ims\.test:6060 is no configured S-CSCF/);
});
