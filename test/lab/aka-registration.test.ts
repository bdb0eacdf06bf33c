// UEs with a USIM at the lab's core: from the phone to the HSS and back. TS 24.229 5.1.1.5, 5.2.2, 5.3.1.3; TS 33.102 6.3.
import assert from "node:assert/strict";
import test from "node:test";
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import type { Host } from "@liquid-ims/runtime/host";
import { freshSequenceState } from "@liquid-ims/sip/authentication/sequence-number";
import { akaCredentials, type UserCredentials } from "@liquid-ims/sip/authentication/user-credentials";
import { createUsim } from "@liquid-ims/sip/authentication/usim";
import { type CoreWorld, openCoreWorld } from "../support/core-world.ts";

/** A card with another K, or one that has accepted SEQ up to `highest`. */
function card(
  change: { readonly k?: Uint8Array; readonly highest?: bigint } = {},
): (host: Host, subscriber: Subscriber) => UserCredentials {
  return (host, { privateIdentity: username, authentication }) => {
    if (authentication.kind !== "aka") throw new Error("no AKA");
    const accepted = freshSequenceState.accepted.map(() => change.highest ?? 0n);
    const { opc } = authentication;
    const keys = { k: change.k ?? authentication.k, opc };
    return akaCredentials({
      username,
      authenticator: createUsim({ crypto: host.crypto, keys, initial: { accepted } }),
    });
  };
}

function challenges(world: CoreWorld, hop: string): string[] {
  return world.messages
    .filter((message) => message.hop === hop && message.text.startsWith("SIP/2.0 401"))
    .map(({ text }) => /^WWW-Authenticate: (.*)$/im.exec(text)?.[1] ?? "");
}

test("TS 24.229 5.2.2: CK and IK reach the P-CSCF and no UE; the UE gets the rest of the challenge", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  assert.equal((await ue.register(1)).kind, "registered");
  const [inside = ""] = challenges(world, "icscf1 > pcscf1");
  const [outside = ""] = challenges(world, "pcscf1 > 127.0.3.2");
  assert.match(inside, /algorithm=AKAv1-MD5, ?ik="[0-9a-f]{32}", ?ck="[0-9a-f]{32}"$/);
  assert.equal(outside.replaceAll(" ", ""), inside.replaceAll(" ", "").replace(/,ik=.*$/, ""));
});

test("TS 33.102 6.3.5: a card that is ahead costs one more round, and never again", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1, {}, card({ highest: 90_000n }));
  assert.equal((await ue.register(1)).kind, "registered");
  assert.equal(challenges(world, "pcscf1 > 127.0.3.2").length, 2);
  assert.equal((await ue.register(2)).kind, "registered");
  assert.equal(challenges(world, "pcscf2 > 127.0.3.2").length, 1);
});

test("TS 33.102 6.3.3: a network that does not know the key registers nobody", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1, {}, card({ k: new Uint8Array(16).fill(1) }));
  const outcome = await ue.register(1);
  assert.equal(outcome.kind === "refused" ? outcome.status : outcome.kind, 401);
  assert.deepEqual(world.placement.rows.get(ue.identity), []);
});

test("subscribers with a password register by SIP digest", async () => {
  const world = await openCoreWorld({ authentication: "digest" });
  const ue = await world.openUe(1);
  assert.equal((await ue.register(1)).kind, "registered");
  assert.match(challenges(world, "pcscf1 > 127.0.3.2")[0] ?? "", /algorithm=MD5, ?qop="auth"$/);
});

test("TS 24.229 5.3.1.3: without an HSS nobody registers: 480, and as soon as its connection is lost at once", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  world.network.kill("hss");
  const from = world.simulation.now;
  const outcome = await ue.register(1);
  assert.equal(outcome.kind === "refused" ? outcome.status : outcome.kind, 480);
  assert.ok(world.simulation.now - from < 1000, `${world.simulation.now - from} ms`);
});

test("TS 24.229 5.3.1.3: an HSS that is silent: 480 after 4 s; when it is back the same UE registers", async () => {
  const world = await openCoreWorld();
  const ue = await world.openUe(1);
  world.simulation.partition(["icscf1"], ["hss"]);
  const from = world.simulation.now;
  const outcome = await ue.register(1);
  assert.equal(outcome.kind === "refused" ? outcome.status : outcome.kind, 480);
  const waited = world.simulation.now - from;
  assert.ok(waited >= 4000 && waited < 4200, `${waited} ms`);
  world.simulation.heal();
  await world.simulation.run({ ms: 60_000 });
  assert.equal((await ue.register(1)).kind, "registered");
});
