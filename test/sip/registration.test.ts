// Registration of a UE against a registrar that follows a script. RFC 3261 10.2, 22, RFC 3327, 3608, TS 24.229 5.1.1.
import assert from "node:assert/strict";
import test from "node:test";
import { verifyResponse } from "@liquid-ims/sip/authentication/digest";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import type { HeaderPair, SipRequest } from "@liquid-ims/sip/message";
import { leftOut, readJson, testData } from "../support/test-data.ts";
import { contact, password, world } from "./registration-world.ts";

const route = ["<sip:10.0.0.2:5060;lr>"];
const challenge = (text: string): readonly [number, HeaderPair] => [
  401,
  ["WWW-Authenticate", `Digest ${text}`],
];
const accepted: readonly [number, ...HeaderPair[]] = [200, ["Contact", `${contact};expires=3600`]];

/** Credentials of a REGISTER; exactly one field, or none. */
function credentials(request: SipRequest | undefined): ReadonlyMap<string, string | null> | null {
  assert.ok(request);
  assert.ok(request.headers.count("Authorization") <= 1);
  const value = request.headers.get("Authorization");
  return value === undefined ? null : (parseCredentials(value)?.parameters ?? null);
}

function cseqs(received: readonly SipRequest[]): (string | undefined)[] {
  return received.map(({ headers }) => headers.get("CSeq"));
}

test("22.2: a challenge without credentials fails the registration, without a loop (case 200)", async () => {
  const { simulation, registration, received, outcomes } = await world(
    [challenge('realm="python", nonce="1234"')],
    { credentials: null },
  );
  registration.register({ route });
  await simulation.run({ ms: 60_000 });
  assert.equal(received.length, 1);
  assert.deepEqual(
    outcomes.map((one) => (one.kind === "refused" ? one.status : one.kind)),
    [401],
  );
  assert.equal(registration.registered, null);
});

test("22.2: the second REGISTER has credentials, the same Call-ID and the next CSeq (case 201)", async () => {
  const { simulation, registration, received, outcomes } = await world(
    [challenge('realm="python", nonce="1234", qop="auth"'), accepted],
    { realm: null },
  );
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  assert.deepEqual(cseqs(received), ["1 REGISTER", "2 REGISTER"]);
  assert.equal(received[0]?.headers.get("Call-ID"), received[1]?.headers.get("Call-ID"));
  assert.equal(credentials(received[0]), null);
  const sent = credentials(received[1]);
  assert.equal(sent?.get("realm"), "python");
  assert.equal(sent?.get("username"), "alice@home.example");
  assert.equal(sent?.get("nonce"), "1234");
  assert.match(sent?.get("response") ?? "", /^[0-9a-f]{32}$/);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["registered"],
  );
  const [first, second] = received.map(({ headers }) => headers.get("Contact"));
  assert.equal(first, contact);
  assert.equal(second, contact);
});

test("22.4: the response is the digest of the password", async () => {
  const { simulation, registration, received } = await world([
    challenge('realm="r", nonce="n", qop="auth"'),
    accepted,
  ]);
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  const value = parseCredentials(received[1]?.headers.get("Authorization") ?? "");
  assert.ok(value);
  const check = (secret: string) => {
    const host = simulation.addHost(`check ${secret}`, { addresses: [], program: (own) => own }).node;
    return verifyResponse({
      crypto: host.crypto,
      credentials: value,
      secret: { password: secret },
      method: "REGISTER",
    });
  };
  assert.equal(check(password), true);
  assert.equal(check("other"), false);
});

test("22.2: a stale nonce is replaced by the new one (case 208); a second refusal is not tried again", async () => {
  const stale = await world([
    challenge('realm="r", nonce="1"'),
    challenge('realm="r", nonce="2", stale=true'),
    accepted,
  ]);
  stale.registration.register({ route });
  await stale.simulation.run({ ms: 1000 });
  assert.deepEqual(
    stale.received.map((one) => credentials(one)?.get("nonce")),
    ["", "1", "2"],
  );
  assert.equal(stale.outcomes[0]?.kind, "registered");
  const wrong = await world([challenge('realm="r", nonce="1"'), challenge('realm="r", nonce="2"')]);
  wrong.registration.register({ route });
  await wrong.simulation.run({ ms: 60_000 });
  assert.equal(wrong.received.length, 2);
  assert.deepEqual(
    wrong.outcomes.map(({ kind }) => kind),
    ["refused"],
  );
});

test("22.2: a registrar that calls every nonce stale is left after four challenges", async () => {
  const { simulation, registration, received, outcomes } = await world([
    challenge('realm="r", nonce="1", stale=true'),
  ]);
  registration.register({ route });
  await simulation.run({ ms: 60_000 });
  assert.equal(received.length, 5);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["refused"],
  );
});

test("TS 24.229 5.1.1.2.2: the first REGISTER has the private identity, the realm, an empty nonce and response (case 220)", async () => {
  const { simulation, registration, received } = await world([
    challenge('realm="python", nonce="1234"'),
    accepted,
  ]);
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  const first = credentials(received[0]);
  assert.deepEqual(
    ["username", "realm", "nonce", "uri", "response"].map((name) => first?.get(name)),
    ["alice@home.example", "home.example", "", "sip:home.example", ""],
  );
  assert.equal(credentials(received[1])?.get("nonce"), "1234");
  assert.equal(received[0]?.headers.get("Supported"), "path");
  assert.equal(received[0]?.headers.get("Expires"), "600000");
});

test("the cases of the registration data are those tested here", (t) => {
  const path = testData("ue-registration-cases.json");
  if (path === null) {
    leftOut(t, 4, "cases of a registering UE");
    return;
  }
  const data = readJson(path);
  assert.ok(typeof data === "object" && data !== null && "cases" in data && Array.isArray(data.cases));
  assert.deepEqual(
    data.cases.map(({ id }: { id: string }) => id),
    ["200", "201", "208", "220 (IMS)"],
  );
});

test("10.2.4, RFC 3327, 3608, 7315: the 200 gives Path, Service-Route, associated URIs, bindings and the time", async () => {
  const other = '<sip:alice@10.0.0.7:5060>;+sip.instance="<urn:uuid:2>";reg-id=1;expires=77';
  const { simulation, registration, outcomes } = await world([
    [
      200,
      ["Path", "<sip:scscf1.example;lr>,<sip:term@pcscf1.example:4060;lr>"],
      ["Service-Route", "<sip:orig@scscf1.example;lr>"],
      ["P-Associated-URI", '<sip:alice@home.example>, "A" <tel:+15550001>'],
      ["Contact", `${contact};expires=1800, ${other}`],
    ],
  ]);
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  const [outcome] = outcomes;
  assert.ok(outcome?.kind === "registered");
  assert.deepEqual(outcome.path, ["<sip:scscf1.example;lr>", "<sip:term@pcscf1.example:4060;lr>"]);
  assert.deepEqual(outcome.serviceRoute, ["<sip:orig@scscf1.example;lr>"]);
  assert.deepEqual(outcome.associatedUris, ["sip:alice@home.example", "tel:+15550001"]);
  assert.equal(outcome.expires, 1800);
  assert.deepEqual(outcome.stale, []);
  assert.deepEqual(
    outcome.bindings.map(({ uri, instanceId, expires, own }) => [uri, instanceId, expires, own]),
    [
      ["sip:alice@10.0.0.1:5060", "urn:uuid:1", 1800, true],
      ["sip:alice@10.0.0.7:5060", "urn:uuid:2", 77, false],
    ],
  );
  assert.equal(registration.registered, outcome);
});

test("RFC 5626 4.2: a binding of the same instance and reg-id left by another P-CSCF is stale; it is removed, then the own one refreshed", async () => {
  const rewritten = (host: string, expires: number) =>
    `<sip:alice@${host}:5060>;+sip.instance="<urn:uuid:1>";reg-id=1;expires=${expires}`;
  const { simulation, registration, received, outcomes } = await world([
    [200, ["Contact", `${rewritten("192.0.2.1", 1000)}, ${rewritten("192.0.2.2", 3600)}`]],
    [200],
    [200, ["Contact", rewritten("192.0.2.2", 3600)]],
  ]);
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  const [outcome] = outcomes;
  assert.ok(outcome?.kind === "registered");
  assert.equal(outcome.expires, 3600);
  assert.deepEqual(
    outcome.stale.map(({ uri }) => uri),
    ["sip:alice@192.0.2.1:5060"],
  );
  registration.removeStale(outcome.stale);
  await simulation.run({ ms: 1000 });
  assert.deepEqual(
    received.map(({ headers }) => [headers.get("Contact"), headers.get("Expires")]),
    [
      [contact, "600000"],
      ["<sip:alice@192.0.2.1:5060>", "0"],
      [contact, "600000"],
    ],
  );
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["registered", "removed", "registered"],
  );
  assert.notEqual(registration.registered, null);
});

test("TS 24.229 5.1.1.2.1: one REGISTER at a time, in order, each by the way it was given; Call-ID kept, CSeq going on", async () => {
  const { simulation, registration, received } = await world([accepted]);
  const order: string[] = [];
  registration.register({ route }, () => order.push("first"));
  registration.register({ route: ["<sip:10.0.0.2:5060;lr;second>"] }, () => order.push("second"));
  registration.register({ expires: 0 }, ({ kind }) => order.push(kind));
  await simulation.run({ ms: 0.6 });
  assert.equal(received.length, 0);
  await simulation.run({ ms: 1000 });
  assert.deepEqual(order, ["first", "second", "removed"]);
  assert.deepEqual(cseqs(received), ["1 REGISTER", "2 REGISTER", "3 REGISTER"]);
  assert.equal(new Set(received.map(({ headers }) => headers.get("Call-ID"))).size, 1);
  assert.equal(new Set(received.map(({ headers }) => headers.get("From"))).size, 1);
  assert.deepEqual(
    received.map(({ headers }) => headers.get("Route")),
    [route[0], "<sip:10.0.0.2:5060;lr;second>", "<sip:10.0.0.2:5060;lr;second>"],
  );
  assert.equal(registration.registered, null);
});

test("10.2.8: 423 raises the time to Min-Expires", async () => {
  const { simulation, registration, received, outcomes } = await world(
    [[423, ["Min-Expires", "600"]], accepted],
    { expires: 60 },
  );
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  assert.deepEqual(
    received.map(({ headers }) => headers.get("Expires")),
    ["60", "600"],
  );
  assert.equal(outcomes[0]?.kind, "registered");
});

test("10.2.8: 423 that asks for no more than was asked is a refusal", async () => {
  const { simulation, registration, received, outcomes } = await world([[423, ["Min-Expires", "60"]]], {
    expires: 60,
  });
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  assert.equal(received.length, 1);
  assert.equal(outcomes[0]?.kind, "refused");
});

test("10.2.7: 403 and 503 with Retry-After are told, silence is a failure", async () => {
  for (const [line, expected] of [
    [[403], { kind: "refused", status: 403, retryAfter: null }],
    [[503, ["Retry-After", "12 (busy)"]], { kind: "refused", status: 503, retryAfter: 12 }],
    ["silence", { kind: "failed", cause: "timeout" }],
  ] as const) {
    const { simulation, registration, outcomes } = await world([line]);
    registration.register({ route });
    await simulation.run({ ms: 33_000 });
    const [outcome] = outcomes;
    assert.ok(outcome !== undefined);
    assert.deepEqual(
      { ...outcome, ...("response" in outcome ? { response: undefined } : {}) },
      { ...expected, ...(line === "silence" ? {} : { response: undefined }) },
    );
  }
});

test("TS 24.229 5.1.1.4.1: the refresh is 600 s before the end, or at half of 1,200 s or less", async () => {
  for (const [granted, due] of [
    [3600, 3000],
    [1200, 600],
    [60, 30],
  ] as const) {
    const { simulation, registration, received } = await world([
      [200, ["Contact", `${contact};expires=${granted}`]],
    ]);
    registration.register({ route });
    await simulation.run({ ms: due * 1000 - 100 });
    assert.equal(received.length, 1, `${granted}`);
    await simulation.run({ ms: 200 });
    assert.equal(received.length, 2, `${granted}`);
    assert.equal(received[1]?.headers.get("Route"), route[0]);
  }
});

test("RFC 5626 4.5: a refresh that fails is tried again, Retry-After is kept; then the registration expires", async () => {
  const { simulation, registration, received, outcomes } = await world([
    [200, ["Contact", `${contact};expires=1000`]],
    [503, ["Retry-After", "100"]],
    [500],
  ]);
  registration.register({ route });
  await simulation.run({ ms: 500_100 });
  assert.equal(received.length, 2);
  await simulation.run({ ms: 99_800 });
  assert.equal(received.length, 2);
  await simulation.run({ ms: 300 });
  assert.equal(received.length, 3);
  await simulation.run({ ms: 60_000 });
  assert.equal(received.length, 4);
  await simulation.run({ ms: 400_000 });
  assert.equal(outcomes.at(-1)?.kind, "expired");
  assert.equal(registration.registered, null);
  const count = received.length;
  await simulation.run({ ms: 4_000_000 });
  assert.equal(received.length, count);
});

test("TS 24.229 5.1.1.6: a removal that is refused or not answered: told once, and never followed by a refresh", async () => {
  for (const line of [[403], [503, ["Retry-After", "10"]], "silence"] as const) {
    const { simulation, registration, received, outcomes } = await world(({ headers }) =>
      headers.get("Expires") === "0" ? line : accepted,
    );
    registration.register({ route });
    await simulation.run({ ms: 1000 });
    registration.register({ expires: 0 });
    await simulation.run({ ms: 40_000 });
    assert.equal(registration.registered, null);
    await simulation.run({ ms: 10_000_000 });
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ["registered", line === "silence" ? "failed" : "refused"],
    );
    assert.equal(received.length, 2, `${line}`);
  }
});

test("a registration that was stopped sends and tells nothing more", async () => {
  const { simulation, registration, received, outcomes } = await world([accepted]);
  registration.register({ route });
  registration.register({ route });
  registration.stop();
  await simulation.run({ ms: 10_000_000 });
  assert.equal(received.length, 1);
  assert.deepEqual(outcomes, []);
});
