// What a forked INVITE leads to, and messages out of order. RFC 3261 12.1, 13.2.2.4, 15.
import assert from "node:assert/strict";
import test from "node:test";
import { dialogRequest, uasDialog } from "@liquid-ims/sip/dialog/dialog";
import type { Session } from "@liquid-ims/sip/dialog/session";
import { buildResponse, type SipRequest } from "@liquid-ims/sip/message";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { logging, pair } from "./two-user-agents.ts";

const forkUri = "sip:fork@10.0.0.3:5060";
const headers = [["Contact", `<${forkUri}>`]] as const;

/** A callee that answers as the test likes. */
async function withCallee(invited: (transaction: ServerTransaction, stack: SipStack) => void) {
  const made = await pair();
  const received: string[] = [];
  made.simulation.addHost("fork", {
    addresses: ["10.0.0.3"],
    program: (host) => {
      host.spawn("open", async () => {
        const stack: SipStack = await openStack(host, {
          listen: [{ protocol: "udp", address: { host: "10.0.0.3", port: 5060 } }],
          user: {
            request: (transaction) => {
              if (transaction.request.method === "INVITE") invited(transaction, stack);
              else {
                received.push(tagged(transaction.request));
                transaction.respond(buildResponse(transaction.request, 200));
              }
            },
            ack: (ack) => received.push(tagged(ack)),
          },
        });
      });
    },
  });
  await made.simulation.run({ ms: 1 });
  return { ...made, received };
}

/** Method and To tag. */
function tagged(request: SipRequest): string {
  return `${request.method} ${/tag=(.*)$/.exec(request.headers.get("To") ?? "")?.[1]}`;
}

test("12.1, 13.2.2.4: each branch of a fork has its own early dialog and its own session, each 2xx its ACK", async () => {
  const { simulation, alice, received } = await withCallee((transaction) => {
    for (const toTag of ["b1", "b2"])
      transaction.respond(buildResponse(transaction.request, 180, { toTag, headers }));
    for (const toTag of ["b1", "b2", "b1"])
      transaction.respond(buildResponse(transaction.request, 200, { toTag, headers }));
  });
  const sessions: Session[] = [];
  const early: string[] = [];
  const invite = alice.userAgent.invite(
    { uri: forkUri },
    {
      provisional: (_, dialog) => early.push(dialog?.id.remoteTag ?? ""),
      accepted: (session) => sessions.push(session),
    },
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(early, ["b1", "b2"]);
  assert.deepEqual(
    sessions.map(({ dialog }) => dialog.id.remoteTag),
    ["b1", "b2"],
  );
  assert.deepEqual(received.sort(), ["ACK b1", "ACK b1", "ACK b2"]);
  for (const session of sessions) session.bye();
  await simulation.run({ ms: 100 });
  assert.deepEqual(received.slice(3).sort(), ["BYE b1", "BYE b2"]);
  assert.equal(invite.state, "Accepted");
  await simulation.run({ ms: 33_000 });
  assert.equal(invite.state, "Terminated");
});

test("9.1: a 2xx that crosses the CANCEL is acknowledged and told as late", async () => {
  const log: string[] = [];
  const { simulation, alice, received } = await withCallee((transaction) => {
    transaction.respond(buildResponse(transaction.request, 180, { toTag: "b1", headers }));
    transaction.onCancel = () =>
      transaction.respond(buildResponse(transaction.request, 200, { toTag: "b1", headers }));
  });
  const invite = alice.userAgent.invite(
    { uri: forkUri },
    {
      accepted: (session, _, late) => {
        session.handlers = logging("alice", log);
        log.push(late ? "late" : "in time");
        session.bye();
      },
      failed: () => log.push("failed"),
    },
  );
  await simulation.run({ ms: 50 });
  invite.cancel();
  await simulation.run({ ms: 200 });
  assert.deepEqual(log, ["late", "alice ended by local", "alice bye 200"]);
  assert.deepEqual(received, ["ACK b1", "BYE b1"]);
});

test("15: a BYE that overtakes its 200 is answered, and the session is over when the 200 comes", async () => {
  const log: string[] = [];
  const { simulation, alice, received } = await withCallee((transaction, stack) => {
    const response = buildResponse(transaction.request, 200, { toTag: "b1", headers });
    const dialog = uasDialog(transaction.request, { localTag: "b1", contact: `<${forkUri}>` });
    assert.ok(dialog);
    stack.request(dialogRequest(dialog, "BYE").request, {
      handlers: {
        response: ({ status }) => {
          log.push(`BYE ${status}`);
          transaction.respond(response);
        },
        failed: () => log.push("BYE failed"),
      },
    });
  });
  alice.userAgent.invite(
    { uri: forkUri },
    {
      accepted: (session) => {
        log.push("accepted");
        session.handlers = logging("alice", log);
      },
    },
  );
  await simulation.run({ ms: 200 });
  assert.deepEqual(log, ["BYE 200", "accepted", "alice BYE", "alice ended by peer"]);
  assert.deepEqual(received, ["ACK b1"]);
  assert.equal(alice.userAgent.sessions.length, 0);
});

test("RFC 3891: a 2xx that its owner does not want any more gets no ACK and makes no session", async () => {
  const { simulation, alice, received } = await withCallee((transaction) => {
    transaction.respond(buildResponse(transaction.request, 200, { toTag: "late", headers }));
  });
  let accepted = 0;
  alice.userAgent.invite({ uri: forkUri }, { wanted: () => false, accepted: () => accepted++ });
  await simulation.run({ ms: 40_000 });
  assert.equal(accepted, 0);
  assert.deepEqual(received, []);
  assert.equal(alice.userAgent.sessions.length, 0);
});
