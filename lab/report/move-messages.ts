// Which messages of the trace belong to the move of which user.
import type { TraceEntry } from "../trace.ts";
import { type SipFacts, sipFacts } from "./sip-facts.ts";
import { InterfaceUsers } from "./written-names.ts";

/** The time in which a user was being moved, in the trace's milliseconds. */
export interface MoveWindow {
  readonly user: string;
  readonly from: number;
  readonly to: number;
}

/** Who a Call-ID belongs to, learnt from its first request. */
function ownerOf(facts: SipFacts, cfsHost: string): string | null {
  if (facts.method === "REGISTER") return facts.to;
  if (facts.method === "SUBSCRIBE" && facts.to.includes(cfsHost)) return facts.from;
  if (facts.method === "INVITE" && facts.replaces !== null) return facts.from;
  return null;
}

function lineOf(text: string, name: string): string | null {
  return new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? null;
}

/** The public identity that a Cx message is about: an answer has its request's session. */
function cxIdentity({ message }: TraceEntry, sessions: Map<string, string>): string | null {
  const session = lineOf(message, "Session-Id");
  if (session === null) return null;
  const identity = lineOf(message, "Public-Identity");
  if (identity === null) return sessions.get(session) ?? null;
  sessions.set(session, identity);
  return identity;
}

/**
 * Counts requests and responses by any element for each move: its REGISTERs and third-party REGISTERs, its
 * subscription to the CFS, its Cx requests and answers and those of the HSS's own interface, the INVITEs with Replaces that it sent with all that is in
 * their dialogs, and the BYEs of the dialogs that they replaced.
 */
export function countMoveMessages(
  trace: readonly TraceEntry[],
  windows: readonly MoveWindow[],
  cfsHost: string,
): Map<string, number> {
  const byUser = new Map(windows.map((window) => [window.user, window]));
  const counts = new Map(windows.map((window) => [window.user, 0]));
  const owners = new Map<string, string>();
  const replaced = new Map<string, string>();
  const sessions = new Map<string, string>();
  const interfaceUsers = new InterfaceUsers();

  function count(user: string | null | undefined, at: number): void {
    const window = user === null || user === undefined ? undefined : byUser.get(user);
    if (window === undefined || at < window.from || at > window.to) return;
    counts.set(window.user, (counts.get(window.user) ?? 0) + 1);
  }

  for (const entry of trace) {
    if (entry.protocol === "cx") {
      count(cxIdentity(entry, sessions), entry.at);
      continue;
    }
    // What the OSS/BSS asks over HTTP is about the transfer, not about one user.
    if (entry.protocol === "http" && entry.from !== "oss" && entry.to !== "oss") {
      count(interfaceUsers.read(entry.message), entry.at);
      continue;
    }
    const facts = sipFacts(entry);
    if (facts === null) continue;
    if (!owners.has(facts.callId)) {
      const owner = ownerOf(facts, cfsHost);
      if (owner !== null) owners.set(facts.callId, owner);
      if (facts.replaces !== null) replaced.set(facts.replaces, facts.from);
    }
    const owner = owners.get(facts.callId);
    if (owner !== undefined) count(owner, entry.at);
    else if (facts.method === "BYE") count(replaced.get(facts.callId), entry.at);
  }
  return counts;
}
