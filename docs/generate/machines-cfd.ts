// The state machines of Control Function Discovery.
import { lookTable } from "@liquid-ims/cfd/reg-event-table";
import { type Machine, namesIn, statesOf } from "./machine.ts";

const lookFile = "servers/cfd/reg-event-table.ts";

export const cfdMachines: readonly Machine[] = [
  {
    page: "registration-state-look",
    title: "A look at a user's registration state",
    source: lookFile,
    clause: "RFC 3680 · RFC 6665 4.1.2 · TS 24.229 5.7.1.1",
    about:
      "What the CFD does when an `Expires: 0` may mean one of several contacts. The subscription is " +
      "[that of every subscriber](subscriber.md).",
    starts: [
      { next: "Asking", label: "SUBSCRIBE sent" },
      { next: "Asking for the user", label: "that S-CSCF takes only the user" },
    ],
    states: statesOf(lookTable),
    meanings: namesIn(lookFile, "LookState", "LookEvent", "LookAction"),
  },
];
