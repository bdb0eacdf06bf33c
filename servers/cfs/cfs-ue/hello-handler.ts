// SUBSCRIBE outside a dialog: a hello is held against the location record, verified, and opens a dialog; or a fetch.
// RFC 6665 4.2.1; the checks in the order of cfs-ue 5.
import { type FunctionName, registrationKeyOf } from "@liquid-ims/location-service/record";
import { uasDialog } from "@liquid-ims/sip/dialog/dialog";
import { buildNotify, subscribeResponse } from "@liquid-ims/sip/dialog/subscription-notifier";
import { parseCSeq } from "@liquid-ims/sip/header/cseq";
import { reject } from "@liquid-ims/sip/rejection";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { type Context, count, countRefusal, namesOf, transact } from "./context.ts";
import type { HelloActivation } from "./hello-activation.ts";
import { type ClaimedHello, readHello } from "./hello-verification.ts";
import { assertedIdentities, identityKey } from "./identity.ts";
import type { NonceMemory } from "./nonce-memory.ts";
import type { Notifier } from "./notifier.ts";
import { notifierOf } from "./notify-content.ts";
import type { Rate } from "./rate.ts";
import type { HelloClaim } from "./record-agreement.ts";
import { lookUpRecord } from "./record-wait.ts";
import { newTag, respondRejection } from "./respond.ts";
import { openingName, type SubscriptionRow } from "./rows.ts";
import { pCscfOf, type SubscribeRequest } from "./subscribe-request.ts";
import { stepSubscription } from "./subscription-table.ts";

export interface HelloRates {
  readonly identity: Rate;
  readonly pCscf: Rate;
}

/** Seconds after which a hello that came too soon may come again. */
const rateRetry = 1;

/** A hello that has passed all that needs no signature and no record. */
interface Arrival {
  readonly transaction: ServerTransaction;
  readonly subscribe: SubscribeRequest;
  readonly body: string;
  readonly claimed: ClaimedHello;
  readonly claim: HelloClaim;
  /** As it will be stored. */
  readonly row: SubscriptionRow;
  /** Wall clock, ms: the time granted counts from then. */
  readonly arrivedAt: number;
}

export class HelloHandler {
  readonly #context: Context;
  readonly #notifier: Notifier;
  readonly #activation: HelloActivation;
  readonly #rates: HelloRates;
  readonly #nonces: NonceMemory;

  constructor(
    context: Context,
    parts: {
      readonly notifier: Notifier;
      readonly activation: HelloActivation;
      readonly rates: HelloRates;
      readonly nonces: NonceMemory;
    },
  ) {
    this.#context = context;
    this.#notifier = parts.notifier;
    this.#activation = parts.activation;
    this.#rates = parts.rates;
    this.#nonces = parts.nonces;
  }

  #refuse(transaction: ServerTransaction, status: number, reason: string, detail: string): void {
    countRefusal(this.#context.host, reason, detail, namesOf(transaction.request));
    const headers = status === 500 ? ([["Retry-After", String(rateRetry)]] as const) : undefined;
    respondRejection(this.#context.host, transaction, reject(status, detail, headers));
  }

  take(transaction: ServerTransaction, subscribe: SubscribeRequest): void {
    if (this.#repeats(transaction, subscribe)) return;
    const asserted = assertedIdentities(transaction.request.headers);
    if (!asserted.ok) {
      this.#refuse(transaction, 403, "identity", asserted.detail);
      return;
    }
    const pCscf = pCscfOf(transaction.request, this.#context.functions);
    if (pCscf === null) {
      this.#refuse(transaction, 403, "no Record-Route", "a hello comes through the IMS core");
      return;
    }
    if (subscribe.contact === null) {
      this.#refuse(transaction, 400, "no Contact", "a SUBSCRIBE needs a Contact with a URI");
      return;
    }
    if (subscribe.expires === 0) {
      if (this.#mayGoOn(transaction, asserted.identities, pCscf)) this.#fetch(transaction, subscribe);
      return;
    }
    this.#read(transaction, subscribe, { asserted: asserted.identities, pCscf, contact: subscribe.contact });
  }

  /** A SUBSCRIBE whose 200 died with an earlier life comes again: the same dialog answers. */
  #repeats(transaction: ServerTransaction, subscribe: SubscribeRequest): boolean {
    const { subscriptions, host } = this.#context;
    const sequence = parseCSeq(subscribe.request.headers.get("CSeq") ?? "")?.sequence;
    const row = subscriptions
      .find(openingName(subscribe.callId, subscribe.fromTag))
      .find(({ opened, state }) => opened === sequence && state !== "terminated");
    if (row === undefined) return false;
    count(host, "hello repeated");
    transaction.respond(subscribeResponse(notifierOf(row), subscribe.request, host.clock.wall()));
    this.#notifier.due(row.dialog.id.localTag);
    return true;
  }

  #mayGoOn(transaction: ServerTransaction, asserted: readonly string[], pCscf: FunctionName): boolean {
    const now = this.#context.host.clock.now();
    const [identity = ""] = asserted;
    if (!this.#rates.identity.take(identityKey(identity), now)) {
      this.#refuse(transaction, 500, "identity rate", `too many hellos of ${identity}`);
      return false;
    }
    if (!this.#rates.pCscf.take(pCscf, now)) {
      this.#refuse(transaction, 500, "P-CSCF rate", `too many hellos through ${pCscf}`);
      return false;
    }
    return true;
  }

  /** One terminated NOTIFY, no ticket, no row (RFC 6665 4.4.3). */
  #fetch(transaction: ServerTransaction, subscribe: SubscribeRequest): void {
    const { host } = this.#context;
    const dialog = uasDialog(subscribe.request, {
      localTag: newTag(this.#context.host),
      contact: this.#context.contact,
    });
    if (dialog === null) return;
    const now = host.clock.wall();
    const fetched = { dialog, event: subscribe.event, state: "terminated", expiresAt: now } as const;
    transaction.respond(subscribeResponse(fetched, subscribe.request, now));
    count(host, "fetch");
    const { request } = buildNotify(fetched, { now, reason: "timeout" });
    const ignore = () => undefined;
    this.#context.stack().request(request, { handlers: { response: ignore, failed: ignore } });
  }

  #read(
    transaction: ServerTransaction,
    subscribe: SubscribeRequest,
    from: { readonly asserted: readonly string[]; readonly pCscf: FunctionName; readonly contact: string },
  ): void {
    const { host, limits } = this.#context;
    const { body, callId, fromTag } = subscribe;
    if (body === null) {
      this.#refuse(transaction, 400, "no hello", "a new dialog begins with a signed hello");
      return;
    }
    const now = host.clock.wall();
    const claimed = readHello(
      body,
      { callId, fromTag, contact: from.contact },
      { now, life: limits.nonceLife },
    );
    if (!claimed.ok) {
      this.#refuse(transaction, 403, claimed.failure, claimed.detail);
      return;
    }
    if (this.#nonces.has(claimed.hello.nonce, host.clock.now())) {
      this.#refuse(transaction, 403, "nonce", "its nonce has counted already");
      return;
    }
    const row = this.#newRow(subscribe, { ...from, body, now });
    if (row === null) {
      this.#refuse(transaction, 400, "no dialog", "From, Contact or Record-Route cannot be read");
      return;
    }
    const { identity, instance } = claimed.hello;
    const claim: HelloClaim = { ...from, identity, instance };
    const arrival = { transaction, subscribe, body, claimed, claim, row, arrivedAt: now };
    host.spawn("cfs-ue hello", () => this.#compare(arrival));
  }

  #newRow(
    subscribe: SubscribeRequest,
    from: {
      readonly asserted: readonly string[];
      readonly pCscf: FunctionName;
      readonly body: string;
      readonly now: number;
    },
  ): SubscriptionRow | null {
    const localTag = newTag(this.#context.host);
    const dialog = uasDialog(subscribe.request, { localTag, contact: this.#context.contact });
    if (dialog === null) return null;
    return {
      v: 1,
      state: "pending",
      reason: null,
      dialog,
      opened: dialog.remoteSequence ?? 0,
      event: subscribe.event,
      expiresAt: from.now + subscribe.expires * 1000,
      asserted: from.asserted,
      pCscf: from.pCscf,
      unverified: from.body,
      registration: null,
      hello: null,
      challenge: null,
      bound: false,
      bodySequence: 0,
      owesNotify: true,
      owesTicket: false,
      acks: [],
      notified: "",
    };
  }

  /** `resp_wait`: the record, then the rates; a signature is looked at only when the record agrees. */
  async #compare(arrival: Arrival): Promise<void> {
    const { transaction, claim, row, subscribe } = arrival;
    const found = await lookUpRecord(this.#context, claim);
    if (!this.#mayGoOn(transaction, claim.asserted, claim.pCscf)) return;
    const { localTag } = row.dialog.id;
    const step = stepSubscription("resp_wait", found.agrees ? "record agrees" : "record differs");
    if (found.agrees && step?.next === "resp_verify") {
      this.#activation.verify({ ...arrival, localTag }, registrationKeyOf(found.record));
      return;
    }
    this.#context.queue.add(localTag, "cfs-ue pending", async () => {
      await transact(this.#context, () => ({
        subscriptions: [{ id: localTag, content: row }],
        result: null,
      }));
      transaction.respond(subscribeResponse(notifierOf(row), subscribe.request, arrival.arrivedAt));
      this.#notifier.watchExpiry(localTag);
      this.#notifier.due(localTag);
      this.#activation.awaitRecord(localTag);
    });
  }
}
