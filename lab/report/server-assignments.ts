// Every server assignment of a run, matched to what caused it: a registration, one by one. An S-CSCF that claims a user
// without one (UNREGISTERED_USER) had a request for a user whom it does not serve. TS 29.228 6.1.2; TS 24.229 5.4.1.2, 5.4.3.3.
import type { TraceEntry } from "../trace.ts";
import { sipFacts } from "./sip-facts.ts";
import { endOf, type UserWindow } from "./window.ts";

/** A SAR as an S-CSCF sent it. */
export interface ServerAssignment {
  /** Milliseconds of the trace. */
  readonly at: number;
  /** Short name of the S-CSCF. */
  readonly sCscf: string;
  /** Server-Name. */
  readonly server: string;
  /** The first Public-Identity. */
  readonly user: string;
  /** Server-Assignment-Type. */
  readonly type: string;
  /** Session-Id, which its answer has, too. */
  readonly session: string;
}

/** A user's call, placed while the callee was in his window, made the new S-CSCF claim him. */
export interface CallClaim {
  readonly assignment: ServerAssignment;
  readonly caller: string;
  readonly callId: string;
}

export interface AssignmentCheck {
  /** SARs of registrations, each with its REGISTER and its 200. */
  readonly matched: readonly ServerAssignment[];
  readonly claims: readonly CallClaim[];
  /** What has no registration behind it, and what has a wrong name or type, a line each. */
  readonly failures: readonly string[];
}

export interface AssignmentOptions {
  /** Short names of the S-CSCFs; each is the first label of its Server-Name's host. */
  readonly sCscfs: readonly string[];
  readonly windows: readonly UserWindow[];
}

/** A request that an S-CSCF has got and not answered finally. */
interface OpenRequest {
  readonly method: string;
  readonly user: string;
  readonly caller: string;
  readonly callId: string;
  readonly branch: string;
  /** When it was first sent to that S-CSCF. */
  readonly at: number;
  readonly replaces: string | null;
  readonly fromUe: boolean;
  /** A REGISTER for one binding less: with others left nothing is owed to the HSS. */
  readonly removes: boolean;
  assignment: ServerAssignment | null;
  /** The S-CSCF has claimed the user after the SAR of this registration. */
  claimed: boolean;
}

const registrationTypes = ["REGISTRATION", "RE_REGISTRATION", "USER_DEREGISTRATION"];
const claimType = "UNREGISTERED_USER";
/** Nothing is left of the registration that it had, by its own clock or by order: no request waits. */
const endTypes = [
  "TIMEOUT_DEREGISTRATION",
  "TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME",
  "ADMINISTRATIVE_DEREGISTRATION",
  "DEREGISTRATION_TOO_MUCH_DATA",
];
/** Of an attempt that came to nothing: he is what he was. */
const attemptTypes = ["AUTHENTICATION_FAILURE", "AUTHENTICATION_TIMEOUT"];

function avpOf(message: string, name: string): string {
  return new RegExp(`^ *${name}: (.*)$`, "m").exec(message)?.[1] ?? "";
}

function readAssignment({ at, from, protocol, message }: TraceEntry): ServerAssignment | null {
  if (protocol !== "cx" || !message.startsWith("Server-Assignment-Request")) return null;
  return {
    ...{ at, sCscf: from, server: avpOf(message, "Server-Name") },
    ...{ user: avpOf(message, "Public-Identity"), type: avpOf(message, "Server-Assignment-Type") },
    session: avpOf(message, "Session-Id"),
  };
}

function seconds(at: number): string {
  return `${(at / 1000).toFixed(3)} s`;
}

function nameOf({ server, user, type, at }: ServerAssignment): string {
  return `SAR ${type} of ${server} for ${user} at ${seconds(at)}`;
}

class Matcher {
  readonly matched: ServerAssignment[] = [];
  readonly claims: CallClaim[] = [];
  readonly failures: string[] = [];
  readonly #options: AssignmentOptions;
  /** Per S-CSCF, by Call-ID and CSeq. */
  readonly #open = new Map<string, Map<string, OpenRequest>>();
  /** Per S-CSCF, by transaction: a request that has been answered comes again when its answer was lost. */
  readonly #answered = new Set<string>();
  /** Calls that a UE has begun, by Call-ID. */
  readonly #begunByUe = new Set<string>();
  /** Sessions of SARs that the HSS has executed. */
  readonly #executed = new Set<string>();
  /** Whom an S-CSCF has registered; unsure: it was told to forget him, which it does in its own time, or has claimed him. */
  readonly #held = new Map<string, "held" | "unsure">();

  constructor(options: AssignmentOptions) {
    this.#options = options;
    for (const name of options.sCscfs) this.#open.set(name, new Map());
  }

  read(entry: TraceEntry): void {
    const assignment = readAssignment(entry);
    if (assignment !== null) this.#assign(assignment);
    else if (entry.protocol === "cx") this.#readCx(entry);
    else this.#readSip(entry);
  }

  #readCx({ to, message }: TraceEntry): void {
    if (message.startsWith("Server-Assignment-Answer success"))
      this.#executed.add(avpOf(message, "Session-Id"));
    if (!message.startsWith("Registration-Termination-Request")) return;
    for (const key of this.#held.keys()) if (key.startsWith(`${to} `)) this.#held.set(key, "unsure");
  }

  #readSip(entry: TraceEntry): void {
    const facts = sipFacts(entry);
    if (facts === null) return;
    const { method, status, callId, replaces } = facts;
    const key = `${callId} ${facts.sequence} ${method}`;
    if (status !== null) {
      if (status < 200) return;
      const open = this.#open.get(entry.from);
      const request = open?.get(key);
      if (request === undefined) return;
      open?.delete(key);
      this.#answered.add(`${entry.from} ${request.branch}`);
      if (method !== "REGISTER") return;
      if (status === 200) this.#registered(entry, request);
      else this.#refused(entry, request, status);
      return;
    }
    if (entry.from.startsWith("ue") && method === "INVITE") this.#begunByUe.add(callId);
    const open = this.#open.get(entry.to);
    if (open === undefined || open.has(key) || method === "ACK" || method === "CANCEL") return;
    if (facts.hasToTag && method !== "REGISTER") return;
    if (this.#answered.has(`${entry.to} ${facts.branch}`)) return;
    open.set(key, {
      ...{
        method,
        callId,
        branch: facts.branch,
        replaces,
        caller: facts.from,
        assignment: null,
        claimed: false,
      },
      user: method === "REGISTER" ? facts.to : facts.requestUri,
      at: entry.at,
      fromUe: this.#begunByUe.has(callId),
      removes: facts.removes,
    });
  }

  #requests(sCscf: string, user: string): OpenRequest[] {
    return [...(this.#open.get(sCscf)?.values() ?? [])].filter((one) => one.user === user);
  }

  #assign(assignment: ServerAssignment): void {
    const { sCscf, server, user, type } = assignment;
    if (!server.startsWith(`sip:${sCscf}.`))
      this.failures.push(`${nameOf(assignment)} was sent by ${sCscf}, which is another server`);
    const requests = this.#requests(sCscf, user);
    if (type === claimType) return this.#claim(assignment, requests);
    if (attemptTypes.includes(type)) return;
    if (endTypes.includes(type)) return this.#end(assignment);
    if (!registrationTypes.includes(type)) {
      this.failures.push(`${nameOf(assignment)}: no registration has this type`);
      return;
    }
    const registration = requests.find((one) => one.method === "REGISTER" && one.assignment === null);
    if (registration === undefined) {
      this.failures.push(`${nameOf(assignment)}: no REGISTER of his waits at ${sCscf}`);
      return;
    }
    registration.assignment = assignment;
    this.matched.push(assignment);
    const held = this.#held.get(`${sCscf} ${user}`);
    if (held === "unsure" || type === "USER_DEREGISTRATION") return;
    const expected = held === "held" ? "RE_REGISTRATION" : "REGISTRATION";
    if (type !== expected) this.failures.push(`${nameOf(assignment)} should be ${expected}`);
  }

  #end(assignment: ServerAssignment): void {
    const key = `${assignment.sCscf} ${assignment.user}`;
    if (!this.#held.has(key))
      this.failures.push(`${nameOf(assignment)}: he has not been registered at ${assignment.sCscf}`);
    this.#held.delete(key);
  }

  /** Only a call of a user is no fault of ours, and only one that the callee's window explains. */
  #claim(assignment: ServerAssignment, requests: readonly OpenRequest[]): void {
    const { at, sCscf, user } = assignment;
    // Before or behind his registration there: both are possible from now on.
    this.#held.set(`${sCscf} ${user}`, "unsure");
    for (const one of requests) if (one.assignment !== null) one.claimed = true;
    const cause = requests.findLast((one) => one.method !== "REGISTER" && one.assignment === null);
    if (cause === undefined) {
      this.failures.push(`${nameOf(assignment)}: no request for him waits at ${sCscf}`);
      return;
    }
    cause.assignment = assignment;
    // One that was lost on its way to the S-CSCF that is left comes again when the window is over.
    const inWindow = this.#options.windows.some(
      (one) => one.user === user && one.from <= at && cause.at <= endOf(one),
    );
    const { method, caller, callId, replaces, fromUe } = cause;
    if (method === "INVITE" && replaces === null && fromUe && inWindow) {
      this.claims.push({ assignment, caller, callId });
      return;
    }
    const what = replaces === null ? method : `${method} with Replaces`;
    const where = inWindow ? "in his window" : "outside any window of his";
    this.failures.push(`${nameOf(assignment)}: caused by a ${what} of ${caller}, ${where}`);
  }

  /** The HSS has it that he is registered, or has gone, and he does not know. */
  #refused({ from }: TraceEntry, { user, assignment }: OpenRequest, status: number): void {
    if (assignment === null || !this.#executed.has(assignment.session)) return;
    this.failures.push(`${nameOf(assignment)}: his REGISTER was answered ${status}, and the HSS has the SAR`);
    this.#held.set(`${from} ${user}`, "unsure");
  }

  #registered({ from, at }: TraceEntry, { user, assignment, removes, claimed }: OpenRequest): void {
    if (assignment === null) {
      if (removes) return;
      this.failures.push(`${user} got his 200 from ${from} at ${seconds(at)} without a SAR`);
      return;
    }
    const key = `${from} ${user}`;
    // Who has just gone is still in Kamailio's user location, until a timer comes.
    const isUnsure = claimed || assignment.type === "USER_DEREGISTRATION";
    this.#held.set(key, isUnsure ? "unsure" : "held");
  }
}

/** `trace`: from before the first registration on. */
export function checkServerAssignments(
  trace: readonly TraceEntry[],
  options: AssignmentOptions,
): AssignmentCheck {
  const matcher = new Matcher(options);
  for (const entry of trace) matcher.read(entry);
  const { matched, claims, failures } = matcher;
  return { matched, claims, failures };
}

/** A claim, for people. */
export function describeClaim({ assignment, caller }: CallClaim): string {
  return `${nameOf(assignment)}: ${caller} called him in his window`;
}
