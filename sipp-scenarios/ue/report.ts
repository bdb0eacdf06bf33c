// The figures of a run with UEs, for people and as JSON.
import type { UeOptions } from "./options.ts";
import type { UeCore, UeResult, UeStep } from "./run.ts";
import { ueScenarios } from "./scenarios.ts";

function line(name: string, text: string): string {
  return `${name.padEnd(16)}${text}`;
}

function milliseconds(value: number | null): string {
  return value === null ? "none" : `${value.toFixed(1)} ms`;
}

function reasonsOf(failures: Readonly<Record<string, number>>): string {
  return Object.entries(failures)
    .map(([why, count]) => `${count} x ${why}`)
    .join(", ");
}

export function formatUeHeader(options: UeOptions, core: UeCore, coreName: string): string {
  const { scenario, transport, callees } = options;
  const who = callees === 0 ? "" : `, ${callees} UEs are called`;
  const way =
    core.second !== null && ueScenarios[scenario].recordsAt === "second" ? " and then another one" : "";
  return `${scenario}, over ${transport.toUpperCase()} through P-CSCF ${core.first.host}:${core.first.port}${way} of ${coreName}${who}`;
}

export function formatUeTableHead(): string {
  return " rate/s  began/s   good  failed   busy  again   p50 ms   p99 ms";
}

export function formatUeTableRow({ result, beyond }: UeStep): string {
  const { rate, startedRate, good, failed, busy, again, p50, p99 } = result;
  const cells = [
    String(rate).padStart(7),
    startedRate.toFixed(0).padStart(8),
    String(good).padStart(6),
    String(failed).padStart(7),
    String(busy).padStart(6),
    String(again).padStart(6),
    (p50?.toFixed(1) ?? "none").padStart(8),
    (p99?.toFixed(1) ?? "none").padStart(8),
  ];
  return `${cells.join(" ")}${beyond === null ? "" : `  ${beyond}`}`;
}

function formatStep({ result }: UeStep, options: UeOptions): string[] {
  const { unit, measured, file } = ueScenarios[options.scenario];
  const { count, startedRate, rate, good, failed, failures, again, busy, retransmissions } = result;
  const lines = [
    line(unit, `${count} at ${startedRate.toFixed(1)}/s (${rate}/s wanted): ${good} good, ${failed} failed`),
    line(
      "time",
      `p50 ${milliseconds(result.p50)}, p99 ${milliseconds(result.p99)}, longest ${milliseconds(result.longest)} (${measured.name})`,
    ),
    line("retransmitted", `${retransmissions}`),
  ];
  if (failed > 0) lines.push(line("failures", reasonsOf(failures)));
  if (busy > 0) lines.push(line("too busy", `${busy} times a UE had to try again later`));
  if (again > 0 || file !== "uac-call")
    lines.push(
      line("SIPp's flaw", `${again} times a UE registered again: SIPp cuts an AKA RES with a zero byte`),
    );
  return lines;
}

export function formatUeResult(options: UeOptions, result: UeResult): string {
  const lines = options.isRamp ? [] : result.steps.flatMap((step) => formatStep(step, options));
  if (options.isRamp) {
    const last = result.steps.at(-1);
    const before = result.steps.at(-2);
    if (last?.beyond != null)
      lines.push(
        line(
          "knee",
          `at ${last.result.rate}/s: ${last.beyond}; ${before === undefined ? "no rate" : `${before.result.rate}/s`} was within the limits`,
        ),
      );
    else lines.push(line("knee", `none up to ${last?.result.rate ?? 0}/s`));
  }
  if (result.againBefore > 0)
    lines.push(line("before", `${result.againBefore} times a UE registered again because of that flaw`));
  const { records } = result;
  const { recordsAt } = ueScenarios[options.scenario];
  const where = { first: "at the P-CSCF", second: "at the P-CSCF moved to", nowhere: "anywhere" }[recordsAt];
  lines.push(
    line(
      "records",
      records === null
        ? "not compared: no os-cfs is known"
        : `${records.there} users ${where}: ${records.missing.length} missing, ${records.surplus.length} too many`,
    ),
  );
  return lines.join("\n");
}

export function formatUeJson(options: UeOptions, result: UeResult): string {
  const { scenario, transport, steps, callees, callers } = options;
  const measured = result.steps.map(({ result: { users, ...figures }, beyond }) => ({
    ...{ ...figures, users: users.length, beyond },
  }));
  return JSON.stringify({
    ...{ scenario, transport, callees, callers, wanted: steps, steps: measured },
    ...{ againBefore: result.againBefore, records: result.records, failures: result.failures },
  });
}
