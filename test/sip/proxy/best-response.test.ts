// The choice among final responses. RFC 3261 16.7 steps 6 and 7.
import assert from "node:assert/strict";
import test from "node:test";
import { buildResponse, type SipResponse } from "@liquid-ims/sip/message";
import { addChallenges, bestResponse } from "@liquid-ims/sip/proxy/best-response";
import { newRequest } from "../stack-nodes.ts";

function response(status: number, ...headers: [string, string][]): SipResponse {
  return buildResponse(newRequest("INVITE", "sip:b@x.test"), status, { headers });
}

function best(...statuses: number[]): number | undefined {
  return bestResponse(statuses.map((status) => response(status)))?.status;
}

test("16.7 step 6: 6xx before all others, else the lowest class", () => {
  assert.equal(best(486, 603, 302), 603);
  assert.equal(best(500, 404, 302), 302);
  assert.equal(best(500, 404), 404);
  assert.equal(best(503, 500), 500);
  assert.equal(best(503, 504, 503), 504);
  assert.equal(best(503), 503);
  assert.equal(bestResponse([]), null);
});

test("16.7 step 6: within 4xx what helps to repeat the request: 401, 407, 415, 420, 484", () => {
  for (const status of [401, 407, 415, 420, 484]) {
    assert.equal(best(404, status, 486), status);
    assert.equal(best(408, status), status);
  }
  assert.equal(best(486, 404), 486);
});

test("16.7 step 7: the challenges of all 401 and 407 go with the best of them", () => {
  const chosen = response(407, ["Proxy-Authenticate", 'Digest realm="a"']);
  const others = [
    response(401, ["WWW-Authenticate", 'Digest realm="b"']),
    response(404, ["WWW-Authenticate", 'Digest realm="no"']),
    response(407, ["Proxy-Authenticate", 'Digest realm="c"'], ["Proxy-Authenticate", 'Digest realm="d"']),
  ];
  addChallenges(chosen, [others[0] ?? chosen, chosen, ...others.slice(1)]);
  assert.deepEqual(chosen.headers.all("Proxy-Authenticate"), [
    'Digest realm="a"',
    'Digest realm="c"',
    'Digest realm="d"',
  ]);
  assert.deepEqual(chosen.headers.all("WWW-Authenticate"), ['Digest realm="b"']);
  const busy = response(486);
  addChallenges(busy, [busy, chosen]);
  assert.equal(busy.headers.has("WWW-Authenticate"), false);
});
