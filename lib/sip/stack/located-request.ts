// A request on its way: located, sent, sent elsewhere when that fails. RFC 3261 8.1.2, 9.1, RFC 3263 4.3.
import { buildResponse, type SipRequest, type SipResponse } from "../message.ts";
import type { ClientMachine } from "../transaction/client-transaction.ts";
import type { ClientFailure, ClientTransaction, RequestOptions } from "../transaction-user.ts";
import type { Target } from "../transport.ts";
import type { Attempt, Sender } from "./sender.ts";

/** What the transaction user holds: one client transaction after the other, until a target answers. */
export class LocatedRequest implements ClientTransaction {
  readonly #sender: Sender;
  readonly #original: SipRequest;
  readonly #options: RequestOptions;
  #attempts: Attempt[] = [];
  #machine: ClientMachine | null = null;
  #cancelled = false;
  #ended = false;

  constructor(sender: Sender, request: SipRequest, options: RequestOptions) {
    this.#sender = sender;
    this.#original = request;
    this.#options = options;
    const known = sender.knownTargets(request, options);
    if (known !== null) {
      this.#begin(known);
      return;
    }
    sender.host.spawn("sip locate", async () => {
      const targets = await sender.locate(request, options);
      if (!this.#cancelled && !sender.closed) this.#begin(targets);
    });
  }

  get request(): SipRequest {
    return this.#machine?.request ?? this.#original;
  }

  get state(): string {
    return this.#machine?.state ?? (this.#ended ? "Terminated" : "Locating");
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    if (this.#machine !== null) {
      this.#machine.cancel();
      return;
    }
    // Nothing was sent: nobody else will answer.
    if (this.#original.method === "INVITE") this.#later(() => this.#answerCancelled());
  }

  #begin(targets: readonly Target[]): void {
    this.#attempts = this.#sender.attempts(this.#original, targets, this.#options.from);
    if (targets.length === 0) this.#later(() => this.#fail("unresolvable"));
    else this.#next();
  }

  /** Sends to the next target; false when there is none left. */
  #next(): boolean {
    const attempt = this.#attempts.shift();
    if (attempt === undefined) return false;
    const outgoing = this.#sender.prepare(this.#original, attempt.target, this.#options.from);
    if (outgoing === null) {
      if (!this.#next()) this.#later(() => this.#fail("transport"));
      return true;
    }
    const machine = this.#sender.transactions.client(outgoing.request, this.#sender.clientPath(outgoing), {
      response: (response) => this.#respond(machine, response),
      failed: (cause) => this.#failed(machine, cause),
    });
    this.#machine = machine;
    machine.start();
    return true;
  }

  #respond(machine: ClientMachine, response: SipResponse): void {
    // An earlier target that answers late: its transaction has ended for our user.
    if (machine !== this.#machine) return;
    if (response.status === 503 && this.#elsewhere("answered")) return;
    if (response.status >= 200) this.#ended = true;
    this.#options.handlers.response(response);
  }

  #failed(machine: ClientMachine, cause: "timeout" | "transport"): void {
    if (machine !== this.#machine || this.#ended) return;
    if (!this.#elsewhere(cause === "transport" ? "refused" : "answered")) this.#fail(cause);
  }

  /** Goes on to the next target after a failure; the same place by UDP only when TCP was refused. */
  #elsewhere(why: "refused" | "answered"): boolean {
    if (this.#cancelled) return false;
    if (why === "answered" && this.#attempts[0]?.fallback === true) this.#attempts.shift();
    return this.#next();
  }

  #fail(cause: ClientFailure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.handlers.failed(cause);
  }

  #answerCancelled(): void {
    this.#ended = true;
    this.#options.handlers.response(buildResponse(this.#original, 487));
  }

  #later(run: () => void): void {
    const runUnlessClosed = (): void => {
      if (!this.#sender.closed) run();
    };
    this.#sender.host.clock.after(0, runUnlessClosed, "sip request");
  }
}
