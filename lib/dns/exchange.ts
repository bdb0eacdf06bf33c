// One question to one server: UDP, and TCP when the answer was cut. RFC 1035 4.2, RFC 5452 9, RFC 7766 5.
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { concatBytes } from "@liquid-ims/runtime/text";
import { type DecodedPacket, encode } from "dns-packet";
import { decodePacket } from "./packet.ts";

export interface Question {
  /** Lower case, without the dot at the end. */
  readonly name: string;
  readonly type: "A" | "AAAA" | "SRV" | "NAPTR";
}

export type Reply =
  | { readonly ok: true; readonly packet: DecodedPacket }
  | { readonly ok: false; readonly detail: string };

const recursionDesired = 0x0100;

function anyAddress(server: Address): Address {
  return { host: server.host.includes(":") ? "::" : "0.0.0.0", port: 0 };
}

/** The packet when it answers this question, else null: a stray or forged one is not believed. */
function readReply(data: Uint8Array, id: number, question: Question): DecodedPacket | null {
  const packet = decodePacket(data);
  if (packet === null) return null;
  const [asked] = packet.questions ?? [];
  const fits = packet.type === "response" && packet.id === id && asked?.type === question.type;
  return fits && asked.name.toLowerCase().replace(/\.$/, "") === question.name ? packet : null;
}

/** IPv6 addresses have several spellings: there the port, the identifier and the question have to do. */
function isFrom(server: Address, from: Address): boolean {
  return from.port === server.port && (server.host.includes(":") || from.host === server.host);
}

/** Waits for the first that settles it; `start` may settle at once or later, and gives what ends the waiting. */
function settleOnce(
  host: Host,
  timeoutMs: number,
  start: (settle: (reply: Reply) => void) => () => void,
  late: Reply,
): Promise<Reply> {
  return new Promise((resolve) => {
    let end: (() => void) | null = null;
    let settled = false;
    const settle = (reply: Reply) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      end?.();
      resolve(reply);
    };
    const timer = host.clock.after(timeoutMs, () => settle(late), "dns answer");
    end = start(settle);
    if (settled) end();
  });
}

async function askOverTcp(
  host: Host,
  server: Address,
  question: Question,
  query: Uint8Array,
  id: number,
  timeoutMs: number,
): Promise<Reply> {
  const name = formatAddress(server);
  const stream = await host.network.connect(server, { local: anyAddress(server), timeoutMs });
  return settleOnce(
    host,
    timeoutMs,
    (settle) => {
      let received: Uint8Array = new Uint8Array(0);
      stream.open({
        data(chunk) {
          received = concatBytes([received, chunk]);
          const length =
            received.length < 2 ? Number.POSITIVE_INFINITY : ((received[0] ?? 0) << 8) | (received[1] ?? 0);
          if (received.length < length + 2) return;
          const packet = readReply(received.subarray(2, length + 2), id, question);
          settle(
            packet === null
              ? { ok: false, detail: `${name} answered another question` }
              : { ok: true, packet },
          );
        },
        closed: () => settle({ ok: false, detail: `${name} closed the connection` }),
      });
      stream.write(concatBytes([Uint8Array.of(query.length >> 8, query.length & 0xff), query]));
      return () => stream.reset();
    },
    { ok: false, detail: `${name} did not answer over TCP in ${timeoutMs} ms` },
  );
}

/** Asks one server once. Never rejects for what a network or a server does. */
export async function askServer(
  host: Host,
  server: Address,
  question: Question,
  timeoutMs: number,
): Promise<Reply> {
  const id = host.random.int(0x10000);
  const query = encode({ type: "query", id, flags: recursionDesired, questions: [{ ...question }] });
  const name = formatAddress(server);
  let receive: (data: Uint8Array, from: Address) => void = () => undefined;
  try {
    const socket = await host.network.udp(anyAddress(server), (data, from) => receive(data, from));
    const reply = await settleOnce(
      host,
      timeoutMs,
      (settle) => {
        receive = (data, from) => {
          const packet = isFrom(server, from) ? readReply(data, id, question) : null;
          if (packet !== null) settle({ ok: true, packet });
        };
        socket.send(query, server);
        return () => socket.close();
      },
      { ok: false, detail: `${name} did not answer in ${timeoutMs} ms` },
    );
    if (!reply.ok || !("flag_tc" in reply.packet) || reply.packet.flag_tc !== true) return reply;
    return await askOverTcp(host, server, question, query, id, timeoutMs);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { ok: false, detail: `${name}: ${error.message}` };
  }
}
