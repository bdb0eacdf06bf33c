// The CFD asks an S-CSCF for the registration state of a user. RFC 3680, RFC 6665, TS 24.229 5.7.1.1.
import assert from "node:assert/strict";
import test from "node:test";
import { lookTable } from "@liquid-ims/cfd/reg-event-table";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildRequest, buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { parseMessage } from "@liquid-ims/sip/parser";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { ueRegister } from "./messages.ts";
import { openWorld, type Sender, type World, type WorldOptions } from "./world.ts";

const one = "sip:alice@127.0.3.1:5060";
const two = "sip:alice@127.0.3.2:5060";

/** A CFD that may ask, with alice at two contacts of which one has gone: it has asked, once. */
async function doubtfulWorld(options: WorldOptions["config"] = {}, more: WorldOptions = {}): Promise<World> {
  const world = await openWorld({ ...more, config: { regEvent: { askAll: true }, ...options } });
  await makeDoubt(world);
  return world;
}

async function makeDoubt(world: World, user = "alice"): Promise<void> {
  const contact = (uri: string) => `<${uri.replace("alice", user)}>`;
  const known = (uri: string, pCscf: string, callId: string) =>
    world.fresh({
      user,
      embedded: ueRegister({ user, contact: contact(uri), callId: `${user}-${callId}`, pCscf }),
    });
  world.scscf1.send(known(one, "pcscf1", "a"));
  world.scscf1.send(known(two, "pcscf2", "b"));
  await world.run(20);
  world.scscf1.send(world.fresh({ user, expires: 0 }));
  await world.run(20);
}

/** The SUBSCRIBEs that an S-CSCF got, retransmissions left out. */
function subscribes({ received }: Sender): SipRequest[] {
  const requests = received.filter((text) => text.startsWith("SUBSCRIBE")).map(parseRequest);
  const branches = requests.map(({ headers }) => headers.get("Via"));
  return requests.filter((_, index) => branches.indexOf(branches[index]) === index);
}

function parseRequest(text: string): SipRequest {
  const parsed = parseMessage(encodeText(text));
  assert.ok(parsed.ok && parsed.message.kind === "request", text);
  return parsed.message;
}

function subscribe(sender: Sender, index = 0): SipRequest {
  const request = subscribes(sender)[index];
  assert.ok(request !== undefined, `SUBSCRIBE ${index + 1} came`);
  return request;
}

function answer(sender: Sender, request: SipRequest, status: number, ...headers: HeaderPair[]): void {
  const contact: HeaderPair[] = status < 300 ? [["Contact", "<sip:127.0.1.21:6060>"]] : [];
  sender.send(
    serializeMessage(buildResponse(request, status, { toTag: "s", headers: [...contact, ...headers] })),
  );
}

const information = (state: string, ...contacts: readonly string[]) =>
  `<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="${state}">
  <registration aor="sip:alice@open-ims.test" id="r" state="active">
  ${contacts.map((uri) => `<contact id="c" state="active" event="registered"><uri>${uri}</uri></contact>`).join("")}
  </registration></reginfo>`;

interface NotifyParts {
  readonly state?: string;
  readonly body?: string;
  readonly type?: string;
  readonly sequence?: number;
  /** Replaces or adds fields. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A NOTIFY in the dialog of that SUBSCRIBE. */
function notify(sender: Sender, { headers }: SipRequest, parts: NotifyParts = {}): void {
  const { state = "active;expires=60", body = information("full", one), sequence = 1 } = parts;
  const fields = new Map([
    ["Via", `SIP/2.0/UDP 127.0.1.21:6060;branch=z9hG4bK-notify-${sequence}-${headers.get("Call-ID")}`],
    ["From", `${headers.get("To") ?? ""};tag=s`],
    ["To", headers.get("From") ?? ""],
    ["Call-ID", headers.get("Call-ID") ?? ""],
    ["CSeq", `${sequence} NOTIFY`],
    ["Max-Forwards", "70"],
    ["Contact", "<sip:127.0.1.21:6060>"],
    ["Event", "reg"],
    ["Subscription-State", state],
    ["Content-Type", parts.type ?? "application/reginfo+xml"],
    ...Object.entries(parts.headers ?? {}),
  ]);
  const uri = "sip:127.0.2.11:7080";
  sender.send(buildRequest({ method: "NOTIFY", uri, headers: fields, body: encodeText(body) }));
}

const contacts = async (world: World) =>
  (await world.memory.get("sip:alice@open-ims.test"))
    .map(({ contact, state, doubtful }) => `${contact?.slice(-7)} ${doubtful ? "doubtful" : state}`)
    .sort();

const settledLines = [".1:5060 registered", ".2:5060 left"];
const doubtfulLines = [".1:5060 doubtful", ".2:5060 doubtful"];

test("TS 24.229 5.7.1.1: the SUBSCRIBE: to the S-CSCF that sent the REGISTER, for the user, as the server that it calls", async () => {
  const world = await doubtfulWorld();
  const request = subscribe(world.scscf1);
  assert.equal(request.uri, "sip:alice@open-ims.test");
  const shown = ["To", "Event", "Accept", "Contact", "Route", "P-Asserted-Identity", "CSeq"];
  assert.deepEqual(
    shown.map((name) => request.headers.get(name)),
    [
      "<sip:alice@open-ims.test>",
      "reg",
      "application/reginfo+xml",
      "<sip:127.0.2.11:7080>",
      "<sip:scscf1.open-ims.test:6060;lr>",
      "<sip:cfd.open-ims.test:7080>",
      "1 SUBSCRIBE",
    ],
  );
  assert.match(request.headers.get("From") ?? "", /^<sip:cfd\.open-ims\.test:7080>;tag=/);
  assert.deepEqual(subscribes(world.scscf2), []);
});

test("RFC 3680: the NOTIFY settles the doubt, and the subscription is ended at once", async () => {
  const world = await doubtfulWorld();
  const first = subscribe(world.scscf1);
  answer(world.scscf1, first, 200, ["Expires", "60"]);
  await world.run(20);
  assert.deepEqual(await contacts(world), doubtfulLines);
  notify(world.scscf1, first);
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
  assert.equal(world.count("cfd_doubts_total", "settled"), 1);
  assert.equal(world.scscf1.statuses.at(-1), 200);
  const last = subscribe(world.scscf1, 1);
  assert.deepEqual(
    [last.headers.get("Expires"), last.headers.get("Call-ID"), last.headers.get("CSeq")],
    ["0", first.headers.get("Call-ID"), "2 SUBSCRIBE"],
  );
});

test("RFC 6665 4.1.2.4: a NOTIFY before the 200 settles it, too; the end waits for the 200", async () => {
  const world = await doubtfulWorld();
  const first = subscribe(world.scscf1);
  notify(world.scscf1, first);
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
  assert.equal(subscribes(world.scscf1).length, 1);
  answer(world.scscf1, first, 200, ["Expires", "60"]);
  await world.run(20);
  assert.equal(subscribe(world.scscf1, 1).headers.get("Expires"), "0");
});

test("RFC 6665 4.4.3: an S-CSCF that ends the subscription by its NOTIFY is not asked to end it", async () => {
  const world = await doubtfulWorld();
  const first = subscribe(world.scscf1);
  answer(world.scscf1, first, 200, ["Expires", "0"]);
  notify(world.scscf1, first, { state: "terminated;reason=timeout" });
  await world.run(100);
  assert.deepEqual(await contacts(world), settledLines);
  assert.equal(subscribes(world.scscf1).length, 1);
});

test("Kamailio: forbidden to the server: asked for the user, and from then on at once", async () => {
  const world = await doubtfulWorld();
  answer(world.scscf1, subscribe(world.scscf1), 403);
  await world.run(20);
  const second = subscribe(world.scscf1, 1);
  assert.equal(second.headers.get("P-Asserted-Identity"), "<sip:alice@open-ims.test>");
  assert.notEqual(second.headers.get("Call-ID"), subscribe(world.scscf1).headers.get("Call-ID"));
  answer(world.scscf1, second, 200, ["Expires", "60"]);
  notify(world.scscf1, second);
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
  await makeDoubt(world, "bob");
  const identities = subscribes(world.scscf1).map(({ headers }) => headers.get("P-Asserted-Identity"));
  assert.equal(identities.at(-1), "<sip:bob@open-ims.test>");
});

test("403 to both, 489, 404, 500: the record is kept to its expiry, marked doubtful; nobody asks again", async () => {
  for (const statuses of [[403, 403], [489], [404], [500]]) {
    const world = await doubtfulWorld();
    for (const [index, status] of statuses.entries()) {
      answer(world.scscf1, subscribe(world.scscf1, index), status);
      await world.run(20);
    }
    assert.deepEqual(await contacts(world), doubtfulLines, `${statuses}`);
    assert.equal(world.count("cfd_doubts_total", "refused"), 1, `${statuses}`);
    await world.run(100_000);
    assert.equal(subscribes(world.scscf1).length, statuses.length);
    await world.run(510_000);
    assert.deepEqual(
      await contacts(world),
      doubtfulLines.map((line) => line.replace("doubtful", "left")),
    );
  }
});

test("RFC 6665 4.1.2.1: 423: asked once more for as long as the S-CSCF wants", async () => {
  const world = await doubtfulWorld();
  answer(world.scscf1, subscribe(world.scscf1), 423, ["Min-Expires", "3600"]);
  await world.run(20);
  const second = subscribe(world.scscf1, 1);
  assert.equal(second.headers.get("Expires"), "3600");
  answer(world.scscf1, second, 200, ["Expires", "3600"]);
  notify(world.scscf1, second);
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
});

test("silence: after the timeout the doubt stays, and what still comes changes nothing", async () => {
  for (const isAnswered of [false, true]) {
    const world = await doubtfulWorld({ regEvent: { askAll: true, timeout: 3_000 } });
    const first = subscribe(world.scscf1);
    if (isAnswered) answer(world.scscf1, first, 200, ["Expires", "60"]);
    await world.run(3_000);
    assert.equal(world.count("cfd_doubts_total", "silence"), 1);
    notify(world.scscf1, first);
    await world.run(20);
    assert.deepEqual(await contacts(world), doubtfulLines);
    assert.equal(world.scscf1.statuses.at(-1), 481);
  }
});

test("a NOTIFY counts from the S-CSCF that was asked, and in the dialog of the question", async () => {
  const world = await doubtfulWorld();
  const first = subscribe(world.scscf1);
  for (const [name, other] of Object.entries({ stranger: world.stranger, scscf2: world.scscf2 })) {
    notify(other, first, { headers: { Via: `SIP/2.0/UDP 127.0.1.21:6060;branch=z9hG4bK${name};rport` } });
    await world.run(20);
    assert.deepEqual(other.statuses, [403]);
  }
  notify(world.scscf1, first, { headers: { "Call-ID": "another" } });
  await world.run(20);
  assert.equal(world.scscf1.statuses.at(-1), 481);
  notify(world.scscf1, first, { sequence: 2, headers: { To: "<sip:cfd.open-ims.test:7080>;tag=guessed" } });
  await world.run(20);
  assert.equal(world.scscf1.statuses.at(-1), 481);
  notify(world.scscf1, first, { sequence: 3, headers: { Event: "presence" } });
  await world.run(20);
  assert.equal(world.scscf1.statuses.at(-1), 489);
  assert.deepEqual(await contacts(world), doubtfulLines);
  notify(world.scscf1, first, { sequence: 4 });
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
});

test("a NOTIFY that says nothing usable: the doubt stays", async () => {
  const rows: readonly NotifyParts[] = [
    { body: information("partial", one) },
    { body: information("full", one).replace("sip:alice@open-ims.test", "sip:bob@open-ims.test") },
    { body: "", type: "text/plain" },
    { body: information("full", one), type: "application/xml" },
    { body: "<" },
    { state: "terminated;reason=noresource", body: "" },
  ];
  for (const parts of rows) {
    const world = await doubtfulWorld();
    const first = subscribe(world.scscf1);
    answer(world.scscf1, first, 200, ["Expires", "60"]);
    notify(world.scscf1, first, parts);
    await world.run(20);
    assert.deepEqual(await contacts(world), doubtfulLines, JSON.stringify(parts));
    assert.equal(world.count("cfd_doubts_total", "unusable"), 1, JSON.stringify(parts));
  }
});

test("RFC 6665 4.1.3: a pending NOTIFY is waited on", async () => {
  const world = await doubtfulWorld();
  const first = subscribe(world.scscf1);
  answer(world.scscf1, first, 200, ["Expires", "60"]);
  notify(world.scscf1, first, { state: "pending", body: "" });
  await world.run(20);
  assert.deepEqual(await contacts(world), doubtfulLines);
  notify(world.scscf1, first, { sequence: 2 });
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
});

test("a registration while the question is open clears the doubt by itself; the answer does not undo it", async () => {
  const world = await doubtfulWorld();
  const first = subscribe(world.scscf1);
  const embedded = ueRegister({ contact: `<${two}>`, callId: "alice-b", pCscf: "pcscf3", sequence: 4 });
  world.scscf1.send(world.fresh({ embedded }));
  await world.run(20);
  answer(world.scscf1, first, 200, ["Expires", "60"]);
  notify(world.scscf1, first);
  await world.run(20);
  assert.deepEqual(await contacts(world), [".1:5060 registered", ".2:5060 registered"]);
});

test("only S-CSCFs that may be asked are asked; without one nothing is sent and no NOTIFY taken", async () => {
  const named = [
    { name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21"], answersRegEvent: true },
    { name: "sip:scscf2.open-ims.test:6060", addresses: ["127.0.1.22"] },
  ];
  const listed = await doubtfulWorld({ regEvent: {}, sCscfs: named });
  assert.equal(subscribes(listed.scscf1).length, 1);
  const none = await doubtfulWorld({ regEvent: {} });
  assert.equal(subscribes(none.scscf1).length, 0);
  assert.deepEqual(await contacts(none), doubtfulLines);
  notify(none.scscf1, subscribe(listed.scscf1));
  await none.run(20);
  assert.equal(none.scscf1.statuses.at(-1), 481);
});

test("a REGISTER that came over TCP is asked about over TCP, at the S-CSCF's own port, by the configured name", async () => {
  const world = await openWorld({ config: { regEvent: { askAll: true, identity: "sip:cfd.as.test" } } });
  world.scscf1.listen("127.0.1.21");
  for (const [uri, callId] of [
    [one, "a"],
    [two, "b"],
  ] as const) {
    world.scscf1.write(world.fresh({ embedded: ueRegister({ contact: `<${uri}>`, callId }) }));
    await world.run(20);
  }
  world.scscf1.write(world.fresh({ expires: 0 }));
  await world.run(20);
  const first = subscribe(world.scscf1);
  assert.match(first.headers.get("Via") ?? "", /^SIP\/2\.0\/TCP /);
  assert.equal(first.headers.get("Contact"), "<sip:127.0.2.11:7080;transport=tcp>");
  assert.equal(first.headers.get("P-Asserted-Identity"), "<sip:cfd.as.test>");
  const accepted = buildResponse(first, 200, { toTag: "s", headers: [["Contact", "<sip:127.0.1.21:6060>"]] });
  world.scscf1.reply(serializeMessage(accepted));
  await world.run(20);
  notify(world.scscf1, first);
  await world.run(20);
  assert.deepEqual(await contacts(world), settledLines);
});

test("an S-CSCF at whose port nobody listens: the question ends in silence", async () => {
  const world = await openWorld({ config: { regEvent: { askAll: true } } });
  for (const [uri, callId] of [
    [one, "a"],
    [two, "b"],
  ] as const) {
    world.scscf1.write(world.fresh({ embedded: ueRegister({ contact: `<${uri}>`, callId }) }));
    await world.run(20);
  }
  world.scscf1.write(world.fresh({ expires: 0 }));
  await world.run(1_000);
  assert.equal(world.count("cfd_doubts_total", "silence"), 1);
  assert.deepEqual(await contacts(world), doubtfulLines);
});

test("questions at a time are bounded: the others wait their turn, beyond that nobody is asked", async () => {
  const world = await openWorld({
    config: { regEvent: { askAll: true, atOnce: 2, mostWaiting: 1, timeout: 3_000 } },
  });
  for (const user of ["ann", "ben", "cem", "dan"]) await makeDoubt(world, user);
  const users = () => subscribes(world.scscf1).map(({ uri }) => uri.replace("@open-ims.test", ""));
  assert.deepEqual(users(), ["sip:ann", "sip:ben"]);
  assert.equal(world.count("cfd_doubts_total", "unasked"), 1);
  await world.run(3_000);
  assert.deepEqual(users(), ["sip:ann", "sip:ben", "sip:cem"]);
});

test("a second doubt of a user whose question is open is asked about afterwards, once", async () => {
  const world = await doubtfulWorld();
  for (let again = 0; again < 3; again++) world.scscf1.send(world.fresh({ expires: 0 }));
  await world.run(20);
  assert.equal(subscribes(world.scscf1).length, 1);
  answer(world.scscf1, subscribe(world.scscf1), 500);
  await world.run(20);
  assert.equal(subscribes(world.scscf1).length, 2);
  answer(world.scscf1, subscribe(world.scscf1, 1), 500);
  await world.run(1_000);
  assert.equal(subscribes(world.scscf1).length, 2);
});

test("after stop nothing of an open question is left", async () => {
  const world = await doubtfulWorld();
  answer(world.scscf1, subscribe(world.scscf1), 200, ["Expires", "60"]);
  await world.run(20);
  await world.simulation.settle(world.cfd.node.stop());
  const { events } = world.simulation;
  await world.run(3_600_000);
  assert.equal(world.simulation.events, events);
});

test("the table of a look: told once, and left wherever a subscription may stand", () => {
  const tells = (actions: readonly string[]) => actions.filter((action) => action.startsWith("tell ")).length;
  for (const [state, rows] of Object.entries(lookTable))
    for (const [event, row] of Object.entries(rows)) {
      if (row === null) continue;
      const isOpen = state === "Asking" || state === "Asking for the user";
      const isDecided = row.next === "Told" || row.next === "Leaving" || row.next === "Over";
      assert.equal(tells(row.actions), isOpen && isDecided ? 1 : 0, `${state}, ${event}`);
    }
});
