// Server assignments matched to what caused them, one by one. TS 29.228 6.1.2; trap T3.
import assert from "node:assert/strict";
import test from "node:test";
import { checkServerAssignments, describeClaim } from "@liquid-ims/lab/report/server-assignments";
import type { TraceEntry } from "@liquid-ims/lab/trace";

const a = "sip:a@x";
const sCscfs = ["scscf1", "scscf2"];

interface Sip {
  readonly start: string;
  readonly method: string;
  readonly callId: string;
  /** Default: of a transaction of its own. */
  readonly branch?: string;
  readonly to?: string;
  readonly from?: string;
  readonly more?: readonly string[];
}

function sip(at: number, from: string, to: string, message: Sip): TraceEntry {
  const { start, method, callId, more = [] } = message;
  const lines = [
    start,
    `Via: SIP/2.0/UDP h;branch=${message.branch ?? `z9hG4bK-${at}`}`,
    `From: <${message.from ?? a}>;tag=1`,
    `To: <${message.to ?? a}>`,
    `Call-ID: ${callId}`,
    `CSeq: 7 ${method}`,
    ...more,
    "",
    "",
  ];
  return { at, from, to, protocol: "sip/udp", message: lines.join("\r\n") };
}

const register = (at: number, sCscf: string, more: readonly string[] = [], branch = `z9hG4bK-${at}`) =>
  sip(at, "icscf1", sCscf, {
    ...{ start: `REGISTER sip:${sCscf}.x:6060 SIP/2.0`, method: "REGISTER", callId: "r", branch, more },
  });
const answer = (at: number, sCscf: string, status = "200 OK", callId = "r") =>
  sip(at, sCscf, "icscf1", { start: `SIP/2.0 ${status}`, method: "REGISTER", callId });

function sar(at: number, sCscf: string, type: string, { user = a, server = sCscf } = {}): TraceEntry {
  const lines = [
    "Server-Assignment-Request",
    `Public-Identity: ${user}`,
    `Server-Name: sip:${server}.x:6060`,
    `Server-Assignment-Type: ${type}`,
  ];
  return { at, from: sCscf, to: "hss", protocol: "cx", message: lines.join("\n") };
}

/** From `caller`'s UE by way of the core to the S-CSCF. */
function toUser(at: number, sCscf: string, method: string, more: readonly string[] = []): TraceEntry[] {
  const request = { start: `${method} ${a};x=1 SIP/2.0`, method, callId: "c", from: "sip:b@x", more };
  return [sip(at, "ue02", "pcscf1", request), sip(at + 1, "icscf1", sCscf, request)];
}

const registered = [register(1, "scscf1"), sar(2, "scscf1", "REGISTRATION"), answer(3, "scscf1")];
const window = { user: a, from: 100, to: 200, backAt: null };

function check(trace: readonly TraceEntry[]) {
  return checkServerAssignments(trace, { sCscfs, windows: [window] });
}

/** The HSS's answer to the SAR of `at`, where that has a session. */
function saa(at: number, sCscf: string, session: string, result = "success"): TraceEntry {
  const message = `Server-Assignment-Answer ${result}\nSession-Id: ${session}`;
  return { at, from: "hss", to: sCscf, protocol: "cx", message };
}

test("a SAR that the HSS has executed for a REGISTER that is refused: the S-CSCF claims whom it does not serve", () => {
  const asked = sar(2, "scscf1", "REGISTRATION");
  const session = { ...asked, message: `${asked.message}\nSession-Id: s1` };
  const trace = (result: string) => [
    register(1, "scscf1"),
    session,
    saa(3, "scscf1", "s1", result),
    answer(4, "scscf1", "500 Server Error"),
  ];
  assert.deepEqual(check(trace("success")).failures, [
    "SAR REGISTRATION of sip:scscf1.x:6060 for sip:a@x at 0.002 s: his REGISTER was answered 500, and the HSS has the SAR",
  ]);
  assert.deepEqual(check(trace("DIAMETER_ERROR_IDENTITY_ALREADY_REGISTERED")).failures, []);
});

test("29.228 6.1.2: each registration has its SAR, the first one REGISTRATION, later ones RE_REGISTRATION", () => {
  const { matched, claims, failures } = check([
    register(0, "scscf1"),
    answer(0.5, "scscf1", "401 Unauthorized"),
    ...registered,
    register(10, "scscf1"),
    register(10.5, "scscf1"),
    sar(11, "scscf1", "RE_REGISTRATION"),
    answer(12, "scscf1"),
    register(120, "scscf2"),
    sar(121, "scscf2", "REGISTRATION"),
    answer(122, "scscf2"),
  ]);
  assert.deepEqual(failures, []);
  assert.deepEqual(claims, []);
  assert.deepEqual(
    matched.map(({ sCscf, server, user, type }) => [sCscf, server, user, type]),
    [
      ["scscf1", "sip:scscf1.x:6060", a, "REGISTRATION"],
      ["scscf1", "sip:scscf1.x:6060", a, "RE_REGISTRATION"],
      ["scscf2", "sip:scscf2.x:6060", a, "REGISTRATION"],
    ],
  );
});

const faults: [string, TraceEntry[], RegExp][] = [
  ["a SAR without a REGISTER", [sar(2, "scscf1", "REGISTRATION")], /no REGISTER of his waits at scscf1/],
  [
    "a SAR before its REGISTER",
    [sar(0, "scscf1", "REGISTRATION"), register(1, "scscf1"), answer(3, "scscf1")],
    /no REGISTER of his waits.*|without a SAR/,
  ],
  [
    "a second SAR for one REGISTER",
    [...registered.slice(0, 2), sar(2.5, "scscf1", "REGISTRATION"), answer(3, "scscf1")],
    /no REGISTER of his waits at scscf1/,
  ],
  ["a 200 without a SAR", [register(1, "scscf1"), answer(3, "scscf1")], /sip:a@x got his 200 from scscf1/],
  [
    "a SAR for somebody else",
    [register(1, "scscf1"), sar(2, "scscf1", "REGISTRATION", { user: "sip:z@x" })],
    /for sip:z@x at 0\.002 s: no REGISTER/,
  ],
  [
    "a SAR with another's name",
    [register(1, "scscf1"), sar(2, "scscf1", "REGISTRATION", { server: "scscf2" }), answer(3, "scscf1")],
    /of sip:scscf2\.x:6060 for sip:a@x .* was sent by scscf1/,
  ],
  [
    "a SAR of the wrong type",
    [register(1, "scscf1"), sar(2, "scscf1", "RE_REGISTRATION"), answer(3, "scscf1")],
    /should be REGISTRATION/,
  ],
  [
    "a MESSAGE into the window",
    [...toUser(110, "scscf2", "MESSAGE"), sar(112, "scscf2", "UNREGISTERED_USER")],
    /UNREGISTERED_USER of sip:scscf2\.x:6060 for sip:a@x at 0\.112 s: caused by a MESSAGE of sip:b@x, in his window/,
  ],
  [
    "a replacement into the window",
    [
      ...toUser(110, "scscf2", "INVITE", ["Replaces: c1;to-tag=1;from-tag=2"]),
      sar(112, "scscf2", "UNREGISTERED_USER"),
    ],
    /caused by a INVITE with Replaces of sip:b@x/,
  ],
  [
    "a call outside the window",
    [...toUser(210, "scscf2", "INVITE"), sar(212, "scscf2", "UNREGISTERED_USER")],
    /outside any window/,
  ],
  [
    "a call that no UE has placed",
    [...toUser(110, "scscf2", "INVITE").slice(1), sar(112, "scscf2", "UNREGISTERED_USER")],
    /caused by a INVITE/,
  ],
  [
    "one call that explains two claims",
    [...toUser(110, "scscf2", "INVITE"), ...[112, 113].map((at) => sar(at, "scscf2", "UNREGISTERED_USER"))],
    /no request for him waits at scscf2/,
  ],
  [
    "the end of a registration that was none",
    [sar(5, "scscf1", "TIMEOUT_DEREGISTRATION")],
    /TIMEOUT_DEREGISTRATION of sip:scscf1\.x:6060 for sip:a@x .*: he has not been registered at scscf1/,
  ],
  [
    "a type that belongs to nothing here",
    [...registered, sar(5, "scscf1", "NO_ASSIGNMENT")],
    /NO_ASSIGNMENT .*: no registration has this type/,
  ],
  ["a claim without any request", [sar(112, "scscf2", "UNREGISTERED_USER")], /no request for him waits/],
];
for (const [what, trace, expected] of faults) {
  test(`${what} is a failure that names user and server`, () => {
    const { failures } = check(trace);
    assert.match(failures.join("\n"), expected);
    assert.match(failures.join("\n"), /sip:[az]@x.*scscf[12]|scscf[12].*sip:[az]@x/);
  });
}

test("T2, T3: a user's call into the window is named and no failure; the registration after it is the first one", () => {
  const { matched, claims, failures } = check([
    ...registered,
    ...toUser(110, "scscf2", "INVITE"),
    sar(112, "scscf2", "UNREGISTERED_USER"),
    register(120, "scscf2"),
    sar(121, "scscf2", "REGISTRATION"),
    answer(122, "scscf2"),
  ]);
  assert.deepEqual(failures, []);
  assert.equal(matched.length, 2);
  assert.deepEqual(claims.map(describeClaim), [
    "SAR UNREGISTERED_USER of sip:scscf2.x:6060 for sip:a@x at 0.112 s: sip:b@x called him in his window",
  ]);
});

test("T2: a call that was on its way to the S-CSCF that is left, and was lost there, is named and no failure", () => {
  const claim = sar(512, "scscf1", "UNREGISTERED_USER");
  const first = [...registered, ...toUser(90, "scscf1", "INVITE")];
  const { claims, failures } = check([...first, ...toUser(510, "scscf1", "INVITE"), claim]);
  assert.deepEqual([failures, claims.length], [[], 1]);
  const late = check([...registered, ...toUser(510, "scscf1", "INVITE"), claim]);
  assert.match(late.failures.join(), /outside any window of his$/);
});

test("29.228 6.1.3: after an RTR the S-CSCF may have forgotten the user, or not yet", () => {
  const message = `Registration-Termination-Request\nPublic-Identity: ${a}`;
  const rtr: TraceEntry = { at: 105, from: "hss", to: "scscf1", protocol: "cx", message };
  for (const type of ["REGISTRATION", "RE_REGISTRATION"]) {
    const back = [register(120, "scscf1"), sar(121, "scscf1", type), answer(122, "scscf1")];
    assert.deepEqual(check([...registered, rtr, ...back]).failures, []);
  }
});

test("29.228 6.1.2: one binding of several is removed: a SAR may come, and need not", () => {
  const removal = [register(10, "scscf1", ["Expires: 0"]), answer(12, "scscf1")];
  assert.deepEqual(check([...registered, ...removal]).failures, []);
  const told = [removal[0] ?? assert.fail(), sar(11, "scscf1", "RE_REGISTRATION"), ...removal.slice(1)];
  assert.deepEqual(check([...registered, ...told]).failures, []);
});

test("29.228 6.1.2: who has gone and comes again may have been forgotten, or not yet", () => {
  const gone = [
    register(10, "scscf1", ["Expires: 0"]),
    sar(11, "scscf1", "USER_DEREGISTRATION"),
    answer(12, "scscf1"),
  ];
  for (const type of ["REGISTRATION", "RE_REGISTRATION"]) {
    const back = [register(20, "scscf1"), sar(21, "scscf1", type), answer(22, "scscf1")];
    assert.deepEqual(check([...registered, ...gone, ...back]).failures, []);
  }
});

test("T3: a claim between a registration's SAR and its 200: he registers once more, by either type", () => {
  for (const type of ["REGISTRATION", "RE_REGISTRATION"]) {
    const { claims, failures } = check([
      ...toUser(110, "scscf2", "INVITE"),
      register(111, "scscf2"),
      sar(112, "scscf2", "REGISTRATION"),
      sar(113, "scscf2", "UNREGISTERED_USER"),
      answer(114, "scscf2"),
      register(120, "scscf2"),
      sar(121, "scscf2", type),
      answer(122, "scscf2"),
    ]);
    assert.deepEqual(failures, [], type);
    assert.equal(claims.length, 1);
  }
});

test("an authentication that timed out claims nobody", () => {
  assert.deepEqual(check([sar(5, "scscf1", "AUTHENTICATION_TIMEOUT")]).failures, []);
});

test("29.228 6.1.2: a registration that ends by its own clock is no fault, and the next one is a first one", () => {
  const back = [register(20, "scscf1"), sar(21, "scscf1", "REGISTRATION"), answer(22, "scscf1")];
  assert.deepEqual(check([...registered, sar(10, "scscf1", "TIMEOUT_DEREGISTRATION"), ...back]).failures, []);
});

test("RFC 3261 17.2.2: a REGISTER whose 200 was lost comes again, and gets it again, without another SAR", () => {
  const again = (branch: string) => [...registered, register(10, "scscf1", [], branch), answer(11, "scscf1")];
  assert.deepEqual(checkServerAssignments(again("z9hG4bK-1"), { sCscfs, windows: [] }).failures, []);
  assert.deepEqual(checkServerAssignments(again("z9hG4bK-9"), { sCscfs, windows: [] }).failures, [
    "sip:a@x got his 200 from scscf1 at 0.011 s without a SAR",
  ]);
});
