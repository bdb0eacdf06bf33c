// The CFD asks an S-CSCF for the registration state of a user. RFC 3680, RFC 6665, TS 24.229 5.7.1.1.
import assert from "node:assert/strict";
import test from "node:test";
import { lookTable } from "@liquid-ims/cfd/reg-event-table";
import { buildResponse } from "@liquid-ims/sip/message";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import {
  answer,
  contacts,
  doubtfulLines,
  doubtfulWorld,
  information,
  makeDoubt,
  type NotifyParts,
  notify,
  one,
  settledLines,
  subscribe,
  subscribes,
  two,
} from "./doubtful-world.ts";
import { ueRegister } from "./messages.ts";
import { openWorld } from "./world.ts";

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

test("RFC 3261 19.1.2: an S-CSCF whose name has no port is asked at the port of its Via", async () => {
  const name = "sip:scscf1.open-ims.test";
  const world = await openWorld({
    config: { regEvent: { askAll: true }, sCscfs: [{ name, addresses: ["127.0.1.21"] }] },
  });
  const headers = { From: `<${name}>;tag=s`, Contact: `<${name}>` };
  for (const [uri, callId] of [
    [one, "a"],
    [two, "b"],
  ] as const)
    world.scscf1.send(world.fresh({ headers, embedded: ueRegister({ contact: `<${uri}>`, callId }) }));
  await world.run(20);
  world.scscf1.send(world.fresh({ headers, expires: 0 }));
  await world.run(20);
  assert.equal(subscribe(world.scscf1).headers.get("Route"), "<sip:scscf1.open-ims.test;lr>");
});

test("a set whose default identity is a telephone number is asked for by its SIP URI", async () => {
  const world = await openWorld({ config: { regEvent: { askAll: true } } });
  const associated = "<tel:+15551234>, <sip:alice@open-ims.test>";
  for (const [uri, callId] of [
    [one, "a"],
    [two, "b"],
  ] as const)
    world.scscf1.send(world.fresh({ associated, embedded: ueRegister({ contact: `<${uri}>`, callId }) }));
  await world.run(20);
  world.scscf1.send(world.fresh({ associated, headers: { To: "<tel:+15551234>" }, expires: 0 }));
  await world.run(20);
  assert.equal(subscribe(world.scscf1).uri, "sip:alice@open-ims.test");
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

test("TS 24.229 5.4.2.1.1: an S-CSCF that has told of others forbids it to the user himself: it does not have him", async () => {
  const world = await doubtfulWorld();
  answer(world.scscf1, subscribe(world.scscf1), 403);
  await world.run(20);
  answer(world.scscf1, subscribe(world.scscf1, 1), 200, ["Expires", "60"]);
  notify(world.scscf1, subscribe(world.scscf1, 1));
  await world.run(20);
  await makeDoubt(world, "bob");
  // Both of bob's devices leave while the CFD asks.
  const index = subscribes(world.scscf1).findIndex(({ uri }) => uri.startsWith("sip:bob"));
  world.scscf1.send(world.fresh({ user: "bob", expires: 0 }));
  await world.run(20);
  answer(world.scscf1, subscribe(world.scscf1, index), 403);
  await world.run(20);
  assert.deepEqual(await contacts(world, "bob"), [".1:5060 left", ".2:5060 left"]);
  assert.equal(world.count("cfd_doubts_total", "refused"), 0);
  await world.run(1_000);
  assert.equal(subscribes(world.scscf1).length, index + 1, "what is settled is not asked about");
});

test("one that answers the server forbids it to server and user: it does not have him", async () => {
  const world = await doubtfulWorld();
  answer(world.scscf1, subscribe(world.scscf1), 200, ["Expires", "60"]);
  notify(world.scscf1, subscribe(world.scscf1));
  await world.run(20);
  await makeDoubt(world, "bob");
  const bobs = () => subscribes(world.scscf1).filter(({ uri }) => uri.startsWith("sip:bob"));
  for (const index of [0, 1]) {
    const request = bobs()[index];
    assert.ok(request !== undefined, `question ${index + 1}`);
    answer(world.scscf1, request, 403);
    await world.run(20);
  }
  assert.deepEqual(await contacts(world, "bob"), [".1:5060 left", ".2:5060 left"]);
  await makeDoubt(world, "cem");
  const last = subscribes(world.scscf1).at(-1);
  assert.equal(last?.headers.get("P-Asserted-Identity"), "<sip:cfd.open-ims.test:7080>", "the server first");
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

test("a NOTIFY counts from any address that the S-CSCF is configured with", async () => {
  const world = await doubtfulWorld({
    sCscfs: [{ name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21", "127.0.9.9"] }],
  });
  notify(world.stranger, subscribe(world.scscf1));
  await world.run(20);
  assert.deepEqual(world.stranger.statuses, [200]);
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
