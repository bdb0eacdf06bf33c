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

/** Any port of the server's family. */
export function anyAddress(server: Address): Address {
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
export function isFrom(server: Address, from: Address): boolean {
  return from.port === server.port && (server.host.includes(":") || from.host === server.host);
}

/** Waits for the first that settles it; `start` may settle at once or later, and gives what ends the waiting. */
export function settleOnce<Result>(
  host: Host,
  timeoutMs: number,
  start: (settle: (result: Result) => void) => () => void,
  late: Result,
): Promise<Result> {
  return new Promise((resolve) => {
    let end: (() => void) | null = null;
    let settled = false;
    const settle = (result: Result) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      end?.();
      resolve(result);
    };
    const timer = host.clock.after(timeoutMs, () => settle(late), "dns answer");
    end = start(settle);
    if (settled) end();
  });
}

export type StreamReply =
  | { readonly ok: true; readonly data: Uint8Array }
  | { readonly ok: false; readonly detail: string };

/** One message over a connection of its own, and the first that comes back. Rejects when there is no connection. */
export async function exchangeOverTcp(
  host: Host,
  server: Address,
  message: Uint8Array,
  timeoutMs: number,
): Promise<StreamReply> {
  const name = formatAddress(server);
  const stream = await host.network.connect(server, { local: anyAddress(server), timeoutMs });
  return settleOnce<StreamReply>(
    host,
    timeoutMs,
    (settle) => {
      let received: Uint8Array = new Uint8Array(0);
      stream.open({
        data(chunk) {
          received = concatBytes([received, chunk]);
          const length =
            received.length < 2 ? Number.POSITIVE_INFINITY : ((received[0] ?? 0) << 8) | (received[1] ?? 0);
          if (received.length >= length + 2) settle({ ok: true, data: received.subarray(2, length + 2) });
        },
        closed: () => settle({ ok: false, detail: `${name} closed the connection` }),
      });
      stream.write(concatBytes([Uint8Array.of(message.length >> 8, message.length & 0xff), message]));
      return () => stream.reset();
    },
    { ok: false, detail: `${name} did not answer over TCP in ${timeoutMs} ms` },
  );
}

async function askOverTcp(
  host: Host,
  server: Address,
  question: Question,
  query: Uint8Array,
  id: number,
  timeoutMs: number,
): Promise<Reply> {
  const reply = await exchangeOverTcp(host, server, query, timeoutMs);
  if (!reply.ok) return reply;
  const packet = readReply(reply.data, id, question);
  return packet === null
    ? { ok: false, detail: `${formatAddress(server)} answered another question` }
    : { ok: true, packet };
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
    const reply = await settleOnce<Reply>(
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
