// The words of the per-user table: what may happen to a user in a transfer, and what is done then.
import type { Reason } from "./outcome.ts";
import type { UserState } from "./user-row.ts";

/** All events of the table, by where they come from. */
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

export type UserEvent = (typeof userEvents)[number];

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
  | { readonly reason: Reason };

export interface UserTransition {
  readonly next: UserState;
  readonly actions: readonly UserAction[];
}

/** All events of one state; null: cannot happen there. */
export type Rows = Readonly<Record<UserEvent, UserTransition | null>>;

/** Every state, every event. */
export type UserTable = Readonly<Record<UserState, Rows>>;

/** Makes a row: `to("accepted", "note dialogs")`. */
export function to<const State extends UserState, const Actions extends readonly UserAction[]>(
  next: State,
  ...actions: Actions
): { readonly next: State; readonly actions: Actions } {
  return { next, actions };
}
