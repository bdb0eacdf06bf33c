// The lab's IMS core, from a UE's side and from the CFD's.
import assert from "node:assert/strict";
import test from "node:test";
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import type { Host } from "@liquid-ims/runtime/host";
import { digestCredentials } from "@liquid-ims/sip/authentication/user-credentials";
import type { Session } from "@liquid-ims/sip/dialog/session";
import { type BareUe, type CoreWorld, openCoreWorld } from "../support/core-world.ts";

const pcscf1 = "pcscf1.open-ims.test:4060";

test("TS 24.229 5.1.1: a UE is challenged, registers, and gets Path, Service-Route and its identities", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  const outcome = await ue.register(1);
  assert.ok(outcome.kind === "registered", JSON.stringify(outcome));
  assert.deepEqual(outcome.path, ["<sip:term@pcscf1.open-ims.test:4060;lr>"]);
  assert.deepEqual(outcome.serviceRoute, ["<sip:orig@scscf1.open-ims.test:6060;lr>"]);
  assert.deepEqual(outcome.associatedUris, ["sip:user001@open-ims.test"]);
  assert.equal(outcome.expires, 600);
  assert.equal(world.hops.filter((hop) => hop.endsWith("401 Unauthorized")).length, 3);
});

test("TS 24.229 5.4.1.7: the S-CSCF tells the CFD, which keeps a record", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  await ue.register(1);
  await world.simulation.run({ ms: 50 });
  const [record] = world.placement.rows.get(ue.identity);
  assert.equal(record?.pCscf, pcscf1);
  assert.equal(record?.sCscf, "sip:scscf1.open-ims.test:6060");
  assert.equal(record?.contact, ue.contact);
  assert.equal(record?.impi, "user001@open-ims.test");
});

test("a second registration through another P-CSCF replaces the Path; de-registration ends it", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  await ue.register(1);
  const moved = await ue.register(2);
  assert.ok(moved.kind === "registered");
  assert.deepEqual(moved.path, ["<sip:term@pcscf2.open-ims.test:4060;lr>"]);
  assert.equal(moved.bindings.length, 1);
  await world.simulation.run({ ms: 50 });
  assert.equal(world.placement.rows.get(ue.identity)[0]?.pCscf, "pcscf2.open-ims.test:4060");
  assert.equal((await ue.register(2, 0)).kind, "removed");
  await world.simulation.run({ ms: 50 });
  assert.equal(world.placement.rows.get(ue.identity)[0]?.state, "left");
});

async function twoUes(world: CoreWorld): Promise<{ caller: BareUe; callee: BareUe; answered: Session[] }> {
  const answered: Session[] = [];
  const caller = await world.openUe(1);
  const callee = await world.openUe(2, {
    invite(invite) {
      invite.provisional(180);
      const session = invite.accept();
      if (session !== null) answered.push(session);
    },
  });
  await caller.register(1);
  await callee.register(3);
  return { caller, callee, answered };
}

test("a call through both halves: INVITE, BYE and their answers cross P, S, I, S and P", async () => {
  const world = await openCoreWorld();
  const { caller, callee, answered } = await twoUes(world);
  const from = world.hops.length;
  let mine: Session | null = null;
  let asserted: string | undefined;
  caller.agent.invite(
    { uri: callee.identity },
    {
      accepted(session, response) {
        mine = session;
        asserted = response.headers.get("P-Asserted-Identity");
      },
    },
  );
  await world.simulation.run({ ms: 200 });
  const invites = world.hops.slice(from).filter((hop) => hop.includes(" INVITE "));
  assert.deepEqual(
    invites.map((hop) => hop.split(" INVITE")[0]),
    [
      "127.0.3.2 > pcscf1",
      "pcscf1 > scscf1",
      "scscf1 > icscf1",
      "icscf1 > scscf1",
      "scscf1 > pcscf3",
      "pcscf3 > 127.0.3.3",
    ],
  );
  assert.equal(asserted, "<sip:user002@open-ims.test>");
  const [theirs] = answered;
  assert.ok(theirs !== undefined && mine !== null);
  theirs.bye();
  await world.simulation.run({ ms: 200 });
  const byes = world.hops.filter((hop) => hop.includes(" BYE "));
  assert.deepEqual(
    byes.map((hop) => hop.split(" BYE")[0]),
    ["127.0.3.3 > pcscf3", "pcscf3 > scscf1", "scscf1 > scscf1", "scscf1 > pcscf1", "pcscf1 > 127.0.3.2"],
  );
});

async function statusOfCall(world: CoreWorld, caller: BareUe, uri: string): Promise<number | null> {
  let status: number | null = null;
  caller.agent.invite(
    { uri },
    {
      accepted: () => undefined,
      failed(outcome) {
        status = outcome.response?.status ?? null;
      },
    },
  );
  await world.simulation.run({ ms: 1000 });
  return status;
}

test("a UE that is not registered there gets 403; another Route than its Service-Route 400", async () => {
  const world = await openCoreWorld();
  const { caller, callee } = await twoUes(world);
  const { route } = caller.agent.identity;
  caller.agent.identity = { ...caller.agent.identity, route: [route[0] ?? ""] };
  assert.equal(await statusOfCall(world, caller, callee.identity), 400);
  caller.agent.identity = {
    ...caller.agent.identity,
    route: ["<sip:pcscf2.open-ims.test:4060;lr>", route[1] ?? ""],
  };
  assert.equal(await statusOfCall(world, caller, callee.identity), 403);
});

test("unknown users 404, users who are not registered 480", async () => {
  const world = await openCoreWorld();
  const { caller } = await twoUes(world);
  assert.equal(await statusOfCall(world, caller, "sip:nobody@open-ims.test"), 404);
  assert.equal(await statusOfCall(world, caller, "sip:user008@open-ims.test"), 480);
});

test("TS 24.229 5.4.1.2.1: a wrong password is challenged again, and never registers", async () => {
  const world = await openCoreWorld({ authentication: "digest" });
  const guessed = (_host: Host, { privateIdentity: username }: Subscriber) =>
    digestCredentials({ username, password: "guessed" });
  const ue = await world.openUe(1, {}, guessed);
  const outcome = await ue.register(1);
  assert.equal(outcome.kind === "refused" ? outcome.status : outcome.kind, 401);
  await world.simulation.run({ ms: 50 });
  assert.deepEqual(world.placement.rows.get(ue.identity), []);
});

test("TS 29.228 8.1: the HSS keeps the S-CSCF that registered the user", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  assert.equal(world.placement.node("hss", "hss").assignment(ue.identity)?.serverName, null);
  await ue.register(1);
  assert.deepEqual(world.placement.node("hss", "hss").assignment(ue.identity), {
    state: "registered",
    serverName: "sip:scscf1.open-ims.test:6060",
    authenticationPending: false,
  });
});
