// Counts an experiment again from its trace alone: no word of a UE, of the CFS or of the report is believed, but what
// crossed the wires. Deliberately plain: regular expressions over the text of messages.
import type { TraceEntry } from "@liquid-ims/lab/trace";

export interface RecountOptions {
  /** Short names of the P-CSCF or S-CSCF that users were to leave, and of those that they were to go to. */
  readonly from: string;
  readonly to: readonly string[];
  readonly functions: readonly string[];
  readonly speed: number;
}

export interface Recount {
  readonly planned: number;
  readonly moved: readonly string[];
  readonly kept: number;
  /** Of those concerned: a hang-up crossed the replacement, so which of them came first is not on the wires. */
  readonly crossed: number;
  readonly lost: number;
  /** Not among those concerned, but ended so shortly before the order that a busy UE may have heard of it afterwards. */
  readonly border: number;
  /** Ended by their users without having been replaced: endedMeanwhile and pinned of the report. */
  readonly endedByUsers: number;
  readonly load: readonly { function: string; second: number; sessionSetups: number; messages: number }[];
  /** Milliseconds of the clock from each user's MAR to his 200, shortest first. */
  readonly windows: readonly number[];
  /** Short names of the functions of that role that the BYEs of replacing dialogs crossed, by Call-ID. */
  readonly byePaths: ReadonlyMap<string, readonly string[]>;
}

interface Sip {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly start: string;
  readonly text: string;
  readonly callId: string;
  readonly method: string;
  readonly status: number;
}

function field(text: string, names: string): string {
  return new RegExp(`^(?:${names})[ \\t]*:[ \\t]*(.*)$`, "im").exec(text)?.[1]?.trim() ?? "";
}

function readSip({ at, from, to, protocol, message }: TraceEntry): Sip | null {
  if (!protocol.startsWith("sip/")) return null;
  const text = message.slice(0, message.indexOf("\r\n\r\n"));
  const start = text.split("\r\n")[0] ?? "";
  const status = Number(/^SIP\/2\.0 (\d{3})/.exec(start)?.[1] ?? 0);
  const method = field(text, "CSeq").split(/\s+/)[1] ?? "";
  return { at, from, to, start, text, callId: field(text, "Call-ID|i"), method, status };
}

function uriOf(value: string): string {
  return /(sips?:[^>;\s]+)/.exec(value)?.[1] ?? "";
}

const isUe = (name: string) => name.startsWith("ue");

/** When the OSS/BSS asked, and the users of the plan as the last answer listed them. */
function readOrders(trace: readonly TraceEntry[]): { asked: number; planned: string[] } {
  let asked = Number.NaN;
  let planned: string[] = [];
  for (const { at, from, to, protocol, message } of trace) {
    // The HSS's own interface is HTTP, too.
    if (protocol !== "http" || (from !== "oss" && to !== "oss")) continue;
    const exchange = JSON.parse(message);
    if (from === "oss" && exchange.method === "POST") asked = at;
    // A transfer's, not a function's list of its registrations.
    if (from === "cfs" && exchange.body?.counts !== undefined && Array.isArray(exchange.body.users)) {
      planned = exchange.body.users
        .filter((line: { state: string }) => line.state !== "staying")
        .map((line: { user: string }) => line.user);
    }
  }
  return { asked, planned };
}

type Role = "pcscf" | "scscf";

/** The P-CSCF or S-CSCF that each user's third-party REGISTERs named, last one last. */
function readPlaces(sip: readonly Sip[], role: Role): Map<string, { at: number; place: string }[]> {
  const places = new Map<string, { at: number; place: string }[]>();
  for (const message of sip) {
    if (message.method !== "REGISTER" || message.status !== 0 || message.to !== "cfd") continue;
    const user = uriOf(field(message.text, "To|t"));
    const place =
      role === "pcscf"
        ? /@?(pcscf\d+)\.[^,]*$/.exec(field(message.text, "Path"))?.[1]
        : /(scscf\d+)\./.exec(uriOf(field(message.text, "From|f")))?.[1];
    places.set(user, [...(places.get(user) ?? []), { at: message.at, place: place ?? "" }]);
  }
  return places;
}

/** The functions of that role that a dialog's INVITE crossed, in order: the first is the caller's, the last the callee's. */
function invitePath(sip: readonly Sip[], role: Role): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  for (const { method, status, callId, from, start } of sip) {
    if (method !== "INVITE" || status !== 0 || !start.startsWith("INVITE ") || !from.startsWith(role))
      continue;
    const path = paths.get(callId) ?? [];
    if (!path.includes(from)) paths.set(callId, [...path, from]);
  }
  return paths;
}

interface End {
  /** Short name of the UE, and of the P-CSCF or S-CSCF that its leg was set up through. */
  readonly ue: string;
  readonly place: string;
  readonly confirmedAt: number;
  endedAt: number;
}

interface Dialog {
  readonly callId: string;
  readonly replaces: string | null;
  readonly invitedAt: number;
  caller: End | null;
  callee: End | null;
  /** When the caller's UE sent its ACK. */
  acknowledgedAt: number;
  /** A UE sent BYE, and the other one got it. */
  byeSent: boolean;
  byeArrived: boolean;
  /** When the first of them was sent, and by whom. */
  byeAt: number;
  byeBy: string;
  readonly byePath: string[];
}

/** Dialogs as both UEs have them: the caller from its 2xx on, the callee from the ACK on. */
function readDialogs(sip: readonly Sip[], role: Role): Map<string, Dialog> {
  const dialogs = new Map<string, Dialog>();
  const paths = invitePath(sip, role);
  for (const message of sip) {
    const { callId, method, status, from, to, at, text } = message;
    if (method === "INVITE" && status === 0 && isUe(from) && !/;\s*tag=/.test(field(text, "To|t"))) {
      const replaces = field(text, "Replaces").split(";")[0] ?? "";
      const fresh: Dialog = {
        ...{ callId, replaces: replaces === "" ? null : replaces, caller: null, callee: null },
        ...{ invitedAt: at, acknowledgedAt: Number.POSITIVE_INFINITY },
        ...{ byeSent: false, byeArrived: false, byeAt: Number.POSITIVE_INFINITY, byeBy: "", byePath: [] },
      };
      if (!dialogs.has(callId)) dialogs.set(callId, fresh);
    }
    const dialog = dialogs.get(callId);
    if (dialog === undefined) continue;
    const end = { confirmedAt: at, endedAt: Number.POSITIVE_INFINITY };
    if (method === "INVITE" && status >= 200 && status < 300 && isUe(to))
      dialog.caller ??= { ...end, ue: to, place: paths.get(callId)?.[0] ?? "" };
    if (method === "ACK" && from === dialog.caller?.ue)
      dialog.acknowledgedAt = Math.min(dialog.acknowledgedAt, at);
    // A BYE shows it, too: the ACK before it was lost.
    const shows = method === "ACK" || (method === "BYE" && status === 0);
    if (shows && isUe(to) && dialog.caller !== null && to !== dialog.caller.ue)
      dialog.callee ??= { ...end, ue: to, place: paths.get(callId)?.at(-1) ?? "" };
    if (method !== "BYE" || status !== 0) continue;
    for (const name of [from, to])
      if (name.startsWith(role) && !dialog.byePath.includes(name)) dialog.byePath.push(name);
    for (const side of [dialog.caller, dialog.callee]) {
      if (side !== null && (side.ue === from || side.ue === to)) side.endedAt = Math.min(side.endedAt, at);
    }
    if (isUe(from)) {
      if (!dialog.byeSent) dialog.byeBy = from;
      dialog.byeSent = true;
      dialog.byeAt = Math.min(dialog.byeAt, at);
    }
    if (isUe(to)) dialog.byeArrived = true;
  }
  return dialogs;
}

/** A message may wait this long at a UE of a busy machine before its user is shown it, milliseconds. */
const unread = 50;
/** So long may it take on a machine that has much else to do. */
const heardLate = 250;

/**
 * Whether a user hung up the old dialog while the new one was under way: each end may have hung up before it knew of the
 * new one or after, which only the end itself can tell.
 */
function isCrossed(old: Dialog, fresh: Dialog): boolean {
  if (old.byeAt < fresh.invitedAt) return false;
  if (old.byeBy === fresh.caller?.ue) return old.byeAt < fresh.acknowledgedAt;
  return old.byeAt < (fresh.callee?.confirmedAt ?? Number.POSITIVE_INFINITY) + unread;
}

function countLoad(
  sip: readonly Sip[],
  { functions, speed }: RecountOptions,
  until: number,
): Recount["load"] {
  const cells = functions.flatMap((name) =>
    Array.from({ length: until }, (_, second) => ({ function: name, second, sessionSetups: 0, messages: 0 })),
  );
  const seen = new Set<string>();
  for (const message of sip) {
    const second = Math.floor((message.at * speed) / 1000);
    for (const name of [message.from, message.to]) {
      const cell = cells.find((one) => one.function === name && one.second === second);
      if (cell === undefined) continue;
      cell.messages += 1;
      const initial = message.start.startsWith("INVITE ") && !/;\s*tag=/.test(field(message.text, "To|t"));
      const session = `${name} ${message.callId}`;
      if (name !== message.to || !initial || field(message.text, "Replaces") !== "" || seen.has(session))
        continue;
      seen.add(session);
      cell.sessionSetups += 1;
    }
  }
  return cells;
}

/** From the CFS's MAR that names a target to the 200 whose Service-Route names it, too. */
function readWindows(trace: readonly TraceEntry[], sip: readonly Sip[], to: readonly string[]): number[] {
  const lengths: number[] = [];
  for (const { at, from, protocol, message } of trace) {
    if (protocol !== "cx" || from !== "cfs" || !message.startsWith("Multimedia-Auth-Request")) continue;
    const user = uriOf(field(message, "Public-Identity"));
    const target = to.find((name) => field(message, "Server-Name").includes(`${name}.`));
    if (target === undefined) continue;
    const back = sip.find(
      (one) =>
        one.at >= at &&
        one.method === "REGISTER" &&
        one.status === 200 &&
        isUe(one.to) &&
        uriOf(field(one.text, "To|t")) === user &&
        field(one.text, "Service-Route").includes(`${target}.`),
    );
    if (back !== undefined) lengths.push(back.at - at);
  }
  return lengths.sort((a, b) => a - b);
}

/** `until`: seconds of the script for which load is counted. */
export function recount(trace: readonly TraceEntry[], options: RecountOptions, until: number): Recount {
  const sip = trace.map(readSip).filter((message) => message !== null);
  const { asked, planned } = readOrders(trace);
  const role = options.from.startsWith("pcscf") ? "pcscf" : "scscf";
  const places = readPlaces(sip, role);
  const moved = planned.filter((user) => {
    const seen = places.get(user) ?? [];
    const before = seen.filter((place) => place.at <= asked).at(-1)?.place;
    return before === options.from && options.to.includes(seen.at(-1)?.place ?? "");
  });
  const users = new Map<string, string>();
  for (const { from, method, status, text } of sip) {
    if (method === "REGISTER" && status === 0 && isUe(from)) users.set(from, uriOf(field(text, "From|f")));
  }
  const dialogs = readDialogs(sip, role);
  const isPlanned = (end: End | null) => end !== null && planned.includes(users.get(end.ue) ?? "");
  const confirmed = (dialog: Dialog | undefined) =>
    dialog !== undefined && dialog.caller !== null && dialog.callee !== null;
  const counts = { kept: 0, crossed: 0, lost: 0, border: 0, endedByUsers: 0 };
  const byePaths = new Map<string, readonly string[]>();
  for (const dialog of dialogs.values()) {
    const isConcerned = (from: number) =>
      [dialog.caller, dialog.callee].some(
        (end) =>
          end !== null &&
          isPlanned(end) &&
          end.place === options.from &&
          (end.confirmedAt > from || end.endedAt > from),
      );
    if (!isConcerned(asked)) {
      if (isConcerned(asked - heardLate)) counts.border += 1;
      continue;
    }
    const isReplaced = (one: Dialog) => one.replaces === dialog.callId && isCrossed(dialog, one);
    if ([...dialogs.values()].some(isReplaced)) counts.crossed += 1;
    let last = dialog;
    for (let next: Dialog | undefined = dialog; next !== undefined; ) {
      last = next;
      const { callId }: Dialog = next;
      // Ended before the other one stood: its user hung up, and nothing took its place.
      const { byeAt }: Dialog = next;
      next = [...dialogs.values()].find(
        (one) => one.replaces === callId && confirmed(one) && byeAt > (one.caller?.confirmedAt ?? 0),
      );
    }
    if (last === dialog) {
      if (dialog.byeSent && dialog.byeArrived) counts.endedByUsers += 1;
      else counts.lost += 1;
      continue;
    }
    byePaths.set(last.callId, last.byePath);
    if (last.byeSent && last.byeArrived) counts.kept += 1;
    else counts.lost += 1;
  }
  return {
    planned: planned.length,
    moved,
    ...counts,
    load: countLoad(sip, options, until),
    windows: readWindows(trace, sip, options.to),
    byePaths,
  };
}
