// REGISTER transactions in the trace, each hop's one by one. RFC 3261 17.1.2, 8.1.1.7.
import { encodeText } from "@liquid-ims/runtime/text";
import { parseVia } from "@liquid-ims/sip/header/via";
import { parseMessage } from "@liquid-ims/sip/parser";
import type { TraceEntry } from "../trace.ts";

export interface RegisterTransaction {
  /** Short names of client and server. */
  readonly from: string;
  readonly to: string;
  /** When its request was sent for the first time; milliseconds of the trace. */
  readonly at: number;
  /** Default public identity. */
  readonly user: string;
  /** Its final response; null: there was none. */
  readonly status: number | null;
}

const requestLine = /^REGISTER /;
const answeredMethod = /^CSeq\s*:\s*\d+\s+REGISTER\s*$/im;
const toLine = /^(?:to|t)\s*:.*?((?:sips?|tel):[^>;\s]+)/im;

/** The branch of the topmost Via; null where the message is not whole. */
function branchOf(message: string): string | null {
  const parsed = parseMessage(encodeText(message));
  if (!parsed.ok) return null;
  return parseVia(parsed.message.headers.values("Via")[0] ?? "")?.parameters.get("branch") ?? null;
}

/** By the time at which they began. A retransmission belongs to its transaction. */
export function registerTransactions(trace: readonly TraceEntry[]): RegisterTransaction[] {
  const transactions = new Map<
    string,
    { from: string; to: string; at: number; user: string; status: number | null }
  >();
  for (const { at, from, to, protocol, message } of trace) {
    if (!protocol.startsWith("sip/")) continue;
    const isRequest = requestLine.test(message);
    const status = Number(/^SIP\/2\.0 (\d{3})/.exec(message)?.[1] ?? 0);
    if (!isRequest && (status < 200 || !answeredMethod.test(message))) continue;
    const branch = branchOf(message);
    if (branch === null) continue;
    const key = isRequest ? `${from} ${to} ${branch}` : `${to} ${from} ${branch}`;
    const known = transactions.get(key);
    if (isRequest && known === undefined)
      transactions.set(key, { from, to, at, user: toLine.exec(message)?.[1] ?? "", status: null });
    else if (!isRequest && known !== undefined) known.status ??= status;
  }
  return [...transactions.values()];
}
