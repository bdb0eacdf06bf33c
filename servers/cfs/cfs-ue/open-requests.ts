// Requests that have come and are not answered yet: a CFS that ends answers them first.
import { buildResponse, type SipRequest, type SipResponse } from "@liquid-ims/sip/message";
import type { ServerTransaction, TransactionUser } from "@liquid-ims/sip/transaction-user";
import type { MessageSource } from "@liquid-ims/sip/transport";

type EndCause = Parameters<NonNullable<ServerTransaction["onEnd"]>>[0];

/** A server transaction that tells when its final response is given, or none can be given any more. */
class WatchedTransaction implements ServerTransaction {
  onEnd: ((cause: EndCause) => void) | null = null;
  readonly #inner: ServerTransaction;
  readonly #answered: (transaction: WatchedTransaction) => void;

  constructor(inner: ServerTransaction, answered: (transaction: WatchedTransaction) => void) {
    this.#inner = inner;
    this.#answered = answered;
    inner.onEnd = (cause) => {
      answered(this);
      this.onEnd?.(cause);
    };
  }

  get request(): SipRequest {
    return this.#inner.request;
  }

  get source(): MessageSource {
    return this.#inner.source;
  }

  get state(): string {
    return this.#inner.state;
  }

  get cancelled(): boolean {
    return this.#inner.cancelled;
  }

  get onCancel(): (() => void) | null {
    return this.#inner.onCancel;
  }

  set onCancel(act: (() => void) | null) {
    this.#inner.onCancel = act;
  }

  respond(response: SipResponse): void {
    this.#inner.respond(response);
    if (response.status >= 200) this.#answered(this);
  }
}

/** Stands between the stack and its user. */
export class OpenRequests implements TransactionUser {
  readonly #user: TransactionUser;
  readonly #newTag: () => string;
  readonly #open = new Set<WatchedTransaction>();
  #drained: (() => void) | null = null;
  #draining: Promise<void> | null = null;

  constructor(user: TransactionUser, newTag: () => string) {
    this.#user = user;
    this.#newTag = newTag;
  }

  request(transaction: ServerTransaction): void {
    if (this.#draining !== null) {
      // The UE comes again, to another instance or to the next life of this one (RFC 3261 21.5.4).
      const headers = [["Retry-After", "2"]] as const;
      transaction.respond(buildResponse(transaction.request, 503, { toTag: this.#newTag(), headers }));
      return;
    }
    const watched = new WatchedTransaction(transaction, (answered) => {
      this.#open.delete(answered);
      if (this.#open.size === 0) this.#drained?.();
    });
    this.#open.add(watched);
    this.#user.request(watched);
  }

  ack(request: SipRequest, source: MessageSource): void {
    this.#user.ack(request, source);
  }

  strayResponse(response: SipResponse, source: MessageSource): void {
    this.#user.strayResponse?.(response, source);
  }

  /** From now on every request gets 503; resolves when those that came before are answered. */
  drain(): Promise<void> {
    this.#draining ??= new Promise((resolve) => {
      this.#drained = resolve;
      if (this.#open.size === 0) resolve();
    });
    return this.#draining;
  }
}
