// What a UE proves itself with: password, USIM in software, card. TS 24.229 5.1.1.5, RFC 3310.
import assert from "node:assert/strict";
import test from "node:test";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeHex } from "@liquid-ims/runtime/text";
import { formatAkaNonce } from "@liquid-ims/sip/authentication/aka";
import { generateVector } from "@liquid-ims/sip/authentication/authentication-vector";
import { challengeOf, verifyResponse } from "@liquid-ims/sip/authentication/digest";
import { nextSequenceNumber, sqnBytes } from "@liquid-ims/sip/authentication/sequence-number";
import { createUsim } from "@liquid-ims/sip/authentication/usim";
import { formatChallenge } from "@liquid-ims/sip/header/challenge";
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import { buildResponse } from "@liquid-ims/sip/message";
import { openStack } from "@liquid-ims/sip/stack";
import { createUe } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import type { UeCredentials } from "@liquid-ims/ue-lcf/adapters/sip/ue-credentials";

const k = decodeHex("00112233445566778899aabbccddeeff") ?? assert.fail();
const opc = decodeHex("0f1e2d3c4b5a69788796a5b4c3d2e1f0") ?? assert.fail();
const realm = "open-ims.test";

/** A registrar of AKA, or of digest with the password "secret", and one UE. */
async function openRegistrar(kind: "aka" | "digest") {
  const simulation = new Simulation({ seed: 1 });
  let highest = 0n;
  let xres: string | Uint8Array = "secret";
  const algorithm = kind === "aka" ? "AKAv1-MD5" : "MD5";
  const { node: ready, host } = simulation.addHost("registrar", {
    addresses: ["10.0.0.2"],
    program: (own) =>
      openStack(own, {
        listen: [{ protocol: "udp", address: { host: "10.0.0.2", port: 5060 } }],
        user: {
          request(transaction) {
            const { request } = transaction;
            const credentials = parseCredentials(request.headers.get("Authorization") ?? "");
            const answer = {
              crypto: own.crypto,
              method: "REGISTER",
              algorithm,
              secret: { password: xres },
            } as const;
            if (credentials !== null && verifyResponse({ ...answer, credentials })) {
              const contact = `${request.headers.get("Contact")};expires=600`;
              const headers = [
                ["Contact", contact],
                ["Service-Route", "<sip:10.0.0.2;lr>"],
              ] as const;
              transaction.respond(buildResponse(request, 200, { headers }));
              return;
            }
            let nonce = "1234";
            if (kind === "aka") {
              highest = nextSequenceNumber(highest);
              const vector = generateVector(own.crypto, {
                ...{ keys: { k, opc }, amf: Uint8Array.of(0x80, 0), sqn: sqnBytes(highest) },
                rand: own.random.bytes(16),
              });
              nonce = formatAkaNonce(vector);
              xres = vector.xres;
            }
            const challenge = formatChallenge(challengeOf({ realm, nonce, algorithm }));
            const headers = [["WWW-Authenticate", challenge]] as const;
            transaction.respond(buildResponse(request, 401, { headers }));
          },
          ack: () => undefined,
        },
      }),
  });
  await simulation.settle(ready);
  let count = 0;

  async function register(credentials: UeCredentials) {
    count += 1;
    const listen = { host: `10.0.1.${count}`, port: 5060 };
    const program = createUe({
      publicIdentity: "sip:alice@open-ims.test",
      privateIdentity: "alice@open-ims.test",
      credentials,
      listen,
      pCscf: "sip:10.0.0.2:5060",
      lcf: null,
    });
    const { node } = simulation.addHost(`ue${count}`, { addresses: [listen.host], program });
    await simulation.settle(node.ready);
    return simulation.settle(node.register());
  }

  return { register, crypto: host.crypto };
}

test("RFC 3310: a UE registers with K and OPc, with a card, with a card that takes its time", async () => {
  const { register, crypto } = await openRegistrar("aka");
  const expected = { outcome: "registered", expires: 600 };
  assert.deepEqual(await register({ kind: "aka", k, opc }), expected);
  const usim = createUsim({ crypto, keys: { k, opc } });
  assert.deepEqual(await register({ kind: "card", card: usim }), expected);
  const card = {
    authenticate: (rand: Uint8Array, autn: Uint8Array) => Promise.resolve(usim.authenticate(rand, autn)),
  };
  assert.deepEqual(await register({ kind: "card", card }), expected);
});

test("TS 24.229 5.1.1.5.3: a UE that holds another key refuses the network, and says so", async () => {
  const { register } = await openRegistrar("aka");
  assert.deepEqual(await register({ kind: "aka", k: opc, opc }), {
    ...{ outcome: "refused", status: 401, authentication: "MAC failure" },
  });
});

test("digest and AKA: each UE answers challenges of its own kind only", async () => {
  const digest = await openRegistrar("digest");
  assert.deepEqual(await digest.register({ kind: "digest", password: "secret" }), {
    ...{ outcome: "registered", expires: 600 },
  });
  assert.deepEqual(await digest.register({ kind: "digest", password: "wrong" }), {
    ...{ outcome: "refused", status: 401, authentication: "answer refused" },
  });
  const refused = { outcome: "refused", status: 401, authentication: "no credentials" };
  assert.deepEqual(await digest.register({ kind: "aka", k, opc }), refused);
  const aka = await openRegistrar("aka");
  assert.deepEqual(await aka.register({ kind: "digest", password: "secret" }), refused);
});
