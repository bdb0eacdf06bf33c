// The channel to LCFs over their subscriptions: what the transfer engine sees of cfs-ue.
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { CommandBody } from "@liquid-ims/reference-points/cfs-ue";
import { carrierOf, isBoundBy, lapseBindings, soleBinding } from "./binding.ts";
import type { KnownLcf, LcfChannel, LcfMessage, LcfState } from "./channel.ts";
import { addCommand, forgetOperation } from "./commands.ts";
import { type Context, count, lcfOf, transact } from "./context.ts";
import type { Notifier } from "./notifier.ts";

type MessageListener = (registration: RegistrationKey, message: LcfMessage) => void;
type StateListener = (registration: RegistrationKey, state: LcfState) => void;

function isSameState(a: LcfState | undefined, b: LcfState): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export class SubscriptionChannel implements LcfChannel {
  readonly #context: Context;
  readonly #notifier: Notifier;
  readonly #messageListeners: MessageListener[] = [];
  readonly #stateListeners: StateListener[] = [];
  /** What listeners were told last. */
  readonly #states = new Map<RegistrationKey, LcfState>();
  /** Given to `send`, perhaps not yet in the row. */
  readonly #sequences = new Map<RegistrationKey, number>();
  #loaded = false;

  constructor(context: Context, notifier: Notifier) {
    this.#context = context;
    this.#notifier = notifier;
  }

  state(registration: RegistrationKey): LcfState {
    const { lcfs, host, subscriptions } = this.#context;
    const row = lcfs.get(registration);
    if (row === null) return { reachable: false, reason: "no LCF" };
    const now = host.clock.wall();
    const lcf = lapseBindings(row, now);
    if (lcf.bindings.length > 1) return { reachable: false, reason: "several devices" };
    const binding = soleBinding(lcf, now);
    if (binding === null) {
      const ended = row.bindings.length > 0 ? "expired" : (lcf.lastEnd ?? "no LCF");
      return { reachable: false, reason: lcf.dialogs.length > 0 ? "not bound" : ended };
    }
    if (carrierOf(lcf, now, (tag) => subscriptions.get(tag)) !== null)
      return { reachable: true, since: binding.since };
    const isSuspect = lcf.dialogs.some((tag) => {
      const dialog = subscriptions.get(tag);
      return dialog?.state === "suspect" && isBoundBy(dialog, binding);
    });
    return { reachable: false, reason: isSuspect ? "suspect" : (lcf.lastEnd ?? "dialog failed") };
  }

  known(): readonly KnownLcf[] {
    const { lcfs, host, subscriptions } = this.#context;
    const now = host.clock.wall();
    const known: KnownLcf[] = [];
    for (const registration of lcfs.ids()) {
      const binding = lapseBindings(lcfOf(this.#context, registration), now).bindings[0];
      if (binding !== undefined)
        known.push({ registration, identity: binding.identity, since: binding.since });
    }
    for (const tag of subscriptions.ids()) {
      const row = subscriptions.get(tag);
      if (row === null || row.registration !== null || row.state === "terminated") continue;
      const identity = row.asserted[0];
      if (row.expiresAt > now && identity !== undefined)
        known.push({ registration: null, identity, since: 0 });
    }
    return known;
  }

  send(registration: RegistrationKey, command: CommandBody): void {
    const { queue, host } = this.#context;
    this.#sequences.set(registration, Math.max(this.sequenceReached(registration), command.sequence));
    queue.add(registration, "cfs-ue command", async () => {
      const isNew = await transact(this.#context, () => {
        const lcf = lcfOf(this.#context, registration);
        const next = addCommand(lcf, command, host.clock.wall());
        return {
          lcfs: next === lcf ? [] : [{ id: registration, content: next }],
          result: next !== lcf,
        };
      });
      if (isNew) count(host, "command");
      this.#notifier.dueIn(registration);
    });
  }

  sequenceReached(registration: RegistrationKey): number {
    return Math.max(
      this.#sequences.get(registration) ?? 0,
      this.#context.lcfs.get(registration)?.sequence ?? 0,
    );
  }

  onMessage(listener: MessageListener): void {
    this.#messageListeners.push(listener);
    if (this.#loaded) this.#replay([listener]);
  }

  onState(listener: StateListener): void {
    this.#stateListeners.push(listener);
  }

  forget(registration: RegistrationKey, operation: string): void {
    this.#context.queue.add(registration, "cfs-ue forget", () =>
      transact(this.#context, () => {
        const lcf = lcfOf(this.#context, registration);
        const next = forgetOperation(lcf, operation);
        return { lcfs: next === lcf ? [] : [{ id: registration, content: next }], result: undefined };
      }),
    );
  }

  /** The tables are read: what an earlier life stored is told again. */
  loaded(): void {
    this.#loaded = true;
    for (const registration of this.#context.lcfs.ids())
      this.#states.set(registration, this.state(registration));
    this.#replay(this.#messageListeners);
  }

  #replay(listeners: readonly MessageListener[]): void {
    for (const registration of this.#context.lcfs.ids())
      for (const { message } of lcfOf(this.#context, registration).messages)
        for (const listener of listeners) listener(registration, message);
  }

  /** Durable messages, in order. */
  tell(registration: RegistrationKey, messages: readonly LcfMessage[]): void {
    for (const message of messages)
      for (const listener of this.#messageListeners) listener(registration, message);
  }

  /** Rows were written. */
  changed(registration: RegistrationKey): void {
    if (this.#stateListeners.length === 0) return;
    const state = this.state(registration);
    if (isSameState(this.#states.get(registration), state)) return;
    this.#states.set(registration, state);
    for (const listener of this.#stateListeners) listener(registration, state);
  }
}
