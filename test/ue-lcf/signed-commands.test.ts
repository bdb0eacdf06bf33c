// What an LCF obeys and what it refuses, with the exact reason and nothing changed. cfs-ue 2 to 8.
import assert from "node:assert/strict";
import test from "node:test";
import { thumbprint } from "@liquid-ims/reference-points/jws";
import { at, elsewhere, LcfWorld, move, present } from "./lcf-world.ts";

test("cfs-ue 4, 6: hello at once after the 200, signed, in its own dialog; the challenge is repeated in the second SUBSCRIBE", async () => {
  const world = new LcfWorld();
  const dialog = await world.bind();
  assert.equal(world.dialogsOpened.length, 1);
  assert.equal(await world.verified(dialog), true);
  const [hello, second] = dialog.bodies;
  assert.deepEqual(
    [hello?.callId, hello?.fromTag, hello?.hello?.contact, hello?.hello?.path, hello?.hello?.serviceRoute],
    ["c1", "f1", present.contact, present.path, present.serviceRoute],
  );
  assert.deepEqual(
    [dialog.request.uri, dialog.request.event, dialog.request.expires],
    ["sip:cfs.home", "liquid-ims", 3500],
  );
  assert.deepEqual(
    [hello?.challenge, second?.challenge, second?.seq],
    [undefined, "challenge-of-the-cfs", 2],
  );
});

test("cfs-ue 7: a command in order: accepted, registered, reported; the UE did what it says", async () => {
  const world = new LcfWorld();
  await world.bind();
  await world.command();
  await world.run(5000);
  assert.ok(world.deeds.includes("register p2.pcscf.home"));
  assert.equal(world.dialogsOpened.length, 2, "subscribed anew at once after the 200");
  await world.ticket(world.newest);
  await world.run(5000);
  assert.deepEqual([...new Set(world.words)].sort(), ["accepted", "registered", "report"]);
  assert.equal(world.lcf.state, "Idle");
});

const refusals: readonly [string, Parameters<LcfWorld["command"]>[0], string][] = [
  ["for another identity", { identity: "sip:bob@home" }, "not for this device"],
  ["for another instance", { instance: "urn:uuid:2" }, "not for this device"],
  ["for no instance", { instance: null }, "not for this device"],
  ["expired by the ticket's clock", { expires: 1 }, "expired"],
  [
    "another P-CSCF is expected",
    { expected: { ...move.expected, pCscf: at("p3.pcscf.home") } },
    "another P-CSCF serves",
  ],
  [
    "another S-CSCF is expected",
    { expected: { ...move.expected, sCscf: at("s2.home") } },
    "another S-CSCF serves",
  ],
  ["its target is not allowed", { target: { pCscf: at("p2.pcscf.evil") } }, "target not allowed"],
  [
    "its target only ends like an allowed one",
    { target: { pCscf: at("evilpcscf.home") } },
    "target not allowed",
  ],
];

for (const [title, changes, reason] of refusals) {
  test(`cfs-ue 7: a command ${title}: refused "${reason}", nothing changed`, async () => {
    const world = new LcfWorld();
    await world.bind();
    await world.command(changes);
    await world.run(5000);
    assert.deepEqual(world.words, [`refused: ${reason}`]);
    assert.equal(world.counted("lcf_commands_total", reason), 1);
    assert.deepEqual([world.deeds, world.lcf.state, world.dialogsOpened.length], [[], "Idle", 1]);
  });
}

test("cfs-ue 6: a command signed by a wrong key is not answered, and nothing changed", async () => {
  const world = new LcfWorld();
  await world.bind();
  const stranger = await world.simulation.settle(world.host.crypto.generateKey("EdDSA"));
  await world.command({}, stranger);
  await world.run(5000);
  assert.deepEqual([world.words, world.deeds, world.lcf.state], [[], [], "Idle"]);
  assert.equal(world.counted("lcf_cfs_ue_total", "refused: unknown kid"), 1);
});

test("cfs-ue 6: a command whose signature was changed under a known key's name is not answered", async () => {
  const world = new LcfWorld();
  await world.bind();
  const good = await world.seal();
  const other = await world.seal({ sequence: 2, operation: "op-2" });
  const forged = [...good.split(".").slice(0, 2), other.split(".")[2]].join(".");
  await world.notify(world.newest, { commands: [forged] });
  assert.deepEqual([world.words, world.deeds], [[], []]);
  assert.equal(world.counted("lcf_cfs_ue_total", "refused: bad signature"), 1);
});

test("cfs-ue 7: the same sequence again gets the same answer and has no effect; a lower one is ignored", async () => {
  const world = new LcfWorld();
  await world.bind();
  const query = await world.seal({ command: "query", operation: "op-q", sequence: 5 } as never);
  const lower = await world.seal({ sequence: 4, operation: "op-l" });
  await world.notify(world.newest, { commands: [query] });
  const [first] = world.said;
  await world.notify(world.newest, { commands: [query, lower] });
  await world.run(2000);
  assert.deepEqual(world.words, ["accepted"]);
  assert.deepEqual(world.said.at(-1), first, "byte for byte the same answer");
  assert.equal(world.counted("lcf_commands_total", "answered again"), 1);
  assert.equal(world.counted("lcf_commands_total", "replayed"), 1);
  assert.deepEqual(world.deeds, []);
});

test("cfs-ue 6: a command that was given before this LCF began is old: the ticket says so", async () => {
  const world = new LcfWorld();
  await world.bind({ sequence: 7 });
  await world.command({ sequence: 7 });
  assert.deepEqual([world.words, world.deeds], [[], []]);
  assert.equal(world.counted("lcf_commands_total", "replayed"), 1);
});

test("cfs-ue 6: a replayed NOTIFY body is refused", async () => {
  const world = new LcfWorld();
  const dialog = await world.bind();
  const command = await world.seal();
  dialog.seq -= 1;
  await world.notify(dialog, { commands: [command] });
  assert.deepEqual(world.deeds, []);
  assert.equal(world.counted("lcf_cfs_ue_total", "refused: replayed"), 1);
});

test("cfs-ue 6: a ticket with a wrong nonce counts not, a second one in the dialog neither", async () => {
  const world = new LcfWorld();
  world.present = present;
  world.handlers?.registered(present);
  await world.run();
  await world.ticket(world.newest, { nonce: "another-nonce-of-24-hex" });
  assert.equal(world.counted("lcf_cfs_ue_total", "refused: wrong nonce"), 1);
  await world.ticket(world.newest);
  const stranger = await world.simulation.settle(world.host.crypto.generateKey("EdDSA"));
  const jwk = stranger.publicKey.jwk;
  await world.ticket(world.newest, { keys: [{ kid: thumbprint(world.host.crypto, jwk), jwk }] }, stranger);
  await world.command({}, stranger);
  assert.equal(world.deeds.length, 0, "the stranger's key is not trusted");
  await world.command();
  assert.ok(world.deeds.includes("register p2.pcscf.home"));
});

test("cfs-ue 7: a report shown as a command, and text that is no JWS, are refused", async () => {
  const world = new LcfWorld();
  const dialog = await world.bind();
  await world.notify(dialog, { commands: [(await world.seal()).replace(/^[^.]+/, "e30")] });
  world.deliver(dialog, "no JWS at all");
  await world.run();
  assert.deepEqual(world.deeds, []);
});

test("cfs-ue 7: one operation at a time", async () => {
  const world = new LcfWorld();
  await world.bind();
  await world.command({ after: 500 });
  await world.command({ operation: "op-2", sequence: 2 });
  assert.deepEqual(world.words, ["accepted", "refused: another operation is open"]);
  assert.equal(world.lcf.state, "Armed");
});

test("cfs-ue 7: conditions: not idle, emergency call", async () => {
  const world = new LcfWorld();
  await world.bind();
  const dialog = { id: "d", state: "confirmed", role: "uac", emergency: false, replaceable: true } as const;
  world.described = [dialog];
  await world.command({ if: "idle" });
  world.described = [{ ...dialog, emergency: true }];
  await world.command({ sequence: 2, operation: "op-2" });
  assert.deepEqual(world.words, ["refused: not idle", "refused: emergency call"]);
  assert.deepEqual(world.deeds, []);
});

test("cfs-ue 8: an armed S move registers at its rest, or at once when told; new requests wait until its 200", async () => {
  for (const told of [false, true]) {
    const world = new LcfWorld();
    const moved = { ...present, sCscf: "s2.home:6060", serviceRoute: ["<sip:orig@s2.home:6060;lr>"] };
    world.onRegister = () => {
      world.present = moved;
      return { outcome: "registered", registration: moved, trouble: [] };
    };
    await world.bind();
    const target = { sCscf: "sip:s2.home:6060" };
    await world.command({ target, after: 500 });
    assert.deepEqual([world.lcf.state, world.deeds.includes("register here")], ["Armed", false]);
    assert.ok(world.deeds.includes("hold"));
    if (told) await world.command({ target, after: 0, sequence: 2 });
    else await world.run(450);
    assert.ok(world.deeds.includes("register here"));
    await world.run(2000);
    assert.ok(world.deeds.lastIndexOf("release") > world.deeds.indexOf("register here"));
  }
});

test("cfs-ue 7: an armed move is cancelled: nothing was registered", async () => {
  const world = new LcfWorld();
  await world.bind();
  await world.command({ after: 500 });
  await world.command({ command: "cancel", reRegister: false, sequence: 2 } as never);
  await world.run(2000);
  assert.deepEqual(world.words, ["accepted", "cancelled"]);
  assert.equal(
    world.deeds.some((deed) => deed.startsWith("register")),
    false,
  );
});

test("cfs-ue 3: what was said is said again until it is acknowledged, then no more", async () => {
  const world = new LcfWorld();
  const dialog = await world.bind();
  await world.command({ identity: "sip:bob@home" });
  await world.run(11_000);
  const repeated = world.said.length;
  assert.ok(repeated >= 2);
  await world.notify(dialog, { acks: [world.said[0]?.id ?? ""] });
  await world.run(60_000);
  assert.equal(world.said.length, repeated);
});

test("cfs-ue 4: an unsigned end decides nothing but a new SUBSCRIBE, once in 10 s at most", async () => {
  const world = new LcfWorld();
  await world.bind();
  const ends = { by: "notifier", reason: "deactivated", retryAfter: null } as const;
  await world.end(world.newest, ends);
  await world.run(13_000);
  assert.equal(world.dialogsOpened.length, 2);
  await world.end(world.newest, ends);
  await world.run(30_000);
  const times = world.dialogsOpened.map((dialog) => dialog.at);
  assert.equal(times.length, 3);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 10_000);
  assert.ok((times[2] ?? 0) - (times[1] ?? 0) >= 10_000);
});

test("cfs-ue 2: no CFS there: not before an hour, but at a registration elsewhere", async () => {
  for (const status of [404, 489, 503] as const) {
    const world = new LcfWorld();
    world.present = present;
    world.handlers?.registered(present);
    await world.run();
    const response = {
      kind: "response" as const,
      status,
      reason: "",
      headers: world.newestHeaders(),
      body: new Uint8Array(),
    };
    await world.end(world.newest, { by: "failure", outcome: { status, response, cause: null } });
    await world.run(3_500_000);
    assert.equal(world.dialogsOpened.length, 1, `${status}`);
    await world.run(200_000);
    assert.equal(world.dialogsOpened.length, 2, `${status}`);
    world.present = elsewhere;
    world.handlers?.registered(elsewhere);
    await world.run();
    assert.equal(world.dialogsOpened.length, 3, `${status}`);
  }
});

test("cfs-ue 4: the current dialog is the newest hello's: what is said goes there", async () => {
  const world = new LcfWorld();
  const old = await world.bind();
  world.present = elsewhere;
  world.handlers?.registered(elsewhere);
  await world.run();
  await world.ticket(world.newest);
  const before = old.bodies.length;
  // The older one receives still.
  const expected = { pCscf: at("p2.pcscf.home"), sCscf: at("s1.home") };
  await world.notify(old, {
    commands: [await world.seal({ expected, target: { pCscf: at("p3.pcscf.home") } })],
  });
  await world.run(500);
  assert.ok(world.deeds.includes("register p3.pcscf.home"));
  assert.equal(old.bodies.length, before);
  assert.equal(world.words[0], "accepted");
});
