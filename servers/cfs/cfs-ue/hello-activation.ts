// From a hello whose record agrees to an active dialog with its ticket owed: signature, binding, rows. cfs-ue 6.
import { type RegistrationKey, registrationKeyOf } from "@liquid-ims/location-service/record";
import { encodeBase64Url } from "@liquid-ims/runtime/text";
import { subscribeResponse } from "@liquid-ims/sip/dialog/subscription-notifier";
import type { SipRequest } from "@liquid-ims/sip/message";
import { reject } from "@liquid-ims/sip/rejection";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { takeHello } from "./binding.ts";
import type { LcfMessage } from "./channel.ts";
import { takeMessages } from "./commands.ts";
import { type Context, count, countRefusal, type Decision, lcfOf, namesOfRow, transact } from "./context.ts";
import { type ClaimedHello, readHello, type VerifiedHello, verifyHello } from "./hello-verification.ts";
import type { NonceMemory } from "./nonce-memory.ts";
import type { Notifier } from "./notifier.ts";
import { notifierOf } from "./notify-content.ts";
import type { HelloClaim } from "./record-agreement.ts";
import type { RecordWait } from "./record-wait.ts";
import { respondRejection } from "./respond.ts";
import type { SubscriptionRow } from "./rows.ts";
import { stepSubscription } from "./subscription-table.ts";
import { applyStep } from "./transition.ts";

/** A hello whose record agrees. */
export interface AgreedHello {
  readonly localTag: string;
  readonly body: string;
  readonly claimed: ClaimedHello;
  /** Its row as far as it is known. */
  readonly row: SubscriptionRow;
  /** Wall clock, ms. */
  readonly arrivedAt: number;
  /** Unanswered; null where the answer was `pending`. */
  readonly transaction: ServerTransaction | null;
}

type Opened =
  | { readonly kind: "active"; readonly row: SubscriptionRow; readonly taken: readonly LcfMessage[] }
  | { readonly kind: "refused"; readonly detail: string }
  /** A pending one that has ended meanwhile. */
  | { readonly kind: "gone" };

export class HelloActivation {
  readonly #context: Context;
  readonly #notifier: Notifier;
  readonly #wait: RecordWait;
  readonly #nonces: NonceMemory;

  constructor(
    context: Context,
    parts: { readonly notifier: Notifier; readonly wait: RecordWait; readonly nonces: NonceMemory },
  ) {
    this.#context = context;
    this.#notifier = parts.notifier;
    this.#wait = parts.wait;
    this.#nonces = parts.nonces;
  }

  /** `resp_verify` or `pending_verify`, in the registration's queue. */
  verify(hello: AgreedHello, registration: RegistrationKey): void {
    this.#context.queue.add(registration, "cfs-ue hello", () => this.#activate(hello, registration));
  }

  /** `pending`: until the record agrees or the wait is over. */
  awaitRecord(localTag: string): void {
    const { host, subscriptions, limits } = this.#context;
    const row = subscriptions.get(localTag);
    const body = row?.unverified ?? null;
    if (row === null || body === null) return;
    const { callId, remoteTag } = row.dialog.id;
    const contact = row.dialog.remoteTarget;
    const now = host.clock.wall();
    const times = { now, life: Number.POSITIVE_INFINITY };
    const claimed = readHello(body, { callId, fromTag: remoteTag, contact }, times);
    // It was read before it was stored.
    if (!claimed.ok) throw new Error(`subscription ${localTag}: its stored hello is ${claimed.failure}`);
    const { identity, instance } = claimed.hello;
    const claim: HelloClaim = { asserted: row.asserted, pCscf: row.pCscf, contact, identity, instance };
    host.spawn("cfs-ue record wait", async () => {
      const found = await this.#wait.wait(localTag, claim, now + limits.recordWait);
      if (found.agrees) {
        this.#notifier.setVerifying(localTag, true);
        const agreed = { localTag, body, claimed, row, arrivedAt: now, transaction: null };
        this.verify(agreed, registrationKeyOf(found.record));
        return;
      }
      countRefusal(host, "record", found.detail, namesOfRow(row));
      host.log.warn("cfs-ue hello not believed", { identity, detail: found.detail, ...namesOfRow(row) });
      this.#context.queue.add(localTag, "cfs-ue record wait over", () =>
        this.#notifier.step(localTag, "record wait over"),
      );
    });
  }

  async #activate(arrival: AgreedHello, registration: RegistrationKey): Promise<void> {
    const { host } = this.#context;
    const { localTag, transaction } = arrival;
    const verified = await verifyHello(
      host.crypto,
      arrival.body,
      arrival.claimed,
      lcfOf(this.#context, registration),
    );
    if (!verified.ok) {
      await this.#unbelieved(arrival, verified.failure, verified.detail);
      return;
    }
    if (!this.#nonces.add(verified.hello.nonce, host.clock.now())) {
      await this.#unbelieved(arrival, "nonce", "its nonce has counted already");
      return;
    }
    const opened = await transact(this.#context, () => this.#open(arrival, registration, verified));
    this.#notifier.setVerifying(localTag, false);
    if (opened.kind === "refused") await this.#unbelieved(arrival, "bound", opened.detail);
    if (opened.kind !== "active") return;
    count(host, "hello believed");
    const names = { ...namesOfRow(opened.row), dialog: localTag, registration };
    host.log.info("cfs-ue subscription", { ...names, to: "active", because: "hello believed" });
    const response = (request: SipRequest) =>
      subscribeResponse(notifierOf(opened.row), request, arrival.arrivedAt);
    transaction?.respond(response(transaction.request));
    this.#context.tell(registration, opened.taken);
    this.#notifier.watchExpiry(localTag);
    this.#notifier.due(localTag);
  }

  #open(
    arrival: AgreedHello,
    registration: RegistrationKey,
    verified: Extract<VerifiedHello, { ok: true }>,
  ): Decision<Opened> {
    const { host, limits, subscriptions } = this.#context;
    const { localTag, transaction } = arrival;
    const { hello, body } = verified;
    const stored = subscriptions.get(localTag);
    if (transaction === null && stored?.state !== "pending") return { result: { kind: "gone" } };
    const before = stored ?? arrival.row;
    const now = host.clock.wall();
    const { expiresAt } = before;
    const verdict = takeHello(lcfOf(this.#context, registration), hello, { localTag, expiresAt, now });
    if (!verdict.ok) return { result: { kind: "refused", detail: verdict.detail } };
    // What an unbound key says about operations is believed by nobody; its LCF says it again later.
    const said = verdict.bound ? body : { answers: [], reports: [] };
    const messages = takeMessages(verdict.lcf, hello.kid, said);
    const step = stepSubscription(transaction === null ? "pending_verify" : "resp_verify", "hello verified");
    const stepped = step === null ? null : applyStep(before, messages.lcf, step);
    if (stepped === null || stepped.row === null) return { result: { kind: "gone" } };
    const row: SubscriptionRow = {
      ...stepped.row,
      unverified: null,
      registration,
      hello,
      challenge: { text: encodeBase64Url(host.random.bytes(18)), until: now + limits.challengeLife },
      bound: verdict.bound,
      bodySequence: body.seq,
      owesTicket: true,
      acks: messages.acks,
    };
    return {
      subscriptions: [{ id: localTag, content: row }],
      lcfs: [{ id: registration, content: stepped.lcf }],
      result: { kind: "active", row, taken: messages.taken },
    };
  }

  async #unbelieved(arrival: AgreedHello, reason: string, detail: string): Promise<void> {
    const { host } = this.#context;
    const { transaction, localTag } = arrival;
    countRefusal(host, reason, detail, namesOfRow(arrival.row));
    if (transaction !== null) {
      respondRejection(host, transaction, reject(403, detail));
      return;
    }
    this.#notifier.setVerifying(localTag, true);
    await this.#notifier.step(localTag, "hello refused");
    this.#notifier.setVerifying(localTag, false);
  }
}
