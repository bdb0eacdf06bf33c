// What the UE scenarios write into SIPp's log (-trace_logs): events with Call-ID, user and time; and what SIPp's short
// message log (-trace_shortmsg) says of the calls that did not end well.

/** Names of the events; a scenario says at its top which of them it has. */
export type UeEvent = "sent" | "again" | "busy" | "moved" | "answered" | "done" | "ended";

const events: readonly UeEvent[] = ["sent", "again", "busy", "moved", "answered", "done", "ended"];

/** One call of SIPp, which is one run of the scenario. */
export interface UeCall {
  readonly callId: string;
  /** Public identity; null where SIPp is the called UE. */
  readonly user: string | null;
  /** Seconds since 1970, of the last event of that name. */
  readonly at: ReadonlyMap<UeEvent, number>;
  /** Times that SIPp's AKA flaw made it register again. */
  readonly again: number;
  /** Times that the core was too busy. */
  readonly busy: number;
  /** As it stood in the 200 to REGISTER; null: none. */
  readonly serviceRoute: string | null;
  /** Call-ID of the dialog in whose place it came (RFC 3891); null: it is a call of its own. */
  readonly replaces: string | null;
}

interface MutableCall {
  readonly callId: string;
  readonly user: string | null;
  readonly at: Map<UeEvent, number>;
  again: number;
  busy: number;
  serviceRoute: string | null;
  replaces: string | null;
}

function isEvent(word: string): word is UeEvent {
  return events.some((event) => event === word);
}

/** Takes the log line by line. */
export class EventLog {
  readonly #calls = new Map<string, MutableCall>();

  get calls(): readonly UeCall[] {
    return [...this.#calls.values()];
  }

  add(text: string): void {
    const [, word = "", callId = "", user = "", rest = ""] = /^([a-z]+) (\S+) (\S+) (.*)$/.exec(text) ?? [];
    if (word === "") return;
    const call = this.#call(callId, user === "-" ? null : user);
    if (word === "route") {
      call.serviceRoute = rest === "" ? null : rest;
      return;
    }
    if (word === "replaces") {
      call.replaces = rest;
      return;
    }
    // SIPp's timestamp: date, time and seconds since 1970 with tabs between.
    const at = Number(rest.split("\t")[2]);
    if (!isEvent(word) || Number.isNaN(at)) return;
    call.at.set(word, at);
    if (word === "again") call.again += 1;
    if (word === "busy") call.busy += 1;
  }

  #call(callId: string, user: string | null): MutableCall {
    const known = this.#calls.get(callId);
    if (known !== undefined) return known;
    const call: MutableCall = {
      ...{ callId, user, at: new Map(), again: 0, busy: 0 },
      ...{ serviceRoute: null, replaces: null },
    };
    this.#calls.set(callId, call);
    return call;
  }
}

/** Why a call is none that went well. */
export function whyFailed(call: UeCall, ends: EndLog): string {
  return call.at.has("ended") ? "hung up by the other side" : ends.endOf(call.callId);
}

/** Milliseconds from one event to another; null when one of them did not come. Whole microseconds. */
export function millisecondsBetween(call: UeCall, from: UeEvent, to: UeEvent): number | null {
  const [start, end] = [call.at.get(from), call.at.get(to)];
  return start === undefined || end === undefined ? null : Math.round((end - start) * 1e6) / 1e3;
}

interface LastMessages {
  /** Of the last request that was sent; empty: none. */
  method: string;
  /** Of the last request that came; empty: none. */
  asked: string;
  /** Of the last response that came; null: none since that request. */
  status: number | null;
  /** Seconds since 1970, of whatever came or went. */
  at: number;
}

/** How the calls ended that did not end well, line by line from the short message log. */
export class EndLog {
  readonly #last = new Map<string, LastMessages>();

  add(text: string): void {
    const [, , time, direction, callId, , first] = text.split("\t");
    if (direction === undefined || callId === undefined || first === undefined) return;
    const known = this.#last.get(callId) ?? { method: "", asked: "", status: null, at: 0 };
    this.#last.set(callId, known);
    known.at = Number(time);
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(first)?.[1] ?? 0);
    if (direction === "R" && status > 0) known.status = status;
    if (direction === "R" && status === 0) known.asked = first.split(" ")[0] ?? "";
    if (direction === "S" && status === 0) {
      const method = first.split(" ")[0] ?? "";
      // The ACK of a failure is no step on.
      if (method !== "ACK" || (known.status ?? 0) < 300) {
        known.method = method;
        known.status = null;
      }
    }
  }

  /** When the last message of a call came or went, in seconds since 1970; null: none. */
  timeOf(callId: string): number | null {
    return this.#last.get(callId)?.at ?? null;
  }

  /** `404`, what no final answer came to, or after what SIPp gave the call up. */
  endOf(callId: string): string {
    const { method = "", asked = "", status = null } = this.#last.get(callId) ?? {};
    if (status !== null && status >= 300) return String(status);
    if (status !== null && status >= 200) return `broken off after the ${status} to ${method}`;
    if (method !== "") return `no answer to ${method}`;
    return asked === "" ? "nothing came" : `broken off after the other side's ${asked}`;
  }
}
