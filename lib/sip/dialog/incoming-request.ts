// A request as the layers above a user agent get it. RFC 3261 8.2.
import { buildResponse, type HeaderPair, type SipRequest, type SipResponse } from "../message.ts";
import type { Rejection } from "../rejection.ts";
import type { ServerTransaction } from "../transaction-user.ts";
import type { MessageSource } from "../transport.ts";
import { type Body, bodyParts } from "./body.ts";

/** Options of `IncomingRequest.respond`. */
export interface RespondOptions {
  /** Default: the usual words. */
  readonly reason?: string;
  readonly headers?: Iterable<HeaderPair>;
  readonly body?: Body | null;
}

/** A request with the one way to answer it. */
export class IncomingRequest {
  readonly request: SipRequest;
  readonly source: MessageSource;
  /** The tag that responses from 101 on put into To, unless the request has one there. */
  readonly localTag: string;
  readonly #transaction: ServerTransaction;
  #status = 0;

  constructor(transaction: ServerTransaction, localTag: string) {
    this.request = transaction.request;
    this.source = transaction.source;
    this.localTag = localTag;
    this.#transaction = transaction;
  }

  /** The final status sent, 0 before one was. */
  get answered(): number {
    return this.#status;
  }

  /** Sends a response; nothing after a final one, but for the 2xx to an INVITE, which may be sent again. */
  respond(status: number, options: RespondOptions = {}): SipResponse {
    const body = bodyParts(options.body);
    const response = buildResponse(this.request, status, {
      toTag: this.localTag,
      headers: [...(options.headers ?? []), ...body.headers],
      ...(options.reason === undefined ? {} : { reason: options.reason }),
      ...(body.body === undefined ? {} : { body: body.body }),
    });
    this.send(response);
    return response;
  }

  /** Sends a response that was built already: a repeated 2xx keeps its bytes. */
  send(response: SipResponse): void {
    if (this.#status >= 300 || (this.#status >= 200 && response.status !== this.#status)) return;
    if (response.status >= 200) this.#status = response.status;
    this.#transaction.respond(response);
  }

  /** Answers with what the request has earned. */
  reject(rejection: Rejection): void {
    const { status, reason, headers } = rejection;
    this.respond(status, headers === undefined ? { reason } : { reason, headers });
  }

  /** Calls back when a CANCEL came (the INVITE is then answered by whoever listens, RFC 3261 9.2). */
  onCancel(run: () => void): void {
    this.#transaction.onCancel = run;
  }
}
