// The end states of a user in a change of S-CSCF: as in a change of P-CSCF, and those of a name that was written.
import * as ended from "../transfer-ended.ts";
import { type ReassignmentRows, to } from "../user-event.ts";

/** The events that only a change of S-CSCF has, in a state where none of them can come. */
export const none = {
  "accepted late": null,
  reassign: null,
  "device waits": null,
  "device stays": null,
  MAA: null,
  "MAR failed, retry": null,
  "MAR failed": null,
  "MAR lost": null,
  "name due": null,
  "name is new": null,
  "name is old": null,
  "name is missing": null,
  "commit over": null,
  "left behind": null,
  "device moved": null,
  "restore due": null,
  restored: null,
  "name is read back": null,
  "name is kept": null,
  "check due": null,
  held: null,
  "not held": null,
  "not held, over": null,
  "check over": null,
  terminated: null,
} as const;

// A restoring MAR, or the reading of the name, was slower than the record and the report.
export const done = {
  ...ended.done,
  ...none,
  MAA: to("done"),
  "name is new": to("done", "note name"),
  "name is old": to("reassigned", "reassign"),
  "name is missing": to("reassigned", "reassign"),
  restored: to("registered", "check name"),
} as const satisfies ReassignmentRows;
export const staying = { ...ended.staying, ...none } as const satisfies ReassignmentRows;
export const skipped = { ...ended.skipped, ...none } as const satisfies ReassignmentRows;
export const unreachable = { ...ended.unreachable, ...none } as const satisfies ReassignmentRows;
export const superseded = { ...ended.superseded, ...none } as const satisfies ReassignmentRows;
export const aborted = { ...ended.aborted, ...none } as const satisfies ReassignmentRows;

// One that was left behind, when the name was restored for another device after all: the HSS waits for a registration.
export const timedOut = {
  ...ended.timedOut,
  ...none,
  "record shows target": to("registered", "note moved", "check soon"),
  restored: to("timedOut", "cancel, re-register"),
} as const satisfies ReassignmentRows;

// Both may have been told so by a cancel that did not leave before a crash. A registration that shows the target after
// all (an HSS that was slow, a user of whom it had lost track) is looked at like any other.
export const refused = {
  ...ended.refused,
  ...none,
  resume: to("refused", "cancel again"),
  "record shows target": to("registered", "note moved", "check soon"),
} as const satisfies ReassignmentRows;

export const failed = {
  ...ended.failed,
  ...none,
  resume: to("failed", "cancel again"),
  "record shows target": to("registered", "note moved", "check soon"),
} as const satisfies ReassignmentRows;

// Pending until the device has registered again.
export const rolledBack = {
  ...ended.timedOut,
  ...none,
  resume: to("rolledBack", "cancel again"),
  "query answered": to("rolledBack"),
  accepted: to("rolledBack"),
  "refused, retry": to("rolledBack"),
  refused: to("rolledBack"),
  registered: to("rolledBack", "note returned", "forget"),
  "failed, retry": to("rolledBack", "forget"),
  failed: to("rolledBack", "forget"),
  cancelled: to("rolledBack"),
  progress: to("rolledBack", "note results"),
  reported: to("rolledBack", "note results"),
  "record shows target": to("registered", "note moved", "check name", "check soon"),
  "record shows origin": to("rolledBack"),
  "record shows elsewhere": to("rolledBack"),
  "record gone": to("rolledBack"),
  returned: null,
  "accepted late": to("rolledBack"),
  MAA: to("rolledBack"),
  "MAR failed, retry": to("rolledBack"),
  "MAR failed": to("rolledBack"),
  "MAR lost": to("rolledBack"),
  "device moved": to("reassigned", "note new life"),
  restored: to("rolledBack"),
} as const satisfies ReassignmentRows;
