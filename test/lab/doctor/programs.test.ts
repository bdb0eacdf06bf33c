// CFD and CFS as the doctor finds them, and a user as the CFS knows him.
import assert from "node:assert/strict";
import test from "node:test";
import type { HttpReply } from "@liquid-ims/lab/doctor/http";
import { readStart, type UsersFacts } from "@liquid-ims/lab/doctor/program-answers";
import { judgeAge, judgeCfd, judgeCfs, judgePair } from "@liquid-ims/lab/doctor/programs";
import { judgeUser, type UserTried } from "@liquid-ims/lab/doctor/user";
import { cfdOf, cfsOf, factsOf, lineAt, remediesOf } from "./doctor-subject.ts";

function answer(body: unknown): HttpReply {
  return { kind: "answer", status: 200, body };
}

test("the CFS: ready, store down, somebody else, nobody, without a port", (context) => {
  const cfs = cfsOf(context);
  const ready = judgeCfs(cfs, answer({ status: "ready", store: "ok", location: "ok", reachable: 4 }));
  assert.deepEqual([ready.level, ready.fact], ["ok", "the CFS runs (127.0.0.1:9091), commands reach 4 LCFs"]);
  const down = judgeCfs(
    cfs,
    answer({ status: "store down", store: "ok", location: "no such table", reachable: 0 }),
  );
  assert.equal(down.level, "wrong");
  assert.equal(down.fact, 'the CFS at 127.0.0.1:9091 is "store down"; location service: no such table');
  const other = judgeCfs(cfs, answer(["hello"]));
  assert.match(other.fact, /^what answers at 127\.0\.0\.1:9091 is no CFS$/);
  const nobody = judgeCfs(cfs, { kind: "none", detail: "ECONNREFUSED" });
  assert.deepEqual(
    nobody.remedies.map(({ where, change }) => `${where}: ${change}`),
    [
      "start it: npm run cfs -- --config cfs.yaml",
      `${lineAt("cfs.yaml", "port: 9091")} admin.port: the port at which it runs`,
    ],
  );
  assert.equal(judgeCfs(cfs, null).level, "note");
});

test("a CFS that waits for the location service: the CFD makes it", (context) => {
  const gone = "location.db: it cannot be opened";
  const waits = judgeCfs(
    cfsOf(context),
    answer({ status: "starting", store: gone, location: gone, reachable: 0 }),
  );
  assert.equal(
    waits.fact,
    `the CFS at 127.0.0.1:9091 is "starting"; location service: ${gone}`,
    "said once, though the CFS says it of both",
  );
  assert.deepEqual(
    waits.remedies.map(({ where }) => where),
    ["start the CFD", `${lineAt("cfs.yaml", "location:")} location`],
  );
});

test("one that answers at the other's port is told apart", (context) => {
  const cfdSays = { status: "ready", store: "ok", registers: { from: [], refused: null } };
  const cfsSays = { status: "ready", store: "ok", location: "ok", reachable: 0 };
  assert.equal(judgeCfs(cfsOf(context), answer(cfdSays)).fact, "what answers at 127.0.0.1:9091 is no CFS");
  assert.equal(judgeCfd(cfdOf(context), answer(cfsSays)).fact, "what answers at 127.0.0.1:9090 is no CFD");
  assert.equal(judgeCfs(cfsOf(context), answer("<html>")).fact, "what answers at 127.0.0.1:9091 is no CFS");
});

test("a file that was changed after the start of its program", () => {
  const started = readStart("# TYPE x gauge\nprocess_start_time_seconds 1795652414\n");
  assert.equal(started, 1_795_652_414_000);
  const age = (writtenAt: number, startedAt: number | null) =>
    judgeAge("CFS", { file: "cfs.yaml", writtenAt }, startedAt);
  assert.deepEqual(age(1_795_652_415_500, started), [], "the start is in whole seconds");
  assert.deepEqual(age(1_795_000_000_000, started), []);
  assert.deepEqual(age(1_795_652_444_000, null), []);
  const findings = age(1_795_652_444_000, started);
  assert.deepEqual(factsOf(findings, "warn"), [
    "cfs.yaml was changed 30 s after the CFS had been started, which still runs with what it said then",
  ]);
  assert.equal(readStart({ status: "ready" }), null);
  assert.equal(readStart("process_start_time_seconds soon"), null);
});

test("the CFD likewise", (context) => {
  const cfd = cfdOf(context);
  assert.equal(judgeCfd(cfd, answer({ status: "ready", store: "ok" })).level, "ok");
  assert.match(
    judgeCfd(cfd, answer({ status: "store down", store: "disk full" })).fact,
    /; store: disk full$/,
  );
});

test("two configurations that belong together", (context) => {
  const cfs = cfsOf(context);
  const cfd = cfdOf(context);
  // Each has a folder of its own here, so the files differ; beside each other they are the same one.
  const same = {
    ...cfd,
    settings: { ...cfd.settings, store: { ...cfd.settings.store, file: cfs.settings.location.file } },
  };
  assert.deepEqual(judgePair(cfs, same), []);
  assert.match(factsOf(judgePair(cfs, cfd), "wrong").join(), /^the CFD writes \S+, the CFS reads \S+$/);
});

test("what two configurations may have wrong", (context) => {
  const cfs = cfsOf(context);
  const cfd = cfdOf(context, {
    "kind: sqlite": "kind: memory",
    "homeDomain: open-ims.test": "homeDomain: ims.test",
    "name: sip:scscf3.open-ims.test:6060": "name: sip:scscf3.ims.test:6060",
    "protocol: tcp, host: 127.0.2.11": "protocol: tcp, host: 192.0.2.11",
  });
  const findings = judgePair(cfs, cfd);
  assert.deepEqual(factsOf(findings, "wrong"), [
    "the CFD's records are in memory, the CFS reads sqlite: they do not meet",
    "the CFD's home domain is ims.test, the CFS's open-ims.test",
  ]);
  assert.deepEqual(factsOf(findings, "warn"), [
    "sip:scscf3.ims.test:6060 may register users at the CFD and is no S-CSCF of the CFS by that name",
    "the CFD takes REGISTERs from every loopback address, and listens on others, too",
  ]);
  assert.ok(
    remediesOf(findings).some((line) =>
      line.startsWith(`${lineAt("cfd.yaml", "name: sip:scscf3")} sCscfs[2].name: `),
    ),
  );
});

const line = {
  ...{ user: "sip:a@ims.test", identities: ["sip:a@ims.test", "tel:+49301"], pCscf: "p1:4060" },
  ...{ sCscf: "sip:s1:6060", contact: "sip:a@10.0.9.1", expiresAt: 0, unreachable: null },
};

function judge(users: Partial<UsersFacts>, user = "sip:a@ims.test", tried: Partial<UserTried> = {}) {
  const cfs = (path: string) => `cfs.yaml:3 ${path}`;
  const full = { query: null, plan: null, ...tried };
  return judgeUser({ users: [], unknown: [], ...users }, full, { user, cfs, cfsUri: "sip:cfs.ims.test" });
}

const device = { contact: "sip:a@10.0.9.1", result: "answered", detail: "", milliseconds: 12, dialogs: 1 };
const planned = { user: line.user, state: "planned", to: "p2:4060", reason: "" };

test("a user whose LCF is there, by any of his identities; a command, a dry run", () => {
  const findings = judge({ users: [line] }, "tel:+49301", { query: [device], plan: [planned] });
  assert.deepEqual(factsOf(findings, "ok"), [
    "sip:a@ims.test at sip:a@10.0.9.1, P-CSCF p1:4060, sip:s1:6060: its LCF has repeated a challenge that came to it in a NOTIFY",
    "sip:a@10.0.9.1 has answered a command after 12 ms: dialogs now: 1",
    "a dry run would move sip:a@ims.test to p2:4060",
  ]);
  assert.equal(findings.length, 3);
  const stays = judge({ users: [line] }, "tel:+49301", {
    plan: [{ ...planned, to: null, reason: "no LCF" }],
  });
  assert.match(factsOf(stays, "note").join(), /a dry run would not move sip:a@ims\.test: no LCF/);
});

test("a command that is not answered is wrong, one that could not be tried is not", () => {
  const silent = {
    ...device,
    result: "no answer",
    detail: "no answer in 5 s",
    milliseconds: null,
    dialogs: null,
  };
  const findings = judge({ users: [line] }, line.user, { query: [silent] });
  assert.match(factsOf(findings, "wrong").join(), /^sip:a@10\.0\.9\.1 gives no answer in 5 s to a command$/);
  const busy = { ...silent, result: "not asked", detail: "a transfer commands this device now" };
  assert.match(
    factsOf(judge({ users: [line] }, line.user, { query: [busy] }), "note").join(),
    /a transfer commands/,
  );
  const refused = judge({ users: [line] }, line.user, {
    query: [{ ...device, detail: "not registered", dialogs: null }],
  });
  assert.match(factsOf(refused, "ok").join(), /it says: not registered/);
});

test("a user who is not there", () => {
  const findings = judge({ users: [line] }, "sip:b@ims.test");
  assert.match(factsOf(findings, "wrong").join(), /^sip:b@ims\.test is not registered/);
});

for (const [reason, remedy] of [
  ["no LCF", /^P-CSCF, S-CSCF: SUBSCRIBE sip:cfs\.ims\.test with Event: liquid-ims must pass/],
  ["not bound", /^S-CSCF, P-CSCF: a NOTIFY of some kilobytes must reach the UE/],
  ["suspect", /got no answer/],
  ["dialog failed", /an error/],
  ["expired", /^UE: /],
  ["several devices", /Include-Register-Request/],
  ["something new", /^CFS: its log line/],
] as const)
  test(`a user whose LCF cannot be commanded: ${reason}`, () => {
    const findings = judge({ users: [{ ...line, unreachable: reason }] });
    assert.match(factsOf(findings, "wrong").join(), /no command reaches its LCF/);
    const lines = remediesOf(findings);
    assert.ok(
      lines.some((one) => remedy.test(one)),
      lines.join("\n"),
    );
  });

test("an LCF that speaks with the CFS and has no record", () => {
  const findings = judge({ unknown: [{ user: "sip:a@ims.test", reason: "no record: it has left" }] });
  assert.match(factsOf(findings, "wrong").join(), /speaks with the CFS: no record: it has left/);
});
