// The LCF between a scripted UE and a scripted CFS: what it obeys, what it says, what it leaves alone. cfs-ue 2 to 8.
import assert from "node:assert/strict";
import test from "node:test";
import type { DialogDescription } from "@liquid-ims/reference-points/cfs-ue";
import { sealCommand } from "@liquid-ims/reference-points/cfs-ue-body";
import { challenge, openScriptedCfs, pCscf, registrationAt } from "./scripted-cfs.ts";

const dialog: DialogDescription = {
  id: "00112233445566778899aabbccddeeff",
  state: "confirmed",
  role: "uac",
  emergency: false,
  replaceable: true,
};

test("cfs-ue 4: a registration is followed at once by a hello with its Path and Service-Route", async () => {
  const cfs = await openScriptedCfs(false);
  assert.equal(cfs.dialogs.length, 1);
  const { request, bodies } = cfs.current;
  assert.equal(request.uri, "sip:cfs.open-ims.test");
  assert.equal(request.event, "liquid-ims");
  assert.equal(request.expires, 3500);
  const [hello] = bodies;
  assert.equal(hello?.callId, request.names.callId);
  assert.equal(hello?.fromTag, request.names.fromTag);
  assert.equal(hello?.seq, 1);
  assert.deepEqual(hello?.hello?.path, registrationAt(1, 1).path);
  assert.deepEqual(hello?.hello?.serviceRoute, registrationAt(1, 1).serviceRoute);
});

test("cfs-ue 6: the ticket's challenge is repeated at once, when the SUBSCRIBE has its answer", async () => {
  const cfs = await openScriptedCfs(false);
  await cfs.ticket(cfs.current);
  assert.equal(cfs.current.bodies.length, 1);
  cfs.answered(cfs.current, 200);
  await cfs.wait();
  assert.equal(cfs.current.bodies[1]?.challenge, challenge);
  assert.equal(cfs.current.bodies.length, 2);
});

test("cfs-ue 6: a challenge whose SUBSCRIBE was refused is repeated again", async () => {
  const cfs = await openScriptedCfs(false);
  await cfs.ticket(cfs.current);
  const { answered } = cfs;
  // Its first refresh gets 500.
  cfs.answered = (at, status) => answered.call(cfs, at, at.bodies.length === 2 ? 500 : status);
  cfs.answered(cfs.current, 200);
  await cfs.wait(6000);
  assert.deepEqual(
    cfs.current.bodies.map((body) => body.challenge ?? null),
    [null, challenge, challenge],
  );
});

test("cfs-ue 6: a ticket with another nonce, or a second one, is ignored", async () => {
  const cfs = await openScriptedCfs(false);
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current, { nonce: "fedcba9876543210" });
  assert.equal(cfs.current.bodies.length, 1);
  await cfs.ticket(cfs.current);
  const stranger = await cfs.simulation.settle(cfs.host.crypto.generateKey("EdDSA"));
  await cfs.ticket(cfs.current, { key: stranger });
  await cfs.say(cfs.command({ command: "query" }, 1), stranger);
  assert.deepEqual(cfs.answers, []);
  await cfs.say(cfs.command({ command: "query" }, 2));
  assert.deepEqual(
    cfs.answers.map(({ answer, sequence }) => [answer, sequence]),
    [["accepted", 2]],
  );
});

test("cfs-ue 7: the same bytes again get the same answer; a lower sequence gets none", async () => {
  const cfs = await openScriptedCfs();
  const signed = await cfs.say(cfs.command({ command: "query" }, 5));
  await cfs.notify(cfs.current, { commands: [signed] });
  await cfs.say(cfs.command({ command: "query" }, 4));
  const [first, second, ...more] = cfs.answers;
  assert.equal(first?.answer, "accepted");
  assert.deepEqual(second, first);
  assert.deepEqual(more, []);
});

test("cfs-ue 6: a sequence that the ticket calls reached is old to a new LCF", async () => {
  const cfs = await openScriptedCfs(false);
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current, { sequence: 7 });
  await cfs.say(cfs.move(7));
  assert.deepEqual(cfs.answers, []);
  assert.deepEqual(cfs.acts, []);
});

test("cfs-ue 7: what is not obeyed is refused with the reason, and nothing changes", async () => {
  const cfs = await openScriptedCfs();
  const stranger = await cfs.simulation.settle(cfs.host.crypto.generateKey("EdDSA"));
  const expected = { pCscf: pCscf(3), sCscf: { name: "scscf1.open-ims.test", addresses: [] } };
  await cfs.say(cfs.move(1), stranger); // silence
  await cfs.say(cfs.move(2, { identity: "sip:bob@open-ims.test" }));
  await cfs.say(cfs.move(3, { instance: null }));
  await cfs.say(cfs.move(4, { expires: 1 }));
  await cfs.say(cfs.move(5, { expected }));
  await cfs.say(cfs.move(6, { target: { pCscf: { name: "pcscf.evil.test", addresses: [] } } }));
  cfs.present = [{ ...dialog, replaceable: "the peer has no Replaces" }];
  await cfs.say(cfs.move(7));
  await cfs.say(cfs.move(8, { if: "idle" }));
  await cfs.say(cfs.move(9, { command: "dance" }));
  const reasons = cfs.answers.map((answer) => (answer.answer === "refused" ? answer.reason : answer.answer));
  assert.deepEqual(reasons, [
    "not for this device",
    "not for this device",
    "expired",
    "another P-CSCF serves",
    "target not allowed",
    "not replaceable",
    "not idle",
    "not understood",
  ]);
  assert.deepEqual(cfs.acts, []);
  assert.equal(cfs.lcf.state, "Idle");
});

test("P: accepted, registered in the new dialog's hello, then the report of each dialog", async () => {
  const cfs = await openScriptedCfs();
  cfs.present = [dialog];
  await cfs.say(cfs.move(1));
  assert.deepEqual(cfs.acts, ["register pcscf2.open-ims.test"]);
  const old = cfs.current;
  cfs.succeed(registrationAt(2, 1));
  await cfs.wait();
  assert.equal(cfs.dialogs.length, 2);
  assert.equal(old.bodies.flatMap(({ answers }) => answers).at(-1)?.answer, "accepted");
  assert.deepEqual(
    cfs.current.bodies[0]?.answers.map(({ answer }) => answer),
    ["accepted", "registered"],
  );
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current);
  cfs.port.handlers?.dialog({ id: dialog.id, result: "kept", newId: "ff" });
  await cfs.wait();
  const report = cfs.reports.at(-1);
  assert.equal(report?.final, true);
  assert.deepEqual(report?.dialogs, [{ id: dialog.id, result: "kept", newId: "ff" }]);
  assert.deepEqual(cfs.acts, ["register pcscf2.open-ims.test", "replace now", "replace now"]);
  assert.deepEqual(cfs.states, ["Registering", "Replacing", "Idle"]);
});

test("P: a move without dialogs reports at once after registered", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1));
  cfs.succeed(registrationAt(2, 1));
  await cfs.wait();
  const [hello] = cfs.current.bodies;
  assert.equal(hello?.answers.at(-1)?.answer, "registered");
  assert.deepEqual(
    hello?.reports.map(({ final, dialogs }) => [final, dialogs.length]),
    [[true, 0]],
  );
});

test("P: what has no result at the deadline is given up and reported as pinned", async () => {
  const cfs = await openScriptedCfs();
  cfs.present = [dialog];
  await cfs.say(cfs.move(1, { deadline: cfs.host.clock.wall() + 5000 }));
  cfs.succeed(registrationAt(2, 1));
  await cfs.wait();
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current);
  await cfs.wait(6000);
  assert.ok(cfs.acts.includes("replace never"));
  const report = cfs.reports.at(-1);
  assert.equal(report?.final, true);
  assert.deepEqual(
    report?.dialogs.map(({ id, result }) => [id, result]),
    [[dialog.id, "pinned"]],
  );
});

test("P: a failed registration is told and changes nothing", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1));
  cfs.done?.({ outcome: "failed", trouble: [{ status: 503, count: 2 }], detail: "503" });
  await cfs.wait();
  const last = cfs.answers.at(-1);
  assert.equal(last?.answer, "failed");
  assert.deepEqual(last?.answer === "failed" ? last.trouble : null, [{ status: 503, count: 2 }]);
  assert.equal(cfs.dialogs.length, 1);
  assert.equal(cfs.lcf.state, "Idle");
});

const toSCscf2 = { target: { sCscf: "sip:scscf2.open-ims.test:6060" } };

test("8: armed, after: 0 on the MAA; new requests are held until the 200 at the new S-CSCF", async () => {
  const cfs = await openScriptedCfs();
  cfs.former = ["d1", "d2"];
  await cfs.say(cfs.move(1, { ...toSCscf2, after: 500 }));
  const accepted = cfs.answers.at(-1);
  assert.ok(accepted?.answer === "accepted");
  assert.deepEqual([accepted.armed, accepted.dialogs, accepted.former], [true, [], ["d1", "d2"]]);
  assert.deepEqual(cfs.acts, ["hold true"]);
  await cfs.say(cfs.move(2, toSCscf2));
  assert.deepEqual(cfs.acts, ["hold true", "register here"]);
  cfs.succeed(registrationAt(1, 2));
  await cfs.wait();
  assert.deepEqual(cfs.acts.slice(2, 4), ["hold false", "replace now"]);
  assert.equal(cfs.dialogs.length, 2);
  await cfs.wait(1000);
  assert.equal(cfs.acts.filter((act) => act.startsWith("register")).length, 1);
});

test("7: a call that has begun while the move registered is replaced when the CFS says so, and reported", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1, { ...toSCscf2, replace: "wait" }));
  cfs.present = [dialog];
  cfs.succeed(registrationAt(1, 2));
  await cfs.wait();
  assert.equal(cfs.lcf.state, "Waiting");
  assert.equal(cfs.acts.includes("replace now"), false);
  const registered = cfs.current.bodies[0]?.answers.at(-1);
  assert.deepEqual(registered?.answer === "registered" ? registered.dialogs : null, [dialog]);
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current);
  await cfs.say(cfs.command({ command: "replace", dialogs: "all" }, 2));
  assert.equal(cfs.acts.at(-1), "replace now");
  cfs.port.handlers?.dialog({ id: dialog.id, result: "kept", newId: "ff" });
  await cfs.wait();
  assert.deepEqual(cfs.reports.at(-1)?.dialogs, [{ id: dialog.id, result: "kept", newId: "ff" }]);
});

test("7: a dialog that is where it should be when the registration comes is not waited for", async () => {
  const cfs = await openScriptedCfs();
  cfs.present = [dialog];
  await cfs.say(cfs.move(1, toSCscf2));
  cfs.fresh.add(dialog.id);
  cfs.succeed(registrationAt(1, 2));
  await cfs.wait();
  const [report] = cfs.current.bodies[0]?.reports ?? [];
  assert.deepEqual([report?.final, report?.dialogs, cfs.lcf.state], [true, [], "Idle"]);
});

test("8: after: 0 while the armed registration runs is followed by one that begins later", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1, { ...toSCscf2, after: 500 }));
  await cfs.wait(600);
  assert.deepEqual(cfs.acts, ["hold true", "register here"]);
  await cfs.say(cfs.move(2, toSCscf2));
  assert.equal(cfs.acts.length, 2);
  cfs.succeed(registrationAt(1, 1));
  await cfs.wait();
  assert.deepEqual(cfs.acts, ["hold true", "register here", "register here"]);
});

test("8 step 4: a 200 that still names the old S-CSCF is told and followed by one more in 500 ms", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1, toSCscf2));
  cfs.succeed(registrationAt(1, 1));
  await cfs.wait(400);
  assert.equal(cfs.answers.at(-1)?.answer, "registered");
  assert.equal(cfs.acts.filter((act) => act === "register here").length, 1);
  await cfs.wait(200);
  assert.equal(cfs.acts.filter((act) => act === "register here").length, 2);
});

test("7, 8: cancel of an armed move undoes it; with reRegister it registers where it is", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1, { ...toSCscf2, after: 500 }));
  await cfs.say(cfs.command({ command: "cancel", reRegister: false }, 2));
  const cancelled = cfs.answers.at(-1);
  assert.deepEqual(cancelled?.answer === "cancelled" ? cancelled.undone : null, ["armed registration"]);
  await cfs.wait(1000);
  assert.ok(!cfs.acts.includes("register here"));
  await cfs.say(cfs.command({ command: "cancel", reRegister: true }, 3));
  assert.ok(cfs.acts.includes("register here"));
});

test("7: who is only told to register again has left nothing: his dialogs are not reported as pinned", async () => {
  const cfs = await openScriptedCfs();
  cfs.present = [dialog];
  await cfs.say(cfs.command({ command: "cancel", reRegister: true }, 1));
  cfs.succeed(registrationAt(1, 1));
  await cfs.wait(1000);
  assert.equal(cfs.lcf.state, "Idle");
  assert.equal(cfs.answers.at(-1)?.answer, "registered");
  assert.deepEqual(
    cfs.reports.map(({ final, dialogs }) => [final, dialogs]),
    [[true, []]],
  );
});

test("4: an emergency call cancels an armed move", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.move(1, { ...toSCscf2, after: 500 }));
  cfs.port.handlers?.emergency();
  await cfs.wait(1000);
  assert.equal(cfs.answers.at(-1)?.answer, "failed");
  assert.ok(!cfs.acts.includes("register here"));
  assert.equal(cfs.acts.at(-2), "hold false");
});

test("3: what is not acknowledged is said again, what is acknowledged is not", async () => {
  const cfs = await openScriptedCfs();
  await cfs.say(cfs.command({ command: "query" }, 1));
  const id = cfs.answers[0]?.id ?? "";
  await cfs.wait(12_000);
  assert.equal(cfs.answers.length, 2);
  await cfs.notify(cfs.current, { acks: [id] });
  await cfs.wait(30_000);
  assert.equal(cfs.answers.length, 2);
});

test("3: while a SUBSCRIBE is unanswered the next answer waits", async () => {
  const cfs = await openScriptedCfs();
  const before = cfs.current.bodies.length;
  cfs.current.isBusy = true;
  await cfs.say(cfs.command({ command: "query" }, 1));
  assert.equal(cfs.current.bodies.length, before);
  cfs.answered(cfs.current, 200);
  await cfs.wait();
  assert.equal(cfs.current.bodies.length, before + 1);
});

test("4: an older dialog receives commands still, and is never refreshed", async () => {
  const cfs = await openScriptedCfs();
  const old = cfs.current;
  cfs.register(registrationAt(2, 1));
  await cfs.wait();
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current);
  const before = old.bodies.length;
  const query = cfs.command({ command: "query" }, 1);
  const signed = await cfs.simulation.settle(sealCommand(cfs.host.crypto, cfs.signing(), query));
  await cfs.notify(old, { commands: [signed] });
  assert.equal(old.bodies.length, before);
  assert.equal(cfs.current.bodies.at(-1)?.answers[0]?.answer, "accepted");
});

test("4: terminated NOTIFYs bring a new SUBSCRIBE, once in 10 s at most, whatever they say", async () => {
  const cfs = await openScriptedCfs();
  await cfs.wait(20_000);
  cfs.end(cfs.current, { by: "notifier", reason: "rejected", retryAfter: null });
  await cfs.wait(2500);
  assert.equal(cfs.dialogs.length, 2);
  cfs.end(cfs.current, { by: "notifier", reason: "deactivated", retryAfter: null });
  await cfs.wait(7000);
  assert.equal(cfs.dialogs.length, 2);
  await cfs.wait(6000);
  assert.equal(cfs.dialogs.length, 3);
  cfs.end(cfs.current, { by: "notifier", reason: "giveup", retryAfter: 1_000_000 });
  await cfs.wait(130_000);
  assert.equal(cfs.dialogs.length, 4);
});

test("2: no CFS there: not again within the hour, but at once from another P-CSCF", async () => {
  for (const status of [404, 408, 480, 489, 503] as const) {
    const cfs = await openScriptedCfs(false);
    cfs.end(cfs.current, { by: "failure", outcome: cfs.outcome(status) });
    await cfs.wait(3_500_000);
    assert.equal(cfs.dialogs.length, 1, String(status));
    cfs.register(registrationAt(2, 1));
    await cfs.wait();
    assert.equal(cfs.dialogs.length, 2, String(status));
  }
});

test("stop: nothing more is sent, every dialog is left", async () => {
  const cfs = await openScriptedCfs();
  cfs.lcf.stop();
  await cfs.say(cfs.command({ command: "query" }, 1));
  cfs.register(registrationAt(2, 1));
  await cfs.wait(5000);
  assert.deepEqual(cfs.answers, []);
  assert.equal(cfs.dialogs.length, 1);
  assert.ok(cfs.current.isAbandoned);
});

test("procedure P step 4: after a failure nothing is asked of the P-CSCF that is left, else it is there", async () => {
  for (const [condition, isOldDead] of [
    ["always", true],
    ["replaceable", false],
    ["idle", false],
  ] as const) {
    const cfs = await openScriptedCfs();
    await cfs.say(cfs.move(1, { if: condition }));
    assert.equal(cfs.isOldDead, isOldDead, condition);
  }
});
