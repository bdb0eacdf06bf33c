// The words of the per-user table: what may happen to a user in a transfer, and what is done then.
import type { Reason } from "./outcome.ts";
import type { UserState, userStates } from "./user-row.ts";

/** All events of a change of P-CSCF, by where they come from. */
export const userEvents = [
  // Own doing: a query goes out; pace gives a turn; dialogs are set free; a command's life is over.
  "ask",
  "slot",
  "release",
  "unanswered",
  "query unanswered",
  // The process has begun anew: what was decided before may not have been done.
  "resume",
  // The LCF's words; "retry" where the verdict says that it may pass.
  "query answered",
  // To a query: a dialog is in the way, and the user is to wait.
  "blocked",
  "accepted",
  "refused, retry",
  "refused",
  "registered",
  "failed, retry",
  "failed",
  "cancelled",
  "progress",
  "reported",
  // The location service: the record of a user who was commanded, or of any user.
  "record shows target",
  "record shows origin",
  "record shows elsewhere",
  "record gone",
  // A standing order: a user who had ended is on the function again.
  "returned",
  // No path to the LCF for longer than is waited for.
  "LCF gone",
  "deadline",
  // The deadline of one who was refused for a reason that did not pass.
  "wait over",
  "abort",
] as const;

/** Those of a change of S-CSCF, most of them of a whole subscription. */
export const reassignmentEvents = [
  ...userEvents,
  // Accepted, but too late for a MAR: it may register any moment.
  "accepted late",
  // Every device of the subscription has accepted in time.
  "reassign",
  // Another device of the subscription did not, and may later; or it stays where it is for good.
  "device waits",
  "device stays",
  // The HSS's answers to MAR; "lost" where none came.
  "MAA",
  "MAR failed, retry",
  "MAR failed",
  "MAR lost",
  // It is time to read the assigned name; it was read: the target, or not. "missing": and no MAR is under way.
  "name due",
  "name is new",
  "name is old",
  "name is missing",
  // It was read after the MAA: the target; or, as often as it was read, the old one: this HSS moves nobody on MAR.
  "name is read back",
  "name is kept",
  // After the record: it is time to ask the HSS whether it holds the registration; it does, it does not and will be
  // told, it does not whatever was tried, it has not said.
  "check due",
  "held",
  "not held",
  "not held, over",
  "check over",
  // RTR: the HSS has ended the registration, while the CFS's name is on it.
  "terminated",
  // The commit time is over; the other: but another device of the subscription has moved.
  "commit over",
  "left behind",
  // Another device of the subscription has moved after all.
  "device moved",
  // It is time to send the restoring MAR again; it was answered.
  "restore due",
  "restored",
] as const;

export type UserEvent = (typeof reassignmentEvents)[number];
type PCscfEvent = (typeof userEvents)[number];

export type UserAction =
  | "ask"
  | "move"
  /** The same move with the next sequence. */
  | "move anew"
  | "replace"
  | "cancel"
  /** The newest command as it is: (operation, sequence) makes it harmless. */
  | "send again"
  /** Only when the newest command is a cancel. */
  | "cancel again"
  | "note dialogs"
  | "note results"
  | "note reported"
  | "note moved"
  | "note S-CSCF"
  /** The event's reason, and when to try again. */
  | "wait"
  /** The event's reason. */
  | "note reason"
  | "new round"
  | "forget"
  | ReassignmentAction
  | { readonly reason: Reason };

/** Those of a change of S-CSCF. What goes to the HSS goes once for the subscription. */
export type ReassignmentAction =
  /** The move, armed. */
  | "arm"
  | "arm anew"
  /** MAR with the target's name; the commit time begins. */
  | "reassign"
  | "note MAA"
  | "note MAR lost"
  /** The same move with `after: 0`. */
  | "move now"
  /** UAR, and when to read next. */
  | "read name"
  /** UAR at once: the record shows the target, but the old name may have been restored. */
  | "check name"
  | "note name"
  /** When the HSS is to be asked whether it holds the new registration. */
  | "check soon"
  /** LIR and UAR, and when to ask again. */
  | "check registration"
  | "note held"
  /** One more registration where the user is: the HSS has lost, or never had, the last one. */
  | "register again"
  /** A new life does not know whether the MAR left: the name is read, and the commit time begins again. */
  | "note new life"
  /** MAR with the old name, and when to send it again. */
  | "restore"
  | "cancel, re-register"
  /** The reason is pending, with the event's for people. */
  | "note pending"
  | "note returned"
  | "note P-CSCF"
  | "note registration";

export interface UserTransition {
  readonly next: UserState;
  readonly actions: readonly UserAction[];
}

/** All events of one state; null: cannot happen there. */
export type Rows = Readonly<Record<PCscfEvent, UserTransition | null>>;
export type ReassignmentRows = Readonly<Record<UserEvent, UserTransition | null>>;

/** Every state, every event of a change of P-CSCF. */
export type PCscfTable = Readonly<Record<(typeof userStates)[number], Rows>>;
/** Every state, every event of a change of S-CSCF. */
export type ReassignmentTable = Readonly<Record<UserState, ReassignmentRows>>;

/** What the interpreter takes. */
export type UserTable = Readonly<
  Partial<Record<UserState, Readonly<Partial<Record<UserEvent, UserTransition | null>>>>>
>;

/** Makes a row: `to("accepted", "note dialogs")`. */
export function to<const State extends UserState, const Actions extends readonly UserAction[]>(
  next: State,
  ...actions: Actions
): { readonly next: State; readonly actions: Actions } {
  return { next, actions };
}
