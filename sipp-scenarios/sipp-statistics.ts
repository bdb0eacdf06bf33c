// SIPp's own statistics (-trace_stat): what it counts as failed, and why.

export interface SippStatistics {
  readonly calls: number;
  readonly successful: number;
  readonly failed: number;
  /** SIPp's names of the reasons, without "Failed", with how often; only those that occurred. */
  readonly reasons: ReadonlyMap<string, number>;
  readonly retransmissions: number;
  /** Messages that no call expected: in a call, of no call, after a call's end. */
  readonly unexpected: number;
}

/** Reads the last line of the file, which stands for the whole run; null where there is no line with numbers. */
export function readStatistics(text: string): SippStatistics | null {
  const lines = text.split("\n").filter((line) => line !== "");
  const [header, last] = [lines[0], lines.at(-1)];
  if (header === undefined || last === undefined || lines.length < 2) return null;
  const names = header.split(";");
  const values = last.split(";");
  const byName = new Map(names.map((name, index) => [name, values[index] ?? ""]));
  const total = (name: string): number => Number(byName.get(`${name}(C)`) ?? 0);
  const reasons = new Map<string, number>();
  for (const name of names) {
    const reason = /^Failed(.+)\(C\)$/.exec(name)?.[1];
    if (reason !== undefined && reason !== "Call" && total(`Failed${reason}`) > 0)
      reasons.set(reason, total(`Failed${reason}`));
  }
  return {
    calls: Number(byName.get("TotalCallCreated") ?? 0),
    successful: total("SuccessfulCall"),
    failed: total("FailedCall"),
    reasons,
    retransmissions: total("Retransmissions"),
    unexpected: total("FailedUnexpectedMessage") + total("OutOfCallMsgs") + total("DeadCallMsgs"),
  };
}
