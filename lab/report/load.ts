// Load of the CSCFs over the script's time, counted in the trace.
import type { Timeline } from "../timeline.ts";
import type { TraceEntry } from "../trace.ts";
import type { ReportLoad } from "./report.ts";
import { sipFacts } from "./sip-facts.ts";

interface Cell {
  sessionSetups: number;
  messages: number;
}

export interface LoadOptions {
  readonly functions: readonly string[];
  readonly timeline: Timeline;
  /** Last second of the script that is reported. */
  readonly until: number;
}

/** One line for each function and second from 0 on, in this order. */
export function countLoad(trace: readonly TraceEntry[], options: LoadOptions): ReportLoad[] {
  const seconds = Math.max(0, Math.ceil(options.until));
  const cells = new Map(
    options.functions.map((name) => [
      name,
      Array.from({ length: seconds }, (): Cell => ({ sessionSetups: 0, messages: 0 })),
    ]),
  );
  const sessions = new Set<string>();
  for (const entry of trace) {
    const second = Math.floor(options.timeline.scriptSeconds(entry.at));
    const sender = cells.get(entry.from)?.[second];
    const receiver = cells.get(entry.to)?.[second];
    if (sender === undefined && receiver === undefined) continue;
    const facts = sipFacts(entry);
    if (facts === null) continue;
    if (sender !== undefined) sender.messages += 1;
    if (receiver === undefined) continue;
    receiver.messages += 1;
    if (facts.method !== "INVITE" || facts.status !== null || facts.hasToTag || facts.replaces !== null)
      continue;
    const session = JSON.stringify([entry.to, facts.callId]);
    if (sessions.has(session)) continue;
    sessions.add(session);
    receiver.sessionSetups += 1;
  }
  return [...cells].flatMap(([name, row]) =>
    row.map((cell, second) => ({ function: name, second, ...cell })),
  );
}
