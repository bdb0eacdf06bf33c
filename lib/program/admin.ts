// The operator's port: GET /healthz and GET /metrics, nothing else. Garbage, long heads and slow clients cost a
// connection of a few, never the server.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { Metrics } from "@liquid-ims/runtime/metrics";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { asRuntimeError } from "@liquid-ims/runtime/nodejs/errors";
import type { Health } from "./health.ts";
import { createMetricsText } from "./metrics-text.ts";

export interface AdminOptions {
  readonly metrics: Metrics;
  /** Asked at every GET /healthz. */
  readonly health: () => Promise<Health>;
  /** Port 0 lets the system choose. */
  readonly listen: Address;
  /** With the figures of the process; default false. */
  readonly processMetrics?: boolean;
}

export interface AdminServer {
  readonly local: Address;
  close(): Promise<void>;
}

/** A head must be here after so long, ms; a whole request likewise. */
const patienceMs = 5_000;
/** Connections at a time; more are closed at once. */
const mostConnections = 50;
const longestHead = 8_192;
const paths = ["/healthz", "/metrics"];

function answer(response: ServerResponse, status: number, type: string, body: string, head: boolean): void {
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(body),
    Connection: "close",
  });
  response.end(head ? undefined : body);
}

const statusLines = new Map([
  ["HPE_HEADER_OVERFLOW", "431 Request Header Fields Too Large"],
  ["ERR_HTTP_REQUEST_TIMEOUT", "408 Request Timeout"],
]);

/** False: nobody is left to be answered, or he has been. */
function refuseGarbage(error: Error, socket: Duplex): boolean {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return false;
  }
  const status = statusLines.get(code) ?? "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  // Who goes on sending is not listened to.
  socket.once("finish", () => socket.destroy());
  return true;
}

function listen(server: Server, address: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(asRuntimeError("admin listen", address, error));
    server.once("error", failed);
    server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
      server.off("error", failed);
      const bound: AddressInfo | string | null = server.address();
      resolve({
        host: address.host,
        port: typeof bound === "object" && bound !== null ? bound.port : address.port,
      });
    });
  });
}

/** Rejects with the host's RuntimeError when the address cannot be had. */
export async function serveAdmin(options: AdminOptions): Promise<AdminServer> {
  const { metrics, health } = options;
  const text = createMetricsText({ metrics, process: options.processMetrics ?? false });
  const refused = metrics.counter("admin_refused_total", {
    help: "Connections to the admin port that sent no HTTP",
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const isHead = request.method === "HEAD";
    if (!paths.includes(path)) {
      answer(response, 404, "text/plain", `There are: ${paths.join(", ")}\n`, isHead);
    } else if (!isHead && request.method !== "GET") {
      response.setHeader("Allow", "GET, HEAD");
      answer(response, 405, "text/plain", "GET only\n", isHead);
    } else if (path === "/healthz") {
      const { status, listening, details } = await health();
      const body = `${JSON.stringify({ status, listening, ...details })}\n`;
      answer(response, status === "ready" ? 200 : 503, "application/json", body, isHead);
    } else answer(response, 200, text.contentType, await text.text(), isHead);
  }

  const server = createServer(
    {
      maxHeaderSize: longestHead,
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
      connectionsCheckingInterval: 1_000,
    },
    (request, response) => {
      // Bodies are not read: whoever sends one is cut off with the answer.
      serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    },
  );
  server.maxConnections = mostConnections;
  server.setTimeout(2 * patienceMs, (socket) => socket.destroy());
  server.on("clientError", (error, socket) => {
    if (refuseGarbage(error, socket)) refused.add();
  });
  const local = await listen(server, options.listen);
  return {
    local,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** True for addresses that only this machine reaches. */
export function isLoopbackAddress(host: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(host) || host === "::1";
}

/** The rule of every port without a password, for `rules` of a configuration. */
export function loopbackRule(
  path: string,
  setting: {
    readonly enabled: boolean;
    readonly host: string;
    readonly port: number;
    readonly allowRemote: boolean;
  },
): { readonly path: string; readonly message: string }[] {
  if (!setting.enabled || setting.allowRemote || isLoopbackAddress(setting.host)) return [];
  const address = formatAddress(setting);
  const message = `${address} can be reached by others and has no password; give 127.0.0.1, or set ${path}.allowRemote: true`;
  return [{ path: `${path}.host`, message }];
}
