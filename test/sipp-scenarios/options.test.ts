// The command line of npm run sipp.
import assert from "node:assert/strict";
import test from "node:test";
import { ratesOf } from "@liquid-ims/sipp-scenarios/option-values";
import { readOptions } from "@liquid-ims/sipp-scenarios/options";
import type { ThirdPartyRegisterOptions } from "@liquid-ims/sipp-scenarios/third-party-register/options";

function read(...argv: string[]): ThirdPartyRegisterOptions {
  const request = readOptions(["third-party-register", ...argv]);
  if (request.kind !== "third-party-register") assert.fail(JSON.stringify(request));
  return request.options;
}

function refusal(...argv: string[]): string {
  const request = readOptions(argv);
  if (request.kind !== "usage") assert.fail(JSON.stringify(request));
  return request.message;
}

test("without a name, and with --list or --help: the list", () => {
  for (const argv of [[], ["--list"], ["--help"]]) assert.equal(readOptions(argv).kind, "list");
});

test("the defaults: 5 s of 100/s in Kamailio's form to a CFD of its own", () => {
  assert.deepEqual(read(), {
    form: "kamailio",
    body: "none",
    mix: { new: 1, refresh: 0, deregister: 0 },
    steps: [{ rate: 100, count: 500 }],
    isRamp: false,
    target: null,
    admin: null,
    transport: "udp",
    usersFile: null,
    warmUp: 100,
    expires: 3600,
    p99Limit: 100,
    failOn503: false,
    json: false,
  });
});

test("everything given", () => {
  const options = read(
    ...["--form", "embedded", "--mix", "70:25:5", "--rate", "500", "--count", "900", "--transport", "tcp"],
    ...["--target", "[::1]:7080", "--admin", "127.0.0.1:9090", "--users", "users.csv", "--json"],
  );
  assert.equal(options.body, "register");
  assert.deepEqual(options.mix, { new: 70, refresh: 25, deregister: 5 });
  assert.deepEqual(options.steps, [{ rate: 500, count: 900 }]);
  assert.equal(options.target, "[::1]:7080");
  assert.equal(options.admin, "127.0.0.1:9090");
  assert.equal(options.usersFile, "users.csv");
  assert.equal(options.warmUp, 0);
  assert.equal(options.json, true);
  assert.equal(read("--target", "127.0.0.1:7080", "--warm-up", "50").warmUp, 50);
});

test("a ramp is a step for each rate, the last one included; --count counts for each", () => {
  assert.deepEqual(read("--ramp", "200:500:200").steps, [
    { rate: 200, count: 1000 },
    { rate: 400, count: 2000 },
    { rate: 500, count: 2500 },
  ]);
  assert.deepEqual(read("--ramp", "200:400:200", "--count", "7").steps, [
    { rate: 200, count: 7 },
    { rate: 400, count: 7 },
  ]);
  assert.deepEqual(ratesOf({ from: 5, to: 5, step: 1 }), [5]);
});

test("what is wrong is named with option, value and what is allowed, in one line", () => {
  const cases: readonly [string[], RegExp][] = [
    [["--rate", "0"], /'--rate <n>' argument '0' is invalid.* whole number from 1 to 20000/],
    [["--rate", "1e3"], /argument '1e3' is invalid/],
    [["--count", "-1"], /'--count <n>' argument '-1' is invalid|argument missing/],
    [["--mix", "70:25"], /'70:25' is invalid.* new:refresh:deregister/],
    [["--mix", "0:0:0"], /'0:0:0' is invalid/],
    [["--ramp", "9:1:1"], /'9:1:1' is invalid.* from:to:step/],
    [["--ramp", "1:20000:1"], /at most 100 steps/],
    [["--form", "asterisk"], /'asterisk' is invalid.* kamailio, openims, embedded/],
    [["--transport", "sctp"], /'sctp' is invalid.* udp, tcp/],
    [["--target", "cfd"], /'cfd' is invalid.* host:port/],
    [["--target", "cfd:70000"], /'cfd:70000' is invalid/],
    [["--ramp", "1:2:1", "--rate", "5"], /'--ramp'.*'--rate'/],
    [["--form", "openims", "--body", "register"], /'--body register'.*'--form openims'/],
    [["--form", "embedded", "--body", "none"], /'--body none'.*'--form embedded'/],
    [["--admin", "127.0.0.1:9090"], /'--admin' belongs to '--target'/],
    [["--speed", "1"], /unknown option '--speed'/],
    [["more"], /too many arguments/],
  ];
  for (const [argv, says] of cases) {
    const message = refusal("third-party-register", ...argv);
    assert.match(message, says);
    assert.ok(!message.includes("\n"), message);
  }
  assert.match(refusal("third-party"), /'third-party' is unknown; there are: third-party-register/);
});

test("--help names every option, the exit codes and examples", () => {
  const request = readOptions(["third-party-register", "--help"]);
  if (request.kind !== "help") assert.fail(request.kind);
  const options = [
    "form",
    "body",
    "mix",
    "rate",
    "count",
    "ramp",
    "p99-limit",
    "transport",
    "target",
    "admin",
  ];
  for (const name of [...options, "users", "warm-up", "expires", "fail-on-503", "json"])
    assert.ok(request.text.includes(`--${name}`), name);
  assert.match(request.text, /Exit codes/);
  assert.match(request.text, /npm run sipp -- third-party-register --form openims/);
});
