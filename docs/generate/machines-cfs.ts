// The state machines of Control Function Selection.
import { subscriptionTable } from "@liquid-ims/cfs/cfs-ue/subscription-table";
import { functionTable } from "@liquid-ims/cfs/functions/function-state";
import { careTable } from "@liquid-ims/cfs/transfer/aftercare/care-state";
import { reassignmentTable } from "@liquid-ims/cfs/transfer/reassignment/reassignment-state";
import { userTable } from "@liquid-ims/cfs/transfer/transfer-state";
import { type Machine, namesIn, statesOf } from "./machine.ts";

const notMoved = {
  name: "not moved",
  states: [
    "staying",
    "skipped",
    "refused",
    "unreachable",
    "timedOut",
    "superseded",
    "rolledBack",
    "aborted",
    "failed",
  ],
};

const transferStarts = [
  { next: "planned", label: "to be moved" },
  { next: "staying", label: "by the plan" },
  { next: "skipped", label: "by the plan" },
];

const functionFile = "servers/cfs/functions/function-state.ts";

const careFile = "servers/cfs/transfer/aftercare/care-state.ts";

const subscriptionFile = "servers/cfs/cfs-ue/subscription-table.ts";

export const cfsMachines: readonly Machine[] = [
  {
    page: "transfer-user",
    title: "A user in a transfer: change of P-CSCF",
    source: "servers/cfs/transfer/transfer-state.ts",
    clause: "[cfs-ue](../cfs-ue.md) 7, 8 · [os-cfs](../reference-points.md)",
    about:
      "The location record, not the phone's word, makes a user moved. What cannot go well now waits in `planned` until " +
      "the deadline. A user who has moved is `done` when the LCF has nothing more to report. A record that shows the " +
      "target of a user who was commanded wins over every other end.",
    starts: transferStarts,
    states: statesOf(userTable),
    merged: notMoved,
    meanings: namesIn("servers/cfs/transfer/user-event.ts", null, null, "UserAction"),
  },
  {
    page: "transfer-user-s-cscf",
    title: "A user in a transfer: change of S-CSCF",
    source: "servers/cfs/transfer/reassignment/reassignment-state.ts",
    clause: "TS 29.228 6.3 · [cfs-ue](../cfs-ue.md) 8",
    about:
      "Until the MAR a user is as in a change of [P-CSCF](transfer-user.md), but that all devices of a subscription go " +
      "together. From the MAR on nobody is dropped: a user ends where the name is that the HSS has. The record that shows " +
      "the target wins at any time.",
    starts: transferStarts,
    states: statesOf(reassignmentTable),
    merged: notMoved,
    meanings: [
      ...namesIn("servers/cfs/transfer/user-event.ts", null, null, "UserAction"),
      ...namesIn("servers/cfs/transfer/user-event.ts", null, null, "ReassignmentAction"),
    ],
  },
  {
    page: "aftercare",
    title: "A user who has moved S-CSCF, until his old registration has expired",
    source: careFile,
    clause: "TS 29.228 6.1.1, 6.1.4, 6.3 · [cfs-ue](../cfs-ue.md) 8",
    about:
      "Some HSSs forget a moved user when his old registration expires at the S-CSCF that he has left. The HSS is asked " +
      "then, twice at some distance; whom it does not hold at the S-CSCF of his record is told to register again.",
    starts: [{ next: "watching", label: "his record has shown the target" }],
    states: statesOf(careTable),
    meanings: [
      ...namesIn("servers/cfs/transfer/aftercare/care-row.ts", "CareState", null, null),
      ...namesIn(careFile, null, "CareEvent", "CareAction"),
    ],
  },
  {
    page: "cfs-ue-subscription",
    title: "Subscription of a UE at the CFS",
    source: subscriptionFile,
    clause: "RFC 6665 4.2.1, 4.2.2 · [cfs-ue](../cfs-ue.md) 2, 5",
    about:
      "`resp_wait`, `pending`, `active` and `terminated` are RFC 6665's; `resp_verify` and `pending_verify` wait for a " +
      "signature to be verified. In `suspect` the dialog may be dead: nothing new is sent in it until something signed, " +
      "or an answer to a NOTIFY, shows that it is not.",
    starts: [{ next: "resp_wait", label: "SUBSCRIBE" }],
    states: statesOf(subscriptionTable),
    meanings: namesIn(subscriptionFile, "SubscriptionState", "SubscriptionEvent", "SubscriptionAction"),
  },
  {
    page: "function-in-dns",
    title: "An I-CSCF or a CFD that comes into the DNS, or goes",
    source: functionFile,
    clause: "RFC 2136 2.4, 2.5 · RFC 8945 · [os-cfs](../reference-points.md)",
    about:
      "The zone is read before each change and after it, and what it says decides; one UPDATE carries an order out, all or " +
      "nothing, if the zone is still as it was read. os-cfs shows `accepted` as STARTING, `retrying` and `given up` as " +
      "FAILED_TEMP, the two ends as COMPLETED and FAILED, the others as PROCESSING.",
    starts: [{ next: "accepted", label: "PUT or DELETE, durable" }],
    states: statesOf(functionTable),
    meanings: [
      ...namesIn("lib/reference-points/os-cfs-functions.ts", "FunctionStep", null, null),
      ...namesIn(functionFile, null, "FunctionEvent", "FunctionAction"),
    ],
  },
];
