// A server transaction of either kind: its request, its latest response, what its user is told. RFC 3261 17.2, 9.2.
import { tagOf } from "../header/name-address.ts";
import { Headers } from "../headers.ts";
import { buildResponse, type HeaderPair, type SipRequest, type SipResponse } from "../message.ts";
import type { MessageSource } from "../transport.ts";
import { inviteServer } from "./invite-server.ts";
import { nonInviteServer } from "./non-invite-server.ts";
import { Run, type RunOptions } from "./run.ts";

export interface ServerOwner {
  /** The request goes to the transaction user. */
  request(): void;
  /** An ACK that came within Accepted (RFC 6026 7.1). */
  ack(request: SipRequest, source: MessageSource): void;
  /** `failed` is called later when it could not be sent. */
  send(response: SipResponse, failed: () => void): void;
  /** The user gave a response that the state does not allow. */
  refused(response: SipResponse): void;
  retransmitted(): void;
  terminated(): void;
}

type UserEvent = "100" | "101-199" | "2xx" | "408" | "final";

function userEvent(status: number): UserEvent {
  if (status === 100) return "100";
  if (status < 200) return "101-199";
  if (status < 300) return "2xx";
  return status === 408 ? "408" : "final";
}

/** Fields that responses are built from. */
const kept = ["Via", "From", "To", "Call-ID", "CSeq"];

/**
 * What is left of an answered request: a busy server holds thousands of them for timer J, and all that may still come is a
 * retransmission.
 */
function rest({ kind, method, uri, headers }: SipRequest): SipRequest {
  const pairs = kept.flatMap((name) => headers.all(name).map((value): HeaderPair => [name, value]));
  return { kind, method, uri, headers: Headers.from(pairs), body: new Uint8Array(0) };
}

/** One server transaction; what the transaction user sees of it is the interface ServerTransaction of stack.ts. */
export class ServerMachine {
  readonly source: MessageSource;
  onCancel: (() => void) | null = null;
  onEnd: ((cause: "completed" | "timeout" | "transport") => void) | null = null;
  readonly #owner: ServerOwner;
  readonly #run: { readonly state: string; start(): void; abandon(): void };
  readonly #fire: (event: "request" | "ACK" | "transport error" | UserEvent) => void;
  #request: SipRequest;
  #response: SipResponse | null = null;
  #ack: { readonly request: SipRequest; readonly source: MessageSource } | null = null;
  #ended = false;
  #cancelled = false;

  constructor(
    request: SipRequest,
    source: MessageSource,
    owner: ServerOwner,
    options: Omit<RunOptions, "reliable">,
  ) {
    this.#request = request;
    this.source = source;
    this.#owner = owner;
    const handlers = {
      send: (what: "response" | "100") => this.#send(what),
      pass: (what: "request" | "ACK") => this.#pass(what),
      inform: (cause: "timeout" | "transport error") =>
        this.#end(cause === "timeout" ? "timeout" : "transport"),
      terminated: () => {
        this.#owner.terminated();
        this.#end("completed");
      },
    };
    const runOptions = { ...options, reliable: source.protocol === "tcp" };
    if (request.method === "INVITE") {
      const run = new Run(inviteServer, runOptions, handlers);
      this.#run = run;
      this.#fire = (event) => {
        if (event === "request") run.event("INVITE");
        else if (event === "ACK" || event === "transport error") run.event(event);
        else if (event === "100" || event === "101-199") run.event("1xx from TU");
        else run.event(event === "2xx" ? "2xx from TU" : "300-699 from TU");
      };
    } else {
      const run = new Run(nonInviteServer, runOptions, handlers);
      this.#run = run;
      this.#fire = (event) => {
        if (event === "request" || event === "transport error") run.event(event);
        else if (event === "2xx" || event === "final") run.event("200-699 from TU");
        else if (event !== "ACK") run.event(`${event} from TU`);
      };
    }
  }

  get request(): SipRequest {
    return this.#request;
  }

  get state(): string {
    return this.#run.state;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** A CANCEL came; without effect once the final response is out (9.2). */
  cancel(): void {
    if (this.state !== "Proceeding" || this.#cancelled) return;
    this.#cancelled = true;
    this.onCancel?.();
  }

  /** Tag of the latest response's To. */
  get toTag(): string | null {
    return tagOf(this.#response?.headers.get("To") ?? "");
  }

  start(): void {
    this.#run.start();
  }

  /** A retransmission of the request. */
  receive(): void {
    this.#owner.retransmitted();
    this.#fire("request");
  }

  receiveAck(request: SipRequest, source: MessageSource): void {
    this.#ack = { request, source };
    this.#fire("ACK");
  }

  respond(response: SipResponse): void {
    const isAllowed = this.#allows(response.status);
    if (isAllowed) this.#response = response;
    else this.#owner.refused(response);
    this.#fire(userEvent(response.status));
    if (isAllowed && response.status >= 200 && this.request.method !== "INVITE")
      this.#request = rest(this.#request);
  }

  abandon(): void {
    this.#run.abandon();
  }

  /** Whether the table sends it in this state; only then it becomes the one that answers retransmissions. */
  #allows(status: number): boolean {
    if (this.request.method === "INVITE")
      return this.state === "Proceeding" || (this.state === "Accepted" && status >= 200 && status < 300);
    if (status >= 200) return status !== 408 && (this.state === "Trying" || this.state === "Proceeding");
    return status === 100 && this.state === "Proceeding";
  }

  #send(what: "response" | "100"): void {
    if (what === "100") this.#response = buildResponse(this.request, 100);
    const response = this.#response;
    if (response !== null) this.#owner.send(response, () => this.#fire("transport error"));
  }

  #pass(what: "request" | "ACK"): void {
    if (what === "request") this.#owner.request();
    else if (this.#ack !== null) this.#owner.ack(this.#ack.request, this.#ack.source);
  }

  #end(cause: "completed" | "timeout" | "transport"): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onEnd?.(cause);
  }
}
