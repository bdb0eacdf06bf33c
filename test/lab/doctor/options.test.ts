// The command line of `lab doctor`, and what its findings look like.
import assert from "node:assert/strict";
import test from "node:test";
import {
  exitCodeOf,
  flaw,
  formatFindings,
  formatSeconds,
  note,
  ok,
  remedy,
} from "@liquid-ims/lab/doctor/finding";
import { readDoctorOptions } from "@liquid-ims/lab/doctor/options";

test("every option is read; what is left out is null", () => {
  assert.deepEqual(readDoctorOptions(["--config", "a.yaml"]), {
    kind: "examine",
    options: {
      ...{ config: "a.yaml", cfd: null, as: null, identity: null, user: null },
      ...{ testMar: false, json: false },
    },
  });
  const all = [
    ...["--config", "a.yaml", "--cfd", "b.yaml", "--as", "sip:as.ims.test", "--identity", "doctor.ims.test"],
    ...["--user", "sip:alice@ims.test", "--test-mar", "--json"],
  ];
  assert.deepEqual(readDoctorOptions(all), {
    kind: "examine",
    options: {
      ...{ config: "a.yaml", cfd: "b.yaml", as: "sip:as.ims.test", identity: "doctor.ims.test" },
      ...{ user: "sip:alice@ims.test", testMar: true, json: true },
    },
  });
});

for (const uri of [
  "sip:cfd.ims.test:7080",
  "sip:127.0.2.11",
  "sip:cfd@ims.test",
  "sip:[::1]:7080;transport=tcp",
])
  test(`a URI as filter criteria have them: ${uri}`, () => {
    const request = readDoctorOptions(["--config", "a.yaml", "--as", uri]);
    assert.ok(request.kind === "examine", JSON.stringify(request));
    assert.equal(request.options.as, uri);
  });

test("--core looks at the machine", () => {
  assert.deepEqual(readDoctorOptions(["--core", "kamailio"]), { kind: "doctor" });
});

const wrong = [
  [[], /'--config cfs\.yaml' for a running lab, or '--core kamailio' for this machine/],
  [["--core", "embedded"], /the embedded core needs nothing/],
  [["--core", "kamailio", "--config", "a"], /give one of them/],
  [["--config", "a", "--test-mar"], /'--test-mar' needs '--user'/],
  [["--config", "a", "--user", "alice"], /give a public identity such as sip:alice@ims\.test/],
  [["--config", "a", "--as", "cfd.ims.test"], /the URI that stands in the filter criteria/],
  [["--config", "a", "--identity", "a b"], /give a host name/],
  [["--config", "a", "--cdf", "b"], /unknown option '--cdf'/],
] as const;

for (const [argv, message] of wrong)
  test(`a wrong command line: ${argv.join(" ") || "nothing"}`, () => {
    const request = readDoctorOptions(argv);
    assert.ok(request.kind === "usage", JSON.stringify(request));
    assert.match(request.message, message);
  });

test("findings by topic, each with the lines to change, and a sum; 1 when something is wrong", () => {
  const findings = [
    flaw("Cx", "wrong", "no", remedy("cfs.yaml:3 cx", "yes"), remedy("HSS", "also")),
    ok("programs", "runs"),
    note("DNS", "by the way"),
    flaw("DNS", "warn", "slow", remedy("zone", "$TTL 30")),
  ];
  assert.deepEqual(formatFindings(findings), [
    "programs",
    "  ok     runs",
    "",
    "DNS",
    "  note   by the way",
    "  warn   slow",
    "           -> zone: $TTL 30",
    "",
    "Cx",
    "  WRONG  no",
    "           -> cfs.yaml:3 cx: yes",
    "           -> HSS: also",
    "",
    "1 wrong, 1 to look at, 1 right",
  ]);
  assert.equal(exitCodeOf(findings), 1);
  assert.equal(exitCodeOf(findings.slice(1)), 0);
});

test("seconds as a person says them", () => {
  assert.deepEqual([0, 30, 119, 120, 3_600, 7_200, 86_400, 604_800].map(formatSeconds), [
    "0 s",
    "30 s",
    "119 s",
    "2 minutes",
    "60 minutes",
    "2 hours",
    "24 hours",
    "7 days",
  ]);
});
