// What a user agent answers by itself, and what it sends. RFC 3261 8.2, 11, 12.2.2, RFC 3891 3, RFC 6665 4.
import assert from "node:assert/strict";
import test from "node:test";
import { finalOnly } from "@liquid-ims/sip/dialog/outcome";
import type { OutgoingInvite } from "@liquid-ims/sip/dialog/session-invite-client";
import { buildRequest, type HeaderPair, type SipResponse } from "@liquid-ims/sip/message";
import { bobUri, logging, type Pair, pair, text } from "./dialog/two-user-agents.ts";

/** What bob answers to a request that alice makes up. */
async function answerOf(
  { simulation, alice }: Pair,
  method: string,
  further: Readonly<Record<string, string>> = {},
  body = "",
): Promise<SipResponse> {
  const fields: Record<string, string> = {
    "Max-Forwards": "70",
    From: "<sip:alice@10.0.0.1>;tag=a1",
    To: `<${bobUri}>`,
    "Call-ID": `c${simulation.events}`,
    CSeq: `1 ${method}`,
    Contact: "<sip:alice@10.0.0.1:5060>",
    ...further,
  };
  const headers: HeaderPair[] = Object.entries(fields).filter(([, value]) => value !== "");
  let answer: SipResponse | null = null;
  const request = buildRequest({ method, uri: bobUri, headers, body: new TextEncoder().encode(body) });
  alice.userAgent.send(
    request,
    finalOnly(({ response }) => {
      answer = response;
    }),
  );
  await simulation.run({ ms: 1000 });
  assert.ok(answer, `no answer to ${method}`);
  return answer;
}

const replaces = { Replaces: "c1;to-tag=a;from-tag=b" };

test("8.2: what a user agent answers by itself", async () => {
  const made = await pair({
    bob: { invite: (invite) => invite.reject(486) },
    options: {
      accept: ["application/sdp"],
      allow: ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "NOTIFY", "SUBSCRIBE", "UPDATE"],
      allowEvents: ["liquid-ims"],
    },
  });
  const cases: readonly (readonly [string, Record<string, string>, number, string?])[] = [
    ["INVITE", {}, 486],
    ["INVITE", { "Content-Type": "text/plain" }, 415, "body"],
    ["INVITE", { "Content-Type": "Application/SDP;charset=x" }, 486, "body"],
    ["INVITE", { Require: "replaces" }, 486],
    ["INVITE", { Require: "100rel, timer" }, 420],
    ["INVITE", { Contact: "" }, 400],
    ["INVITE", { ...replaces }, 486],
    ["INVITE", { ...replaces, Join: "c1;to-tag=a;from-tag=b" }, 400],
    ["INVITE", { Replaces: "c1;to-tag=a" }, 400],
    ["OPTIONS", { ...replaces }, 400],
    ["OPTIONS", {}, 200],
    ["MESSAGE", {}, 405],
    ["WINK", {}, 501],
    ["SUBSCRIBE", { Event: "presence" }, 489],
    ["NOTIFY", { Event: "presence", "Subscription-State": "active" }, 481],
    ["BYE", {}, 481],
    ["BYE", { To: `<${bobUri}>;tag=unknown` }, 481],
    ["INVITE", { To: `<${bobUri}>;tag=unknown` }, 481],
  ];
  for (const [method, further, status, body] of cases) {
    const answer = await answerOf(made, method, further, body);
    assert.equal(answer.status, status, `${method} ${JSON.stringify(further)}`);
  }
});

test("8.2.2.3: 420 names what is not supported, 415 what is, 489 the packages, 405 the methods", async () => {
  const made = await pair({
    options: { accept: ["application/sdp"], allowEvents: ["liquid-ims"], allow: ["INVITE", "SUBSCRIBE"] },
  });
  assert.equal(
    (await answerOf(made, "INVITE", { Require: "replaces, 100rel" })).headers.get("Unsupported"),
    "100rel",
  );
  assert.equal(
    (await answerOf(made, "INVITE", { "Content-Type": "a/b" }, "x")).headers.get("Accept"),
    "application/sdp",
  );
  assert.equal((await answerOf(made, "SUBSCRIBE", { Event: "a" })).headers.get("Allow-Events"), "liquid-ims");
  assert.equal((await answerOf(made, "OPTIONS")).headers.get("Allow"), "INVITE, SUBSCRIBE");
});

test("11.2: OPTIONS says what is supported", async () => {
  const { headers } = await answerOf(await pair(), "OPTIONS");
  assert.equal(headers.get("Supported"), "replaces");
  assert.equal(headers.get("Allow"), "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, NOTIFY");
});

test("8.2.2.2: the same request on a second path gets 482", async () => {
  const made = await pair({ bob: { invite: (invite) => invite.provisional(180) } });
  const headers: HeaderPair[] = [
    ["Max-Forwards", "70"],
    ["From", "<sip:alice@10.0.0.1>;tag=a1"],
    ["To", `<${bobUri}>`],
    ["Call-ID", "merged"],
    ["CSeq", "1 INVITE"],
    ["Contact", "<sip:alice@10.0.0.1:5060>"],
  ];
  const statuses: number[] = [];
  for (let path = 0; path < 2; path++)
    made.alice.userAgent.send(
      buildRequest({ method: "INVITE", uri: bobUri, headers }),
      finalOnly(({ status }) => statuses.push(status)),
    );
  await made.simulation.run({ ms: 1000 });
  assert.deepEqual(statuses, [482]);
});

test("8.1.1, RFC 3608: the present identity and route go into new requests, dialogs keep theirs", async () => {
  const seen: string[] = [];
  const { simulation, alice } = await pair({
    bob: {
      invite: (invite) => {
        const { headers } = invite.request;
        seen.push(
          ["From", "Contact", "P-Preferred-Identity", "Route"].map((name) => headers.get(name)).join(" "),
        );
        invite.accept();
      },
    },
  });
  const route = `<${bobUri};lr>`;
  alice.userAgent.identity = {
    from: "<sip:alice@home.example>",
    contact: "<sip:alice@10.0.0.1:5060>",
    preferredIdentity: "<sip:alice@home.example>",
    route: [route],
  };
  alice.userAgent.invite({ uri: "sip:bob@home.example" }, { accepted: () => seen.push("accepted") });
  await simulation.run({ ms: 100 });
  const [session] = alice.userAgent.sessions;
  alice.userAgent.identity = { from: "<sip:a2@home.example>", contact: "<sip:a2@10.0.0.1:5060>", route: [] };
  assert.equal(session?.dialog.localContact, "<sip:alice@10.0.0.1:5060>");
  assert.equal(session?.dialog.localUri, "<sip:alice@home.example>");
  const tag = session?.dialog.id.localTag;
  assert.deepEqual(seen, [
    `<sip:alice@home.example>;tag=${tag} <sip:alice@10.0.0.1:5060> <sip:alice@home.example> ${route}`,
    "accepted",
  ]);
});

test("8.1.1.9: Supported in the INVITE and its 200 says replaces", async () => {
  let supported: (string | undefined)[] = [];
  const { simulation, alice } = await pair({
    bob: {
      invite: (invite) => {
        supported = [invite.request.headers.get("Supported")];
        invite.accept();
      },
    },
  });
  alice.userAgent.invite(
    { uri: bobUri, body: text("offer") },
    { accepted: (_, { headers }) => supported.push(headers.get("Supported")) },
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(supported, ["replaces", "replaces"]);
});

test("RFC 3891 3: the owner gets the Replaces parsed, with its extension parameters", async () => {
  const seen: string[] = [];
  const { simulation, alice } = await pair({
    bob: {
      invite: (invite) => {
        seen.push(`${invite.replaces?.callId} ${invite.replaces?.parameters.get("gen")}`);
        invite.reject(481);
      },
    },
  });
  const headers: HeaderPair[] = [
    ["Replaces", "c1;to-tag=a;from-tag=b;gen=4"],
    ["Require", "replaces"],
  ];
  alice.userAgent.invite(
    { uri: bobUri, headers },
    { accepted: () => seen.push("accepted"), failed: ({ status }) => seen.push(`${status}`) },
  );
  await simulation.run({ ms: 100 });
  assert.deepEqual(seen, ["c1 4", "481"]);
});

test("12.2.2: a request of an unknown dialog goes to the owner first, with the INVITE that it may belong to", async () => {
  const log: string[] = [];
  const open: OutgoingInvite[] = [];
  const made = await pair({
    alice: {
      unknownDialog: (incoming, invite) => {
        if (incoming.request.method !== "OPTIONS") return false;
        log.push(invite === null ? "no INVITE" : `INVITE ${invite.state}`);
        incoming.respond(invite === null ? 603 : 491);
        return true;
      },
    },
    bob: { invite: (invite) => invite.handlers },
  });
  const { simulation, alice, bob } = made;
  const invite = alice.userAgent.invite({ uri: bobUri }, { accepted: () => log.push("accepted") });
  open.push(invite);
  await simulation.run({ ms: 300 });
  const ask = (localTag: string) =>
    bob.userAgent.send(
      buildRequest({
        method: "OPTIONS",
        uri: "sip:alice@10.0.0.1:5060",
        headers: [
          ["Max-Forwards", "70"],
          ["From", `<${bobUri}>;tag=b1`],
          ["To", `<sip:alice@10.0.0.1:5060>;tag=${localTag}`],
          ["Call-ID", invite.callId],
          ["CSeq", "7 OPTIONS"],
        ],
      }),
      finalOnly(({ status }) => log.push(`answer ${status}`)),
    );
  ask(invite.localTag);
  await simulation.run({ ms: 100 });
  ask("other");
  await simulation.run({ ms: 100 });
  assert.deepEqual(log, ["INVITE Proceeding", "answer 491", "no INVITE", "answer 603"]);
});

test("13, 15: 200 calls over a link that loses 5 % are all set up and ended at both ends", async () => {
  const calls = 200;
  const ended = { alice: 0, bob: 0 };
  const failed: number[] = [];
  const { simulation, alice, bob } = await pair({
    seed: 7,
    link: { delayMs: 20, jitterMs: 10, loss: 0.05 },
    bob: {
      invite: (invite) => {
        invite.provisional(180);
        invite.accept({ handlers: { ended: () => (ended.bob += 1) } });
      },
    },
  });
  let confirmed = 0;
  for (let count = 0; count < calls; count++) {
    alice.userAgent.invite(
      { uri: bobUri, body: text("offer") },
      {
        accepted: (session) => {
          confirmed += 1;
          session.handlers = { ended: () => (ended.alice += 1) };
        },
        failed: ({ status }) => failed.push(status),
      },
    );
    await simulation.run({ ms: 50 });
  }
  await simulation.run({ ms: 40_000 });
  assert.deepEqual(failed, []);
  assert.equal(confirmed, calls);
  assert.ok(bob.userAgent.sessions.every((session) => session.state === "Confirmed"));
  for (const session of [...alice.userAgent.sessions]) session.bye();
  await simulation.run({ ms: 40_000 });
  assert.deepEqual(ended, { alice: calls, bob: calls });
  assert.deepEqual([alice.userAgent.sessions.length, bob.userAgent.sessions.length], [0, 0]);
  assert.deepEqual(alice.userAgent.stack.transactions, { client: 0, server: 0 });
  assert.deepEqual(bob.userAgent.stack.transactions, { client: 0, server: 0 });
});

test("13: two runs with one seed are the same", async () => {
  const run = async () => {
    const made = await pair({
      seed: 3,
      link: { delayMs: 20, loss: 0.2 },
      bob: { invite: (invite) => invite.accept() },
    });
    const log: string[] = [];
    made.alice.userAgent.invite(
      { uri: bobUri },
      {
        accepted: (session) => {
          session.handlers = logging("alice", log);
          session.bye();
        },
      },
    );
    await made.simulation.run({ ms: 10_000 });
    return [made.simulation.traceHash, ...log];
  };
  assert.deepEqual(await run(), await run());
});

test("a closed user agent sends nothing more and leaves no timer that does", async () => {
  const { simulation, alice, bob, sent } = await pair({ bob: { invite: (invite) => invite.accept() } });
  alice.userAgent.invite({ uri: bobUri }, { accepted: () => undefined });
  await simulation.run({ ms: 25 });
  assert.equal(bob.userAgent.sessions[0]?.state, "Accepted");
  await simulation.settle(bob.userAgent.close());
  assert.equal(bob.userAgent.sessions.length, 0);
  const before = sent.filter((line) => line.startsWith("bob")).length;
  await simulation.run({ ms: 60_000 });
  assert.equal(sent.filter((line) => line.startsWith("bob")).length, before);
});
