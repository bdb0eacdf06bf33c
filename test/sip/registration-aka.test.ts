// A UE with AKA credentials against a home network that runs AKA, and against false ones. TS 24.229 5.1.1.5, RFC 3310.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { encodeHex } from "@liquid-ims/runtime/text";
import { type AkaAuthenticator, formatAkaNonce, parseAuts } from "@liquid-ims/sip/authentication/aka";
import { generateVector, readAuts } from "@liquid-ims/sip/authentication/authentication-vector";
import {
  nextSequenceNumber,
  resynchronise,
  sequenceNumber,
  sqnBytes,
  sqnOfBytes,
} from "@liquid-ims/sip/authentication/sequence-number";
import { akaCredentials, digestCredentials } from "@liquid-ims/sip/authentication/user-credentials";
import { createUsim, type Usim } from "@liquid-ims/sip/authentication/usim";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import type { SipRequest } from "@liquid-ims/sip/message";
import type { RegistrationOutcome } from "@liquid-ims/sip/registration-outcome";
import { bytes } from "./authentication/aka-data.ts";
import { contact, type Line, password, type Script, world } from "./registration-world.ts";

const { crypto } = createNodejsHost({ name: "test", log: silentLog });
const keys = { k: bytes("00112233445566778899aabbccddeeff"), opc: bytes("0f1e2d3c4b5a69788796a5b4c3d2e1f0") };
const wrongKeys = { ...keys, k: keys.opc };
const username = "alice@home.example";
const route = ["<sip:10.0.0.2:5060;lr>"];
const accepted: Line = [200, ["Contact", `${contact};expires=3600`]];

function credentials(request: SipRequest | undefined): ReadonlyMap<string, string | null> {
  return parseCredentials(request?.headers.get("Authorization") ?? "")?.parameters ?? assert.fail();
}

/** The response that the network expects, by its own computation. */
function expected(parameters: ReadonlyMap<string, string | null>, res: Uint8Array): string {
  const md5 = (...parts: (string | Uint8Array)[]) =>
    parts.reduce((hash, part) => hash.update(part), createHash("md5")).digest("hex");
  const [realm, nonce, uri, cnonce, nc] = ["realm", "nonce", "uri", "cnonce", "nc"].map((name) =>
    parameters.get(name),
  );
  const ha1 = md5(`${username}:${realm}:`, res);
  return md5(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${md5(`REGISTER:${uri}`)}`);
}

interface HomeNetwork {
  readonly script: (request: SipRequest) => Line;
  /** `challenge`, `accept`, `resynchronise`, `told invalid` or `wrong`. */
  readonly did: string[];
  highest: bigint;
}

interface HomeNetworkOptions {
  readonly keys?: typeof keys;
  readonly highest?: bigint;
  readonly rand?: (run: number) => Uint8Array;
  /** Goes on from `highest` whatever a USIM says. */
  readonly deaf?: boolean;
  /** Challenges that it has forgotten when the answer comes. */
  readonly forgets?: number;
  readonly stale?: boolean;
}

/** S-CSCF and HSS in one. Each challenge is good for one answer. */
function homeNetwork(options: HomeNetworkOptions = {}): HomeNetwork {
  const { keys: own = keys, rand = (run) => new Uint8Array(16).fill(run) } = options;
  let open: { nonce: string; rand: Uint8Array; xres: Uint8Array } | null = null;
  let run = 0;

  function challenge(): Line {
    network.highest = nextSequenceNumber(network.highest);
    run += 1;
    const sqn = sqnBytes(network.highest);
    const vector = generateVector(crypto, { keys: own, amf: bytes("8000"), sqn, rand: rand(run) });
    open = { nonce: formatAkaNonce(vector), rand: vector.rand, xres: vector.xres };
    const text = `Digest realm="home.example", nonce="${open.nonce}", algorithm=AKAv1-MD5, qop="auth"`;
    return [401, ["WWW-Authenticate", options.stale === true ? `${text}, stale=true` : text]];
  }

  function answer(request: SipRequest): Line {
    const parameters = credentials(request);
    const pending = open;
    open = null;
    if (pending === null || parameters.get("nonce") !== pending.nonce || run <= (options.forgets ?? 0)) {
      network.did.push("challenge");
      return challenge();
    }
    const auts = parameters.get("auts");
    if (typeof auts === "string") {
      assert.equal(parameters.get("response"), expected(parameters, new Uint8Array(0)));
      const told = readAuts(crypto, {
        keys: own,
        rand: pending.rand,
        auts: parseAuts(auts) ?? assert.fail(),
      });
      assert.ok(told);
      if (options.deaf === true) network.highest = options.highest ?? 0n;
      else network.highest = resynchronise(network.highest, sqnOfBytes(told));
      network.did.push("resynchronise");
      return challenge();
    }
    if (parameters.get("response") === "") {
      network.did.push("told invalid");
      return challenge();
    }
    const isRight = parameters.get("response") === expected(parameters, pending.xres);
    network.did.push(isRight ? "accept" : "wrong");
    return isRight ? accepted : [403];
  }

  const network: HomeNetwork = { script: answer, did: [], highest: options.highest ?? 0n };
  return network;
}

function usimAt(sequence: bigint): Usim {
  const accepted = Array.from({ length: 32 }, () => sequence);
  return createUsim({ crypto, keys, initial: { accepted } });
}

async function register(script: Script, authenticator: AkaAuthenticator = createUsim({ crypto, keys })) {
  const opened = await world(script, { credentials: akaCredentials({ username, authenticator }) });
  opened.registration.register({ route });
  await opened.simulation.run({ ms: 60_000 });
  return opened;
}

function told(outcomes: readonly RegistrationOutcome[]): string[] {
  return outcomes.map((one) =>
    one.kind === "refused" ? `refused ${one.status} ${one.authentication ?? ""}`.trimEnd() : one.kind,
  );
}

test("TS 24.229 5.1.1.5.1: the challenge is verified and answered with RES; the refresh runs AKA again", async () => {
  const home = homeNetwork();
  const { simulation, received, outcomes } = await register(home.script);
  assert.deepEqual(told(outcomes), ["registered"]);
  assert.equal(received.length, 2);
  assert.equal(credentials(received[0]).get("nonce"), "");
  const sent = credentials(received[1]);
  assert.equal(sent.get("algorithm"), "AKAv1-MD5");
  assert.equal(sent.get("username"), username);
  assert.equal(sent.has("auts"), false);
  await simulation.run({ ms: 3_000_000 });
  assert.deepEqual(home.did, ["challenge", "accept", "challenge", "accept"]);
  assert.deepEqual(told(outcomes), ["registered", "registered"]);
});

test("RFC 3310 3.4: a USIM that is ahead of the network is met after one AUTS", async () => {
  const home = homeNetwork();
  const { received, outcomes } = await register(home.script, usimAt(70_000n));
  assert.deepEqual(home.did, ["challenge", "resynchronise", "accept"]);
  assert.deepEqual(told(outcomes), ["registered"]);
  assert.equal(credentials(received[1]).get("auts")?.length, 20);
  assert.equal(credentials(received[2]).has("auts"), false);
  assert.equal(home.highest >> 5n, 70_001n);
  assert.equal(new Set(received.map(({ headers }) => headers.get("Call-ID"))).size, 1);
  assert.deepEqual(
    received.map(({ headers }) => headers.get("CSeq")),
    ["1 REGISTER", "2 REGISTER", "3 REGISTER"],
  );
});

test("TS 33.102 C.2.1: a network that leapt too far ahead is brought back by one AUTS", async () => {
  const home = homeNetwork({ highest: sequenceNumber(1n << 40n, 3) });
  const { outcomes } = await register(home.script, usimAt(5n));
  assert.deepEqual(home.did, ["challenge", "resynchronise", "accept"]);
  assert.deepEqual(told(outcomes), ["registered"]);
  assert.equal(home.highest >> 5n, 6n);
});

test("TS 24.229 5.1.1.5.3: a network that does not know the key is told so with an empty response, twice; then it is left", async () => {
  const home = homeNetwork({ keys: wrongKeys });
  const { received, outcomes, registration } = await register(home.script);
  assert.deepEqual(home.did, ["challenge", "told invalid", "told invalid"]);
  assert.deepEqual(told(outcomes), ["refused 401 MAC failure"]);
  assert.equal(received.length, 3);
  for (const request of received.slice(1)) {
    const sent = credentials(request);
    assert.equal(sent.get("response"), "");
    assert.equal(sent.has("auts"), false);
    assert.equal(sent.get("realm"), "home.example");
    assert.equal(sent.get("algorithm"), "AKAv1-MD5");
    assert.notEqual(sent.get("nonce"), "");
  }
  assert.equal(registration.state, "Idle");
  assert.equal(registration.registered, null);
});

test("TS 24.229 5.1.1.5.3: after one invalid challenge a good one is answered", async () => {
  const [bad, good] = [homeNetwork({ keys: wrongKeys }), homeNetwork()];
  const networks = [bad, good, good];
  const { outcomes } = await register((request) => networks.shift()?.script(request) ?? assert.fail());
  assert.deepEqual(told(outcomes), ["registered"]);
  assert.deepEqual([bad.did, good.did], [["challenge"], ["challenge", "accept"]]);
});

test("TS 24.229 5.1.1.5.3: a network that is deaf to AUTS is left after two; the USIM is not asked a third time", async () => {
  const asked: string[] = [];
  const usim = usimAt(70_000n);
  const home = homeNetwork({ deaf: true });
  const { received, outcomes } = await register(home.script, {
    authenticate(rand, autn) {
      const result = usim.authenticate(rand, autn);
      asked.push(result.outcome);
      return result;
    },
  });
  assert.deepEqual(asked, ["synchronisation failure", "synchronisation failure"]);
  assert.deepEqual(home.did, ["challenge", "resynchronise", "resynchronise"]);
  assert.deepEqual(told(outcomes), ["refused 401 synchronisation failure"]);
  assert.equal(received.length, 3);
});

test("TS 24.229 5.1.1.5.3: a refusal after an invalid challenge says why", async () => {
  const bad = homeNetwork({ keys: wrongKeys });
  let count = 0;
  const { outcomes } = await register((request) => {
    count += 1;
    if (count === 2) return [403];
    return bad.script(request);
  });
  assert.deepEqual(told(outcomes), ["refused 403 MAC failure"]);
});

test("a UE with AKA never answers a challenge for a password, nor one with a password a challenge of AKA", async () => {
  const md5 = 'Digest realm="home.example", nonce="abc", qop="auth"';
  for (const text of [
    md5,
    `${md5}, algorithm=MD5`,
    `${md5}, algorithm=SHA-256`,
    `${md5}, algorithm=AKAv2-MD5`,
  ]) {
    const { received, outcomes } = await register([[401, ["WWW-Authenticate", text]]]);
    assert.equal(received.length, 1, text);
    assert.deepEqual(told(outcomes), ["refused 401 no credentials"]);
  }
  const home = homeNetwork();
  const opened = await world(home.script, { credentials: digestCredentials({ username, password }) });
  opened.registration.register({ route });
  await opened.simulation.run({ ms: 60_000 });
  assert.equal(opened.received.length, 1);
  assert.deepEqual(told(opened.outcomes), ["refused 401 no credentials"]);
});

test("RFC 3261 22.2, RFC 8760 2.4: of several challenges the one of the own kind is answered", async () => {
  const home = homeNetwork();
  const { received, outcomes } = await register((request) => {
    const line = home.script(request);
    if (line === "silence" || line[0] !== 401) return line;
    const [status, ...headers] = line;
    const others = ["Basic realm=x", 'Digest realm="home.example", nonce="abc", algorithm=MD5'];
    return [status, ...others.map((text) => ["WWW-Authenticate", text] as const), ...headers];
  });
  assert.deepEqual(told(outcomes), ["registered"]);
  assert.equal(received.length, 2);
});

test("RFC 3310 3.2: a nonce without RAND and AUTN is not answered", async () => {
  for (const nonce of ["", "AAAA", "not base64 but long enough for a whole challenge"]) {
    const text = `Digest realm="r", nonce="${nonce}", algorithm=AKAv1-MD5`;
    const { received, outcomes } = await register([[401, ["WWW-Authenticate", text]]]);
    assert.equal(received.length, 1);
    assert.deepEqual(told(outcomes), ["refused 401 no credentials"]);
  }
});

test("TS 24.229 5.4.1.2.2: an S-CSCF that forgot its challenge sends another, stale or not: answered; the fifth is not", async () => {
  for (const stale of [false, true]) {
    const once = homeNetwork({ forgets: 1, stale });
    const { received, outcomes } = await register(once.script);
    assert.deepEqual(told(outcomes), ["registered"]);
    assert.deepEqual(once.did, ["challenge", "challenge", "accept"]);
    assert.equal(new Set(received.map((request) => credentials(request).get("response"))).size, 3);
    const always = await register(homeNetwork({ forgets: 99, stale }).script);
    assert.deepEqual(told(always.outcomes), ["refused 401 too many challenges"]);
    assert.equal(always.received.length, 5);
  }
});

test("RFC 3310 3.3: RES with zero bytes, at the front, inside and at the end, is right in full length", async () => {
  const places = new Set<string>();
  for (let seed = 0; places.size < 3 && seed < 20_000; seed++) {
    const rand = new Uint8Array(createHash("md5").update(String(seed)).digest());
    const sqn = sqnBytes(nextSequenceNumber(0n));
    const { xres } = generateVector(crypto, { keys, amf: bytes("8000"), sqn, rand });
    const at = xres.indexOf(0);
    const place = at === 0 ? "front" : at === 7 ? "end" : "inside";
    if (at < 0 || places.has(place)) continue;
    places.add(place);
    const { outcomes } = await register(homeNetwork({ rand: () => rand }).script);
    assert.deepEqual(told(outcomes), ["registered"], `${place}: ${encodeHex(xres)}`);
  }
  assert.deepEqual([...places].sort(), ["end", "front", "inside"]);
});

test("TS 31.102 7.1.1: a card that takes its time is waited for; one that is not there is told", async () => {
  const slow = homeNetwork();
  const usim = createUsim({ crypto, keys });
  const answered = await register(slow.script, {
    authenticate: (rand, autn) => Promise.resolve(usim.authenticate(rand, autn)),
  });
  assert.deepEqual(told(answered.outcomes), ["registered"]);
  const gone = await register(homeNetwork().script, { authenticate: () => ({ outcome: "unavailable" }) });
  assert.deepEqual(told(gone.outcomes), ["refused 401 unavailable"]);
  assert.equal(gone.received.length, 1);
});

test("a registration that was stopped while the card worked sends nothing, and the next one begins anew", async () => {
  const home = homeNetwork();
  const usim = createUsim({ crypto, keys });
  const waiting: (() => void)[] = [];
  const opened = await world(home.script, {
    credentials: akaCredentials({
      username,
      authenticator: {
        authenticate: (rand, autn) =>
          new Promise((resolve) => waiting.push(() => resolve(usim.authenticate(rand, autn)))),
      },
    }),
  });
  const { registration, received, outcomes, simulation } = opened;
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  assert.equal(waiting.length, 1);
  registration.stop();
  registration.register({ route });
  await simulation.run({ ms: 1000 });
  assert.equal(received.length, 1);
  waiting.shift()?.();
  await simulation.run({ ms: 1000 });
  assert.equal(received.length, 2);
  assert.equal(credentials(received[1]).get("nonce"), "");
  waiting.shift()?.();
  await simulation.run({ ms: 1000 });
  assert.deepEqual(told(outcomes), ["registered"]);
});

test("a challenge that comes after the stop is not shown to the card", async () => {
  const { registration, received, outcomes, simulation } = await world(homeNetwork().script, {
    credentials: akaCredentials({
      username,
      authenticator: { authenticate: () => assert.fail("the card was asked") },
    }),
  });
  registration.register({ route });
  registration.stop();
  await simulation.run({ ms: 60_000 });
  assert.equal(received.length, 1);
  assert.deepEqual(outcomes, []);
  assert.equal(registration.state, "Idle");
});

test("what became of challenges is counted", async () => {
  const { ue } = await register(homeNetwork({ keys: wrongKeys }).script);
  const counted = ue.metrics
    .samples()
    .filter(({ name }) => name === "sip_registration_challenges_total")
    .map(({ labels, value }) => [labels["result"], value]);
  assert.deepEqual(counted, [["MAC failure", 3]]);
});
