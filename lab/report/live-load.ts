// Sessions (or registrations) per second at each function as they happen, for the live view; the report counts anew in
// the whole trace.
import type { TraceEntry } from "../trace.ts";

export interface LiveLoad {
  heard(entry: TraceEntry): void;
  /** What is counted, since the last call of this, by function. */
  take(): ReadonlyMap<string, number>;
}

const initialInvite = /^INVITE /;
const replaces = /^replaces\s*:/im;
const inDialog = /^(?:to|t)\s*:[^\r\n]*;\s*tag=/im;
const callIdLine = /^(?:call-id|i)\s*:\s*(\S+)/im;
const register = /^REGISTER /;
const topBranch = /;branch=([^;,\s]+)/i;

/** What is counted once: null for everything else. */
type Reader = (message: string) => string | null;

const readers = {
  sessions(message) {
    if (!initialInvite.test(message) || replaces.test(message) || inDialog.test(message)) return null;
    return callIdLine.exec(message)?.[1] ?? null;
  },
  registers: (message) => (register.test(message) ? (topBranch.exec(message)?.[1] ?? null) : null),
} as const satisfies Record<string, Reader>;

export type LiveCount = keyof typeof readers;

export function createLiveLoad(functions: readonly string[], count: LiveCount = "sessions"): LiveLoad {
  const read: Reader = readers[count];
  const known = new Set(functions);
  const sessions = new Set<string>();
  let counts = new Map<string, number>();
  return {
    heard({ to, protocol, message }) {
      if (!known.has(to) || !protocol.startsWith("sip/")) return;
      const name = read(message);
      if (name === null) return;
      const session = `${to} ${name}`;
      if (sessions.has(session)) return;
      sessions.add(session);
      counts.set(to, (counts.get(to) ?? 0) + 1);
    },
    take() {
      const taken = counts;
      counts = new Map();
      return taken;
    },
  };
}
