// The command line and the live view of experiments whose functions come and go.
import assert from "node:assert/strict";
import test from "node:test";
import { cfdScale } from "@liquid-ims/lab/experiments/cfd-scale";
import type { ScaleProgress } from "@liquid-ims/lab/experiments/experiment";
import { iCscfScale } from "@liquid-ims/lab/experiments/i-cscf-scale";
import { mixedFleet } from "@liquid-ims/lab/experiments/mixed-fleet";
import { readOptions } from "@liquid-ims/lab/options";
import { createView } from "@liquid-ims/lab/terminal-view";

const experiments = [iCscfScale, cfdScale];

test("defaults: five registrations a second, 20 users", () => {
  const request = readOptions(["i-cscf-scale"], experiments);
  assert.ok(request.kind === "run");
  assert.deepEqual([request.options.rate, request.options.users, request.options.kill], [5, 20, false]);
  const other = readOptions(["cfd-scale", "--rate", "20"], experiments);
  assert.ok(other.kind === "run");
  assert.equal(other.options.rate, 20);
});

const unfit: readonly [argv: readonly string[], says: RegExp][] = [
  [["--load", "0"], /^option '--load' does not go with 'i-cscf-scale': nobody is transferred$/],
  [["--pace", "fixed"], /^option '--pace' does not go with 'i-cscf-scale'/],
  [["--without-replaces"], /^option '--without-replaces' does not go with 'i-cscf-scale': nobody calls$/],
  [
    ["--kill"],
    /^option '--kill' does not go with 'i-cscf-scale': the first function is always killed, 2 s after/,
  ],
  [["--hss", "fhoss"], /^option '--hss' does not go with 'i-cscf-scale'/],
  [["--release-sessions-on-rtr"], /^option '--release-sessions-on-rtr' does not go with 'i-cscf-scale'/],
];

for (const [argv, says] of unfit)
  test(`usage: i-cscf-scale ${argv.join(" ")}`, () => {
    const request = readOptions(["i-cscf-scale", ...argv], experiments);
    assert.ok(request.kind === "usage", request.kind);
    assert.match(request.message, says);
  });

test("usage: mixed-fleet over IPv6, where SIPp's UEs have no addresses of their own", () => {
  const request = readOptions(["mixed-fleet", "--ipv6"], [mixedFleet]);
  assert.ok(request.kind === "usage", request.kind);
  assert.match(request.message, /^option '--ipv6' does not go with 'mixed-fleet': /);
});

function progress(second: number, change: ScaleProgress["change"] = null): ScaleProgress {
  return {
    ...{ second, change, registrations: { attempted: 50, completed: 49, failed: 1 } },
    functions: [
      { name: "icscf1", registersPerSecond: 9.5 },
      { name: "icscf2", registersPerSecond: 0 },
    ],
  };
}

function show(columns: number, ...steps: readonly ScaleProgress[]): string {
  let written = "";
  const write = (text: string) => {
    written += text;
  };
  const view = createView({ columns, write });
  for (const step of steps) view.show(step);
  view.end();
  return written;
}

test("no terminal: a line with each state of an order", () => {
  const added = { function: "icscf2", action: "add", state: "PROCESSING" };
  const lines = show(
    0,
    progress(1),
    progress(2),
    progress(3, added),
    progress(4, { ...added, state: "COMPLETED" }),
  );
  assert.deepEqual(lines.trimEnd().split("\n"), [
    "   1 s  REGISTERs: icscf1 9.5/s, icscf2 0.0/s; users 50 registrations begun, 49 completed, 1 failed; change not yet ordered",
    "   3 s  REGISTERs: icscf1 9.5/s, icscf2 0.0/s; users 50 registrations begun, 49 completed, 1 failed; change add icscf2 PROCESSING",
    "   4 s  REGISTERs: icscf1 9.5/s, icscf2 0.0/s; users 50 registrations begun, 49 completed, 1 failed; change add icscf2 COMPLETED",
  ]);
});

test("a terminal: both functions with their bars", () => {
  const text = show(80, progress(1));
  assert.match(text, /icscf1 {8}9\.5 REGISTERs\/s {2}█/);
  assert.match(text, /icscf2 {8}0\.0 REGISTERs\/s {2}▁/);
});
