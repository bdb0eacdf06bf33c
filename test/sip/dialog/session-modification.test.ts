// re-INVITE and UPDATE between two user agents. RFC 3261 14, RFC 3311 5.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeText } from "@liquid-ims/runtime/text";
import { dialogRequest } from "@liquid-ims/sip/dialog/dialog";
import { finalOnly } from "@liquid-ims/sip/dialog/outcome";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { Modification } from "@liquid-ims/sip/dialog/session-handlers";
import type { HeaderPair } from "@liquid-ims/sip/message";
import { call, text } from "./two-user-agents.ts";

const read = (body: Uint8Array) => decodeText(body);

function reinvite(session: Session, who: string, log: string[]): boolean {
  return session.reinvite({
    body: text(`offer of ${who}`),
    outcome: ({ status, response }) =>
      log.push(`${who} ${status} ${read(response?.body ?? new Uint8Array())}`),
  });
}

/** Takes every offer and answers it. */
function answering(who: string, log: string[]): Session["handlers"] {
  return {
    reinvited: (modification) => {
      log.push(`${who} offered ${read(modification.body?.data ?? new Uint8Array())}`);
      modification.accept({ body: text(`answer of ${who}`) });
    },
    reinviteAcknowledged: () => log.push(`${who} acknowledged`),
  };
}

test("14: either end re-INVITEs, one after the other", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  alice.handlers = answering("alice", log);
  bob.handlers = answering("bob", log);
  assert.ok(reinvite(alice, "alice", log));
  await simulation.run({ ms: 200 });
  assert.ok(reinvite(bob, "bob", log));
  await simulation.run({ ms: 200 });
  assert.deepEqual(log, [
    "bob offered offer of alice",
    "alice 200 answer of bob",
    "bob acknowledged",
    "alice offered offer of bob",
    "bob 200 answer of alice",
    "alice acknowledged",
  ]);
});

test("14.1: no second INVITE while one is under way", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  bob.handlers = answering("bob", log);
  assert.ok(reinvite(alice, "alice", log));
  assert.equal(reinvite(alice, "alice", log), false);
  await simulation.run({ ms: 200 });
  assert.ok(reinvite(alice, "alice", log));
});

test("14.1, 14.2: re-INVITEs that cross get 491 and are sent again, the caller's 2.1 to 4 s later, the callee's within 2 s", async () => {
  for (const seed of [1, 2, 3]) {
    const {
      pair: { simulation, sent },
      log,
      alice,
      bob,
    } = await call({ seed });
    alice.handlers = answering("alice", log);
    bob.handlers = answering("bob", log);
    reinvite(alice, "alice", log);
    reinvite(bob, "bob", log);
    await simulation.run({ ms: 100 });
    assert.equal(sent.filter((line) => line.endsWith("491 INVITE")).length, 2);
    await simulation.run({ ms: 2100 });
    assert.deepEqual(log, ["alice offered offer of bob", "bob 200 answer of alice", "alice acknowledged"]);
    await simulation.run({ ms: 2000 });
    assert.deepEqual(log.slice(3), [
      "bob offered offer of alice",
      "alice 200 answer of bob",
      "bob acknowledged",
    ]);
  }
});

test("14.2: an INVITE before the last one is answered gets 500 with Retry-After up to 10 s", async () => {
  const {
    pair: { simulation, alice: node },
    log,
    alice,
    bob,
  } = await call();
  bob.handlers = { reinvited: () => log.push("bob offered") };
  for (let count = 0; count < 2; count++) {
    const { dialog, request } = dialogRequest(alice.dialog, "INVITE", { body: text("offer") });
    alice.dialog = dialog;
    node.userAgent.send(
      request,
      finalOnly(({ status, response }) => {
        const after = Number(response?.headers.get("Retry-After"));
        log.push(`${status} ${after >= 0 && after <= 10}`);
      }),
    );
    await simulation.run({ ms: 100 });
  }
  assert.deepEqual(log, ["bob offered", "500 true"]);
});

test("14.1: a refused re-INVITE changes nothing, and is 488 where nobody asks for it", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  const before = bob.dialog.remoteTarget;
  reinvite(alice, "alice", log);
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["alice 488 "]);
  assert.equal(alice.state, "Confirmed");
  assert.equal(bob.dialog.remoteTarget, before);
});

test("13.3.1.4: the 2xx to a re-INVITE is repeated until its ACK, and ends the session after 64*T1", async () => {
  const {
    pair: { simulation, sent },
    log,
    alice,
    bob,
  } = await call();
  bob.handlers = {
    ...bob.handlers,
    reinvited: (modification) => {
      modification.accept({ body: text("answer") });
      simulation.link("alice", "bob", { delayMs: 10, down: true });
    },
  };
  reinvite(alice, "alice", log);
  await simulation.run({ ms: 31_900 });
  assert.equal(sent.filter((line) => line === "bob 200 INVITE").length, 11);
  assert.equal(sent.filter((line) => line === "alice ACK").length, 11);
  simulation.link("alice", "bob", { delayMs: 10 });
  await simulation.run({ ms: 300 });
  assert.deepEqual(log, [
    "alice 200 answer",
    "bob ended by local",
    "alice BYE",
    "alice ended by peer",
    "bob bye 200",
  ]);
});

test("12.2.1.2: a re-INVITE that nobody answers is 408 and ends the session", async () => {
  const {
    pair: { simulation, bobHost },
    log,
    alice,
  } = await call();
  bobHost.powerOff();
  reinvite(alice, "alice", log);
  await simulation.run({ ms: 32_100 });
  assert.deepEqual(log, ["alice 408 ", "alice lost 408 INVITE", "alice ended by lost"]);
});

test("15.1.2: a re-INVITE not answered when the session ends gets 487", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  let held: Modification | null = null;
  bob.handlers = {
    reinvited: (modification) => {
      held = modification;
    },
  };
  reinvite(alice, "alice", log);
  await simulation.run({ ms: 100 });
  alice.bye();
  await simulation.run({ ms: 100 });
  (held as Modification | null)?.accept({ body: text("too late") });
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["alice ended by local", "alice 487 ", "alice bye 200"]);
});

test("14: the wait after 491 ends with the session", async () => {
  const {
    pair: { simulation, sent },
    log,
    alice,
    bob,
  } = await call();
  bob.handlers = { reinvited: (modification) => modification.reject(491) };
  reinvite(alice, "alice", log);
  await simulation.run({ ms: 100 });
  alice.bye();
  await simulation.run({ ms: 5000 });
  assert.deepEqual(log, ["alice 408 ", "alice ended by local", "alice bye 200"]);
  assert.equal(sent.filter((line) => line === "alice INVITE").length, 1);
});

const elsewhere: readonly HeaderPair[] = [["Contact", "<sip:alice@10.0.0.1:5060;moved>"]];

test("RFC 3311 5.2: UPDATE without an offer gets 200 and refreshes the target", async () => {
  const {
    pair: { simulation, alice: node },
    log,
    alice,
    bob,
  } = await call();
  const { request } = dialogRequest(alice.dialog, "UPDATE", { contact: null, headers: elsewhere });
  node.userAgent.send(
    request,
    finalOnly(({ status }) => log.push(`UPDATE ${status}`)),
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["UPDATE 200"]);
  assert.equal(bob.dialog.remoteTarget, "sip:alice@10.0.0.1:5060;moved");
});

test("RFC 3311 5.2: an offer in UPDATE is the owner's; 488 where nobody asks; 500 while another waits", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  const update = () =>
    alice.send("UPDATE", { body: text("offer") }, ({ status, response }) =>
      log.push(`UPDATE ${status} ${read(response?.body ?? new Uint8Array())}`),
    );
  update();
  await simulation.run({ ms: 100 });
  bob.handlers = { updated: (modification) => modification.accept({ body: text("answer") }) };
  update();
  await simulation.run({ ms: 100 });
  bob.handlers = { updated: () => log.push("held") };
  update();
  await simulation.run({ ms: 100 });
  update();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["UPDATE 488 ", "UPDATE 200 answer", "held", "UPDATE 500 "]);
});

test("9.2: CANCEL of a re-INVITE gets 487 and leaves the session as it is", async () => {
  const {
    pair: { simulation, alice: node },
    log,
    alice,
    bob,
  } = await call();
  bob.handlers = { reinvited: () => log.push("bob offered") };
  const { dialog, request } = dialogRequest(alice.dialog, "INVITE", { body: text("offer") });
  alice.dialog = dialog;
  const transaction = node.userAgent.send(
    request,
    finalOnly(({ status }) => log.push(`INVITE ${status}`)),
  );
  await simulation.run({ ms: 300 });
  transaction.cancel();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["bob offered", "INVITE 487"]);
  assert.equal(bob.state, "Confirmed");
});
