// Sessions between two user agents. RFC 3261 9, 13-15, RFC 3665 3.
import assert from "node:assert/strict";
import test from "node:test";
import { decodeText } from "@liquid-ims/runtime/text";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { SessionEnd } from "@liquid-ims/sip/dialog/session-handlers";
import { bobUri, pair, text } from "./two-user-agents.ts";

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
