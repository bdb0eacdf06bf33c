// The lab's command line: what is wrong is named with its value and what is allowed.
import assert from "node:assert/strict";
import test from "node:test";
import type { Experiment } from "@liquid-ims/lab/experiments/experiment";
import { readOptions } from "@liquid-ims/lab/options";

const experiment: Experiment = {
  name: "p-cscf-overload",
  summary: "",
  load: 0.5,
  run: () => Promise.reject(new Error("not run here")),
};

function read(...argv: string[]) {
  return readOptions(argv, [experiment]);
}

test("defaults: the seed's experiment in real time", () => {
  const request = read("p-cscf-overload");
  assert.equal(request.kind, "run");
  assert.ok(request.kind === "run");
  assert.deepEqual(request.options, {
    speed: 1,
    virtual: false,
    seed: 1,
    users: 20,
    rate: 1,
    duration: 120,
    pace: "fixed",
    t1: 500,
    load: 0.5,
    placement: "shared",
    loss: 0,
    kill: false,
    hss: "specification",
    withoutAdapter: false,
    releaseSessionsOnRtr: false,
    cancelsOldServer: false,
    messageIntoWindow: false,
    addContactAlias: false,
    newcomers: 0,
    ipv6: false,
    replaceDialogs: true,
    logLevel: "error",
  });
  assert.equal(request.out, "out");
  assert.equal(request.trace, false);
});

test("every option is read", () => {
  const request = read(
    ...[
      "p-cscf-overload",
      "--speed",
      "4",
      "--seed",
      "7",
      "--users",
      "30",
      "--rate",
      "2.5",
      "--duration",
      "60",
    ],
    ...[
      "--pace",
      "parallel",
      "--t1",
      "2000",
      "--load",
      "0",
      "--placement",
      "process",
      "--kill",
      "--hss",
      "fhoss",
      "--release-sessions-on-rtr",
      "--cancels-old-server",
      "--add-contact-alias",
      "--newcomers",
      "3",
      "--ipv6",
      "--without-replaces",
      "--trace",
      "--out",
      "x",
    ],
  );
  assert.ok(request.kind === "run");
  assert.deepEqual(
    { ...request.options, out: request.out, trace: request.trace },
    {
      ...{
        speed: 4,
        virtual: false,
        seed: 7,
        users: 30,
        rate: 2.5,
        duration: 60,
        pace: "parallel",
        t1: 2000,
      },
      ...{
        load: 0,
        loss: 0,
        kill: true,
        replaceDialogs: false,
        hss: "fhoss",
        withoutAdapter: false,
        releaseSessionsOnRtr: true,
        cancelsOldServer: true,
        messageIntoWindow: false,
        addContactAlias: true,
        newcomers: 3,
        ipv6: true,
        logLevel: "error",
        out: "x",
        trace: true,
      },
      placement: "process",
    },
  );
});

test("without a name, and with --list: the list", () => {
  assert.equal(read().kind, "list");
  assert.equal(read("--list").kind, "list");
});

const wrong: readonly [argv: readonly string[], says: RegExp][] = [
  [["nonsense"], /'nonsense' is unknown; there are: p-cscf-overload/],
  [["p-cscf-overload", "--sped", "4"], /unknown option '--sped'/],
  [["p-cscf-overload", "--speed", "fast"], /'--speed <n>' argument 'fast' is invalid.*above 0 to 50/],
  [["p-cscf-overload", "--speed", "0"], /'0' is invalid.*above 0 to 50/],
  [["p-cscf-overload", "--speed"], /'--speed <n>' argument missing/],
  [["p-cscf-overload", "--users", "1.5"], /'1.5' is invalid.*a whole number from 2 to 240/],
  [["p-cscf-overload", "--users", ""], /'' is invalid/],
  [["p-cscf-overload", "--load", "1.2"], /'1.2' is invalid.*from 0 to 1/],
  [["p-cscf-overload", "--pace", "adaptive"], /'adaptive' is invalid.*parallel, fixed/],
  [["p-cscf-overload", "--virtual", "--speed", "4"], /'--speed'.*'--virtual'/],
  [["p-cscf-overload", "--virtual", "--placement", "process"], /'--placement process'.*'--virtual'/],
  [["p-cscf-overload", "--placement", "docker"], /'docker' is invalid.*shared, process/],
  [["p-cscf-overload", "--loss", "0.02"], /'--loss' needs '--virtual'/],
  [["p-cscf-overload", "--core", "kamailio", "--ipv6"], /'--ipv6'.*'--core kamailio'/],
  [
    ["p-cscf-overload", "--core", "kamailio", "--release-sessions-on-rtr"],
    /'--release-sessions-on-rtr'.*'--core kamailio'/,
  ],
  [["p-cscf-overload", "--without-adapter"], /'--without-adapter' is about .* add '--hss pyhss'/],
  [["p-cscf-overload", "--without-adapter", "--hss", "fhoss"], /'--hss fhoss' has none/],
  [["p-cscf-overload", "--hss", "freehss"], /'freehss' is invalid.*specification, fhoss, open5gs, pyhss/],
  [["p-cscf-overload", "twice"], /too many arguments/],
];

for (const [argv, says] of wrong) {
  test(`usage: ${argv.join(" ")}`, () => {
    const request = read(...argv);
    assert.ok(request.kind === "usage", request.kind);
    assert.match(request.message, says);
    assert.doesNotMatch(request.message, /\n.*\n/);
  });
}

test("a MESSAGE into every window needs the HSS in the lab's process", () => {
  const fits = read("p-cscf-overload", "--message-into-window");
  assert.ok(fits.kind === "run" && fits.options.messageIntoWindow === true);
  const request = read("p-cscf-overload", "--message-into-window", "--placement", "process");
  assert.ok(request.kind === "usage");
  assert.match(request.message, /'--message-into-window' .*: leave '--placement process' out/);
});

test("newcomers are moved by the standing order of a drain only", () => {
  const request = read("p-cscf-overload", "--newcomers", "2");
  assert.ok(request.kind === "usage");
  assert.match(request.message, /'--newcomers 2' needs a function that is drained: add '--load 0'/);
  assert.equal(read("p-cscf-overload", "--newcomers", "2", "--load", "0").kind, "run");
});
