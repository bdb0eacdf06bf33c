// HTTP as the doctor speaks it: the admin ports of CFD and CFS, and os-cfs. What cannot be reached is a value.
import { type Address, formatAddress } from "@liquid-ims/runtime/network";

export type HttpReply =
  /** What is no JSON is a text. */
  | { readonly kind: "answer"; readonly status: number; readonly body: unknown }
  | { readonly kind: "none"; readonly detail: string };

export interface HttpRequest {
  readonly address: Address;
  readonly path: string;
  /** With it, a POST. */
  readonly body?: unknown;
}

export type Http = (request: HttpRequest) => Promise<HttpReply>;

const patienceMs = 5_000;

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error.cause;
  return inner instanceof Error && "code" in inner ? String(inner.code) : error.message;
}

function bodyOf(text: string): unknown {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** Over the machine's own sockets. */
export const fetchHttp: Http = async ({ address, path, body }) => {
  const url = `http://${formatAddress(address)}${path}`;
  try {
    const response = await fetch(url, {
      ...(body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(patienceMs),
    });
    return { kind: "answer", status: response.status, body: bodyOf(await response.text()) };
  } catch (error) {
    // No connection, no answer in time, or no HTTP: somebody else listens there.
    return { kind: "none", detail: `${url}: ${codeOf(error)}` };
  }
};
