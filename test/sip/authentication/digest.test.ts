// Digest authentication. RFC 7616 3.9.1, RFC 2617 3.5, RFC 3310, RFC 3261 22.
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import { decodeHex } from "@liquid-ims/runtime/text";
import {
  answerChallenge,
  challengeOf,
  computeResponse,
  type DigestAlgorithm,
  isStale,
  verifyResponse,
} from "@liquid-ims/sip/authentication/digest";
import { formatChallenge, parseChallenge } from "@liquid-ims/sip/header/challenge";
import { type Credentials, formatCredentials, parseCredentials } from "@liquid-ims/sip/header/credentials";
import { leftOut, readJson, testData } from "../../support/test-data.ts";

const crypto = new NodejsCrypto();

function credentials(text: string): Credentials {
  return parseCredentials(text) ?? assert.fail(text);
}

const mufasa = {
  username: "Mufasa",
  nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
  realm: "testrealm@host.com",
  method: "GET",
  uri: "/dir/index.html",
};

test("RFC 2617 3.5: the example of the standard, with its password and with its HA1", () => {
  const common = { ...mufasa, crypto, qop: "auth", nonceCount: "00000001", cnonce: "0a4f113b" } as const;
  const expected = "6629fae49393a05397450978507c4ef1";
  assert.equal(computeResponse({ ...common, secret: { password: "Circle Of Life" } }), expected);
  const ha1 = "939E7578ED9E3C518A452ACEE763BCE9";
  assert.equal(computeResponse({ ...common, secret: { ha1 } }), expected);
});

test("RFC 2617 3.2.2.1: without qop, as in RFC 2069", () => {
  const response = computeResponse({ ...mufasa, crypto, secret: { password: "CircleOfLife" } });
  // HA2 is 39aff3a2bab6126f332b942af96d3366, as in 3.5.
  assert.equal(response, "1949323746fe6a43ef61f9606e7febea");
});

test("RFC 7616 3.9.1: the examples of the standard, MD5 and SHA-256", () => {
  const rows: readonly (readonly [algorithm: DigestAlgorithm, response: string])[] = [
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ];
  for (const [algorithm, response] of rows) {
    const challenge = challengeOf({
      algorithm,
      realm: "http-auth@example.org",
      nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
      opaque: "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
      qop: ["auth", "auth-int"],
    });
    const answer = answerChallenge({
      ...{ crypto, challenge, username: "Mufasa", secret: { password: "Circle of Life" }, method: "GET" },
      uri: "/dir/index.html",
      cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    });
    assert.ok(answer !== null);
    assert.equal(answer.parameters.get("response"), response);
    assert.equal(answer.parameters.get("opaque"), "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS");
    assert.equal(answer.parameters.get("qop"), "auth");
  }
});

test("RFC 7616 3.4.2: -sess and auth-int go through both sides, a changed body does not", () => {
  for (const algorithm of ["MD5-sess", "SHA-256-sess"] as const) {
    const challenge = challengeOf({ algorithm, realm: "r", nonce: "n", qop: ["auth-int"] });
    const secret = { password: "p" };
    const common = { crypto, secret, method: "REGISTER", body: Buffer.from("body") };
    const answer = answerChallenge({
      ...common,
      challenge,
      username: "u",
      uri: "sip:r",
      cnonce: "c",
      nonceCount: 17,
    });
    assert.ok(answer !== null);
    assert.equal(answer.parameters.get("nc"), "00000011");
    assert.equal(answer.parameters.get("qop"), "auth-int");
    assert.ok(verifyResponse({ ...common, algorithm, credentials: answer }));
    assert.ok(!verifyResponse({ ...common, algorithm, credentials: answer, body: Buffer.from("bodx") }));
    assert.ok(!verifyResponse({ ...common, algorithm, credentials: answer, method: "INVITE" }));
    assert.ok(!verifyResponse({ ...common, algorithm, credentials: answer, secret: { password: "q" } }));
    assert.ok(
      !verifyResponse({ ...common, algorithm: "MD5", credentials: answer }),
      "another algorithm than asked",
    );
  }
});

test("RFC 3261 22.4: challenge and answer as header fields, there and back", () => {
  const written = formatChallenge(challengeOf({ realm: 'a "b"', nonce: "n==", stale: true }));
  assert.equal(written, 'Digest realm="a \\"b\\"", nonce="n==", stale=true, algorithm=MD5, qop="auth"');
  const challenge = parseChallenge(written);
  assert.ok(challenge !== null && isStale(challenge));
  const secret = { password: "p" };
  const answer = answerChallenge({
    crypto,
    challenge,
    secret,
    username: "u",
    method: "BYE",
    uri: "sip:x",
    cnonce: "c",
  });
  assert.ok(answer !== null);
  const text = formatCredentials(answer);
  assert.match(
    text,
    /^Digest username="u", realm="a \\"b\\"", nonce="n==", uri="sip:x", response="[0-9a-f]{32}", algorithm=MD5, cnonce="c", qop=auth, nc=00000001$/,
  );
  assert.ok(verifyResponse({ crypto, credentials: credentials(text), secret, method: "BYE" }));
});

test("RFC 3261 22.4: a challenge that cannot be answered gives none", () => {
  for (const text of [
    "Basic realm=a",
    'Digest realm="a"',
    'Digest nonce="a"',
    'Digest realm="a", nonce="b", algorithm=SHA-512',
    'Digest realm="a", nonce="b", algorithm=AKAv2-MD5',
    'Digest realm="a", nonce="b", qop="new"',
  ]) {
    const challenge = parseChallenge(text) ?? assert.fail(text);
    const common = {
      crypto,
      secret: { password: "p" },
      username: "u",
      method: "BYE",
      uri: "sip:x",
      cnonce: "c",
    };
    assert.equal(answerChallenge({ ...common, challenge }), null, text);
  }
});

test("RFC 7616 3.4: credentials that lack something are wrong, never a fault", () => {
  const ok =
    'Digest username="u", realm="r", nonce="n", uri="sip:x", response="RESPONSE", qop=auth, nc=00000001, cnonce="c"';
  const secret = { password: "p" };
  const response = computeResponse({
    ...{ crypto, secret, username: "u", realm: "r", nonce: "n", uri: "sip:x", method: "BYE" },
    ...{ qop: "auth", nonceCount: "00000001", cnonce: "c" },
  });
  const check = (text: string) =>
    verifyResponse({
      crypto,
      secret,
      method: "BYE",
      credentials: credentials(text.replace("RESPONSE", response)),
    });
  assert.ok(check(ok));
  assert.ok(check(ok.replace("RESPONSE", response.toUpperCase())));
  for (const [from, to] of [
    ["Digest", "NoOneKnowsThisScheme"],
    ["RESPONSE", ""],
    ["RESPONSE", "00"],
    [", nc=00000001", ""],
    ["nc=00000001", "nc=1"],
    [', cnonce="c"', ""],
    ["qop=auth", "qop=new"],
    [', uri="sip:x"', ""],
    ['realm="r"', 'realm="s"'],
  ] as const)
    assert.ok(!check(ok.replace(from, to)), `${from} -> ${to}`);
});

test("RFC 7616 3.4: with a qop, count and cnonce must be there, also when the response fits without", () => {
  const secret = { password: "p" };
  for (const [nonceCount, cnonce] of [
    ["", "c"],
    ["1", "c"],
    ["00000001", ""],
  ] as const) {
    const parameters = new Map([
      ...Object.entries({
        username: "u",
        realm: "r",
        nonce: "n",
        uri: "sip:x",
        qop: "auth",
        nc: nonceCount,
        cnonce,
      }),
    ]);
    const response = computeResponse({
      ...{ crypto, secret, username: "u", realm: "r", nonce: "n", uri: "sip:x", method: "BYE" },
      ...{ qop: "auth", nonceCount, cnonce },
    });
    parameters.set("response", response);
    assert.ok(
      !verifyResponse({ crypto, secret, method: "BYE", credentials: { scheme: "Digest", parameters } }),
    );
  }
});

interface AkaVector {
  readonly username: string;
  readonly realm: string;
  readonly uri: string;
  readonly method: string;
  readonly nonce: string;
  readonly res_hex: string;
  readonly response_no_qop: string;
  readonly qop_auth: { readonly nc: string; readonly cnonce: string; readonly response: string };
  readonly auts_b64: string;
  readonly response_resync_empty_password_no_qop: string;
  readonly sipp_authorization_qop?: string;
  readonly sipp_authorization_noqop?: string;
}

function isVectors(json: unknown): json is { readonly vectors: readonly AkaVector[] } {
  return typeof json === "object" && json !== null && "vectors" in json && Array.isArray(json.vectors);
}

test("RFC 3310 3.3, 3.4: AKAv1-MD5 with RES as bytes, also as SIPp writes it, and re-synchronisation", (context) => {
  const folder = testData("aka");
  if (folder === null) return leftOut(context, 8, "AKAv1-MD5 vectors");
  const json = readJson(join(folder, "akav1-md5-digest.json"));
  assert.ok(isVectors(json) && json.vectors.length === 8);
  let fromSipp = 0;
  for (const vector of json.vectors) {
    const { username, realm, uri, method, nonce } = vector;
    const algorithm = "AKAv1-MD5";
    const secret = { password: decodeHex(vector.res_hex) ?? assert.fail() };
    const common = { crypto, username, realm, uri, method, nonce, algorithm } as const;
    assert.equal(computeResponse({ ...common, secret }), vector.response_no_qop);
    const { nc: nonceCount, cnonce, response } = vector.qop_auth;
    assert.equal(computeResponse({ ...common, secret, qop: "auth", nonceCount, cnonce }), response);

    for (const text of [vector.sipp_authorization_qop, vector.sipp_authorization_noqop]) {
      if (text === undefined) continue;
      assert.ok(
        verifyResponse({ crypto, credentials: credentials(`Digest ${text}`), secret, method, algorithm }),
      );
      fromSipp += 1;
    }

    const challenge = challengeOf({ realm, nonce, algorithm, qop: [] });
    const auts = vector.auts_b64;
    const resync = { crypto, challenge, username, method, uri, cnonce: "c", auts, secret: { password: "" } };
    const parameters = answerChallenge(resync)?.parameters;
    assert.equal(parameters?.get("response"), vector.response_resync_empty_password_no_qop);
    assert.equal(parameters?.get("auts"), auts);
    assert.equal(parameters?.has("qop"), false);
  }
  assert.equal(fromSipp, 6);
});
