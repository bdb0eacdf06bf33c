// What the acceptance tests on real Kamailio CSCFs and BIND check of every run.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { installLine, missingPrograms } from "@liquid-ims/lab/kamailio-core/programs";
import type { Report } from "@liquid-ims/lab/report/report";
import { checkServerAssignments, describeClaim } from "@liquid-ims/lab/report/server-assignments";
import { userWindows } from "@liquid-ims/lab/report/window";
import { type Recount, recount } from "../support/recount.ts";
import { assertSums } from "./report-checks.ts";
import { describe, type LabRun, readReport, readTrace } from "./run-lab.ts";

/**
 * Times of moves do not scale with the script, those of calls do: at 10 and on a busy machine of two cores a move takes as
 * long as a call lasts, and most calls end before they could be replaced. 5 is the highest that stands that.
 */
export const real = ["--core", "kamailio", "--speed", "5"];
/** Where nothing hangs on how many calls are kept. */
export const fast = ["--core", "kamailio", "--speed", "10"];

export function assertInstalled(): void {
  const missing = missingPrograms();
  const names = missing.map((one) => one.program).join(", ");
  assert.deepEqual(missing, [], `${names} are missing: ${installLine(missing)}`);
}

/** Records of all users, each as HSS and usrloc have it: what the lab prints and judges. */
export function assertRecords(run: LabRun, users: number): void {
  const lines = run.output.split("\n").filter((line) => line.includes(" | usrloc of "));
  assert.equal(lines.length, users, run.output);
  const seen = new Set<string>();
  for (const line of lines) {
    const found =
      /(\S+) record (\S+) (\S+) (\S+) \| HSS registered (\S+) \| usrloc of (\S+) registered (\S+),/.exec(
        line,
      );
    assert.ok(found, line);
    const [, user = "", , pCscf, sCscf, atHss, name, atPath] = found;
    seen.add(user);
    assert.deepEqual([pCscf, sCscf, sCscf], [atPath, atHss, `sip:${name}.open-ims.test:6060`], line);
  }
  assert.equal(seen.size, users, "a record for each user");
}

/** The figures of the seed: everybody moved, with their calls. */
export function assertMovedWithCalls(run: LabRun): Report {
  assert.equal(run.exitCode, 0, describe(run));
  const report = readReport(run);
  assertSums(report);
  assert.equal(report.core, "kamailio");
  assert.deepEqual(report.transfer, { planned: 10, moved: 10, left: 0 });
  assert.equal(report.dialogs.lost, 0);
  assert.ok(report.dialogs.kept >= 3, `kept ${report.dialogs.kept}`);
  assert.equal(report.calls.attempted, 120);
  return report;
}

/**
 * Every SAR of the run has its registration, one by one, and each user has had those of `expected` in this order, as
 * `scscf1 REGISTRATION`. What a call into a window has caused is named and counted there, and its callee, and only he, may
 * have registered once more. Throws with what has no registration, by user and server.
 */
export function assertAssignments(
  context: TestContext,
  run: LabRun,
  expected: (user: Report["users"][number]) => readonly string[],
): void {
  const report = readReport(run);
  const trace = readTrace(run);
  const origins = new Map(report.users.map((user) => [user.user, user.from]));
  const windows = userWindows(trace, origins, "cfs");
  const sCscfs = ["scscf1", "scscf2", "scscf3"];
  const { matched, claims, failures } = checkServerAssignments(trace, { sCscfs, windows });
  assert.deepEqual(failures, []);
  const sars = trace.filter((entry) => entry.message.startsWith("Server-Assignment-Request"));
  assert.equal(sars.length, matched.length + claims.length, "SARs in the trace");
  assert.equal(claims.length, report.window?.claims ?? 0);
  assert.ok(claims.length <= (report.window?.callsLost ?? 0), "each of these calls is a lost one");
  for (const claim of claims) {
    context.diagnostic(describeClaim(claim));
    assert.ok(run.output.includes(describeClaim(claim)), "the lab names it");
  }
  for (const user of report.users) {
    const own = matched.filter((one) => one.user === user.user).map((one) => `${one.sCscf} ${one.type}`);
    const wanted = expected(user);
    assert.deepEqual(own.slice(0, wanted.length), wanted, user.user);
    const again = claims.filter((claim) => claim.assignment.user === user.user).length;
    assert.ok(own.length <= wanted.length + again, `${user.user}: ${own.join(", ")}`);
  }
}

/**
 * The report's figures are those of the trace, counted by other code. Times of the trace are those of the wire here, not
 * of the programs: a hang-up that meets a replacement may be counted either way.
 */
export function assertRecounts(run: LabRun, report: Report, from: string, to: string): Recount {
  const functions = [...new Set(report.load.map((line) => line.function))];
  const seconds = report.load.filter((line) => line.function === functions[0]).length;
  const counted = recount(readTrace(run), { from, to: [to], functions, speed: report.speed }, seconds);
  const { dialogs, transfer } = report;
  assert.deepEqual(
    [counted.planned, counted.moved.length, counted.lost],
    [transfer.planned, transfer.moved, 0],
  );
  const more = dialogs.atTransfer - (counted.kept + counted.endedByUsers);
  assert.ok(
    more >= 0 && more <= counted.border,
    `${more} more in the report, ${counted.border} ended just before`,
  );
  assert.ok(
    Math.abs(counted.kept - dialogs.kept) <= counted.crossed,
    `kept: ${counted.kept} by the trace, ${dialogs.kept} by the report, ${counted.crossed} crossed by a hang-up`,
  );
  assert.deepEqual(counted.load, report.load);
  return counted;
}

export function tell(context: TestContext, run: LabRun, { dialogs, calls, users, window }: Report): void {
  const times = users
    .map((user) => user.milliseconds)
    .filter((value) => value !== null)
    .sort((a, b) => a - b);
  const measured =
    window === null
      ? ""
      : `window ${window.medianMilliseconds} ms = ${JSON.stringify(window.parts)}, without a MAR ${window.baselineMilliseconds} ms; `;
  context.diagnostic(
    `${dialogs.kept} dialogs kept, ${calls.failed} of ${calls.attempted} calls failed; ` +
      `${times[times.length >> 1]} ms from command to record, median; ${measured}${run.seconds.toFixed(1)} s`,
  );
}

/** A process of this machine. */
interface SeenProcess {
  readonly pid: string;
  readonly command: string;
  /** Its own namespaces, as `net:[4026532190]`; none where they may not be read. */
  readonly namespaces: readonly string[];
}

function namespacesOf(pid: string): string[] {
  return ["net", "mnt", "pid"].flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

function allProcesses(): SeenProcess[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return { pid, command, namespaces: namespacesOf(pid) };
      } catch {
        // It has ended meanwhile.
        return { pid, command: "", namespaces: [] };
      }
    });
}

/** Processes whose command line names the folder. */
export function processesOf(folder: string): SeenProcess[] {
  return allProcesses().filter((one) => one.command.includes(folder));
}

/** Namespaces of the lab's processes that are not this test's own. */
export function ownNamespaces(folder: string): string[] {
  const here = new Set(namespacesOf("self"));
  const all = processesOf(folder).flatMap((one) => one.namespaces);
  return [...new Set(all)].filter((name) => !here.has(name));
}

/** What keeps a lab alive that should be gone: its processes, and whatever lives in its namespaces or sees its mounts. */
export function leftovers(folder: string, namespaces: readonly string[]): string[] {
  const processes = allProcesses().filter(
    (one) => one.command.includes(folder) || one.namespaces.some((name) => namespaces.includes(name)),
  );
  const mounts = allProcesses().filter(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/mountinfo`, "utf8").includes(folder);
    } catch {
      return false;
    }
  });
  return [...processes, ...mounts].map(({ pid, command }) => `${pid} ${command}`);
}

/** Waits for what holds soon. */
export async function soon(what: () => string, holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 50) {
    assert.ok(waited < 30_000, what());
    await sleep(50);
  }
}
