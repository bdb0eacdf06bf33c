// SUBSCRIBE in a dialog: challenge, answers and reports, or a request that nobody signed. RFC 6665 4.2.1.4; cfs-ue 5.

import type { SubscribeBody } from "@liquid-ims/reference-points/cfs-ue";
import { receiveInDialog, refreshTarget } from "@liquid-ims/sip/dialog/dialog";
import { subscribeResponse } from "@liquid-ims/sip/dialog/subscription-notifier";
import { type Rejection, reject } from "@liquid-ims/sip/rejection";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { bindKey, prolongBinding } from "./binding.ts";
import type { LcfMessage } from "./channel.ts";
import { takeMessages } from "./commands.ts";
import {
  type Context,
  count,
  countRefusal,
  type Decision,
  lcfOf,
  namesOf,
  namesOfRow,
  queueKey,
  transact,
} from "./context.ts";
import { openKnown } from "./hello-verification.ts";
import { assertedIdentities, isSameIdentity } from "./identity.ts";
import type { Notifier } from "./notifier.ts";
import { notifierOf } from "./notify-content.ts";
import { respondRejection } from "./respond.ts";
import { emptyLcfRow, type LcfRow, type SubscriptionRow } from "./rows.ts";
import { grantExpires, type SubscribeRequest } from "./subscribe-request.ts";
import { type SubscriptionEvent, stepSubscription } from "./subscription-table.ts";
import { applyStep } from "./transition.ts";

/** What a request in a dialog amounts to. */
interface Judged {
  readonly event: Extract<SubscriptionEvent, "refresh" | "unsubscribe" | "repeated" | "unsigned">;
  /** Verified; null for an unsigned one. */
  readonly body: SubscribeBody | null;
}

interface Refreshed {
  readonly answer: "ok" | "no dialog" | Rejection;
  readonly row: SubscriptionRow | null;
  readonly taken: readonly LcfMessage[];
}

/** Takes effect of a body on the rows; what was refused in it is only counted. */
interface BodyEffect {
  readonly row: SubscriptionRow;
  readonly lcf: LcfRow;
  readonly taken: readonly LcfMessage[];
}

export class RefreshHandler {
  readonly #context: Context;
  readonly #notifier: Notifier;

  constructor(context: Context, notifier: Notifier) {
    this.#context = context;
    this.#notifier = notifier;
  }

  take(transaction: ServerTransaction, subscribe: SubscribeRequest, localTag: string): void {
    const known = this.#context.subscriptions.get(localTag);
    if (known === null) {
      this.#context.host.spawn("cfs-ue look for dialog", () => this.#look(transaction, subscribe, localTag));
      return;
    }
    this.#enqueue(transaction, subscribe, localTag);
  }

  /** Another instance may have made it. */
  async #look(transaction: ServerTransaction, subscribe: SubscribeRequest, localTag: string): Promise<void> {
    const row = await this.#context.subscriptions.refresh(this.#context.store, localTag);
    if (row === null) this.#refuse(transaction, "no dialog", reject(481, `no dialog ${localTag}`));
    else this.#enqueue(transaction, subscribe, localTag);
  }

  #enqueue(transaction: ServerTransaction, subscribe: SubscribeRequest, localTag: string): void {
    this.#context.queue.add(queueKey(this.#context, localTag), "cfs-ue SUBSCRIBE in dialog", () =>
      this.#handle(transaction, subscribe, localTag),
    );
  }

  #refuse(transaction: ServerTransaction, reason: string, rejection: Rejection): void {
    countRefusal(this.#context.host, reason, rejection.detail, namesOf(transaction.request));
    respondRejection(this.#context.host, transaction, rejection);
  }

  async #handle(
    transaction: ServerTransaction,
    subscribe: SubscribeRequest,
    localTag: string,
  ): Promise<void> {
    const row = this.#context.subscriptions.get(localTag);
    const { callId, fromTag } = subscribe;
    if (row === null || row.dialog.id.callId !== callId || row.dialog.id.remoteTag !== fromTag) {
      this.#refuse(transaction, "no dialog", reject(481, `no dialog ${callId} ${fromTag} ${localTag}`));
      return;
    }
    // The time granted counts from here.
    const arrivedAt = this.#context.host.clock.wall();
    const judged = await this.#judge(transaction, subscribe, row);
    if (judged === null) return;
    const done = await transact(this.#context, () => this.#decide(subscribe, localTag, judged, arrivedAt));
    this.#answer(transaction, localTag, done, arrivedAt);
  }

  /** Who says it, and whether he has signed it. Null: answered. */
  async #judge(
    transaction: ServerTransaction,
    subscribe: SubscribeRequest,
    row: SubscriptionRow,
  ): Promise<Judged | null> {
    const { host } = this.#context;
    const { headers } = transaction.request;
    // A core need not assert an identity within a dialog; one that it asserts must be the dialog's.
    if (headers.has("P-Asserted-Identity")) {
      const asserted = assertedIdentities(headers);
      const own =
        asserted.ok &&
        asserted.identities.some((one) => row.asserted.some((known) => isSameIdentity(one, known)));
      if (!own) {
        const detail = asserted.ok ? `asserted ${asserted.identities.join(", ")}` : asserted.detail;
        this.#refuse(
          transaction,
          "identity",
          reject(403, `${detail}; the dialog is ${row.asserted.join(", ")}'s`),
        );
        return null;
      }
    }
    if (subscribe.body === null || row.hello === null) {
      count(host, "unsigned SUBSCRIBE");
      return { event: "unsigned", body: null };
    }
    const opened = await openKnown(host.crypto, subscribe.body, row.hello);
    if (!opened.ok) {
      this.#refuse(transaction, opened.failure, reject(403, opened.detail));
      return null;
    }
    const { body } = opened;
    if (body.callId !== subscribe.callId || body.fromTag !== subscribe.fromTag) {
      const detail = `signed for ${body.callId} ${body.fromTag}`;
      this.#refuse(transaction, "another dialog's body", reject(403, detail));
      return null;
    }
    return { event: body.expires === 0 ? "unsubscribe" : "refresh", body };
  }

  #decide(subscribe: SubscribeRequest, localTag: string, judged: Judged, now: number): Decision<Refreshed> {
    const row = this.#context.subscriptions.get(localTag);
    const nothing = { row: null, taken: [] };
    if (row === null) return { result: { ...nothing, answer: "no dialog" } };
    const { registration } = row;
    const lcf = registration === null ? emptyLcfRow : lcfOf(this.#context, registration);
    const { body } = judged;
    const isOld = body !== null && body.seq <= row.bodySequence;
    const step = stepSubscription(this.#notifier.stateOf(row), isOld ? "repeated" : judged.event);
    if (step === null || step.actions.includes("answerNoDialog"))
      return { result: { ...nothing, answer: "no dialog" } };
    let effect: BodyEffect = { row, lcf, taken: [] };
    if (isOld) count(this.#context.host, "body repeated");
    else if (body !== null && step.actions.includes("takeBody")) {
      const taken = this.#takeBody(subscribe, effect, body, now);
      if ("status" in taken) return { result: { ...nothing, answer: taken } };
      effect = taken;
    }
    const stepped = applyStep(effect.row, effect.lcf, step);
    return {
      subscriptions: [{ id: localTag, content: stepped.row }],
      lcfs: registration === null || stepped.lcf === lcf ? [] : [{ id: registration, content: stepped.lcf }],
      result: { answer: "ok", row: stepped.row, taken: effect.taken },
    };
  }

  /** Expiry, target, challenge, answers and reports of a signed body that is newer than the last one. */
  #takeBody(
    subscribe: SubscribeRequest,
    before: BodyEffect,
    body: SubscribeBody,
    now: number,
  ): BodyEffect | Rejection {
    const { host, limits } = this.#context;
    const expires = grantExpires(body.expires, limits);
    if (typeof expires !== "number") return expires;
    const received = receiveInDialog(before.row.dialog, subscribe.request);
    if (!received.ok) return received.rejection;
    const expiresAt = expires === 0 ? before.row.expiresAt : now + expires * 1000;
    const { localSequence } = before.row.dialog;
    const row: SubscriptionRow = {
      ...before.row,
      dialog: { ...refreshTarget(received.dialog, subscribe.request), localSequence },
      expiresAt,
      bodySequence: body.seq,
    };
    const proved = this.#prove(row, before.lcf, body);
    if (!proved.row.bound || proved.row.hello === null) {
      if (body.answers.length + body.reports.length > 0) count(host, "words of an unbound LCF");
      return { ...proved, taken: [] };
    }
    const prolonged = prolongBinding(proved.lcf, proved.row.hello.kid, expiresAt);
    const messages = takeMessages(prolonged, proved.row.hello.kid, body);
    count(host, "message repeated", messages.repeated);
    count(host, "message about no operation", messages.strange);
    count(host, "message", messages.taken.length);
    const acks = [...new Set([...proved.row.acks, ...messages.acks])];
    return { row: { ...proved.row, acks }, lcf: messages.lcf, taken: messages.taken };
  }

  /** The challenge, if the body repeats it: the hello's key becomes the bound one. */
  #prove(row: SubscriptionRow, lcf: LcfRow, body: SubscribeBody): Omit<BodyEffect, "taken"> {
    const { host } = this.#context;
    if (body.challenge === undefined || row.bound || row.hello === null) return { row, lcf };
    const now = host.clock.wall();
    if (body.challenge !== row.challenge?.text) {
      countRefusal(host, "challenge", "it is not the one of this dialog's ticket", namesOfRow(row));
      return { row, lcf };
    }
    if (now >= row.challenge.until) {
      countRefusal(
        host,
        "challenge",
        `it is ${Math.round(now - row.challenge.until)} ms too late`,
        namesOfRow(row),
      );
      return { row, lcf };
    }
    const verdict = bindKey(lcf, row.hello, { expiresAt: row.expiresAt, now });
    if (!verdict.ok) {
      countRefusal(host, "bound", verdict.detail, namesOfRow(row));
      return { row, lcf };
    }
    count(host, "key bound");
    return { row: { ...row, bound: true }, lcf: verdict.lcf };
  }

  #answer(transaction: ServerTransaction, localTag: string, done: Refreshed, now: number): void {
    const { subscriptions } = this.#context;
    if (done.answer === "no dialog") {
      this.#refuse(transaction, "no dialog", reject(481, `dialog ${localTag} is over`));
      return;
    }
    if (done.answer !== "ok") {
      this.#refuse(transaction, String(done.answer.status), done.answer);
      return;
    }
    if (done.row !== null)
      transaction.respond(subscribeResponse(notifierOf(done.row), transaction.request, now));
    const registration = done.row?.registration ?? null;
    if (registration !== null) this.#context.tell(registration, done.taken);
    if (subscriptions.get(localTag) !== null) this.#notifier.watchExpiry(localTag);
    if (registration !== null) this.#notifier.dueIn(registration);
    this.#notifier.due(localTag);
  }
}
