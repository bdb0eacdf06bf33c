// Sessions between two user agents. RFC 3261 9, 13-15, RFC 3665 3.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeText } from "@liquid-ims/runtime/text";
import { dialogRequest } from "@liquid-ims/sip/dialog/dialog";
import { finalOnly } from "@liquid-ims/sip/dialog/outcome";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { SessionEnd } from "@liquid-ims/sip/dialog/session-handlers";
import { bobUri, call, logging, pair, text } from "./two-user-agents.ts";

test("RFC 3665 3.1: a call is set up, answered and ended by the callee", async () => {
  const log: string[] = [];
  let answered: Session | null = null;
  const { simulation, alice, sent } = await pair({
    bob: {
      invite(invite) {
        log.push(`bob offered ${decodeText(invite.body?.data ?? new Uint8Array())}`);
        invite.provisional(180);
        answered = invite.accept({
          body: text("answer"),
          handlers: {
            acknowledged: () => log.push("bob acknowledged"),
            byeOutcome: ({ status }) => log.push(`bob bye ${status}`),
          },
        });
      },
    },
  });
  alice.userAgent.invite(
    { uri: bobUri, body: text("offer") },
    {
      provisional: ({ status }) => log.push(`alice ${status}`),
      accepted: (session, response, late) => {
        log.push(`alice ${response.status} ${decodeText(response.body)} ${late}`);
        session.handlers = {
          byeReceived: () => log.push("alice BYE"),
          ended: (end: SessionEnd) => log.push(`alice ended by ${end.by}`),
        };
      },
    },
  );
  await simulation.run({ ms: 200 });
  (answered as Session | null)?.bye();
  await simulation.run({ ms: 200 });
  assert.deepEqual(log, [
    "bob offered offer",
    "alice 180",
    "alice 200 answer false",
    "bob acknowledged",
    "alice BYE",
    "alice ended by peer",
    "bob bye 200",
  ]);
  assert.deepEqual(sent, [
    "alice INVITE",
    "bob 180 INVITE",
    "bob 200 INVITE",
    "alice ACK",
    "bob BYE",
    "alice 200 BYE",
  ]);
});

/** How often each line was sent. */
function times(sent: readonly string[], line: string): number {
  return sent.filter((one) => one === line).length;
}

test("15.1.1: the caller ends the call, both hear it once", async () => {
  const {
    pair: { simulation, alice: a, bob: b, sent },
    log,
    alice,
  } = await call();
  alice.bye();
  alice.bye();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["alice ended by local", "bob BYE", "bob ended by peer", "alice bye 200"]);
  assert.deepEqual(sent, ["alice BYE", "bob 200 BYE"]);
  assert.equal(a.userAgent.sessions.length, 0);
  assert.equal(b.userAgent.sessions.length, 0);
});

test("15.1.2: BYEs that cross are both answered with 200", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  alice.bye();
  bob.bye();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log.sort(), [
    "alice bye 200",
    "alice ended by local",
    "bob bye 200",
    "bob ended by local",
  ]);
});

test("9.1: CANCEL ends a ringing call with 487", async () => {
  const log: string[] = [];
  const { simulation, alice, sent } = await pair({
    bob: {
      invite(invite) {
        invite.provisional(180);
        invite.handlers = { cancelled: () => log.push("bob cancelled") };
      },
    },
  });
  const invite = alice.userAgent.invite(
    { uri: bobUri },
    { accepted: () => log.push("accepted"), failed: ({ status }) => log.push(`alice ${status}`) },
  );
  await simulation.run({ ms: 100 });
  assert.equal(invite.state, "Proceeding");
  assert.equal(invite.earlyDialogs.length, 1);
  invite.cancel();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["bob cancelled", "alice 487"]);
  assert.equal(invite.state, "Terminated");
  assert.deepEqual(sent.slice(2).sort(), ["alice ACK", "alice CANCEL", "bob 200 CANCEL", "bob 487 INVITE"]);
});

test("15: the caller's BYE in an early dialog gets 200, and the INVITE 487", async () => {
  const log: string[] = [];
  const { simulation, alice } = await pair({
    bob: {
      invite(invite) {
        invite.provisional(180);
        invite.handlers = { cancelled: () => log.push("bob cancelled") };
      },
    },
  });
  const invite = alice.userAgent.invite(
    { uri: bobUri },
    { accepted: () => log.push("accepted"), failed: ({ status }) => log.push(`INVITE ${status}`) },
  );
  await simulation.run({ ms: 100 });
  const [early] = invite.earlyDialogs;
  assert.ok(early);
  const { request } = dialogRequest(early, "BYE");
  alice.userAgent.send(
    request,
    finalOnly(({ status }) => log.push(`BYE ${status}`)),
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(log.sort(), ["BYE 200", "INVITE 487", "bob cancelled"]);
});

test("13.3.1.3: a refusal is told with its status", async () => {
  const log: string[] = [];
  const { simulation, alice } = await pair({ bob: { invite: (invite) => invite.reject(486) } });
  alice.userAgent.invite(
    { uri: bobUri },
    { accepted: () => log.push("accepted"), failed: ({ status }) => log.push(`failed ${status}`) },
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["failed 486"]);
});

test("17.1.1.2: no answer counts as 408 after 64*T1", async () => {
  const log: string[] = [];
  const { simulation, alice, bobHost } = await pair();
  bobHost.powerOff();
  alice.userAgent.invite(
    { uri: bobUri },
    { accepted: () => log.push("accepted"), failed: ({ status, cause }) => log.push(`${status} ${cause}`) },
  );
  await simulation.run({ ms: 31_999 });
  assert.deepEqual(log, []);
  await simulation.run({ ms: 2 });
  assert.deepEqual(log, ["408 timeout"]);
});

test("13.2.2.4: an INVITE that was abandoned without CANCEL acknowledges its 2xx and tells of it", async () => {
  const log: string[] = [];
  let answer: () => void = () => log.push("no INVITE");
  const { simulation, alice, sent } = await pair({
    bob: {
      invite(invite) {
        answer = () => invite.accept({ handlers: logging("bob", log) });
      },
    },
  });
  const invite = alice.userAgent.invite(
    { uri: bobUri },
    { accepted: (session, _, late) => log.push(`alice ${session.state} ${late ? "late" : ""}`) },
  );
  await simulation.run({ ms: 1000 });
  invite.abandon();
  await simulation.run({ ms: 1000 });
  answer();
  await simulation.run({ ms: 1000 });
  assert.deepEqual(log, ["alice Confirmed late", "bob acknowledged"]);
  assert.equal(times(sent, "alice CANCEL"), 0);
});

test("9.1: an abandoned INVITE without an answer is cancelled after 64*T1, so that nothing is left of it", async () => {
  const log: string[] = [];
  const { simulation, alice, sent } = await pair({ bob: { invite: (invite) => invite.provisional(180) } });
  const invite = alice.userAgent.invite(
    { uri: bobUri },
    { accepted: () => log.push("accepted"), failed: ({ status }) => log.push(`failed ${status}`) },
  );
  await simulation.run({ ms: 1000 });
  invite.abandon();
  await simulation.run({ ms: 31_900 });
  assert.equal(times(sent, "alice CANCEL"), 0);
  await simulation.run({ ms: 1000 });
  assert.equal(times(sent, "alice CANCEL"), 1);
  assert.deepEqual(log, ["failed 487"]);
  await simulation.run({ ms: 40_000 });
  assert.equal(alice.userAgent.stack.transactions.client, 0);
});

test("13.2.2.4: an INVITE without an offer carries the answer in the ACK", async () => {
  const log: string[] = [];
  const { simulation, alice } = await pair({
    bob: {
      invite: (invite) => {
        invite.accept({
          body: text("offer of bob"),
          handlers: { acknowledged: (ack) => log.push(decodeText(ack?.body ?? new Uint8Array())) },
        });
      },
    },
  });
  alice.userAgent.invite(
    { uri: bobUri, ackBody: (response) => text(`answer to ${decodeText(response.body)}`) },
    { accepted: () => log.push("accepted") },
  );
  await simulation.run({ ms: 200 });
  assert.deepEqual(log, ["accepted", "answer to offer of bob"]);
});

test("12.2.2: OPTIONS in the dialog gets 200, or what the owner answers", async () => {
  const {
    pair: { simulation },
    log,
    alice,
    bob,
  } = await call();
  const ask = () => bob.send("OPTIONS", {}, ({ status }) => log.push(`answer ${status}`));
  ask();
  await simulation.run({ ms: 100 });
  alice.handlers = { question: (question) => question.respond(491) };
  ask();
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["answer 200", "answer 491"]);
});

test("15.1.1: OPTIONS that crosses this end's BYE gets 481, or what the owner answers", async () => {
  for (const status of [481, 603]) {
    const {
      pair: { simulation },
      log,
      alice,
      bob,
    } = await call();
    if (status === 603) alice.handlers = { question: (question) => question.respond(603) };
    bob.send("OPTIONS", {}, (outcome) => log.push(`answer ${outcome.status}`));
    alice.bye();
    await simulation.run({ ms: 100 });
    assert.ok(log.includes(`answer ${status}`), log.join());
  }
});

test("8.2.1: INFO gets 405 with Allow, an unknown method 501", async () => {
  const {
    pair: { simulation },
    log,
    alice,
  } = await call();
  const ask = (method: string) =>
    alice.send(method, {}, ({ status, response }) => log.push(`${status} ${response?.headers.get("Allow")}`));
  ask("INFO");
  await simulation.run({ ms: 100 });
  ask("WINK");
  await simulation.run({ ms: 100 });
  const allow = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, NOTIFY";
  assert.deepEqual(log, [`405 ${allow}`, `501 ${allow}`]);
});

test("12.2.1.2: 481 to a request in the dialog ends it, unless the policy says `report`", async () => {
  for (const policy of ["bye", "report"] as const) {
    const {
      pair: { simulation, sent },
      log,
      alice,
      bob,
    } = await call({ policy: { lost: policy } });
    bob.drop();
    alice.send("OPTIONS", {}, ({ status }) => log.push(`answer ${status}`));
    await simulation.run({ ms: 100 });
    const told = ["answer 481", "alice lost 481 OPTIONS"];
    assert.deepEqual(log, policy === "bye" ? [...told, "alice ended by lost", "alice bye 481"] : told);
    assert.equal(times(sent, "alice BYE"), policy === "bye" ? 1 : 0);
  }
});

test("15: BYE that nobody answers is told as 408, the end at once", async () => {
  const {
    pair: { simulation, bobHost, alice: a },
    log,
    alice,
  } = await call();
  bobHost.powerOff();
  alice.bye();
  assert.deepEqual(log, ["alice ended by local"]);
  await simulation.run({ ms: 33_000 });
  assert.deepEqual(log, ["alice ended by local", "alice bye 408"]);
  assert.equal(a.userAgent.sessions.length, 0);
  bobHost.restart();
  await simulation.run({ ms: 10 });
  alice.byeAgain();
  await simulation.run({ ms: 1000 });
  assert.equal(log.at(-1), "alice bye 481");
});
