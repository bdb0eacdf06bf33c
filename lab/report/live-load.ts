// Sessions per second at each CSCF as they happen, for the live view; the report counts anew in the whole trace.
import type { TraceEntry } from "../trace.ts";

export interface LiveLoad {
  heard(entry: TraceEntry): void;
  /** Session set-ups since the last call of this, by function. */
  take(): ReadonlyMap<string, number>;
}

const initialInvite = /^INVITE /;
const replaces = /^replaces\s*:/im;
const inDialog = /^(?:to|t)\s*:[^\r\n]*;\s*tag=/im;
const callIdLine = /^(?:call-id|i)\s*:\s*(\S+)/im;

export function createLiveLoad(functions: readonly string[]): LiveLoad {
  const known = new Set(functions);
  const sessions = new Set<string>();
  let counts = new Map<string, number>();
  return {
    heard({ to, protocol, message }) {
      if (!known.has(to) || !protocol.startsWith("sip/") || !initialInvite.test(message)) return;
      if (replaces.test(message) || inDialog.test(message)) return;
      const session = `${to} ${callIdLine.exec(message)?.[1]}`;
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
