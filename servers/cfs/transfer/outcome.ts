// How a user's part of a transfer ends: one verdict for every reason there is.

import type { RefusalReason, RegistrationTrouble } from "@liquid-ims/reference-points/cfs-ue";
import type { CxFailureReason } from "../cx/cx.ts";

/** What became of a user, in the words of the report. */
export type Outcome =
  | "moved"
  | "staying"
  | "skipped"
  | "refused"
  | "unreachable"
  | "timedOut"
  | "superseded"
  | "rolledBack"
  | "aborted"
  | "failed";

/** Found when the plan is made. */
export type PlanReason =
  | "within the load to leave"
  | "already on the target"
  | "no LCF"
  | "several devices"
  | "ambiguous record"
  | "doubtful record"
  | "emergency registration"
  | "no registration"
  | "P-CSCF unknown"
  | "device without LCF"
  | "another device stays";

/** Found by the CFS while it moves the user. */
export type MoveReason =
  | "moved"
  | "no report of the dialogs"
  | "moves do not replace dialogs"
  | "LCF cannot be reached"
  | "no turn before the deadline"
  | "no answer"
  | "no registration on the target"
  | "registration refused"
  | "registration overloaded"
  | "registered elsewhere"
  | "went back"
  | "no longer registered"
  /** By RTR, for good or for another S-CSCF of the HSS's choice. */
  | "ended by the HSS"
  | "another device did not answer"
  /** Rolled back, as far as the CFS could: the device has not said yet that it has registered again. */
  | "pending"
  | "returned to the old S-CSCF"
  /** It answers MAR with success and keeps the old name (PyHSS does): nobody can be moved so. */
  | "HSS does not move users on MAR"
  /** The record shows the target, the HSS says that nobody is registered, and registering again did not help. */
  | "not registered at the HSS"
  | "too many failures"
  | "cancelled";

export type Reason = PlanReason | MoveReason | CxFailureReason | RefusalReason;

export interface Verdict {
  readonly outcome: Outcome;
  /** It may pass: the user is tried again until the deadline, and only then has this outcome. */
  readonly retry: boolean;
}

const end = (outcome: Outcome): Verdict => ({ outcome, retry: false });
const later = (outcome: Outcome): Verdict => ({ outcome, retry: true });

/** The table: reason to outcome, and whether trying again may help. */
export const verdicts = {
  "within the load to leave": end("staying"),
  "already on the target": end("staying"),
  "no LCF": end("skipped"),
  "several devices": end("skipped"),
  "ambiguous record": end("skipped"),
  "doubtful record": end("skipped"),
  "emergency registration": end("skipped"),
  "no registration": end("skipped"),
  "P-CSCF unknown": end("skipped"),
  "device without LCF": end("skipped"),
  "another device stays": end("refused"),

  moved: end("moved"),
  "no report of the dialogs": end("moved"),
  "moves do not replace dialogs": end("moved"),
  "LCF cannot be reached": end("unreachable"),
  "no turn before the deadline": end("timedOut"),
  "no answer": end("timedOut"),
  "no registration on the target": end("timedOut"),
  "registration refused": end("failed"),
  "registration overloaded": later("failed"),
  "registered elsewhere": end("superseded"),
  "went back": end("superseded"),
  "no longer registered": end("superseded"),
  "ended by the HSS": end("superseded"),
  "another device did not answer": later("refused"),
  pending: end("rolledBack"),
  "returned to the old S-CSCF": end("rolledBack"),
  "HSS does not move users on MAR": end("refused"),
  "not registered at the HSS": end("failed"),
  "too many failures": end("aborted"),
  cancelled: end("aborted"),

  "HSS too busy": later("failed"),
  "HSS cannot be reached": later("failed"),
  "HSS does not answer": later("failed"),
  "unknown to the HSS": end("failed"),
  "refused by the HSS": end("failed"),

  "not understood": end("refused"),
  "not for this device": end("refused"),
  expired: later("refused"),
  "another operation is open": later("refused"),
  "target not allowed": end("refused"),
  "another P-CSCF serves": later("refused"),
  "another S-CSCF serves": later("refused"),
  "not registered": later("refused"),
  "not idle": later("refused"),
  "not replaceable": later("refused"),
  "emergency call": later("refused"),
  "no such operation": end("refused"),
  other: end("refused"),
} as const satisfies Record<Reason, Verdict>;

/** The verdict of a reason. */
export function verdictOf(reason: Reason): Verdict {
  return verdicts[reason];
}

/** True for a text that is one of the reasons. */
export function isReason(text: unknown): text is Reason {
  return typeof text === "string" && Object.hasOwn(verdicts, text);
}

/** Answers to a REGISTER that say "not now": no answer, failures of a server, and challenges without end. */
function isOverload(status: number): boolean {
  return status === 401 || status === 408 || (status >= 500 && status < 600);
}

/**
 * Why a registration failed, by the answers that it met: overload when one of them was "not now" (the last word of
 * an overloaded core may be anything) or none came, else a refusal.
 */
export function registrationReason(
  trouble: readonly RegistrationTrouble[],
): "registration refused" | "registration overloaded" {
  const overloaded = trouble.length === 0 || trouble.some(({ status }) => isOverload(status));
  return overloaded ? "registration overloaded" : "registration refused";
}
