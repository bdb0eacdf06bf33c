// Asks the LCFs of a user for their dialogs: does a command reach them, and how long does that take? cfs-ue 7 (`query`).
import { type LocationRecord, registrationKeyOf } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import type { LcfChannel, LcfMessage } from "../cfs-ue/channel.ts";
import type { QueriedRegistration } from "./operations.ts";

export interface LcfQueriesParts {
  readonly host: Host;
  readonly location: LocationStore;
  readonly channel: LcfChannel;
  /** A transfer commands this registration: a command between its own could make the LCF pass over one of them. */
  readonly isCommanded: (registration: string) => boolean;
}

/** How long an answer is waited for; a NOTIFY that is lost is repeated within that time. */
const answerMs = 5_000;

export class LcfQueries {
  readonly #parts: LcfQueriesParts;
  readonly #waiting = new Map<string, (message: LcfMessage) => void>();
  #listens = false;

  constructor(parts: LcfQueriesParts) {
    this.#parts = parts;
  }

  /** Most CFSs are never asked: they have one listener less. */
  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    this.#parts.channel.onMessage((_registration, message) =>
      this.#waiting.get(message.operation)?.(message),
    );
  }

  /** One line for each registration of the user; none: he has no location record. */
  async ask(user: string): Promise<readonly QueriedRegistration[]> {
    const records = await this.#parts.location.get(user);
    const live = records.filter(({ state }) => state === "registered");
    const byRegistration = new Map(live.map((record) => [registrationKeyOf(record), record]));
    return Promise.all([...byRegistration.values()].map((record) => this.#askOne(record)));
  }

  async #askOne(record: LocationRecord): Promise<QueriedRegistration> {
    const { channel, host, isCommanded } = this.#parts;
    const registration = registrationKeyOf(record);
    const { impu: user, contact } = record;
    const line = { user, contact, dialogs: null, milliseconds: null };
    const state = channel.state(registration);
    if (!state.reachable) return { ...line, result: "not asked", detail: state.reason };
    if (isCommanded(registration))
      return { ...line, result: "not asked", detail: "a transfer commands this device now" };
    const begun = host.clock.now();
    const message = await this.#exchange(registration);
    if (message === null)
      return { ...line, result: "no answer", detail: `no answer in ${answerMs / 1000} s` };
    const milliseconds = Math.round(host.clock.now() - begun);
    if ("answer" in message && message.answer === "accepted")
      return { ...line, result: "answered", detail: "", milliseconds, dialogs: message.dialogs.length };
    const detail = "answer" in message && message.answer === "refused" ? message.reason : "another answer";
    return { ...line, result: "answered", detail, milliseconds };
  }

  async #exchange(registration: string): Promise<LcfMessage | null> {
    const { channel, host } = this.#parts;
    this.#listen();
    const operation = `query-${encodeHex(host.random.bytes(8))}`;
    const answer = new Promise<LcfMessage | null>((resolve) => {
      const timer = host.clock.after(answerMs, () => resolve(null), "query");
      this.#waiting.set(operation, (message) => {
        timer.cancel();
        resolve(message);
      });
    });
    channel.send(registration, {
      operation,
      sequence: channel.sequenceReached(registration) + 1,
      expires: host.clock.wall() + answerMs,
      command: "query",
    });
    const message = await answer;
    this.#waiting.delete(operation);
    channel.forget(registration, operation);
    return message;
  }
}
