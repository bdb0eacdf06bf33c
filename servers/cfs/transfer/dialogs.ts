// What became of the dialogs of a transfer's users. One call counts once, whoever of its ends reports. Pure.
import type { DialogReport, DialogResult } from "@liquid-ims/reference-points/cfs-ue";
import type { DialogCounts } from "@liquid-ims/reference-points/os-cfs";

/** Which word counts when both ends speak of one dialog: whoever has kept it knows, then whoever saw its end. */
const precedence: readonly DialogResult[] = ["kept", "ended", "lost", "pinned", "waiting"];

function stronger(a: DialogReport, b: DialogReport): DialogReport {
  return precedence.indexOf(b.result) < precedence.indexOf(a.result) ? b : a;
}

/** The fate of each call: dialogs that took the place of each other are one. */
export function fates(reports: Iterable<DialogReport>): DialogReport[] {
  const byId = new Map<string, DialogReport>();
  for (const report of reports) {
    const known = byId.get(report.id);
    byId.set(report.id, known === undefined ? report : stronger(known, report));
  }
  const successors = new Set([...byId.values()].map(({ newId }) => newId));
  const found: DialogReport[] = [];
  for (const first of byId.values()) {
    if (successors.has(first.id)) continue;
    let last = first;
    const seen = new Set([first.id]);
    for (;;) {
      const next = last.newId === undefined ? undefined : byId.get(last.newId);
      if (next === undefined || seen.has(next.id)) break;
      seen.add(next.id);
      last = next;
    }
    found.push(last.result === "waiting" ? stronger(first, last) : last);
  }
  return found;
}

/** Counts for os-cfs; dialogs that still wait are in none. */
export function countDialogs(reports: Iterable<DialogReport>): DialogCounts {
  const counts = { kept: 0, pinned: 0, lost: 0, endedMeanwhile: 0 };
  for (const { result } of fates(reports)) {
    if (result === "ended") counts.endedMeanwhile += 1;
    else if (result !== "waiting") counts[result] += 1;
  }
  return counts;
}

/** Dialogs that go on through the function that was left. */
export function pinnedDialogs(reports: Iterable<DialogReport>, at: number): number {
  return fates(reports).filter(
    ({ result, until }) => result === "pinned" && (until === undefined || until > at),
  ).length;
}
