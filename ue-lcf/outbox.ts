// Answers and reports that the CFS has not acknowledged yet. cfs-ue 3 and 5.
import type { Answer, Report } from "@liquid-ims/reference-points/cfs-ue";

/** Messages that are kept: older ones of operations that are long over make room. */
const most = 100;

export class Outbox {
  /** In the order in which they were put. */
  #messages: (Answer | Report)[] = [];
  /** Ids of those that were said in the present dialog. */
  readonly #said = new Set<string>();

  /** The same message again is said again. */
  put(message: Answer | Report): void {
    this.#said.delete(message.id);
    this.#messages = [...this.#messages.filter(({ id }) => id !== message.id), message].slice(-most);
  }

  get hasUnsaid(): boolean {
    return this.#messages.some(({ id }) => !this.#said.has(id));
  }

  /** All that is not acknowledged, for a hello: whether it is believed is not known yet. */
  get all(): { readonly answers: readonly Answer[]; readonly reports: readonly Report[] } {
    return {
      answers: this.#messages.filter((message) => "answer" in message),
      reports: this.#messages.filter((message) => "final" in message),
    };
  }

  /** What is to be said now. */
  take(): { readonly answers: readonly Answer[]; readonly reports: readonly Report[] } {
    const unsaid = this.#messages.filter(({ id }) => !this.#said.has(id));
    for (const { id } of unsaid) this.#said.add(id);
    return {
      answers: unsaid.filter((message) => "answer" in message),
      reports: unsaid.filter((message) => "final" in message),
    };
  }

  /** The CFS has them durably. */
  acknowledge(ids: readonly string[]): void {
    const acknowledged = new Set(ids);
    this.#messages = this.#messages.filter(({ id }) => !acknowledged.has(id));
    for (const id of ids) this.#said.delete(id);
  }

  /** Those of `ids` that nobody has acknowledged are to be said again; false: there are none. */
  sayAgain(ids: readonly string[]): boolean {
    const left = this.#messages.filter(({ id }) => ids.includes(id) && this.#said.has(id));
    for (const { id } of left) this.#said.delete(id);
    return left.length > 0;
  }

  /** Another dialog: all of them are to be said in it. */
  newDialog(): void {
    this.#said.clear();
  }
}
