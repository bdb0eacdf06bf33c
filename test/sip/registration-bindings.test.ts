// Which of the bindings in a 200 are the UE's own, and which of those is the present one. RFC 3261 10.2.4, RFC 5626 4.2;
// contacts as P-CSCFs rewrite them (Kamailio's alias).
import assert from "node:assert/strict";
import test from "node:test";
import { buildRequest, buildResponse } from "@liquid-ims/sip/message";
import { readRegistered } from "@liquid-ims/sip/registration-outcome";

const instance = (number: number) => `+sip.instance="<urn:uuid:${number}>"`;
const sent = `<sip:a@10.0.0.1:5060>;${instance(1)}`;
const first = "sip:a@10.0.0.1:5060;alias=10.0.0.1~4001~2";
const second = "sip:a@10.0.0.1:5060;alias=10.0.0.1~4002~2";

interface Row {
  readonly title: string;
  /** URI, seconds, and what follows. */
  readonly listed: readonly (readonly [uri: string, expires: number, more?: string])[];
  readonly before?: readonly string[];
  readonly granted: number;
  readonly stale: readonly string[];
}

const rows: readonly Row[] = [
  { title: "one, rewritten: it is the present one", listed: [[first, 600]], granted: 600, stale: [] },
  {
    title: "two of its own: the one that lasts longest is the one just made",
    listed: [
      [second, 600],
      [first, 580],
    ],
    granted: 600,
    stale: [first],
  },
  {
    title: "made in the same second: the one that was not there before",
    listed: [
      [second, 600],
      [first, 600],
    ],
    before: [first],
    granted: 600,
    stale: [first],
  },
  {
    title: "nothing is known of before: the last",
    listed: [
      [first, 600],
      [second, 600],
    ],
    granted: 600,
    stale: [first],
  },
  {
    title: "the first P-CSCF wrote nothing into it: the plain one is the stale one",
    listed: [
      ["sip:a@10.0.0.1:5060", 500],
      [second, 600],
    ],
    before: ["sip:a@10.0.0.1:5060"],
    granted: 600,
    stale: ["sip:a@10.0.0.1:5060"],
  },
  {
    title: "the second wrote nothing into it",
    listed: [
      [first, 600],
      ["sip:a@10.0.0.1:5060", 600],
    ],
    before: [first],
    granted: 600,
    stale: [first],
  },
  {
    title: "another device with the same private address behind another NAT is not its own",
    listed: [
      ["sip:a@10.0.0.1:5060;alias=192.0.2.9~7~1", 900, instance(2)],
      [first, 600, instance(1)],
    ],
    granted: 600,
    stale: [],
  },
  {
    title: "another user's part, port or transport is another contact",
    listed: [
      ["sip:b@10.0.0.1:5060;alias=10.0.0.1~4001~2", 900],
      ["sip:a@10.0.0.1:5062", 900],
      ["sip:a@10.0.0.1:5060;transport=tcp", 900],
      [first, 600],
    ],
    granted: 600,
    stale: [],
  },
];

for (const { title, listed, before = [], granted, stale } of rows)
  test(`RFC 3261 10.2.4: ${title}`, () => {
    const request = buildRequest({ method: "REGISTER", uri: "sip:home.test", headers: [] });
    const headers = listed.map(([uri, expires, more]) => {
      const value = `<${uri}>${more === undefined ? "" : `;${more}`};expires=${expires}`;
      return ["Contact", value] as const;
    });
    const known = readRegistered(
      buildResponse(request, 200, { headers: before.map((uri) => ["Contact", `<${uri}>`] as const) }),
      sent,
      3600,
    );
    const outcome = readRegistered(buildResponse(request, 200, { headers }), sent, 3600, known);
    assert.equal(outcome.unlisted, null);
    assert.equal(outcome.expires, granted);
    assert.deepEqual(
      outcome.stale.map(({ uri }) => uri),
      stale,
    );
  });

test("RFC 5626 4.2: the other flow of the same device is no stale binding", () => {
  const request = buildRequest({ method: "REGISTER", uri: "sip:home.test", headers: [] });
  const flow = (number: number) => `<sip:a@10.0.0.1:5060>;${instance(1)};reg-id=${number}`;
  const headers = [1, 2].map((number) => ["Contact", `${flow(number)};expires=600`] as const);
  const outcome = readRegistered(buildResponse(request, 200, { headers }), flow(1), 3600);
  assert.deepEqual(outcome.stale, []);
});

test("RFC 3261 10.2.4: a registrar that lists only the binding just made: the one before may stand", () => {
  const request = buildRequest({ method: "REGISTER", uri: "sip:home.test", headers: [] });
  const ok = (...uris: readonly string[]) =>
    buildResponse(request, 200, {
      headers: uris.map((uri) => ["Contact", `<${uri}>;expires=600`] as const),
    });
  const one = readRegistered(ok(first), sent, 600);
  assert.deepEqual([one.present, one.unlisted], [first, null]);
  const two = readRegistered(ok(second), sent, 600, one);
  assert.deepEqual([two.present, two.unlisted, two.stale], [second, first, []]);
  assert.equal(readRegistered(ok(second), sent, 600, two).unlisted, null, "a refresh");
  assert.equal(readRegistered(ok(second, first), sent, 600, one).unlisted, null, "it is listed");
  assert.equal(readRegistered(ok(), sent, 600, one).unlisted, null, "nothing is known");
});
