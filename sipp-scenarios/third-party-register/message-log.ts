// SIPp's short message log (-trace_shortmsg): one line for each message, sent or received, with microseconds. Its own
// response times (-trace_rtt) come from a clock with steps of 4 ms and lose the last ones, so times are taken here.

/** A request of SIPp and what came back. */
export interface Exchange {
  /** Seconds since 1970, when it was sent first; when it was to be sent where TCP made it wait. */
  sentAt: number;
  /** Times that it was sent again. */
  retransmissions: number;
  /** Status of the first final response; null: none came. */
  status: number | null;
  /** From the first sending to the first final response, in ms. */
  milliseconds: number | null;
}

/** One line of the log; null for what is none of ours. */
interface Line {
  readonly at: number;
  readonly isSent: boolean;
  readonly call: number;
  readonly first: string;
}

function parseLine(text: string): Line | null {
  const [, , at, direction, callId, , first] = text.split("\t");
  // SIPp's own Call-IDs begin with the call's number (-cid_str %u-%p@%s).
  const call = /^(\d+)-/.exec(callId ?? "")?.[1];
  if (at === undefined || first === undefined || call === undefined) return null;
  if (direction !== "S" && direction !== "R") return null;
  return { at: Number(at), isSent: direction === "S", call: Number(call), first };
}

/** Takes the log line by line, after the times at which SIPp came to send. */
export class MessageLog {
  /** By number of the call (from 1), which is the line of the injection file. */
  readonly exchanges = new Map<number, Exchange>();
  readonly #logged = new Set<number>();

  /**
   * A line of the scenario's own log (-trace_logs), `<call> <date> <time> <seconds>`, written before the request is
   * sent: what TCP's window holds up does not come into the message log.
   */
  addIntent(text: string): void {
    const [, call, at] = /^(\d+) \S+\t\S+\t([\d.]+)$/.exec(text) ?? [];
    if (call !== undefined && at !== undefined) this.#start(Number(call), Number(at));
  }

  add(text: string): void {
    const line = parseLine(text);
    if (line === null) return;
    const exchange = this.exchanges.get(line.call);
    if (line.isSent) {
      if (this.#logged.has(line.call) && exchange !== undefined) exchange.retransmissions += 1;
      else if (exchange !== undefined) exchange.sentAt = line.at;
      else this.#start(line.call, line.at);
      this.#logged.add(line.call);
      return;
    }
    const status = Number(/^SIP\/2\.0 (\d{3}) /.exec(line.first)?.[1] ?? 0);
    if (exchange === undefined || exchange.status !== null || status < 200) return;
    exchange.status = status;
    // Whole microseconds: the difference of two such numbers has noise below them.
    exchange.milliseconds = Math.round((line.at - exchange.sentAt) * 1e6) / 1e3;
  }

  #start(call: number, sentAt: number): void {
    this.exchanges.set(call, { sentAt, retransmissions: 0, status: null, milliseconds: null });
  }
}
