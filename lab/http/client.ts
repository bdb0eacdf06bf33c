// HTTP requests over a host's own network: the port that the CFS is given in the lab, on either clock, heard by the trace.
// RFC 9112 9.6: every request has a connection of its own.
import type { Host } from "@liquid-ims/runtime/host";
import type { HttpPort, HttpReply, HttpRequest } from "@liquid-ims/runtime/http";
import type { Address, ByteStream } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { concatBytes } from "@liquid-ims/runtime/text";
import { readHttp, writeHttp } from "./message.ts";

const plainPort = 80;

/** The address and the path of an `http:` URL whose host is an address literal; null for any other. */
function placeOf(url: string): { readonly address: Address; readonly target: string } | null {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol !== "http:" || !/^[0-9.]+$|:/.test(host)) return null;
  return {
    address: { host, port: port === "" ? plainPort : Number(port) },
    target: `${pathname}${search}`,
  };
}

function replyOf(data: Uint8Array): HttpReply | null {
  const read = readHttp(data);
  if (read.kind === "part") return null;
  if (read.kind === "bad") return { outcome: "no answer", detail: read.detail };
  const { startLine, body } = read.message;
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(startLine)?.[1];
  if (status === undefined) return { outcome: "no answer", detail: `"${startLine}" is no status line` };
  return { outcome: "answer", status: Number(status), body };
}

function exchange(
  host: Host,
  stream: ByteStream,
  request: Uint8Array,
  timeoutMs: number,
): Promise<HttpReply> {
  return new Promise((resolve) => {
    let received: Uint8Array = new Uint8Array(0);
    const settle = (reply: HttpReply): void => {
      timer.cancel();
      stream.reset();
      resolve(reply);
    };
    const silent = { outcome: "no answer", detail: `no answer within ${timeoutMs} ms` } as const;
    const timer = host.clock.after(timeoutMs, () => settle(silent), "http answer");
    stream.open({
      data(chunk) {
        received = concatBytes([received, chunk]);
        const reply = replyOf(received);
        if (reply !== null) settle(reply);
      },
      closed: () => settle({ outcome: "no answer", detail: "the connection was closed" }),
    });
    stream.write(request);
  });
}

/** `localHost`: the address literal that is called from. URLs must name address literals: nothing is looked up. */
export function createHttpClient(host: Host, localHost: string): HttpPort {
  return async ({ method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpReply> => {
    const place = placeOf(url);
    if (place === null)
      return { outcome: "unreachable", detail: `${url}: must be http:// and an address literal` };
    const { address, target } = place;
    const request = writeHttp(
      `${method} ${target} HTTP/1.1`,
      { Host: new URL(url).host, ...headers },
      body ?? "",
    );
    try {
      const stream = await host.network.connect(address, { local: { host: localHost, port: 0 }, timeoutMs });
      return await exchange(host, stream, request, timeoutMs);
    } catch (error) {
      if (error instanceof RuntimeError) return { outcome: "unreachable", detail: error.code };
      throw error;
    }
  };
}
