// The transaction user of the CFS: SUBSCRIBE of our event package, and the answers owed to everything else.
// RFC 3261 8.2, RFC 6665 4.2.
import { eventPackage } from "@liquid-ims/reference-points/cfs-ue";
import { buildResponse } from "@liquid-ims/sip/message";
import { reject } from "@liquid-ims/sip/rejection";
import type { ServerTransaction, TransactionUser } from "@liquid-ims/sip/transaction-user";
import { type Context, count, countRefusal, namesOf } from "./context.ts";
import type { HelloHandler } from "./hello-handler.ts";
import type { RefreshHandler } from "./refresh-handler.ts";
import { newTag, respondRejection } from "./respond.ts";
import { readSubscribe } from "./subscribe-request.ts";

const allow = ["Allow", "SUBSCRIBE, OPTIONS"] as const;
const allowEvents = ["Allow-Events", eventPackage] as const;

/** Requests kept before the start; more get no answer and are sent again by their clients. */
const mostWaiting = 10_000;

export class NotifierUser implements TransactionUser {
  readonly #context: Context;
  readonly #hellos: HelloHandler;
  readonly #refreshes: RefreshHandler;
  /** Before the start: dialogs are not known yet, and a 481 would end them. */
  #early: ServerTransaction[] | null = [];
  #stopped = false;

  constructor(
    context: Context,
    parts: { readonly hellos: HelloHandler; readonly refreshes: RefreshHandler },
  ) {
    this.#context = context;
    this.#hellos = parts.hellos;
    this.#refreshes = parts.refreshes;
  }

  start(): void {
    const early = this.#early ?? [];
    this.#early = null;
    for (const transaction of early) this.request(transaction);
  }

  stop(): void {
    this.#stopped = true;
  }

  request(transaction: ServerTransaction): void {
    if (this.#stopped) return;
    if (this.#early !== null) {
      if (this.#early.length < mostWaiting) this.#early.push(transaction);
      return;
    }
    const { request } = transaction;
    if (request.method === "SUBSCRIBE") this.#subscribe(transaction);
    else if (request.method === "OPTIONS")
      transaction.respond(
        buildResponse(request, 200, { toTag: newTag(this.#context.host), headers: [allow, allowEvents] }),
      );
    else if (request.method === "NOTIFY")
      this.#refuse(transaction, "method", reject(481, "the CFS subscribes to nothing"));
    else this.#refuse(transaction, "method", reject(405, `${request.method} is not for a notifier`, [allow]));
  }

  ack(): void {
    count(this.#context.host, "stray ACK");
  }

  #refuse(transaction: ServerTransaction, reason: string, rejection: ReturnType<typeof reject>): void {
    countRefusal(this.#context.host, reason, rejection.detail, namesOf(transaction.request));
    respondRejection(this.#context.host, transaction, rejection);
  }

  #subscribe(transaction: ServerTransaction): void {
    const reading = readSubscribe(transaction.request, this.#context.limits);
    if (!reading.ok) {
      this.#refuse(transaction, String(reading.rejection.status), reading.rejection);
      return;
    }
    const { subscribe } = reading;
    if (subscribe.toTag === null) this.#hellos.take(transaction, subscribe);
    else this.#refreshes.take(transaction, subscribe, subscribe.toTag);
  }
}
