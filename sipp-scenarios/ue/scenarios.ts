// The scenarios in which SIPp plays UEs, as facts: which files, who is called, what is measured, what the records say
// afterwards.
import type { UeEvent } from "./event-log.ts";

export const ueScenarioNames = [
  "ue-register",
  "ue-deregister",
  "uac-call",
  "uas-answer",
  "uac-call-replaces",
  "ue-move",
  "uac-register-burst",
] as const;

export type UeScenarioName = (typeof ueScenarioNames)[number];

export interface UeScenario {
  /** One line for lists. */
  readonly summary: string;
  /** File of the UEs that begin. */
  readonly file: string;
  /** File of the UEs that are called; null: nobody is. */
  readonly callee: string | null;
  /** The UEs that begin are registered before anything is measured. */
  readonly registeredBefore: boolean;
  /** What a call is named in figures. */
  readonly unit: string;
  /** The answer whose time is measured, from `sent`. */
  readonly measured: { readonly to: UeEvent; readonly name: string };
  /** Over TCP each UE has an address of its own, and a process that listens there: somebody sends a request to it. */
  readonly listens: boolean;
  /** Where the records of the UEs that began are at the end. */
  readonly recordsAt: "first" | "second" | "nowhere";
  /** Calls a second where none are given. */
  readonly rate: number;
}

export const ueScenarios: Readonly<Record<UeScenarioName, UeScenario>> = {
  "ue-register": {
    summary: "SIPp is UEs that register, by AKA or SIP Digest",
    file: "ue-register",
    callee: null,
    registeredBefore: false,
    unit: "registrations",
    measured: { to: "answered", name: "REGISTER to 200, both round trips" },
    listens: false,
    recordsAt: "first",
    rate: 20,
  },
  "ue-deregister": {
    summary: "SIPp is UEs that leave",
    file: "ue-deregister",
    callee: null,
    registeredBefore: true,
    unit: "de-registrations",
    measured: { to: "answered", name: "REGISTER to 200, both round trips" },
    listens: false,
    recordsAt: "nowhere",
    rate: 20,
  },
  "uac-call": {
    summary: "SIPp is UEs that call, talk and hang up",
    file: "uac-call",
    callee: "uas-answer",
    registeredBefore: true,
    unit: "calls",
    measured: { to: "answered", name: "INVITE to 200" },
    listens: false,
    recordsAt: "first",
    rate: 10,
  },
  "uas-answer": {
    summary: "SIPp is UEs that are called, and answer",
    file: "uac-call",
    callee: "uas-answer",
    registeredBefore: true,
    unit: "calls",
    measured: { to: "answered", name: "INVITE to ACK" },
    listens: false,
    recordsAt: "first",
    rate: 10,
  },
  "uac-call-replaces": {
    summary: "SIPp is UEs that replace a call of theirs by another one",
    file: "uac-call-replaces",
    callee: "uas-answer-replaces",
    registeredBefore: true,
    unit: "replaced calls",
    measured: { to: "answered", name: "INVITE with Replaces to 200" },
    listens: true,
    recordsAt: "first",
    rate: 10,
  },
  "ue-move": {
    summary: "SIPp is UEs that move to another P-CSCF with their calls, without an LCF",
    file: "ue-move",
    callee: "uas-answer-replaces",
    registeredBefore: false,
    unit: "moves",
    measured: { to: "answered", name: "REGISTER to 200 of the INVITE with Replaces" },
    listens: true,
    recordsAt: "second",
    rate: 5,
  },
  "uac-register-burst": {
    summary: "SIPp is many UEs that register at once, and try again when the core is too busy",
    file: "uac-register-burst",
    callee: null,
    registeredBefore: false,
    unit: "registrations",
    measured: { to: "answered", name: "first REGISTER to 200, with what was tried again" },
    listens: false,
    recordsAt: "first",
    rate: 1000,
  },
};
