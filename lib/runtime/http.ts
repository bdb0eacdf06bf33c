// HTTP requests of a node to interfaces of others: the port. Small bodies of text, nothing is followed or kept.

export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none. */
  readonly body: string | null;
  /** How long the whole answer is waited for, ms. */
  readonly timeoutMs: number;
}

export type HttpReply =
  | { readonly outcome: "answer"; readonly status: number; readonly body: string }
  /** No connection came about: nobody has got the request. */
  | { readonly outcome: "unreachable"; readonly detail: string }
  /** It was sent, and may have been done. */
  | { readonly outcome: "no answer"; readonly detail: string };

/** Sends a request; always settles with a value. */
export type HttpPort = (request: HttpRequest) => Promise<HttpReply>;
