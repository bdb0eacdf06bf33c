// SIPp as UEs: every scenario over UDP and TCP, against the embedded core and against Kamailio, and what location service
// and HSS hold afterwards. Fails without SIPp or Kamailio: they are part of what is promised.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { UserState } from "@liquid-ims/lab/standing-core/standing-core";
import { type UeScenarioName, ueScenarioNames } from "@liquid-ims/sipp-scenarios/ue/scenarios";
import { readUsersOptions, usersText } from "@liquid-ims/sipp-scenarios/users-command";
import { runProgram } from "./run-program.ts";

const transports = ["udp", "tcp"] as const;
/** Runs of a scenario that each one is asked for, and users that it may take: two of them are called. */
const count = 4;
const usersOfRun = count + 2;

interface Job {
  readonly scenario: UeScenarioName;
  readonly transport: "udp" | "tcp";
  readonly users: readonly string[];
  readonly file: string;
}

interface Figures {
  readonly scenario: string;
  readonly transport: string;
  readonly steps: readonly { readonly good: number; readonly failed: number; readonly p99: number | null }[];
  readonly records: { readonly missing: readonly string[]; readonly surplus: readonly string[] };
  readonly failures: readonly string[];
}

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sipp-ue-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The HSS's file with everybody, and a file of its own for each run: nobody's contacts of one run disturb another. */
function writeJobs(folder: string): { readonly all: string; readonly jobs: readonly Job[] } {
  const wanted = ueScenarioNames.flatMap((scenario) =>
    transports.map((transport) => ({ scenario, transport })),
  );
  const request = readUsersOptions(["--count", String(wanted.length * usersOfRun)]);
  assert.ok(request.kind === "users");
  const [names = "", ...lines] = usersText(request.options).trimEnd().split("\n");
  const all = join(folder, "users.csv");
  writeFileSync(all, [names, ...lines, ""].join("\n"));
  const jobs = wanted.map((one, index): Job => {
    const own = lines.slice(index * usersOfRun, (index + 1) * usersOfRun);
    const file = join(folder, `${one.scenario}-${one.transport}.csv`);
    writeFileSync(file, [names, ...own, ""].join("\n"));
    return { ...one, file, users: own.map((line) => `sip:${line.split(",")[0]}`) };
  });
  return { all, jobs };
}

/** The command beside the core: one scenario after the other, a line of JSON each, whatever becomes of the others. */
function shellOf(jobs: readonly Job[]): string {
  return jobs
    .map(({ scenario, transport, file }) => {
      const talk = scenario === "ue-register" || scenario.includes("reg") ? "" : "--talk 0.2";
      return `"${process.execPath}" sipp-scenarios/run.ts ${scenario} --transport ${transport} --count ${count} --users "${file}" ${talk} --json`;
    })
    .join("; ");
}

function assertFigures(output: string, jobs: readonly Job[], errors: string): void {
  const figures: Figures[] = output
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    figures.map(({ scenario, transport }) => `${scenario} ${transport}`),
    jobs.map(({ scenario, transport }) => `${scenario} ${transport}`),
    errors,
  );
  for (const { scenario, transport, steps, records, failures } of figures) {
    const name = `${scenario} over ${transport}`;
    assert.deepEqual(failures, [], `${name}: ${errors}`);
    assert.deepEqual(
      steps.map(({ good, failed }) => [good, failed]),
      [[count, 0]],
      name,
    );
    assert.ok(
      steps.every(({ p99 }) => p99 !== null && p99 > 0),
      name,
    );
    assert.deepEqual([records.missing, records.surplus], [[], []], name);
  }
}

/** Users who began: the first two of a run with calls are called, in the others all begin in their order. */
function beganIn({ scenario, users }: Job): readonly string[] {
  return /reg/.test(scenario) ? users.slice(0, count) : users.slice(2);
}

function assertState(states: readonly UserState[], jobs: readonly Job[]): void {
  const byUser = new Map(states.map((state) => [state.user, state]));
  for (const job of jobs) {
    for (const user of beganIn(job)) {
      const state = byUser.get(user);
      const name = `${job.scenario} over ${job.transport}, ${user}: ${JSON.stringify(state)}`;
      const live = state?.records.filter((record) => record.state === "registered") ?? [];
      if (job.scenario === "ue-deregister") {
        assert.equal(live.length, 0, name);
        assert.notEqual(state?.hss?.state, "registered", name);
        continue;
      }
      const place = job.scenario === "ue-move" ? "pcscf2" : "pcscf1";
      assert.deepEqual(
        live.map((record) => record.pCscf),
        [`${place}.open-ims.test:4060`],
        name,
      );
      assert.equal(state?.hss?.state, "registered", name);
      assert.equal(live[0]?.sCscf, state?.hss?.serverName, name);
    }
  }
}

for (const core of ["embedded", "kamailio"] as const) {
  test(`every scenario over UDP and TCP on the ${core} core`, async (context) => {
    const folder = temporaryFolder(context);
    const { all, jobs } = writeJobs(folder);
    const state = join(folder, "state.json");
    const beside = ["--", "sh", "-c", shellOf(jobs)];
    const wishes = ["--quiet", "--core", core, "--subscribers", all, "--state", state, "--out", folder];
    const { output, errors } = await runProgram(["lab/main.ts", "core", ...wishes, ...beside]);
    assertFigures(output, jobs, errors);
    assertState(JSON.parse(readFileSync(state, "utf8")), jobs);
  });
}

for (const core of ["embedded", "kamailio"] as const) {
  test(`users with AKA and users with SIP Digest register, by turns, on the ${core} core`, async () => {
    const wishes = ["--core", core, "--authentication", "mixed", "--count", "6", "--json"];
    const mixed = await runProgram(["sipp-scenarios/run.ts", "ue-register", ...wishes]);
    assert.equal(mixed.exitCode, 0, mixed.errors);
    assert.match(mixed.output, /"good":6/);
  });
}

test("a wrong OP is told before anything is sent", async () => {
  const op = "000102030405060708090a0b0c0d0e0f";
  const wrong = await runProgram(["sipp-scenarios/run.ts", "ue-register", "--op", op, "--count", "4"]);
  assert.equal(wrong.exitCode, 2, wrong.errors);
  assert.match(wrong.errors, /opc is not that of k and the operator's OP.*--op/);
});
