// The link that carries Cx in the lab: one JSON object a line over a stream. What crosses it is copied, so that
// no CSCF and HSS ever share an object.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream, Listener } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import { type CxAnswer, type CxRequest, unableToComply } from "./cx.ts";

const answerTimeoutMs = 4000;
const reconnectMs = 500;
const maximumLineLength = 65536;

/** Cuts a byte stream into lines; `null` when the peer sends no line end. */
function lineReader(line: (text: string) => void): (chunk: Uint8Array) => boolean {
  let pending = "";
  return (chunk) => {
    pending += decodeText(chunk);
    for (let end = pending.indexOf("\n"); end >= 0; end = pending.indexOf("\n")) {
      line(pending.slice(0, end));
      pending = pending.slice(end + 1);
    }
    return pending.length <= maximumLineLength;
  };
}

function send(stream: ByteStream, message: unknown): void {
  stream.write(encodeText(`${JSON.stringify(message)}\n`));
}

/** A CSCF's side of the link. */
export interface CxClient {
  /** Always settles: with 5012 when the HSS does not answer within 4 s or cannot be reached. */
  request(request: CxRequest): Promise<CxAnswer>;
  close(): void;
}

export function openCxClient(host: Host, hss: Address): CxClient {
  const waiting = new Map<number, (answer: CxAnswer) => void>();
  const unanswered = host.metrics.counter("cx_requests_unanswered_total", {
    help: "Cx requests without answer",
  });
  let next = 1;
  let stream: ByteStream | null = null;
  let connecting: Promise<void> | null = null;
  let refusedUntil = 0;
  let closed = false;

  function settle(id: number, answer: CxAnswer): void {
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve?.(answer);
  }

  function lost(): void {
    stream = null;
    for (const id of [...waiting.keys()]) settle(id, { result: unableToComply });
  }

  async function connect(): Promise<void> {
    try {
      const opened = await host.network.connect(hss, { local: { host: localHost(hss), port: 0 } });
      if (closed) return opened.reset();
      stream = opened;
      const read = lineReader((line) => {
        const { id, answer } = JSON.parse(line) as { id: number; answer: CxAnswer };
        settle(id, answer);
      });
      opened.open({ data: (chunk) => void read(chunk), closed: lost });
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      refusedUntil = host.clock.now() + reconnectMs;
      host.log.warn("cx.unreachable", { hss: hss.host, code: error.code });
    } finally {
      connecting = null;
    }
  }

  /** The system chooses the source address; a name for that is the unspecified address of the peer's family. */
  function localHost(peer: Address): string {
    return peer.host.includes(":") ? "::" : "0.0.0.0";
  }

  return {
    async request(request) {
      if (stream === null && host.clock.now() >= refusedUntil) {
        connecting ??= connect();
        await connecting;
      }
      if (stream === null) {
        unanswered.add();
        return { result: unableToComply };
      }
      const id = next++;
      send(stream, { id, request });
      return new Promise<CxAnswer>((resolve) => {
        const timer = host.clock.after(
          answerTimeoutMs,
          () => {
            unanswered.add();
            settle(id, { result: unableToComply });
          },
          "cx answer",
        );
        waiting.set(id, (answer) => {
          timer.cancel();
          resolve(answer);
        });
      });
    },
    close() {
      closed = true;
      stream?.end();
      lost();
    },
  };
}

/** The HSS's side of the link: every request gets an answer, maybe later. */
export async function openCxServer(
  host: Host,
  local: Address,
  answer: (request: CxRequest, reply: (answer: CxAnswer) => void) => void,
): Promise<Listener> {
  const streams = new Set<ByteStream>();
  const listener = await host.network.listen(local, (stream) => {
    streams.add(stream);
    const read = lineReader((line) => {
      const { id, request } = JSON.parse(line) as { id: number; request: CxRequest };
      answer(request, (value) => send(stream, { id, answer: value }));
    });
    stream.open({
      data: (chunk) => {
        if (!read(chunk)) stream.reset();
      },
      closed: () => streams.delete(stream),
    });
  });
  return {
    local: listener.local,
    close() {
      listener.close();
      for (const stream of streams) stream.reset();
    },
  };
}
