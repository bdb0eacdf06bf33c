// The challenges of the lab's S-CSCF to several devices of one user. TS 24.229 5.4.1.2.
import assert from "node:assert/strict";
import test from "node:test";
import { createChallenges } from "@liquid-ims/lab/ims-core/challenges";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { answerChallenge } from "@liquid-ims/sip/authentication/digest";
import { parseChallenge } from "@liquid-ims/sip/header/challenge";
import { formatCredentials } from "@liquid-ims/sip/header/credentials";
import { buildRequest } from "@liquid-ims/sip/message";

const userName = "alice@open-ims.test";
const ha1 = "00112233445566778899aabbccddeeff";
const item = {
  sipAuthenticationScheme: "SIP Digest",
  sipDigestAuthenticate: { digestRealm: "open-ims.test", digestHa1: ha1, digestQop: "auth" },
} as const;

function open() {
  const simulation = new Simulation({ seed: 1 });
  const expired: string[] = [];
  const { node } = simulation.addHost("scscf", {
    addresses: ["127.0.1.1"],
    program: (host) => createChallenges(host, "open-ims.test"),
  });
  return {
    ...{ simulation, expired },
    ask: (callId: string) => node.create({ userName, callId }, item, () => expired.push(callId)) ?? "",
    answer(callId: string, asked: string) {
      const challenge = parseChallenge(asked);
      assert.ok(challenge !== null);
      const uri = "sip:open-ims.test";
      const secret = { ha1 };
      const credentials = answerChallenge({
        ...{ crypto: new NodejsCrypto(), challenge, username: userName, secret, uri },
        ...{ method: "REGISTER", cnonce: "abc" },
      });
      assert.ok(credentials !== null);
      const headers = [
        ["Call-ID", callId] as const,
        ["Authorization", formatCredentials(credentials)] as const,
      ];
      return node.judge(userName, buildRequest({ method: "REGISTER", uri, headers })).kind;
    },
  };
}

test("TS 24.229 5.4.1.2: devices of one user that authenticate at once do not spend each other's challenge", () => {
  const { ask, answer } = open();
  const [a, b] = [ask("a"), ask("b")];
  assert.deepEqual([answer("a", a), answer("b", b)], ["right", "right"]);
  assert.equal(answer("a", a), "wrong", "good for one answer");
});

test("TS 24.229 5.4.1.2: no more than 8 wait for one user; the oldest goes", () => {
  const { ask, answer } = open();
  const asked = Array.from({ length: 9 }, (_, index) => ask(`${index}`));
  assert.deepEqual(
    asked.map((challenge, index) => answer(`${index}`, challenge)),
    ["wrong", ...Array<string>(8).fill("right")],
  );
});

test("TS 24.229 5.4.1.2.1: each challenge ends by itself after 4 minutes", async () => {
  const { simulation, expired, ask, answer } = open();
  const asked = ask("a");
  await simulation.run({ ms: 239_000 });
  assert.deepEqual(expired, []);
  ask("b");
  await simulation.run({ ms: 2_000 });
  assert.deepEqual([expired, answer("a", asked)], [["a"], "wrong"]);
});
