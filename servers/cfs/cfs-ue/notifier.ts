// Sends NOTIFYs and lives with their answers: one in flight for each dialog, its CSeq durable before it is sent.
// RFC 6665 4.2.2; cfs-ue 5.
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { Timer } from "@liquid-ims/runtime/clock";
import { judgeNotifyAnswer } from "@liquid-ims/sip/dialog/subscription-notifier";
import { parseRetryAfter } from "@liquid-ims/sip/header/delta-seconds";
import type { SipRequest, SipResponse } from "@liquid-ims/sip/message";
import { pendingCommands } from "./commands.ts";
import { type Context, count, lcfOf, namesOfRow, queueKey, transact } from "./context.ts";
import { contentOf, type NotifyContent, notifyRequest, signCommands } from "./notify-content.ts";
import { emptyLcfRow, type LcfRow, type SubscriptionRow } from "./rows.ts";
import { type SubscriptionEvent, type SubscriptionState, stepSubscription } from "./subscription-table.ts";
import { applyStep } from "./transition.ts";

interface Flight {
  readonly localTag: string;
  readonly sequence: number;
  readonly content: NotifyContent;
  timer: Timer | null;
}

/** Longest wait before a suspect dialog is asked again, seconds; also taken from a Retry-After. */
const longestRetry = 60;

export class Notifier {
  readonly #context: Context;
  /** By local tag. One that is overdue is no longer in here, but its answer still counts. */
  readonly #flights = new Map<string, Flight>();
  /** By local tag: sequences of the commands that have arrived in the dialog, until they are due again. */
  readonly #delivered = new Map<string, Set<number>>();
  /** Being decided and stored; true: something came up meanwhile. */
  readonly #sending = new Map<string, boolean>();
  readonly #expiries = new Map<string, Timer>();
  /** By local tag: NOTIFYs in a row that nobody answered. */
  readonly #silences = new Map<string, number>();
  /** Dialogs whose hello is being verified: `pending` in the store, `pending_verify` here. */
  readonly #verifying = new Set<string>();
  #stopped = false;

  constructor(context: Context) {
    this.#context = context;
  }

  stateOf(row: SubscriptionRow): SubscriptionState {
    const isVerifying = row.state === "pending" && this.#verifying.has(row.dialog.id.localTag);
    return isVerifying ? "pending_verify" : row.state;
  }

  setVerifying(localTag: string, isVerifying: boolean): void {
    if (isVerifying) this.#verifying.add(localTag);
    else this.#verifying.delete(localTag);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#expiries.values()) timer.cancel();
    for (const flight of this.#flights.values()) flight.timer?.cancel();
    this.#expiries.clear();
    this.#flights.clear();
  }

  /** Something may be due in this dialog. */
  due(localTag: string): void {
    if (this.#stopped) return;
    this.#context.queue.add(queueKey(this.#context, localTag), "cfs-ue notify", () => this.#send(localTag));
  }

  /** Something may be due in any dialog of this registration. */
  dueIn(registration: RegistrationKey): void {
    for (const localTag of lcfOf(this.#context, registration).dialogs) this.due(localTag);
  }

  async #send(localTag: string): Promise<void> {
    if (this.#sending.has(localTag)) {
      this.#sending.set(localTag, true);
      return;
    }
    for (;;) {
      if (this.#flights.has(localTag) || this.#stopped) return;
      this.#sending.set(localTag, false);
      const sent = await transact(this.#context, () => this.#decide(localTag));
      const again = this.#sending.get(localTag) === true;
      this.#sending.delete(localTag);
      if (sent !== null && !this.#stopped) this.#fly(localTag, sent.flight, sent.request);
      if (!again) return;
    }
  }

  #fly(localTag: string, flight: Flight, request: SipRequest): void {
    this.#flights.set(localTag, flight);
    const { clock } = this.#context.host;
    const { sequence } = flight;
    flight.timer = clock.after(
      this.#context.limits.notifyTimeout,
      () => this.#overdue(localTag, sequence),
      "cfs-ue NOTIFY overdue",
    );
    count(this.#context.host, "notify sent");
    this.#context.stack().request(request, {
      handlers: {
        response: (response) => this.#answered(flight, response),
        // The path, not the subscription: a transport error is no word of the user's (RFC 3261 8.1.3.1).
        failed: () => this.#outcome(flight, "notify timed out"),
      },
    });
  }

  async #decide(localTag: string) {
    const context = this.#context;
    const row = context.subscriptions.get(localTag);
    if (row === null) return { result: null };
    const { registration } = row;
    const known = registration === null ? emptyLcfRow : lcfOf(context, registration);
    const content = contentOf(context, row, known, (sequence) => this.#isDelivered(localTag, sequence));
    if (content === null) return { result: null };
    const lcf = await signCommands(context, known, content.commands);
    const sequence = row.dialog.localSequence + 1;
    const request: SipRequest = await notifyRequest(context, { row, lcf, content, sequence });
    const dialog = { ...row.dialog, localSequence: sequence };
    const flight: Flight = { localTag, sequence, content, timer: null };
    return {
      subscriptions: [
        { id: localTag, content: { ...row, dialog, owesNotify: false, notified: content.why } },
      ],
      lcfs: registration === null || lcf === known ? [] : [{ id: registration, content: lcf }],
      result: { request, flight },
    };
  }

  #isDelivered(localTag: string, sequence: number): boolean {
    return this.#delivered.get(localTag)?.has(sequence) === true;
  }

  #overdue(localTag: string, sequence: number): void {
    const flight = this.#flights.get(localTag);
    if (flight?.sequence === sequence) this.#outcome(flight, "notify timed out");
  }

  #answered(flight: Flight, response: SipResponse): void {
    if (response.status < 200) return;
    const verdict = judgeNotifyAnswer(response);
    if (verdict === "kept") this.#outcome(flight, "notify answered");
    else if (verdict === "over" && response.status !== 408) this.#outcome(flight, "notify refused");
    else this.#outcome(flight, "notify timed out", response);
  }

  #outcome(flight: Flight, event: SubscriptionEvent, response?: SipResponse): void {
    const { localTag } = flight;
    const isInFlight = this.#flights.get(localTag) === flight;
    if (isInFlight) {
      flight.timer?.cancel();
      this.#flights.delete(localTag);
    }
    // Overdue already: that its transaction has ended without an answer says nothing new.
    if (this.#stopped || (event === "notify timed out" && !isInFlight)) return;
    count(this.#context.host, event);
    const asked = parseRetryAfter(response?.headers.get("Retry-After") ?? "")?.seconds ?? null;
    const retry = asked ?? (event === "notify timed out" ? this.#silence(localTag) : null);
    if (event === "notify answered") this.#silences.delete(localTag);
    const label = `cfs-ue ${event}`;
    this.#context.queue.add(queueKey(this.#context, localTag), label, async () => {
      if (event === "notify answered") this.#markDelivered(flight);
      await this.step(localTag, flight.content.final ? "final notify done" : event, (row) =>
        event === "notify answered" ? settle(row, flight.content) : row,
      );
      if (retry !== null) this.#probeLater(localTag, retry);
    });
  }

  /** Seconds until a dialog that was silent once more is asked again: the fault may have been on our side. */
  #silence(localTag: string): number {
    const silences = (this.#silences.get(localTag) ?? 0) + 1;
    this.#silences.set(localTag, silences);
    return Math.min(2 ** silences, longestRetry);
  }

  #markDelivered(flight: Flight): void {
    const { localTag, content } = flight;
    const sequences = content.commands.map(({ body }) => body.sequence);
    if (sequences.length === 0) return;
    const delivered = this.#delivered.get(localTag) ?? new Set<number>();
    for (const sequence of sequences) delivered.add(sequence);
    this.#delivered.set(localTag, delivered);
    this.#context.host.clock.after(
      this.#context.limits.commandRepeat,
      () => this.#repeat(localTag, sequences),
      "cfs-ue command again",
    );
  }

  /** An LCF that has a command answers it; when it does not, the answer or the LCF's memory was lost. */
  #repeat(localTag: string, sequences: readonly number[]): void {
    const { host, subscriptions } = this.#context;
    const registration = subscriptions.get(localTag)?.registration ?? null;
    if (registration === null) return;
    for (const sequence of sequences) this.#delivered.get(localTag)?.delete(sequence);
    if (pendingCommands(lcfOf(this.#context, registration), host.clock.wall()).length > 0)
      this.dueIn(registration);
  }

  /** A suspect dialog is asked again, until it answers, is refused or expires. */
  #probeLater(localTag: string, seconds: number): void {
    const wait = Math.min(seconds, longestRetry) * 1000;
    this.#context.host.clock.after(wait, () => this.probe(localTag), "cfs-ue retry-after");
  }

  /** Owes a suspect dialog a NOTIFY, whose answer shows whether it lives. */
  probe(localTag: string): void {
    if (this.#stopped) return;
    this.#context.queue.add(queueKey(this.#context, localTag), "cfs-ue probe", async () => {
      await transact(this.#context, () => {
        const row = this.#context.subscriptions.get(localTag);
        if (row?.state !== "suspect") return { result: null };
        return { subscriptions: [{ id: localTag, content: { ...row, owesNotify: true } }], result: null };
      });
      await this.#send(localTag);
    });
  }

  /** A terminated subscription of an earlier life: whether its last NOTIFY was sent is not known, so it is sent. */
  sayEnd(localTag: string): void {
    this.#context.queue.add(queueKey(this.#context, localTag), "cfs-ue last NOTIFY", async () => {
      await transact(this.#context, () => {
        const row = this.#context.subscriptions.get(localTag);
        if (row?.state !== "terminated" || row.owesNotify) return { result: null };
        return { subscriptions: [{ id: localTag, content: { ...row, owesNotify: true } }], result: null };
      });
      await this.#send(localTag);
    });
  }

  /** The keys that its ticket named are no longer to be trusted. */
  revoke(localTag: string): void {
    this.#context.queue.add(queueKey(this.#context, localTag), "cfs-ue revoke", () =>
      this.step(localTag, "revoked"),
    );
  }

  /** Arms the end of a subscription anew: its expiry, or that of its challenge. */
  watchExpiry(localTag: string): void {
    const { clock } = this.#context.host;
    this.#expiries.get(localTag)?.cancel();
    const row = this.#context.subscriptions.get(localTag);
    if (row === null || this.#stopped) return;
    const wait = Math.max(0, Math.min(row.expiresAt, challengeEnd(row)) - clock.wall());
    this.#expiries.set(
      localTag,
      clock.after(wait, () => this.#expire(localTag), "cfs-ue expiry"),
    );
  }

  #expire(localTag: string): void {
    this.#context.queue.add(queueKey(this.#context, localTag), "cfs-ue expiry", async () => {
      const row = this.#context.subscriptions.get(localTag);
      if (row === null || row.state === "terminated") return;
      const now = this.#context.host.clock.wall();
      if (row.expiresAt <= now) await this.step(localTag, "expired");
      else if (challengeEnd(row) <= now) await this.step(localTag, "challenge over");
      else this.watchExpiry(localTag);
    });
  }

  /**
   * Takes an event through the table: rows, then NOTIFYs. To be called in the dialog's queue. `before` changes the
   * row first.
   */
  async step(
    localTag: string,
    event: SubscriptionEvent,
    before: (row: SubscriptionRow) => SubscriptionRow = (row) => row,
  ): Promise<void> {
    const context = this.#context;
    if (this.#stopped) return;
    const done = await transact(context, () => {
      const row = context.subscriptions.get(localTag);
      const step = row === null ? null : stepSubscription(this.stateOf(row), event);
      if (row === null || step === null) return { result: null };
      const { registration } = row;
      const lcf: LcfRow = registration === null ? emptyLcfRow : lcfOf(context, registration);
      const stepped = applyStep(before(row), lcf, step);
      return {
        subscriptions: [{ id: localTag, content: stepped.row }],
        lcfs:
          registration === null || stepped.lcf === lcf ? [] : [{ id: registration, content: stepped.lcf }],
        result: { step, row, next: stepped.row },
      };
    });
    if (done === null) return;
    const { step, row, next } = done;
    if (next === null) this.#removed(row);
    else if (next.state !== row.state)
      context.host.log.info("cfs-ue subscription", {
        ...namesOfRow(row),
        dialog: localTag,
        registration: row.registration,
        from: row.state,
        to: next.state,
        because: event,
      });
    if (step.actions.includes("deliver") && row.registration !== null) this.dueIn(row.registration);
    await this.#send(localTag);
  }

  #removed(row: SubscriptionRow): void {
    const { localTag } = row.dialog.id;
    this.#expiries.get(localTag)?.cancel();
    this.#expiries.delete(localTag);
    this.#silences.delete(localTag);
    this.#delivered.delete(localTag);
    this.#verifying.delete(localTag);
    this.#context.host.log.info("cfs-ue subscription ended", {
      ...namesOfRow(row),
      dialog: localTag,
      registration: row.registration,
      reason: row.reason ?? "NOTIFY refused",
    });
  }
}

/** When a dialog that is not bound ends, ms since 1970. */
function challengeEnd(row: SubscriptionRow): number {
  return row.bound || row.challenge === null ? Number.POSITIVE_INFINITY : row.challenge.until;
}

/** An answered NOTIFY's ticket and acknowledgements have arrived. */
function settle(row: SubscriptionRow, content: NotifyContent): SubscriptionRow {
  const acked = new Set(content.acks);
  return {
    ...row,
    owesTicket: row.owesTicket && !content.ticket,
    acks: row.acks.filter((id) => !acked.has(id)),
  };
}
