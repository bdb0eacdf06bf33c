// What a run prints for people and for programs.

import type { ThirdPartyRegisterOptions } from "./options.ts";
import type { LoadResult, MeasuredStep } from "./run.ts";
import type { StepResult } from "./step-result.ts";

function milliseconds(value: number | null): string {
  return value === null ? "-" : value.toFixed(1);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(whole, 1)).toFixed(2)} %`;
}

/** Milliseconds of processor time for each REGISTER; null where the CFD does not say. */
export function cpuPerRegister({ result, work }: MeasuredStep): number | null {
  if (work === null || work.cpuSeconds === null || result.registers === 0) return null;
  return (1000 * work.cpuSeconds) / result.registers;
}

function line(title: string, text: string): string {
  return `${title.padEnd(15)} ${text}`;
}

/** What is known before anything is sent. */
export function formatHeader(options: ThirdPartyRegisterOptions): string {
  const { form, body, mix, transport, target } = options;
  const what = form === "kamailio" && body === "register" ? "kamailio with the UE's REGISTER" : form;
  const where = target ?? "a CFD of its own, SQLite store";
  const shares = `${mix.new} new : ${mix.refresh} refresh : ${mix.deregister} deregister`;
  return `third-party-register, form ${what}, ${shares}, over ${transport.toUpperCase()} to ${where}`;
}

const columns: readonly (readonly [string, number, (step: MeasuredStep) => string])[] = [
  ["rate/s", 7, ({ result }) => String(result.rate)],
  ["sent/s", 8, ({ result }) => result.sentRate.toFixed(0)],
  ["200", 8, ({ result }) => String(result.ok)],
  ["503", 6, ({ result }) => String(result.unavailable)],
  ["failed", 7, ({ result }) => String(result.failed)],
  ["retrans", 8, ({ result }) => String(result.retransmissions)],
  ["p50 ms", 8, ({ result }) => milliseconds(result.p50)],
  ["p99 ms", 8, ({ result }) => milliseconds(result.p99)],
  ["CPU ms", 7, (step) => cpuPerRegister(step)?.toFixed(2) ?? "-"],
];

export function formatTableHead(): string {
  return columns.map(([title, width]) => title.padStart(width)).join(" ");
}

export function formatTableRow(step: MeasuredStep): string {
  const row = columns.map(([, width, cell]) => cell(step).padStart(width)).join(" ");
  return step.beyond === null ? row : `${row}  ${step.beyond}`;
}

/** The knee of a ramp in one line. */
export function formatKnee(steps: readonly MeasuredStep[]): string {
  const beyond = steps.find((step) => step.beyond !== null);
  const last = steps.filter((step) => step.beyond === null).at(-1);
  const held =
    last === undefined ? "no step was within the limits" : `${last.result.rate}/s was within the limits`;
  if (beyond === undefined) return `not reached: ${held}`;
  return `at ${beyond.result.rate}/s: ${beyond.beyond}; ${held}`;
}

function answersOf({ answers, ok, unavailable, unanswered, failed, unexpected }: StepResult): string {
  const others = Object.entries(answers).filter(([status]) => status !== "200" && status !== "503");
  const odd = others.map(([status, count]) => `${count} x ${status}, `).join("");
  return `${ok} x 200, ${unavailable} x 503, ${odd}${unanswered} unanswered; ${failed} failed, ${unexpected} unexpected messages`;
}

function timesOf({ p50, p99, longest }: StepResult): string {
  if (longest === null) return "no 200";
  return `p50 ${milliseconds(p50)} ms, p99 ${milliseconds(p99)} ms, longest ${milliseconds(longest)} ms (every 200, SIPp's message log)`;
}

function formatStep(step: MeasuredStep): string[] {
  const { result, work } = step;
  const lines = [
    line("sent", `${result.sent} at ${result.sentRate.toFixed(1)}/s (${result.rate}/s wanted)`),
    line("answers", answersOf(result)),
    line("time to 200", timesOf(result)),
    line("retransmitted", `${result.retransmissions} (${percent(result.retransmissions, result.registers)})`),
  ];
  if (work === null) return lines;
  const outcomes = Object.entries(work.outcomes).map(([name, count]) => `${count} ${name}`);
  lines.push(line("the CFD says", outcomes.join(", ") || "nothing"));
  const cpu = cpuPerRegister(step);
  if (cpu !== null) {
    const share = cpu * result.sentRate * 0.1;
    const memory = work.memoryBytes === null ? "" : `, ${Math.round(work.memoryBytes / 1e6)} MB at the end`;
    lines.push(line("CPU", `${cpu.toFixed(2)} ms per REGISTER, ${share.toFixed(0)} % of a core${memory}`));
  }
  return lines;
}

/** What comes after the rows of a ramp, or the whole of a run without one. */
export function formatResult(options: ThirdPartyRegisterOptions, result: LoadResult): string {
  const lines = options.isRamp
    ? [
        line(
          "knee",
          `${formatKnee(result.steps)} (limits: p99 ${options.p99Limit} ms, 1 % retransmitted, no 503)`,
        ),
      ]
    : result.steps.flatMap(formatStep);
  const { records } = result;
  if (records !== null) {
    const { users, expected, uncertain, found, missing, wrong, surplus } = records;
    const unsure = uncertain === 0 ? "" : `, ${uncertain} uncertain`;
    lines.push(
      line(
        "records",
        `${found} in the store; ${users} users sent, ${expected} to be registered${unsure}: ${missing.length} missing, ${surplus.length} too many, ${wrong.length} wrong`,
      ),
    );
  }
  return lines.join("\n");
}

/** The names say what they count in. */
function withUnits({ rate, sentRate, p50, p99, longest, ...counts }: StepResult): object {
  return {
    ...{ ratePerSecond: rate, sentPerSecond: sentRate, ...counts },
    ...{ p50Milliseconds: p50, p99Milliseconds: p99, longestMilliseconds: longest },
  };
}

/** The result for programs; lists of users are cut to ten. */
export function formatJson(options: ThirdPartyRegisterOptions, result: LoadResult): string {
  const { records } = result;
  const cut = (lines: readonly string[]) => ({ count: lines.length, first: lines.slice(0, 10) });
  return JSON.stringify(
    {
      scenario: "third-party-register",
      form: options.form,
      body: options.body,
      mix: options.mix,
      transport: options.transport,
      target: result.target,
      ownCfd: result.isOwnCfd,
      known: result.known === null ? null : withUnits(result.known),
      steps: result.steps.map((step) => ({
        ...withUnits(step.result),
        beyondLimits: step.beyond,
        cpuMillisecondsPerRegister: cpuPerRegister(step),
        cfd: step.work,
      })),
      ...(options.isRamp
        ? { kneePerSecond: result.steps.find((step) => step.beyond !== null)?.result.rate ?? null }
        : {}),
      records:
        records === null
          ? null
          : {
              ...records,
              missing: cut(records.missing),
              surplus: cut(records.surplus),
              wrong: cut(records.wrong),
            },
      failures: result.failures,
    },
    null,
    2,
  );
}
