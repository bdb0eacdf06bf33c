// Whom the LCF trusts and what it obeys. cfs-ue 6 and 7.
import assert from "node:assert/strict";
import test from "node:test";
import type { Command, DialogDescription, Move, Ticket } from "@liquid-ims/reference-points/cfs-ue";
import {
  type Circumstances,
  isAllowedTarget,
  isServedByPCscf,
  isServedBySCscf,
  judgeContent,
  judgeHead,
  matchesPattern,
  trustOf,
  withPolicy,
} from "@liquid-ims/ue-lcf/ticket";
import type { PresentRegistration } from "@liquid-ims/ue-lcf/ue-port";

const registration: PresentRegistration = {
  identity: "sip:alice@open-ims.test",
  instance: "urn:uuid:00000000-0000-4000-8000-000000000001",
  contact: "sip:alice@127.0.3.2:5060",
  pCscf: "pcscf1.open-ims.test:4060",
  sCscf: "scscf1.open-ims.test:6060",
  path: ["<sip:term@pcscf1.open-ims.test:4060;lr>"],
  serviceRoute: ["<sip:orig@scscf1.open-ims.test:6060;lr>"],
  expiresAt: 5_000_000,
};

const dialog: DialogDescription = {
  id: "00112233445566778899aabbccddeeff",
  state: "confirmed",
  role: "uac",
  emergency: false,
  replaceable: true,
};

const circumstances: Circumstances = {
  registration,
  now: 1_000_000,
  allowed: { pCscf: ["*.open-ims.test"], sCscf: ["*.open-ims.test"] },
  operation: null,
  dialogs: [],
};

const head = {
  v: "1.0",
  operation: "op-1",
  sequence: 7,
  identity: registration.identity,
  instance: registration.instance,
  expires: 1_030_000,
} as const;

function move(changes: Partial<Move> = {}): Move {
  return {
    ...head,
    command: "move",
    target: { pCscf: { name: "pcscf2.open-ims.test", addresses: ["127.0.1.2"], port: 4060 } },
    expected: {
      pCscf: { name: "pcscf1.open-ims.test", addresses: ["127.0.1.1"], port: 4060 },
      sCscf: { name: "scscf1.open-ims.test", addresses: ["127.0.1.21"], port: 6060 },
    },
    if: "replaceable",
    after: 0,
    replace: "now",
    deadline: 1_060_000,
    ...changes,
  };
}

function reasonOf(command: Command, changes: Partial<Circumstances> = {}): string | null {
  const all = { ...circumstances, ...changes };
  return (judgeHead(command, all) ?? judgeContent(command, all))?.reason ?? null;
}

test("cfs-ue 7: a command in order is obeyed", () => {
  assert.equal(reasonOf(move()), null);
  assert.equal(reasonOf({ ...head, command: "query" }), null);
});

test("cfs-ue 7: a command for another identity or instance is refused", () => {
  assert.equal(reasonOf(move({ identity: "sip:bob@open-ims.test" })), "not for this device");
  assert.equal(reasonOf(move({ instance: "urn:uuid:1" })), "not for this device");
  assert.equal(reasonOf(move({ instance: null })), "not for this device");
});

test("cfs-ue 7: expiry and deadline are by the CFS's clock and end at their millisecond", () => {
  assert.equal(reasonOf(move({ expires: 1_000_001 })), null);
  assert.equal(reasonOf(move({ expires: 1_000_000 })), "expired");
  assert.equal(reasonOf(move({ deadline: 1_000_000 })), "expired");
});

test("cfs-ue 7: without a registration nothing is obeyed", () => {
  assert.equal(reasonOf(move(), { registration: null }), "not registered");
});

test("cfs-ue 7: one operation at a time; another one is neither moved, replaced nor cancelled", () => {
  const open = { operation: "op-0" };
  assert.equal(reasonOf(move(), open), "another operation is open");
  assert.equal(reasonOf({ ...head, command: "replace", dialogs: "all" }, open), "no such operation");
  assert.equal(reasonOf({ ...head, command: "cancel", reRegister: true }, open), "no such operation");
  assert.equal(reasonOf({ ...head, command: "query" }, open), null);
});

test("cfs-ue 7: an operation that is over can be cancelled, not replaced", () => {
  assert.equal(reasonOf({ ...head, command: "cancel", reRegister: false }), null);
  assert.equal(reasonOf({ ...head, command: "replace", dialogs: "all" }), "no such operation");
});

test("cfs-ue 7: the target must be allowed, also where an open operation is amended", () => {
  const elsewhere = move({ target: { pCscf: { name: "pcscf.evil.test", addresses: ["127.0.1.2"] } } });
  assert.equal(reasonOf(elsewhere), "target not allowed");
  assert.equal(reasonOf(elsewhere, { operation: "op-1" }), "target not allowed");
  assert.equal(reasonOf(move({ target: { sCscf: "sip:scscf2.evil.test:6060" } })), "target not allowed");
  assert.equal(reasonOf(move({ target: { sCscf: "sip:scscf2.open-ims.test:6060" } })), null);
});

test("cfs-ue 7: the present CSCFs must be the expected ones", () => {
  const { expected } = move();
  const other = { name: "other.open-ims.test", addresses: ["127.0.1.9"] };
  assert.equal(reasonOf(move({ expected: { ...expected, pCscf: other } })), "another P-CSCF serves");
  assert.equal(reasonOf(move({ expected: { ...expected, sCscf: other } })), "another S-CSCF serves");
  const wrongPort = { ...expected.pCscf, port: 4061 };
  assert.equal(reasonOf(move({ expected: { ...expected, pCscf: wrongPort } })), "another P-CSCF serves");
});

test("cfs-ue 7: Path and Service-Route are compared by name or address", () => {
  const byAddress = {
    ...registration,
    pCscf: "",
    path: ["<sip:term@127.0.1.1:4060;lr>"],
    serviceRoute: ["<sip:orig@127.0.1.21:6060;lr>"],
  };
  const { expected } = move();
  assert.ok(isServedByPCscf(byAddress, expected.pCscf));
  assert.ok(isServedBySCscf(byAddress, expected.sCscf));
  assert.ok(!isServedByPCscf({ ...byAddress, path: ["<sip:[::1]:4060;lr>"] }, expected.pCscf));
  const v6 = { name: "p", addresses: ["::1"], port: 4060 };
  assert.ok(isServedByPCscf({ ...byAddress, path: ["<sip:[::1]:4060;lr>"] }, v6));
});

test("cfs-ue 7: conditions on dialogs", () => {
  const early: DialogDescription = { ...dialog, state: "early", replaceable: "not yet answered" };
  const emergency: DialogDescription = { ...dialog, emergency: true };
  const cases: readonly [Move["if"], readonly DialogDescription[], string | null][] = [
    ["idle", [], null],
    ["idle", [dialog], "not idle"],
    ["replaceable", [dialog], null],
    ["replaceable", [dialog, early], "not replaceable"],
    ["always", [early], null],
    ["always", [emergency], "emergency call"],
    ["idle", [emergency], "emergency call"],
  ];
  for (const [condition, dialogs, reason] of cases)
    assert.equal(reasonOf(move({ if: condition }), { dialogs }), reason, `${condition}, ${dialogs.length}`);
});

test("cfs-ue 7: what amends an open operation is not held against the dialogs and CSCFs again", () => {
  const open = { operation: "op-1", dialogs: [{ ...dialog, replaceable: "peer without Replaces" }] };
  assert.equal(reasonOf(move({ if: "idle" }), open), null);
});

test("cfs-ue 7: a star stands for one or more labels", () => {
  const cases: readonly [string, string, boolean][] = [
    ["*.pcscf.home", "a.pcscf.home", true],
    ["*.pcscf.home", "a.b.PCSCF.home", true],
    ["*.pcscf.home", "a.pcscf.home.", true],
    ["*.pcscf.home", "pcscf.home", false],
    ["*.pcscf.home", ".pcscf.home", false],
    ["*.pcscf.home", "evilpcscf.home", false],
    ["*.pcscf.home", "a.pcscf.home.evil.test", false],
    ["pcscf1.home", "PCSCF1.home", true],
    ["pcscf1.home", "pcscf2.home", false],
    ["pcscf1.home", "a.pcscf1.home", false],
  ];
  for (const [pattern, name, matches] of cases)
    assert.equal(matchesPattern(pattern, name), matches, `${pattern} ${name}`);
});

test("cfs-ue 7: the kinds of targets have patterns of their own", () => {
  const allowed = { pCscf: ["pcscf1.home"], sCscf: ["scscf1.home"] };
  assert.ok(isAllowedTarget(allowed, { pCscf: { name: "pcscf1.home", addresses: [] } }));
  assert.ok(!isAllowedTarget(allowed, { pCscf: { name: "scscf1.home", addresses: [] } }));
  assert.ok(isAllowedTarget(allowed, { sCscf: "sip:scscf1.home:6060" }));
  assert.ok(!isAllowedTarget(allowed, { sCscf: "sip:pcscf1.home:6060" }));
});

test("cfs-ue 6: a policy replaces the allowed targets only when it is newer", () => {
  const ticket: Ticket = {
    nonce: "0123456789abcdef",
    keys: [],
    clock: 2000,
    challenge: "0123456789abcdef",
    addresses: [],
    allowed: { pCscf: ["a.home"], sCscf: [] },
    sequence: 3,
  };
  const trust = trustOf(ticket, new Map(), 500);
  assert.equal(trust.clockOffset, 1500);
  assert.equal(trust.sequence, 3);
  const newer = withPolicy(trust, { v: "1.0", sequence: 2, allowed: { pCscf: ["b.home"], sCscf: [] } });
  assert.deepEqual(newer.allowed.pCscf, ["b.home"]);
  const same = withPolicy(newer, { v: "1.0", sequence: 2, allowed: { pCscf: ["c.home"], sCscf: [] } });
  assert.deepEqual(same.allowed.pCscf, ["b.home"]);
  const older = withPolicy(newer, { v: "1.0", sequence: 1, allowed: { pCscf: ["c.home"], sCscf: [] } });
  assert.deepEqual(older.allowed.pCscf, ["b.home"]);
});
