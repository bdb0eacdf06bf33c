// Counts an experiment whose functions come and go again from its trace alone: no word of a UE, of the CFS's operations or
// of the report is believed, but what crossed the wires. Deliberately plain: regular expressions over the text of messages.
import type { TraceEntry } from "@liquid-ims/lab/trace";

export interface RegisterRecount {
  /** Script seconds at which the OSS/BSS asked, and at which it was told COMPLETED; null: never. */
  readonly added: { readonly asked: number; readonly completed: number | null };
  readonly removed: { readonly asked: number; readonly completed: number | null };
  /** REGISTERs for each function and second, by the first time each was sent. */
  readonly load: readonly {
    readonly function: string;
    readonly second: number;
    readonly registers: number;
  }[];
  /** REGISTERs that the function was sent after the OSS/BSS had been told that it was removed. */
  readonly afterRemoval: number;
  /** Of all hops. */
  readonly registers: number;
  /** Without a final response, or with another one than 200 and 401. */
  readonly bad: readonly string[];
  /** 200s that UEs got from second 0 on. */
  readonly registered: number;
  /** 200s of the CFDs, and those of UEs, in the whole trace. */
  readonly told: number;
  readonly registeredInAll: number;
}

interface Sent {
  readonly at: number;
  readonly hop: string;
  readonly to: string;
  status: number;
}

function branchOf(message: string): string {
  return /^Via:[^\r\n]*?branch=([^;,\s]+)/im.exec(message)?.[1] ?? "";
}

/** `method` and the first answer to a GET of the same operation that says COMPLETED. */
function readOrder(trace: readonly TraceEntry[], method: "PUT" | "DELETE"): { asked: number; id: string } {
  const http = trace.filter((entry) => entry.protocol === "http");
  const index = http.findIndex(
    ({ from, message }) => from === "oss" && message.includes(`"method":"${method}"`),
  );
  const id = /"id":"([^"]+)"/.exec(http[index + 1]?.message ?? "")?.[1] ?? "";
  return { asked: http[index]?.at ?? Number.NaN, id };
}

function completedAt(trace: readonly TraceEntry[], id: string): number | null {
  const told = trace.find(
    ({ protocol, to, message }) =>
      protocol === "http" &&
      to === "oss" &&
      message.includes(`"id":"${id}"`) &&
      message.includes('"state":"COMPLETED"'),
  );
  return told?.at ?? null;
}

export function recountRegisters(
  trace: readonly TraceEntry[],
  functions: readonly [first: string, second: string],
  speed: number,
  seconds: number,
): RegisterRecount {
  const sent = new Map<string, Sent>();
  for (const { at, from, to, protocol, message } of trace) {
    if (!protocol.startsWith("sip/") || !/^CSeq: *\d+ REGISTER\r?$/m.test(message)) continue;
    const status = Number(/^SIP\/2\.0 (\d+)/.exec(message)?.[1] ?? 0);
    const hop = status === 0 ? `${from} ${to}` : `${to} ${from}`;
    const key = `${hop} ${branchOf(message)}`;
    if (status === 0) sent.set(key, sent.get(key) ?? { at, hop, to, status: 0 });
    const request = sent.get(key);
    if (status >= 200 && request !== undefined && request.status === 0) request.status = status;
  }
  const all = [...sent.values()];
  const second = (at: number) => (at * speed) / 1000;
  const [put, remove] = [readOrder(trace, "PUT"), readOrder(trace, "DELETE")];
  const told = completedAt(trace, remove.id);
  const scripted = (at: number | null) => (at === null ? null : second(at));
  const good = all.filter(({ status }) => status === 200);
  return {
    added: { asked: second(put.asked), completed: scripted(completedAt(trace, put.id)) },
    removed: { asked: second(remove.asked), completed: scripted(told) },
    load: functions.flatMap((name) =>
      Array.from({ length: seconds }, (_, index) => ({
        function: name,
        second: index,
        registers: all.filter(({ to, at }) => to === name && Math.floor(second(at)) === index).length,
      })),
    ),
    afterRemoval:
      told === null ? Number.NaN : all.filter(({ to, at }) => to === functions[0] && at >= told).length,
    registers: all.length,
    bad: all
      .filter(({ status }) => status !== 200 && status !== 401)
      .map(({ hop, at, status }) => `${hop} at ${second(at)}: ${status}`),
    registered: good.filter(({ hop, at }) => hop.startsWith("ue") && at >= 0).length,
    told: good.filter(({ to }) => to.startsWith("cfd")).length,
    registeredInAll: good.filter(({ hop }) => hop.startsWith("ue")).length,
  };
}
