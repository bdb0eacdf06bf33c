// os-cfs over HTTP: an adapter of the operations. RFC 9110, RFC 9457, OpenAPI 3.1.
import swagger from "@fastify/swagger";
import { osCfsRoot } from "@liquid-ims/reference-points/os-cfs";
import type { Log } from "@liquid-ims/runtime/log";
import type { Metrics } from "@liquid-ims/runtime/metrics";
import type { Address } from "@liquid-ims/runtime/network";
import Fastify, { type FastifyError, type FastifyInstance } from "fastify";
import type { Operations } from "../operations/operations.ts";
import { sendError, sendNotFound } from "./errors.ts";
import { addFunctionRoutes } from "./function-routes.ts";
import { addTransferRoutes } from "./transfer-routes.ts";
import { addUserRoutes } from "./user-routes.ts";

export interface OsCfsOptions {
  readonly operations: Operations;
  /** Port 0 lets the system choose. */
  readonly listen: Address;
  /** Longest body, bytes. Default 1 MiB. */
  readonly bodyLimit?: number;
  /** Counts what is no HTTP. Default: nobody counts. */
  readonly metrics?: Metrics;
  /** Told of faults of ours. Default: nobody. */
  readonly log?: Log;
}

export interface OsCfsServer {
  readonly local: Address;
  close(): Promise<void>;
}

const oneMebibyte = 1_048_576;
/** How long a request's head may take to come, ms: a half one must not hold a connection. */
const headTimeoutMs = 10_000;
const badRequest = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/** The HTTP server, not listening: `inject` serves tests. */
export async function createOsCfs(options: Omit<OsCfsOptions, "listen">): Promise<FastifyInstance> {
  const garbage = options.metrics?.counter("os_cfs_garbage_total", {
    help: "Connections to os-cfs that sent what is no HTTP, or half of a request",
  });
  const server = Fastify({
    http: { headersTimeout: headTimeoutMs, connectionsCheckingInterval: 1000 },
    clientErrorHandler(error, socket) {
      // A peer that is gone has sent nothing wrong.
      if (error.code === "ECONNRESET" || !socket.writable) {
        socket.destroy();
        return;
      }
      garbage?.add();
      socket.end(badRequest);
    },
    bodyLimit: options.bodyLimit ?? oneMebibyte,
    forceCloseConnections: true,
    // What a person sends is never trimmed to fit, nor are its values changed.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    routerOptions: { ignoreTrailingSlash: true },
  });
  // Fastify would read text, too, and then find fault with its shape.
  server.removeContentTypeParser("text/plain");
  // Response schemas describe; what the CFS says may grow, and nothing of it is dropped.
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    const sent = sendError(error, request, reply);
    if (reply.statusCode === 500)
      options.log?.error("os-cfs request failed", {
        method: request.method,
        path: request.url,
        error: error.stack ?? error.message,
      });
    return sent;
  });
  await server.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "os-cfs",
        version: "1.0.0",
        description: "Moves users between control functions of an IMS",
      },
    },
  });
  await server.register(
    async (routes) => {
      addTransferRoutes(routes, options.operations);
      addFunctionRoutes(routes, options.operations);
      addUserRoutes(routes, options.operations);
      routes.get("/openapi.json", { schema: { hide: true } }, () => server.swagger());
    },
    { prefix: osCfsRoot },
  );
  server.setNotFoundHandler((request, reply) => sendNotFound(server, request, reply));
  await server.ready();
  return server;
}

/** Serves os-cfs; rejects with the system's error when the address cannot be had. */
export async function serveOsCfs(options: OsCfsOptions): Promise<OsCfsServer> {
  const server = await createOsCfs(options);
  await server.listen(options.listen);
  const bound = server.server.address();
  const local =
    typeof bound === "object" && bound !== null ? { host: bound.address, port: bound.port } : options.listen;
  return { local, close: () => server.close() };
}
