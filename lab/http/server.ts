// A small HTTP/1.1 server on a host's own network, so that it lives on either clock and is heard by the trace. RFC 9112 9.6:
// every connection has one request.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream, Listener } from "@liquid-ims/runtime/network";
import { concatBytes } from "@liquid-ims/runtime/text";
import { readHttp, writeHttp } from "./message.ts";

export interface HttpCall {
  readonly method: string;
  /** With its query, as it was sent. */
  readonly target: string;
  /** By names in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** The body is JSON. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

export interface HttpServerOptions {
  readonly listen: Address;
  /** Name of the counter of answers, by status. */
  readonly counter: string;
  answer(call: HttpCall): HttpAnswer;
}

/** How long a request may take to come, ms: half of one must not hold a connection for ever. */
const requestMs = 10_000;

const phrases: Readonly<Record<number, string>> = { 200: "OK", 400: "Bad Request", 404: "Not Found" };

function refusal(detail: string): HttpAnswer {
  return { status: 400, body: JSON.stringify({ result: "Failed", reason: detail }) };
}

/** Rejects with the RuntimeError of the address that cannot be had. */
export function serveHttp(host: Host, { listen, counter, answer }: HttpServerOptions): Promise<Listener> {
  function reply(stream: ByteStream, { status, body }: HttpAnswer): void {
    const help = "Answers of an HTTP interface of the lab";
    host.metrics.counter(counter, { help, labels: { status: String(status) } }).add();
    const startLine = `HTTP/1.1 ${status} ${phrases[status] ?? "Other"}`;
    stream.write(writeHttp(startLine, { "Content-Type": "application/json" }, body));
    stream.end();
  }

  function serve(stream: ByteStream): void {
    let received: Uint8Array = new Uint8Array(0);
    let isOpen = true;
    const timer = host.clock.after(requestMs, () => stream.reset(), "http request");
    const settle = (present: HttpAnswer): void => {
      isOpen = false;
      timer.cancel();
      reply(stream, present);
    };
    stream.open({
      data(chunk) {
        if (!isOpen) return;
        received = concatBytes([received, chunk]);
        const read = readHttp(received);
        if (read.kind === "part") return;
        if (read.kind === "bad") return settle(refusal(read.detail));
        const { startLine, headers, body } = read.message;
        const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(startLine) ?? [];
        if (method === undefined || target === undefined)
          return settle(refusal(`"${startLine}": must be a method, a path and HTTP/1.1`));
        settle(answer({ method, target, headers, body }));
      },
      closed() {
        isOpen = false;
        timer.cancel();
      },
    });
  }

  return host.network.listen(listen, serve);
}
