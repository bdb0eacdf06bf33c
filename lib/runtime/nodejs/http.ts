// HTTP requests of the real host.
import type { HttpPort, HttpReply, HttpRequest } from "../http.ts";

/** Errors of a connection that was never made: the request has certainly not been read. */
const neverSent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function memberOf(value: unknown, name: "cause" | "code"): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function failed(error: unknown, { timeoutMs }: HttpRequest): HttpReply {
  const cause = memberOf(error, "cause") ?? error;
  const code = memberOf(cause, "code");
  if (typeof code === "string" && neverSent.has(code)) return { outcome: "unreachable", detail: code };
  if (error instanceof Error && error.name === "TimeoutError")
    return { outcome: "no answer", detail: `no answer within ${timeoutMs} ms` };
  return { outcome: "no answer", detail: typeof code === "string" ? code : String(error) };
}

/** By the platform's fetch; a redirection is an answer like any other. */
export const fetchHttp: HttpPort = async (request) => {
  const { method, url, headers, body, timeoutMs } = request;
  try {
    const reply = await fetch(url, {
      ...{ method, headers, redirect: "manual", signal: AbortSignal.timeout(timeoutMs) },
      ...(body === null ? {} : { body }),
    });
    return { outcome: "answer", status: reply.status, body: await reply.text() };
  } catch (error) {
    return failed(error, request);
  }
};
