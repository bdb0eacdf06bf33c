// What the doctor says: a fact that was seen, how good it is, and which line to change.

/** What a finding is about, in the order in which they are shown. */
export const topics = [
  "programs",
  "DNS",
  "zone update",
  "Cx",
  "third-party REGISTER",
  "user",
  "MAR and RTR",
  "cannot be told",
] as const;

export type Topic = (typeof topics)[number];

/** `note`: neither right nor wrong, or something that nobody can see from here. */
export type Level = "ok" | "note" | "warn" | "wrong";

/** Where to change what. */
export interface Remedy {
  /** `cfs.yaml:12 cx.originHost`, or a place of the core: `FHoSS DiameterPeerHSS.xml`. */
  readonly where: string;
  /** The line as it should be, or what to do. */
  readonly change: string;
}

export interface Finding {
  readonly topic: Topic;
  readonly level: Level;
  /** What was seen. */
  readonly fact: string;
  /** Never empty where something is wrong or doubtful. */
  readonly remedies: readonly Remedy[];
}

/** Where a key of a configuration stands: `cfs.yaml:12 cx.originHost`. */
export type Place = (path: string) => string;

export function ok(topic: Topic, fact: string): Finding {
  return { topic, level: "ok", fact, remedies: [] };
}

export function note(topic: Topic, fact: string, ...remedies: Remedy[]): Finding {
  return { topic, level: "note", fact, remedies };
}

/** Something that is to be changed: the first remedy is required. */
export function flaw(
  topic: Topic,
  level: "warn" | "wrong",
  fact: string,
  first: Remedy,
  ...others: Remedy[]
): Finding {
  return { topic, level, fact, remedies: [first, ...others] };
}

export function remedy(where: string, change: string): Remedy {
  return { where, change };
}

/** 0 nothing is wrong, 1 something is. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ level }) => level === "wrong") ? 1 : 0;
}

const marks = { ok: "ok   ", note: "note ", warn: "warn ", wrong: "WRONG" } as const;

function linesOf({ level, fact, remedies }: Finding): string[] {
  return [
    `  ${marks[level]}  ${fact}`,
    ...remedies.map(({ where, change }) => `           -> ${where}: ${change}`),
  ];
}

/** For people: by topic, each fact with the lines to change under it, and a sum. */
export function formatFindings(findings: readonly Finding[]): string[] {
  const lines = topics.flatMap((topic) => {
    const own = findings.filter((finding) => finding.topic === topic);
    return own.length === 0 ? [] : [topic, ...own.flatMap(linesOf), ""];
  });
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const sum = `${count("wrong")} wrong, ${count("warn")} to look at, ${count("ok")} right`;
  return [...lines, sum];
}

/** Seconds as a person says them: `30 s`, `7 days`. */
export function formatSeconds(seconds: number): string {
  const units = [
    [86_400, "days"],
    [3_600, "hours"],
    [60, "minutes"],
  ] as const;
  for (const [length, unit] of units)
    if (seconds >= 2 * length) return `${Math.round((seconds / length) * 10) / 10} ${unit}`;
  return `${Math.round(seconds)} s`;
}
