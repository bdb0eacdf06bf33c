// The vectors of the lab's HSS. TS 29.229 6.3.9 to 6.3.16; TS 33.102 6.3, annex C.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { type MultimediaAuthAnswer, multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { concatBytes } from "@liquid-ims/runtime/text";
import { freshSequenceState } from "@liquid-ims/sip/authentication/sequence-number";
import { createUsim, type Usim, type UsimResult } from "@liquid-ims/sip/authentication/usim";
import { codeOf, type HssWorld, keys, openHssWorld, scscf1, scscf2 } from "./hss-world.ts";

type Item = NonNullable<MultimediaAuthAnswer["sipAuthDataItems"]>[number];

function itemOf(outcome: Awaited<ReturnType<HssWorld["challenge"]>>): Item {
  assert.equal(codeOf(outcome), "2001");
  const items = outcome.kind === "answer" ? (outcome.answer.sipAuthDataItems ?? []) : [];
  assert.equal(items.length, 1);
  return items[0] ?? {};
}

/** A card that has accepted SEQ up to this one. */
function cardOf(world: HssWorld, highest = 0n): Usim {
  const { crypto } = world.hss.host;
  const accepted = freshSequenceState.accepted.map(() => highest);
  return createUsim({ crypto, keys, initial: { accepted } });
}

function present(card: Usim, item: Item): UsimResult {
  const challenge = item.sipAuthenticate ?? new Uint8Array(32);
  assert.equal(challenge.length, 32);
  return card.authenticate(challenge.slice(0, 16), challenge.slice(16));
}

function randOf(item: Item): Uint8Array {
  return (item.sipAuthenticate ?? new Uint8Array(32)).slice(0, 16);
}

test("TS 29.229 6.3.10 to 6.3.16: RAND and AUTN, XRES, CK and IK are those of the user's card", async () => {
  const world = await openHssWorld();
  const item = itemOf(await world.challenge("scscf1", scscf1));
  const result = present(cardOf(world), item);
  assert.ok(result.outcome === "ok");
  const { res, ck, ik } = result;
  assert.deepEqual(
    [item.sipAuthenticationScheme, item.sipItemNumber, item.sipAuthorization],
    ["Digest-AKAv1-MD5", 1, res],
  );
  assert.deepEqual([item.confidentialityKey, item.integrityKey], [ck, ik]);
});

test("TS 33.102 C: a hundred vectors that the CFS throws away do no harm to the next one", async () => {
  const world = await openHssWorld();
  const card = cardOf(world);
  assert.equal(present(card, itemOf(await world.challenge("scscf1", scscf1))).outcome, "ok");
  for (let count = 0; count < 100; count++) await world.challenge("cfs", count % 2 === 0 ? scscf2 : scscf1);
  assert.equal(present(card, itemOf(await world.challenge("scscf2", scscf2))).outcome, "ok");
});

test("TS 33.102 C.1.2: two vectors may be used in the other order, and none of them twice", async () => {
  const world = await openHssWorld();
  const card = cardOf(world);
  const [first, second] = [
    itemOf(await world.challenge("scscf1", scscf1)),
    itemOf(await world.challenge("cfs", scscf2)),
  ];
  assert.equal(present(card, second).outcome, "ok");
  assert.equal(present(card, first).outcome, "ok");
  assert.equal(present(card, first).outcome, "synchronisation failure");
});

test("TS 33.102 6.3.5: a card that is ahead of the HSS brings it up to itself by AUTS", async () => {
  const world = await openHssWorld();
  const card = cardOf(world, 5000n);
  const refused = itemOf(await world.challenge("scscf1", scscf1));
  const failure = present(card, refused);
  assert.ok(failure.outcome === "synchronisation failure");
  const auts = concatBytes([randOf(refused), failure.auts]);
  assert.equal(auts.length, 30);
  assert.equal(present(card, itemOf(await world.challenge("scscf1", scscf1, auts))).outcome, "ok");
  assert.equal(present(card, itemOf(await world.challenge("scscf1", scscf1))).outcome, "ok");
});

test("TS 33.102 6.3.5: an AUTS with a wrong MAC moves nothing", async () => {
  const world = await openHssWorld();
  const card = cardOf(world, 5000n);
  const refused = itemOf(await world.challenge("scscf1", scscf1));
  const forged = concatBytes([randOf(refused), new Uint8Array(14)]);
  const next = itemOf(await world.challenge("scscf1", scscf1, forged));
  assert.equal(present(card, next).outcome, "synchronisation failure");
  const sqn = sequenceAndIndex(world, next);
  assert.deepEqual(sqn, { sequence: 2n, index: 2 });
});

/** What AUTN hides, as a card that has accepted nothing yet keeps it. */
function sequenceAndIndex(world: HssWorld, item: Item): { sequence: bigint; index: number } {
  const card = cardOf(world);
  assert.equal(present(card, item).outcome, "ok");
  const index = card.state.accepted.findIndex((sequence) => sequence > 0n);
  return { sequence: card.state.accepted[index] ?? 0n, index };
}

test("TS 29.228 6.3.1: AUTS from somebody else than the assigned S-CSCF, or of a wrong length: 5012, nothing changed", async () => {
  const world = await openHssWorld();
  await world.challenge("scscf1", scscf1);
  assert.equal(codeOf(await world.challenge("scscf2", scscf2, new Uint8Array(30))), "5012");
  assert.equal(codeOf(await world.challenge("scscf1", scscf1, new Uint8Array(29))), "5012");
  assert.equal(world.hss.node.assignment("sip:alice@ims.example")?.serverName, scscf1);
});

test("TS 29.229 6.3.9: the user's own scheme, by its name or as Unknown; another one is refused", async () => {
  const world = await openHssWorld();
  const ask = (userName: string, scheme: string) =>
    world.ask("scscf1", multimediaAuth, {
      ...{ userName, publicIdentity: `sip:${userName}`, serverName: scscf1, sipNumberAuthItems: 1 },
      sipAuthDataItem: { sipAuthenticationScheme: scheme },
    });
  assert.equal(codeOf(await ask("alice@ims.example", "SIP Digest")), "3gpp 5006");
  assert.equal(world.hss.node.assignment("sip:alice@ims.example")?.serverName, null);
  assert.equal(codeOf(await ask("bob@ims.example", "Digest-AKAv1-MD5")), "3gpp 5006");
  assert.equal(itemOf(await ask("alice@ims.example", "Unknown")).sipAuthenticationScheme, "Digest-AKAv1-MD5");
  for (const scheme of ["Unknown", "unknown", "SIP Digest"]) {
    const { sipAuthenticationScheme, sipDigestAuthenticate } = itemOf(await ask("bob@ims.example", scheme));
    assert.equal(sipAuthenticationScheme, "SIP Digest");
    assert.deepEqual(sipDigestAuthenticate, {
      ...{ digestRealm: "ims.example", digestAlgorithm: "MD5", digestQop: "auth" },
      digestHa1: createHash("md5").update("bob@ims.example:ims.example:secret").digest("hex"),
    });
  }
});
