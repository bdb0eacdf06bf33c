// What may happen to a watched user, as a complete table. System 6 (aftercare), real-cores T1, T3, T7.
//
// Rules. Nothing is done before his old registration has expired. Then the HSS is asked, twice at some distance, since
// the old S-CSCF may be slow to notice. Whom it does not hold at the S-CSCF of his record is told to register again; a
// name that is missing or another one is written before. Who has left, or is being moved, is not touched.
import type { TransferTimes } from "../times.ts";
import type { CareRow, CareState } from "./care-row.ts";

export type CareEvent =
  /** His time has come, or that of what was sent is over. */
  | "due"
  /** He is under way in a transfer. */
  | "taken"
  /** His record is gone. */
  | "gone"
  /** The HSS holds him registered at the S-CSCF of his record; or as unregistered; or has no name, or another. */
  | "held"
  | "not held"
  | "name is wrong"
  /** He is not held, after as many repairs as are tried. */
  | "not held, over"
  /** The HSS did not answer, or was too busy. */
  | "unanswered"
  /** MAR was answered, whatever it said. */
  | "named"
  /** The LCF has registered; it does not. */
  | "registered"
  | "refused";

export type CareAction =
  /** LIR and UAR. */
  | "ask"
  /** MAR with the name of the S-CSCF of his record. */
  | "write name"
  /** `cancel` with `reRegister`, as an operation of its own. */
  | "tell"
  /** His LCF's operation is over. */
  | "forget"
  /** The second look, or nothing more when this was it. */
  | "next look"
  /** A look soon after a registration. */
  | "look soon"
  /** In a while. */
  | "wait"
  /** Later each time. */
  | "back off"
  /** Nothing more is done for him. */
  | "end"
  /** The same, and that is said. */
  | "give up";

interface CareTransition {
  readonly next: CareState;
  readonly actions: readonly CareAction[];
}

type CareRows = Readonly<Record<CareEvent, CareTransition | null>>;
export type CareTable = Readonly<Record<CareState, CareRows>>;

const watching = {
  due: { next: "asking", actions: ["ask"] },
  taken: { next: "watching", actions: ["wait"] },
  gone: { next: "watching", actions: ["end"] },
  held: null,
  "not held": null,
  "name is wrong": null,
  "not held, over": null,
  unanswered: null,
  named: null,
  registered: null,
  refused: null,
} as const satisfies CareRows;

// A life that ended while the HSS was asked has left him here: he is asked again.
const asking = {
  due: { next: "asking", actions: ["ask"] },
  taken: { next: "watching", actions: ["wait"] },
  gone: { next: "watching", actions: ["end"] },
  held: { next: "watching", actions: ["next look"] },
  "not held": { next: "repairing", actions: ["tell"] },
  "name is wrong": { next: "naming", actions: ["write name"] },
  "not held, over": { next: "watching", actions: ["give up"] },
  unanswered: { next: "watching", actions: ["back off"] },
  named: null,
  registered: null,
  refused: null,
} as const satisfies CareRows;

const naming = {
  due: { next: "asking", actions: ["ask"] },
  taken: { next: "watching", actions: ["wait"] },
  gone: { next: "watching", actions: ["end"] },
  held: null,
  "not held": null,
  "name is wrong": null,
  "not held, over": null,
  unanswered: { next: "watching", actions: ["back off"] },
  named: { next: "repairing", actions: ["tell"] },
  registered: null,
  refused: null,
} as const satisfies CareRows;

const repairing = {
  due: { next: "watching", actions: ["forget", "back off"] },
  taken: { next: "watching", actions: ["forget", "wait"] },
  gone: { next: "watching", actions: ["forget", "end"] },
  held: null,
  "not held": null,
  "name is wrong": null,
  "not held, over": null,
  unanswered: null,
  named: null,
  registered: { next: "watching", actions: ["forget", "look soon"] },
  refused: { next: "watching", actions: ["forget", "back off"] },
} as const satisfies CareRows;

/** The table of a watched user. */
export const careTable = { watching, asking, naming, repairing } as const satisfies CareTable;

export interface CareContext {
  /** Wall clock. */
  readonly at: number;
  /** For the next command to his LCF. */
  readonly sequence: number;
  /** Name of the next operation. */
  readonly operation: string;
  readonly times: TransferTimes;
  /** Default the table itself; tests give changed ones. */
  readonly table?: CareTable;
}

/** What is done after the row is durable. */
export type CareEffect = "ask" | "write name" | "send" | { readonly forget: string };

export interface CareStep {
  /** Null: nobody has to watch him any more. */
  readonly row: CareRow | null;
  readonly effects: readonly CareEffect[];
  /** What became of him, for log and metrics; null: not yet. */
  readonly fate: "held" | "repaired" | "gone" | "given up" | null;
}

/** The second look comes so many margins after the old expiry. */
const secondLook = 8;
/** OpenIMSCore's third-party REGISTER says so much more than was granted, ms: the expiry of the record may be that late. */
const overstatedMs = 120_000;
/** Longest wait between two tries. */
const longestBackOff = 600_000;

/** The first look: as if the expiry were overstated, where that is still to come. */
export function firstLook(
  expiresAt: number,
  { at, times }: Pick<CareContext, "at" | "times">,
): Pick<CareRow, "dueAt" | "looks"> {
  const early = expiresAt - overstatedMs + times.careMargin;
  return early > at ? { dueAt: early, looks: -1 } : { dueAt: expiresAt + times.careMargin, looks: 0 };
}

function waitOf({ unanswered, repairs }: CareRow, { careRetry }: TransferTimes): number {
  return Math.min(longestBackOff, careRetry * 2 ** Math.max(0, unanswered + repairs - 1));
}

interface Acted {
  readonly row: CareRow | null;
  readonly effects: readonly CareEffect[];
  readonly fate?: CareStep["fate"];
}

function act(row: CareRow, action: CareAction, { at, sequence, operation, times }: CareContext): Acted {
  switch (action) {
    case "ask":
    case "write name":
      return { row: { ...row, dueAt: at + times.careRetry }, effects: [action] };
    case "tell": {
      const expires = at + times.command;
      const content = { command: "cancel", reRegister: true } as const;
      const command = { operation, sequence, expires, content };
      const repairs = row.repairs + 1;
      return {
        row: { ...row, repairs, unanswered: 0, looks: Math.min(row.looks, 0), dueAt: expires, command },
        effects: ["send"],
      };
    }
    case "forget":
      return {
        row: { ...row, command: null },
        effects: row.command === null ? [] : [{ forget: row.command.operation }],
      };
    case "next look": {
      const looks = row.looks + 1;
      const margins = looks > 0 ? secondLook : 1;
      const fate = row.repairs > 0 ? "repaired" : "held";
      if (looks > 1) return { row: null, effects: [], fate };
      const dueAt = Math.max(row.expiresAt + margins * times.careMargin, at + times.careMargin);
      return {
        row: { ...row, looks, repairs: 0, unanswered: 0, dueAt },
        effects: [],
        fate: fate === "held" ? null : fate,
      };
    }
    case "look soon":
      return { row: { ...row, dueAt: at + times.check }, effects: [] };
    case "wait":
      return { row: { ...row, dueAt: at + times.careRetry }, effects: [] };
    case "back off": {
      // A repair has been counted when it was told.
      const later = row.state === "repairing" ? row : { ...row, unanswered: row.unanswered + 1 };
      return { row: { ...later, dueAt: at + waitOf(later, times) }, effects: [] };
    }
    case "end":
      return { row: null, effects: [], fate: "gone" };
    case "give up":
      return { row: null, effects: [], fate: "given up" };
  }
}

/** One event; what cannot happen in a state changes nothing. */
export function stepCare(row: CareRow, event: CareEvent, context: CareContext): CareStep {
  const transition = (context.table ?? careTable)[row.state][event];
  if (transition === null) return { row, effects: [], fate: null };
  let present: CareRow | null = row;
  let fate: CareStep["fate"] = null;
  const effects: CareEffect[] = [];
  for (const action of transition.actions) {
    if (present === null) break;
    const acted = act(present, action, context);
    present = acted.row;
    effects.push(...acted.effects);
    fate = acted.fate ?? fate;
  }
  return { row: present === null ? null : { ...present, state: transition.next }, effects, fate };
}
