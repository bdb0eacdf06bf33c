// The life of a move in the LCF, as a complete table. Procedures P and S; cfs-ue 7 and 8 (docs/reference-points.md).
//
// The driver (move-driver.ts) has looked at a command before it becomes an event here: signature, addressee, expiry,
// sequence, target, conditions. What is refused never reaches this table.

export type MoveState =
  /** No operation is open. */
  | "Idle"
  /** Accepted; registers when its rest is over or a command says so. */
  | "Armed"
  | "Registering"
  /** Registered; what comes next is a command (`replace: wait`, or the MAA of an S move). */
  | "Waiting"
  /** Registered; the results of the dialogs are awaited. */
  | "Replacing"
  /** Given up; what the dialogs say about that is awaited for 500 ms. */
  | "Settling"
  /** Cancelled, and registering where it is now. */
  | "Returning"
  /** Given up while a REGISTER was under way: its outcome is told and no more. */
  | "Ending";

export type MoveEvent =
  /** A move of a new operation, at once or after a rest. */
  | "move"
  | "move armed"
  /** A higher sequence of the open operation. */
  | "amend now"
  | "amend armed"
  /** Procedure P, the target as before: nothing is to be registered again. */
  | "amend only"
  | "replace"
  | "cancel"
  | "cancel, re-register"
  /** The armed rest, or the one of 500 ms, is over. */
  | "rest over"
  /** 200; its dialogs are replaced at once, or wait for `replace`. */
  | "registered"
  | "registered, wait"
  /** S move: the Service-Route still names the old S-CSCF; the first time and later. */
  | "registered, old S-CSCF"
  | "registered, still old"
  /** 200 of a registration that began before the last `after: 0`. */
  | "registered, again"
  | "failed"
  /** Every dialog has its result. */
  | "all told"
  | "deadline"
  | "emergency"
  /** The registration was taken away. */
  | "unregistered";

export type MoveAction =
  | "open"
  | "amend"
  | "answer accepted"
  | "answer cancelled"
  /** S move: nothing new leaves the UE until its 200. */
  | "hold"
  | "release"
  | "start rest"
  | "start rest of 500 ms"
  | "stop rest"
  | "register"
  /** When the REGISTER under way has its answer. */
  | "register again"
  | "re-register"
  | "re-register again"
  | "tell registered"
  | "tell failed"
  | "tell deadline"
  | "tell emergency"
  | "tell unregistered"
  | "replace"
  | "hold back"
  /** What is not replaced stays where it is. */
  | "pin the rest"
  | "report"
  | "close";

export interface MoveRow {
  readonly next: MoveState;
  readonly actions: readonly MoveAction[];
}

type MoveRows = Record<MoveEvent, MoveRow | null>;

const idle = {
  move: { next: "Registering", actions: ["open", "hold", "answer accepted", "register"] },
  "move armed": { next: "Armed", actions: ["open", "hold", "answer accepted", "start rest"] },
  "amend now": null,
  "amend armed": null,
  "amend only": null,
  replace: null,
  // Of an operation that is over: nothing is left to undo.
  cancel: { next: "Idle", actions: ["answer cancelled"] },
  "cancel, re-register": { next: "Returning", actions: ["open", "answer cancelled", "re-register"] },
  "rest over": null,
  registered: null,
  "registered, wait": null,
  "registered, old S-CSCF": null,
  "registered, still old": null,
  "registered, again": null,
  failed: null,
  "all told": null,
  deadline: null,
  emergency: null,
  unregistered: null,
} as const satisfies MoveRows;

const armed = {
  move: null,
  "move armed": null,
  "amend now": { next: "Registering", actions: ["amend", "stop rest", "answer accepted", "register"] },
  "amend armed": { next: "Armed", actions: ["amend", "stop rest", "answer accepted", "start rest"] },
  "amend only": { next: "Armed", actions: ["amend", "answer accepted"] },
  replace: { next: "Armed", actions: ["amend", "answer accepted"] },
  cancel: { next: "Idle", actions: ["amend", "stop rest", "release", "answer cancelled", "close"] },
  "cancel, re-register": {
    next: "Returning",
    actions: ["amend", "stop rest", "answer cancelled", "re-register"],
  },
  "rest over": { next: "Registering", actions: ["register"] },
  registered: null,
  "registered, wait": null,
  "registered, old S-CSCF": null,
  "registered, still old": null,
  "registered, again": null,
  failed: null,
  "all told": null,
  deadline: { next: "Idle", actions: ["stop rest", "release", "tell deadline", "close"] },
  emergency: { next: "Idle", actions: ["stop rest", "release", "tell emergency", "close"] },
  unregistered: { next: "Idle", actions: ["stop rest", "release", "tell unregistered", "close"] },
} as const satisfies MoveRows;

const registering = {
  move: null,
  "move armed": null,
  "amend now": { next: "Registering", actions: ["amend", "answer accepted", "register again"] },
  "amend armed": { next: "Registering", actions: ["amend", "answer accepted"] },
  "amend only": { next: "Registering", actions: ["amend", "answer accepted"] },
  replace: { next: "Registering", actions: ["amend", "answer accepted"] },
  cancel: { next: "Ending", actions: ["amend", "release", "answer cancelled"] },
  "cancel, re-register": { next: "Returning", actions: ["amend", "answer cancelled", "re-register again"] },
  "rest over": null,
  registered: { next: "Replacing", actions: ["tell registered", "release", "replace"] },
  "registered, wait": { next: "Waiting", actions: ["tell registered", "hold back", "release"] },
  "registered, old S-CSCF": { next: "Armed", actions: ["tell registered", "start rest of 500 ms"] },
  "registered, still old": { next: "Waiting", actions: ["tell registered", "release"] },
  "registered, again": { next: "Registering", actions: ["register"] },
  failed: { next: "Idle", actions: ["release", "tell failed", "close"] },
  "all told": null,
  deadline: { next: "Ending", actions: ["release", "tell deadline"] },
  emergency: { next: "Ending", actions: ["release", "tell emergency"] },
  unregistered: null, // its own REGISTER decides
} as const satisfies MoveRows;

const waiting = {
  move: null,
  "move armed": null,
  "amend now": { next: "Registering", actions: ["amend", "hold", "answer accepted", "register"] },
  "amend armed": { next: "Armed", actions: ["amend", "hold", "answer accepted", "start rest"] },
  "amend only": { next: "Waiting", actions: ["amend", "answer accepted"] },
  replace: { next: "Replacing", actions: ["amend", "answer accepted", "replace"] },
  cancel: {
    next: "Settling",
    actions: ["amend", "answer cancelled", "pin the rest", "start rest of 500 ms"],
  },
  "cancel, re-register": { next: "Returning", actions: ["amend", "answer cancelled", "re-register"] },
  "rest over": null,
  registered: null,
  "registered, wait": null,
  "registered, old S-CSCF": null,
  "registered, still old": null,
  "registered, again": null,
  failed: null,
  "all told": { next: "Idle", actions: ["report", "close"] },
  deadline: { next: "Settling", actions: ["pin the rest", "start rest of 500 ms"] },
  emergency: null,
  unregistered: { next: "Settling", actions: ["pin the rest", "start rest of 500 ms"] },
} as const satisfies MoveRows;

const replacing = {
  move: null,
  "move armed": null,
  "amend now": { next: "Registering", actions: ["amend", "hold", "answer accepted", "register"] },
  "amend armed": { next: "Armed", actions: ["amend", "hold", "answer accepted", "start rest"] },
  "amend only": { next: "Replacing", actions: ["amend", "answer accepted"] },
  replace: { next: "Replacing", actions: ["amend", "answer accepted", "replace"] },
  cancel: {
    next: "Settling",
    actions: ["amend", "answer cancelled", "pin the rest", "start rest of 500 ms"],
  },
  "cancel, re-register": { next: "Returning", actions: ["amend", "answer cancelled", "re-register"] },
  "rest over": null,
  registered: null,
  "registered, wait": null,
  "registered, old S-CSCF": null,
  "registered, still old": null,
  "registered, again": null,
  failed: null,
  "all told": { next: "Idle", actions: ["report", "close"] },
  deadline: { next: "Settling", actions: ["pin the rest", "start rest of 500 ms"] },
  emergency: null,
  unregistered: { next: "Settling", actions: ["pin the rest", "start rest of 500 ms"] },
} as const satisfies MoveRows;

const settling = {
  move: null,
  "move armed": null,
  "amend now": null,
  "amend armed": null,
  "amend only": null,
  replace: null,
  cancel: { next: "Settling", actions: ["amend", "answer cancelled"] },
  "cancel, re-register": {
    next: "Returning",
    actions: ["amend", "stop rest", "answer cancelled", "re-register"],
  },
  "rest over": { next: "Idle", actions: ["report", "close"] },
  registered: null,
  "registered, wait": null,
  "registered, old S-CSCF": null,
  "registered, still old": null,
  "registered, again": null,
  failed: null,
  "all told": { next: "Idle", actions: ["stop rest", "report", "close"] },
  deadline: null,
  emergency: null,
  unregistered: null,
} as const satisfies MoveRows;

const returning = {
  move: null,
  "move armed": null,
  "amend now": { next: "Registering", actions: ["amend", "hold", "answer accepted", "register again"] },
  "amend armed": { next: "Returning", actions: ["amend", "answer accepted"] },
  "amend only": { next: "Returning", actions: ["amend", "answer accepted"] },
  replace: { next: "Returning", actions: ["amend", "answer accepted"] },
  cancel: { next: "Returning", actions: ["amend", "answer cancelled"] },
  "cancel, re-register": { next: "Returning", actions: ["amend", "answer cancelled"] },
  "rest over": null,
  registered: { next: "Idle", actions: ["tell registered", "release", "report", "close"] },
  "registered, wait": { next: "Idle", actions: ["tell registered", "release", "report", "close"] },
  "registered, old S-CSCF": { next: "Idle", actions: ["tell registered", "release", "report", "close"] },
  "registered, still old": { next: "Idle", actions: ["tell registered", "release", "report", "close"] },
  "registered, again": { next: "Returning", actions: ["re-register"] },
  failed: { next: "Idle", actions: ["release", "tell failed", "close"] },
  "all told": null,
  deadline: null,
  emergency: null,
  unregistered: null,
} as const satisfies MoveRows;

const ending = {
  move: null,
  "move armed": null,
  "amend now": null,
  "amend armed": null,
  "amend only": null,
  replace: null,
  cancel: { next: "Ending", actions: ["amend", "answer cancelled"] },
  "cancel, re-register": { next: "Returning", actions: ["amend", "answer cancelled", "re-register again"] },
  "rest over": null,
  registered: { next: "Idle", actions: ["tell registered", "report", "close"] },
  "registered, wait": { next: "Idle", actions: ["tell registered", "report", "close"] },
  "registered, old S-CSCF": { next: "Idle", actions: ["tell registered", "report", "close"] },
  "registered, still old": { next: "Idle", actions: ["tell registered", "report", "close"] },
  "registered, again": { next: "Idle", actions: ["tell registered", "report", "close"] },
  failed: { next: "Idle", actions: ["close"] },
  "all told": null,
  deadline: null,
  emergency: null,
  unregistered: null,
} as const satisfies MoveRows;

export type MoveTable = Record<MoveState, MoveRows>;

export const moveTable = {
  Idle: idle,
  Armed: armed,
  Registering: registering,
  Waiting: waiting,
  Replacing: replacing,
  Settling: settling,
  Returning: returning,
  Ending: ending,
} as const satisfies MoveTable;

/** One event; what cannot happen in a state changes nothing. */
export function stepMove(
  state: MoveState,
  event: MoveEvent,
  table: MoveTable = moveTable,
): { readonly next: MoveState; readonly actions: readonly MoveAction[] } {
  return table[state][event] ?? { next: state, actions: [] };
}
