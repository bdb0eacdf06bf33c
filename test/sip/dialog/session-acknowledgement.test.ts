// The 2xx of a callee and its ACK. RFC 3261 13.3.1.4, 15.
import assert from "node:assert/strict";
import test from "node:test";
import { dialogRequest } from "@liquid-ims/sip/dialog/dialog";
import type { Session } from "@liquid-ims/sip/dialog/session";
import { bobUri, logging, pair } from "./two-user-agents.ts";

/** How often each line was sent. */
function times(sent: readonly string[], line: string): number {
  return sent.filter((one) => one === line).length;
}

/** Bob answers at once, no ACK of alice reaches him until `heal`. */
async function withoutAck(policy: "bye" | "report") {
  const log: string[] = [];
  let bob: Session | null = null;
  const made = await pair({
    bob: {
      invite(invite) {
        bob = invite.accept({ handlers: logging("bob", log), policy: { unacknowledged: policy } });
        made.simulation.link("alice", "bob", { delayMs: 10, down: true });
      },
    },
  });
  made.alice.userAgent.invite(
    { uri: bobUri },
    {
      accepted: (session) => {
        session.handlers = logging("alice", log);
      },
    },
  );
  await made.simulation.run({ ms: 30 });
  assert.ok(bob);
  const heal = () => made.simulation.link("alice", "bob", { delayMs: 10 });
  return { ...made, log, bob: bob as Session, heal };
}

test("13.3.1.4: the 2xx is repeated after T1, doubling to T2, until 64*T1; then BYE", async () => {
  const { simulation, sent, log, bob, heal } = await withoutAck("bye");
  assert.equal(times(sent, "bob 200 INVITE"), 1);
  // At 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5 s.
  await simulation.run({ ms: 31_900 });
  assert.equal(times(sent, "bob 200 INVITE"), 11);
  assert.equal(times(sent, "alice ACK"), 11);
  assert.equal(bob.state, "Accepted");
  heal();
  await simulation.run({ ms: 200 });
  assert.equal(times(sent, "bob BYE"), 1);
  assert.deepEqual(
    log.filter((line) => !line.includes("unacknowledged")),
    ["bob ended by no ACK", "alice BYE", "alice ended by peer", "bob bye 200"],
  );
});

test("13.3.1.4: with the policy `report` the owner hears of 4*T1, every 4*T1, and no BYE goes out", async () => {
  const { simulation, sent, log, bob, heal } = await withoutAck("report");
  await simulation.run({ ms: 36_500 });
  assert.equal(bob.state, "Unacknowledged");
  assert.equal(times(sent, "bob 200 INVITE"), 11);
  assert.deepEqual(
    log,
    Array.from({ length: 18 }, (_, index) => `bob unacknowledged ${2000 * (index + 1)}`),
  );
  assert.equal(times(sent, "bob BYE"), 0);
  heal();
  log.length = 0;
  assert.ok(
    bob.send("OPTIONS", {}, ({ status }) => {
      log.push(`question ${status}`);
      bob.confirm();
    }),
  );
  await simulation.run({ ms: 5000 });
  assert.deepEqual(log, ["question 200", "bob acknowledged otherwise"]);
  assert.equal(bob.state, "Confirmed");
});

test("13.3.1.4: an ACK after 64*T1 still confirms where the owner has waited", async () => {
  const { simulation, alice, log, bob, heal } = await withoutAck("report");
  await simulation.run({ ms: 33_000 });
  heal();
  log.length = 0;
  const [session] = alice.userAgent.sessions;
  assert.ok(session);
  const { request } = dialogRequest(session.dialog, "ACK", { sequence: 1 });
  alice.userAgent.sendAck(request);
  await simulation.run({ ms: 5000 });
  assert.deepEqual(log, ["bob acknowledged"]);
  assert.equal(bob.state, "Confirmed");
});

test("15: the callee's BYE waits for the ACK", async () => {
  const { simulation, sent, log, bob, heal } = await withoutAck("report");
  bob.bye();
  await simulation.run({ ms: 1000 });
  assert.equal(times(sent, "bob BYE"), 0);
  heal();
  await simulation.run({ ms: 1000 });
  assert.equal(times(sent, "bob BYE"), 1);
  assert.deepEqual(log, ["bob ended by local", "alice BYE", "alice ended by peer", "bob bye 200"]);
});

test("15: or for 64*T1", async () => {
  const { simulation, sent, bob } = await withoutAck("report");
  bob.bye();
  await simulation.run({ ms: 31_900 });
  assert.equal(times(sent, "bob BYE"), 0);
  await simulation.run({ ms: 200 });
  assert.equal(times(sent, "bob BYE"), 1);
});
