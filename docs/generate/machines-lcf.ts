// The state machines of the Local Control Function.
import { callTable } from "@liquid-ims/ue-lcf/dialog-replacement-call-table";
import { legTable } from "@liquid-ims/ue-lcf/dialog-replacement-table";
import { moveTable } from "@liquid-ims/ue-lcf/move-procedure";
import { type Machine, namesIn, statesOf } from "./machine.ts";

const moveFile = "ue-lcf/move-procedure.ts";
const legFile = "ue-lcf/dialog-replacement-table.ts";
const callFile = "ue-lcf/dialog-replacement-call-table.ts";

export const lcfMachines: readonly Machine[] = [
  {
    page: "move-procedure",
    title: "A move in the LCF",
    source: moveFile,
    clause: "[cfs-ue](../cfs-ue.md) 7, 8",
    about:
      "What a command of the CFS does in the UE. Signature, addressee, expiry, sequence, target and conditions were " +
      "looked at before: what is refused never comes here.",
    starts: [{ next: "Idle", label: "" }],
    states: statesOf(moveTable),
    meanings: namesIn(moveFile, "MoveState", "MoveEvent", "MoveAction"),
  },
  {
    page: "dialog-replacement-leg",
    title: "Replacing a dialog: one leg of a call",
    source: legFile,
    clause: "RFC 3891 · RFC 3261 13, 15 · [rules](../dialog-replacement.md)",
    about: "Each INVITE of a call and the dialog that it makes, the same table at both ends.",
    starts: [
      { next: "Open", label: "INVITE sent" },
      { next: "Accepted", label: "200 sent" },
    ],
    states: statesOf(legTable),
    meanings: [
      ...namesIn(legFile, null, "LegEvent", "LegAct"),
      ...namesIn("ue-lcf/dialog-replacement-state.ts", "LegState", null, null),
    ],
  },
  {
    page: "dialog-replacement-call",
    title: "Replacing a dialog: the call as a whole",
    source: callFile,
    clause: "RFC 3891 · [rules](../dialog-replacement.md)",
    about:
      "What registrations, commands and the user do to a call that may have several [legs](dialog-replacement-leg.md). " +
      "A call is over by the user's hang-up, as shown here, or by what a leg heard: actions `over` there.",
    starts: [{ next: "live", label: "" }],
    states: statesOf(callTable, (phase, actions) =>
      actions.some((action) => action.startsWith("over:")) ? "over" : phase,
    ),
    meanings: namesIn(callFile, "CallPhase", "CallTableEvent", "CallAct"),
  },
];
