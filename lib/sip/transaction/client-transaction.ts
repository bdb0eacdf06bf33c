// A client transaction of either kind: its messages, its ACK and its CANCEL. RFC 3261 17.1, 9.1.
import type { Timer } from "@liquid-ims/runtime/clock";
import { formatCSeq, parseCSeq } from "../header/cseq.ts";
import type { HeaderPair } from "../headers.ts";
import { buildRequest, type SipRequest, type SipResponse } from "../message.ts";
import { transactionTimeout } from "../timers.ts";
import { inviteClient } from "./invite-client.ts";
import { nonInviteClient } from "./non-invite-client.ts";
import { Run, type RunOptions } from "./run.ts";

/** What the transaction needs below it. */
export interface ClientPath {
  readonly reliable: boolean;
  /** `failed` is called later when the message could not be sent, or its connection was lost. */
  send(request: SipRequest, failed: () => void): void;
  /** No message of this transaction is waited for any more. */
  release(): void;
}

export interface ClientOwner {
  response(response: SipResponse): void;
  failed(cause: "timeout" | "transport"): void;
  /** A CANCEL for this transaction is to be sent on the same path (a transaction of its own). */
  cancel(request: SipRequest): void;
  retransmitted(): void;
  terminated(): void;
}

/** A request of the same branch, Route and destination: ACK to a non-2xx (17.1.1.3), CANCEL (9.1). */
function requestLike(invite: SipRequest, method: "ACK" | "CANCEL", to: string | undefined): SipRequest {
  const { headers } = invite;
  const cseq = parseCSeq(headers.get("CSeq") ?? "");
  const pairs: HeaderPair[] = [];
  const copy = (name: string, value: string | undefined): void => {
    if (value !== undefined) pairs.push([name, value]);
  };
  copy("Via", headers.values("Via")[0]);
  for (const route of headers.all("Route")) pairs.push(["Route", route]);
  pairs.push(["Max-Forwards", "70"]);
  copy("From", headers.get("From"));
  copy("To", to);
  copy("Call-ID", headers.get("Call-ID"));
  if (cseq !== null) pairs.push(["CSeq", formatCSeq({ sequence: cseq.sequence, method })]);
  return buildRequest({ method, uri: invite.uri, headers: pairs });
}

function inviteEvent(status: number): "1xx" | "2xx" | "300-699" {
  return status < 200 ? "1xx" : status < 300 ? "2xx" : "300-699";
}

/** One client transaction over one path. */
export class ClientMachine {
  readonly request: SipRequest;
  readonly #path: ClientPath;
  readonly #owner: ClientOwner;
  readonly #options: RunOptions;
  readonly #run: {
    readonly state: string;
    start(): void;
    abandon(): void;
  };
  readonly #fire: (event: "response" | "transport error" | "cancel expired") => void;
  #response: SipResponse | null = null;
  #cancel: "no" | "wanted" | "sent" = "no";
  #cancelTimer: Timer | null = null;
  #sent = 0;

  constructor(
    request: SipRequest,
    path: ClientPath,
    owner: ClientOwner,
    options: Omit<RunOptions, "reliable">,
  ) {
    this.request = request;
    this.#path = path;
    this.#owner = owner;
    this.#options = { ...options, reliable: path.reliable };
    const handlers = {
      send: (what: "request" | "ACK") => this.#send(what),
      pass: () => this.#pass(),
      inform: (cause: "timeout" | "transport error") =>
        this.#owner.failed(cause === "timeout" ? "timeout" : "transport"),
      terminated: () => this.#terminated(),
    };
    if (request.method === "INVITE") {
      const run = new Run(inviteClient, this.#options, handlers);
      this.#run = run;
      this.#fire = (event) => run.event(event === "response" ? inviteEvent(this.#status()) : event);
    } else {
      const run = new Run(nonInviteClient, this.#options, handlers);
      this.#run = run;
      this.#fire = (event) => {
        if (event === "response") run.event(this.#status() < 200 ? "1xx" : "200-699");
        else if (event === "transport error") run.event(event);
      };
    }
  }

  get state(): string {
    return this.#run.state;
  }

  start(): void {
    this.#run.start();
  }

  receive(response: SipResponse): void {
    this.#response = response;
    this.#fire("response");
  }

  /** RFC 3261 9.1: only for an INVITE without a final response, and not before a provisional one. */
  cancel(): void {
    if (this.request.method !== "INVITE" || this.#cancel !== "no") return;
    this.#cancel = "wanted";
    if (this.state === "Proceeding") this.#sendCancel();
  }

  abandon(): void {
    this.#run.abandon();
    this.#cancelTimer?.cancel();
  }

  #status(): number {
    return this.#response?.status ?? 0;
  }

  #send(what: "request" | "ACK"): void {
    const failed = () => this.#fire("transport error");
    if (what === "ACK") {
      this.#path.send(requestLike(this.request, "ACK", this.#response?.headers.get("To")), failed);
      return;
    }
    this.#sent += 1;
    if (this.#sent > 1) this.#owner.retransmitted();
    this.#path.send(this.request, failed);
  }

  #pass(): void {
    const response = this.#response;
    if (response === null) return;
    if (this.#cancel === "wanted" && this.state === "Proceeding") this.#sendCancel();
    this.#owner.response(response);
  }

  #sendCancel(): void {
    this.#cancel = "sent";
    this.#owner.cancel(requestLike(this.request, "CANCEL", this.request.headers.get("To")));
    const { clock, timers } = this.#options;
    const wait = transactionTimeout(timers);
    this.#cancelTimer = clock.after(wait, () => this.#fire("cancel expired"), "sip cancel expired");
  }

  #terminated(): void {
    this.#cancelTimer?.cancel();
    this.#path.release();
    this.#owner.terminated();
  }
}
