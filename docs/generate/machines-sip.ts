// The state machines of lib/sip.
import { inviteClientUsageTable, inviteServerUsageTable } from "@liquid-ims/sip/dialog/session-invite-tables";
import { modificationTable } from "@liquid-ims/sip/dialog/session-modification-table";
import { sessionTable } from "@liquid-ims/sip/dialog/session-table";
import { subscriberTable } from "@liquid-ims/sip/dialog/subscription-table";
import { registrationTable } from "@liquid-ims/sip/registration-table";
import { defaultTimers } from "@liquid-ims/sip/timers";
import { inviteClient } from "@liquid-ims/sip/transaction/invite-client";
import { inviteServer } from "@liquid-ims/sip/transaction/invite-server";
import { nonInviteClient } from "@liquid-ims/sip/transaction/non-invite-client";
import { nonInviteServer } from "@liquid-ims/sip/transaction/non-invite-server";
import type { TimerContext } from "@liquid-ims/sip/transaction/table";
import { type Machine, namesIn, type RawTable, type Start, statesOf, type TimerLength } from "./machine.ts";

type Durations = Readonly<Record<string, (context: TimerContext) => number | null>>;

/** A timer's length each time it is set, until it does not change any more. */
function lengths(duration: (context: TimerContext) => number | null, reliable: boolean): string {
  const values: (number | null)[] = [];
  for (let count = 0; count < 7; count++) {
    const value = duration({ timers: defaultTimers, reliable, count });
    if (value === values.at(-1)) break;
    values.push(value);
  }
  return values
    .map((value) => (value === null ? "not set" : value === 0 ? "none" : value.toLocaleString("en-US")))
    .join(" · ");
}

function timersOf(duration: Durations): TimerLength[] {
  return Object.entries(duration).map(([name, length]) => ({
    name,
    unreliable: lengths(length, false),
    reliable: lengths(length, true),
  }));
}

interface Transaction {
  readonly table: RawTable;
  readonly start: { readonly next: string; readonly actions: readonly object[] };
  readonly duration: Durations;
}

/** What is done when a transaction begins, as words. */
function startOf({ next, actions }: Transaction["start"]): Start {
  const words = actions.map((action) => Object.entries(action).flat().join(" "));
  return { next, label: words.join(", ") };
}

function transaction(
  machine: Transaction,
  file: string,
  events: string,
  rest: Pick<Machine, "page" | "title" | "clause" | "about">,
): Machine {
  return {
    ...rest,
    source: file,
    starts: [startOf(machine.start)],
    states: statesOf(machine.table),
    meanings: namesIn(file, null, events, null),
    timers: timersOf(machine.duration),
  };
}

/** `names` are the types of the table's states, events and actions. */
function dialog(
  file: string,
  table: RawTable,
  names: readonly [string, string, string],
  rest: Pick<Machine, "page" | "title" | "clause" | "about" | "starts">,
): Machine {
  const source = `lib/sip/${file}`;
  return { ...rest, source, states: statesOf(table), meanings: namesIn(source, ...names) };
}

const transactions: readonly Machine[] = [
  transaction(inviteClient, "lib/sip/transaction/invite-client.ts", "InviteClientEvent", {
    page: "invite-client-transaction",
    title: "INVITE client transaction",
    clause: "RFC 3261 17.1.1, 9.1 · RFC 6026 8.4",
    about:
      "`pass` gives the response to the transaction user. Timer A sends the INVITE again, timer B ends a transaction " +
      "that nobody answers, timer D waits for copies of a failure, timer M for the 2xx of other branches. " +
      "`cancel expired` is the end of the `64*T1` that a CANCEL gives the INVITE.",
  }),
  transaction(nonInviteClient, "lib/sip/transaction/non-invite-client.ts", "NonInviteClientEvent", {
    page: "non-invite-client-transaction",
    title: "Non-INVITE client transaction",
    clause: "RFC 3261 17.1.2",
    about:
      "Timer E sends the request again, timer F ends the transaction, timer K waits for copies of the final response. " +
      "`timerE-T2` is timer E where it is set to T2 whatever it was before.",
  }),
  transaction(inviteServer, "lib/sip/transaction/invite-server.ts", "InviteServerEvent", {
    page: "invite-server-transaction",
    title: "INVITE server transaction",
    clause: "RFC 3261 17.2.1 · RFC 6026 8.5, 8.8",
    about:
      "TU is the transaction user. `timer100` is the time that it has before the transaction sends 100 itself; timer G " +
      "sends a failure again, timer H ends the wait for its ACK, timer I waits for copies of the ACK, timer L for " +
      "copies of an INVITE that had a 2xx.",
  }),
  transaction(nonInviteServer, "lib/sip/transaction/non-invite-server.ts", "NonInviteServerEvent", {
    page: "non-invite-server-transaction",
    title: "Non-INVITE server transaction",
    clause: "RFC 3261 17.2.2 · RFC 4320 4 · RFC 6026 8.8",
    about:
      "TU is the transaction user. `timer100` is the moment from which on a 100 is allowed and due; after `timerExpiry` " +
      "the client has given up, so that no final response is of use; timer J waits for copies of the request.",
  }),
];

const dialogs: readonly Machine[] = [
  dialog(
    "dialog/session-invite-tables.ts",
    inviteClientUsageTable,
    ["InviteClientUsageState", "InviteClientUsageEvent", "InviteClientUsageAction"],
    {
      page: "session-invite-client",
      title: "INVITE until it has led to a session: the caller",
      clause: "RFC 3261 9, 13, 15.1.2",
      about: "Above the transaction: forks, CANCEL, and a 2xx that comes when the caller has given up.",
      starts: [{ next: "Calling", label: "INVITE sent" }],
    },
  ),
  dialog(
    "dialog/session-invite-tables.ts",
    inviteServerUsageTable,
    ["InviteServerUsageState", "InviteServerUsageEvent", "InviteServerUsageAction"],
    {
      page: "session-invite-server",
      title: "INVITE until it has led to a session: the called",
      clause: "RFC 3261 9, 13, 15.1.2",
      about: "Above the transaction: early dialogs, the answer, CANCEL.",
      starts: [{ next: "Proceeding", label: "INVITE" }],
    },
  ),
  dialog("dialog/session-table.ts", sessionTable, ["SessionState", "SessionEvent", "SessionAction"], {
    page: "session",
    title: "Session, from its 2xx to its end",
    clause: "RFC 3261 13.3.1.4, 14, 15",
    about: "Both ends of a session that INVITE has made.",
    starts: [
      { next: "Accepted", label: "2xx sent" },
      { next: "Confirmed", label: "2xx received" },
    ],
  }),
  dialog(
    "dialog/session-modification-table.ts",
    modificationTable,
    ["ModificationState", "ModificationEvent", "ModificationAction"],
    {
      page: "session-modification",
      title: "Modifying a session",
      clause: "RFC 3261 14 · RFC 3311 5.2",
      about: "re-INVITE of either end and UPDATE of the peer, while the session is confirmed.",
      starts: [{ next: "Idle", label: "session confirmed" }],
    },
  ),
  dialog(
    "dialog/subscription-table.ts",
    subscriberTable,
    ["SubscriberState", "SubscriberEvent", "SubscriberAction"],
    {
      page: "subscriber",
      title: "Subscription: the subscriber",
      clause: "RFC 6665 4.1.2, figure 1",
      about:
        "The UE's half of a subscription; the notifier's half is [that of the CFS](cfs-ue-subscription.md).",
      starts: [{ next: "notify_wait", label: "SUBSCRIBE sent" }],
    },
  ),
  dialog(
    "registration-table.ts",
    registrationTable,
    ["RegistrationState", "RegistrationEvent", "RegistrationAction"],
    {
      page: "registration",
      title: "Registration of a UE",
      clause: "RFC 3261 10.2, 22.2 · RFC 3327 · RFC 5626 4.5 · TS 24.229 5.1.1",
      about: "One REGISTER at a time; wishes that come meanwhile wait in a queue.",
      starts: [{ next: "Idle", label: "" }],
    },
  ),
];

export const sipMachines: readonly Machine[] = [...transactions, ...dialogs];
