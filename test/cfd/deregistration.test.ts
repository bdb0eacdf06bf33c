// `Expires: 0`: what it may mean, row by row.
import assert from "node:assert/strict";
import test from "node:test";
import { Book } from "./book.ts";
import { type ThirdParty, thirdParty, ueRegister } from "./messages.ts";

const one = "<sip:alice@127.0.3.1:5060>";
const two = "<sip:alice@127.0.3.2:5060>";

const known = (contact: string, pCscf: string, callId: string, sequence = 2): ThirdParty => ({
  embedded: ueRegister({ contact, pCscf, callId, sequence }),
});

const gone = (contact: string, callId: string, sequence = 3): ThirdParty => ({
  expires: 0,
  embedded: ueRegister({ contact, callId, sequence, expires: 0 }),
});

interface Row {
  readonly title: string;
  readonly before: readonly ThirdParty[];
  readonly message: ThirdParty;
  readonly outcome: string;
  readonly after: readonly string[];
}

const rows: readonly Row[] = [
  {
    title: "nobody known: nothing",
    before: [],
    message: { expires: 0 },
    outcome: "nothing known",
    after: [],
  },
  {
    title: "one binding, contact unknown: it goes",
    before: [{}],
    message: { expires: 0 },
    outcome: "removed",
    after: ["* pcscf1 left 600"],
  },
  {
    title: "one binding, contact known, none shown: it goes",
    before: [known(one, "pcscf1", "a")],
    message: { expires: 0 },
    outcome: "removed",
    after: ["3.1:5060 pcscf1 left 600"],
  },
  {
    title: "no P-CSCF named: it goes all the same",
    before: [{}],
    message: { expires: 0, pCscf: null },
    outcome: "removed",
    after: ["* pcscf1 left 600"],
  },
  {
    title: "another S-CSCF than the recorded one: ignored",
    before: [{ sCscf: "scscf2" }],
    message: { expires: 0, sCscf: "scscf1" },
    outcome: "from another S-CSCF",
    after: ["* pcscf1 registered 600"],
  },
  {
    title: "another S-CSCF, contact shown: ignored too",
    before: [{ ...known(one, "pcscf1", "a"), sCscf: "scscf2" }],
    message: gone(one, "a"),
    outcome: "from another S-CSCF",
    after: ["3.1:5060 pcscf1 registered 600"],
  },
  {
    title: "two bindings, the body shows which: that one goes",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b")],
    message: gone(two, "b"),
    outcome: "removed",
    after: ["3.1:5060 pcscf1 registered 600", "3.2:5060 pcscf2 left 600"],
  },
  {
    title: "two bindings, none shown: doubtful, kept to their expiry",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b")],
    message: { expires: 0, pCscf: "pcscf2" },
    outcome: "doubtful",
    after: ["3.1:5060 pcscf1 doubtful 600", "3.2:5060 pcscf2 doubtful 600"],
  },
  {
    title: "two bindings at two S-CSCFs: the one at the sender goes",
    before: [known(one, "pcscf1", "a"), { ...known(two, "pcscf2", "b"), sCscf: "scscf2" }],
    message: { expires: 0 },
    outcome: "removed",
    after: ["3.1:5060 pcscf1 left 600", "3.2:5060 pcscf2 registered 600"],
  },
  {
    title: "all contacts (*) of the body: all go",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b")],
    message: { expires: 0, embedded: ueRegister({ contact: "*", callId: "a", sequence: 9, expires: 0 }) },
    outcome: "removed",
    after: ["3.1:5060 pcscf1 left 600", "3.2:5060 pcscf2 left 600"],
  },
  {
    title: "a refresh that is repeated behind the removal of all contacts: late, he stays gone",
    before: [
      known(one, "pcscf1", "a", 7),
      { expires: 0, embedded: ueRegister({ contact: "*", callId: "a", sequence: 9, expires: 0 }) },
    ],
    message: known(one, "pcscf1", "a", 8),
    outcome: "late",
    after: ["3.1:5060 pcscf1 left 600"],
  },
  {
    title: "the body shows a contact that nobody knows: the known one stays",
    before: [known(one, "pcscf1", "a")],
    message: gone(two, "b"),
    outcome: "nothing known",
    after: ["3.1:5060 pcscf1 registered 600"],
  },
  {
    title: "the body shows the contact written in another way (RFC 3261 19.1.4): that one goes",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b")],
    message: gone("<SIP:%61lice@127.0.3.2:5060;ob>", "b"),
    outcome: "removed",
    after: ["3.1:5060 pcscf1 registered 600", "3.2:5060 pcscf2 left 600"],
  },
  {
    title:
      "two texts that are one URI, as registrars keep them that compare texts: the one that is shown goes",
    before: [
      known("<sip:alice@127.0.3.1:5060;alias=127.0.3.1~9~2>", "pcscf2", "a"),
      known(one, "pcscf1", "a", 3),
    ],
    message: gone(one, "a", 4),
    outcome: "removed",
    after: ["3.1:5060 pcscf1 left 600", "3.1:5060;alias=127.0.3.1~9~2 pcscf2 registered 600"],
  },
  {
    title: "the shown one of two texts that are one URI has left before: the other one stays",
    before: [
      known("<sip:alice@127.0.3.1:5060;alias=127.0.3.1~9~2>", "pcscf2", "a"),
      known(one, "pcscf1", "a", 3),
      gone(one, "a", 4),
    ],
    message: gone(one, "a", 5),
    outcome: "nothing known",
    after: ["3.1:5060 pcscf1 left 600", "3.1:5060;alias=127.0.3.1~9~2 pcscf2 registered 600"],
  },
  {
    title: "the shown contact has left before, and another one is unknown: that stays",
    before: [known(one, "pcscf1", "a"), gone(one, "a"), { pCscf: "pcscf2" }],
    message: gone(one, "a", 4),
    outcome: "nothing known",
    after: ["* pcscf2 registered 600", "3.1:5060 pcscf1 left 600"],
  },
  {
    title: "the body shows a contact, the only record's is unknown: it goes",
    before: [{}],
    message: gone(one, "a"),
    outcome: "removed",
    after: ["* pcscf1 left 600"],
  },
  {
    title: "a known and an unknown contact, the body shows the known one: that goes",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b"), { pCscf: "pcscf3" }],
    message: gone(one, "a"),
    outcome: "removed",
    after: ["* pcscf3? registered 600", "3.1:5060 pcscf1 left 600", "3.2:5060 pcscf2 registered 600"],
  },
  {
    title: "an ambiguous record that is left alone: doubtful",
    before: [
      known(one, "pcscf1", "a"),
      known(two, "pcscf2", "b"),
      { pCscf: "pcscf3" },
      gone(one, "a"),
      gone(two, "b"),
    ],
    message: { expires: 0 },
    outcome: "doubtful",
    after: ["* pcscf3? doubtful 600", "3.1:5060 pcscf1 left 600", "3.2:5060 pcscf2 left 600"],
  },
  {
    title: "the body of an older registration, one binding: late, ignored",
    before: [known(one, "pcscf1", "a", 7)],
    message: { ...known(one, "pcscf1", "a", 6), expires: 0 },
    outcome: "late",
    after: ["3.1:5060 pcscf1 registered 600"],
  },
  {
    title: "contact unknown and two P-CSCFs seen: doubtful",
    before: [{ pCscf: "pcscf1" }, { pCscf: "pcscf2" }],
    message: { expires: 0, pCscf: "pcscf2" },
    outcome: "doubtful",
    after: ["* pcscf2 doubtful 600"],
  },
  {
    title: "the body is that of a registration (network-initiated): the only one goes",
    before: [known(one, "pcscf1", "a")],
    message: { ...known(one, "pcscf1", "a", 3), expires: 0 },
    outcome: "removed",
    after: ["3.1:5060 pcscf1 left 600"],
  },
  {
    title: "the body is that of a registration, two bindings: doubtful",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b")],
    message: { ...known(one, "pcscf1", "a", 3), expires: 0 },
    outcome: "doubtful",
    after: ["3.1:5060 pcscf1 doubtful 600", "3.2:5060 pcscf2 doubtful 600"],
  },
  {
    title: "a lower CSeq than the registration's: late, ignored",
    before: [known(one, "pcscf1", "a", 7)],
    message: gone(one, "a", 6),
    outcome: "late",
    after: ["3.1:5060 pcscf1 registered 600"],
  },
  {
    title: "all contacts with a lower CSeq: late, ignored",
    before: [known(one, "pcscf1", "a", 7)],
    message: { expires: 0, embedded: ueRegister({ contact: "*", callId: "a", sequence: 6, expires: 0 }) },
    outcome: "late",
    after: ["3.1:5060 pcscf1 registered 600"],
  },
  {
    title: "the removal of one in a REGISTER that says the user stays registered: that one goes",
    before: [known(one, "pcscf1", "a"), known(two, "pcscf2", "b")],
    message: { ...gone(two, "b"), expires: 500 },
    outcome: "removed",
    after: ["3.1:5060 pcscf1 registered 600", "3.2:5060 pcscf2 left 600"],
  },
  {
    title: "who has left already: nothing more",
    before: [{}, { expires: 0 }],
    message: { expires: 0 },
    outcome: "nothing known",
    after: ["* pcscf1 left 600"],
  },
];

for (const { title, before, message, outcome, after } of rows)
  test(`Expires: 0: ${title}`, () => {
    const book = new Book();
    for (const registration of before) book.take(thirdParty(registration), 0);
    assert.equal(book.take(thirdParty(message), 30), outcome);
    assert.deepEqual(book.lines(), after);
  });

test("Expires: 0: a removed record remembers when it left", () => {
  const book = new Book();
  book.take(thirdParty(), 0);
  book.take(thirdParty({ expires: 0 }), 30);
  assert.equal(book.of("sip:alice@open-ims.test")[0]?.leftAt, 30_000);
});

test("Expires: 0: a later registration clears the doubt of its binding", () => {
  const book = new Book();
  book.take(thirdParty(known(one, "pcscf1", "a")), 0);
  book.take(thirdParty(known(two, "pcscf2", "b")), 0);
  book.take(thirdParty({ expires: 0 }), 10);
  assert.equal(book.take(thirdParty(known(one, "pcscf1", "a", 3)), 20), "refreshed");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 registered 620", "3.2:5060 pcscf2 doubtful 600"]);
});

test("Expires: 0: the same registration told again clears the doubt, too", () => {
  const book = new Book();
  book.take(thirdParty(known(one, "pcscf1", "a")), 0);
  book.take(thirdParty(known(two, "pcscf2", "b")), 0);
  book.take(thirdParty({ expires: 0 }), 10);
  assert.equal(book.take(thirdParty(known(two, "pcscf2", "b")), 20), "refreshed");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 doubtful 600", "3.2:5060 pcscf2 registered 620"]);
});

test("Expires: 0: what is doubtful already is not written again", () => {
  const book = new Book();
  book.take(thirdParty({ pCscf: "pcscf1" }), 0);
  book.take(thirdParty({ pCscf: "pcscf2" }), 1);
  book.take(thirdParty({ expires: 0 }), 10);
  const { change } = book.rows.changesSince(0, 10);
  assert.equal(book.take(thirdParty({ expires: 0 }), 20), "doubtful");
  assert.equal(book.rows.changesSince(0, 10).change, change);
});

test("T1: a late 0 of the S-CSCF that was left does not wipe the moved user", () => {
  const book = new Book();
  book.take(thirdParty(known(one, "pcscf1", "a", 2)), 0);
  book.take(thirdParty({ ...known(one, "pcscf1", "a", 4), sCscf: "scscf2" }), 10);
  assert.equal(book.take(thirdParty({ expires: 0, sCscf: "scscf1" }), 40), "from another S-CSCF");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 registered 610"]);
});

test("RTR during a change of the S-CSCF: the record has left and comes back with the new S-CSCF", () => {
  const book = new Book();
  book.take(thirdParty(known(one, "pcscf1", "a", 2)), 0);
  assert.equal(book.take(thirdParty({ expires: 0, sCscf: "scscf1" }), 10), "removed");
  assert.equal(book.take(thirdParty({ ...known(one, "pcscf1", "a", 4), sCscf: "scscf2" }), 11), "registered");
  assert.deepEqual(book.lines(), ["3.1:5060 pcscf1 registered 611"]);
});
