// Requests that wait for their answers: identifiers, time-out, fail-over with the T flag. RFC 6733 3, 5.5.4, 6.1.5.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { commandFlag, type DiameterMessage } from "../message.ts";

/** One request from the moment it is asked for until its end. */
export interface PendingRequest {
  readonly endToEnd: number;
  /** As it was sent last. */
  message: DiameterMessage;
  /** Origin-Host of the peer that has it; null while none has. */
  peer: string | null;
  /** Peers that said that they cannot deliver it. */
  readonly refusedBy: Set<string>;
  readonly timer: Timer;
}

export class PendingRequests {
  readonly #host: Host;
  readonly #byHopByHop = new Map<number, PendingRequest>();

  constructor(host: Host) {
    this.#host = host;
  }

  get count(): number {
    return this.#byHopByHop.size;
  }

  /** Takes a request under its Hop-by-Hop identifier; after `ms` without an end it is forgotten and `timedOut` called. */
  add(message: DiameterMessage, ms: number, timedOut: () => void): PendingRequest {
    const pending: PendingRequest = {
      endToEnd: message.endToEnd,
      message,
      peer: null,
      refusedBy: new Set(),
      timer: this.#host.clock.after(
        ms,
        () => {
          this.#byHopByHop.delete(pending.message.hopByHop);
          timedOut();
        },
        "diameter request",
      ),
    };
    this.#byHopByHop.set(message.hopByHop, pending);
    return pending;
  }

  /**
   * The request that an answer of that peer belongs to. Null for an answer that nobody waits for: late, doubled, or
   * to what another peer was asked.
   */
  find(answer: DiameterMessage, peer: string): PendingRequest | null {
    const pending = this.#byHopByHop.get(answer.hopByHop);
    if (pending === undefined || pending.peer !== peer) return null;
    const { endToEnd, commandCode, applicationId } = pending.message;
    const same =
      endToEnd === answer.endToEnd &&
      commandCode === answer.commandCode &&
      applicationId === answer.applicationId;
    return same ? pending : null;
  }

  /** Gives it a new Hop-by-Hop identifier; `possiblyDone` sets the T flag, since its peer may have executed it. */
  renew(pending: PendingRequest, hopByHop: number, possiblyDone: boolean): void {
    this.#byHopByHop.delete(pending.message.hopByHop);
    const { flags } = pending.message;
    pending.message = {
      ...pending.message,
      hopByHop,
      flags: possiblyDone ? flags | commandFlag.retransmitted : flags,
    };
    this.#byHopByHop.set(hopByHop, pending);
  }

  finish(pending: PendingRequest): void {
    pending.timer.cancel();
    this.#byHopByHop.delete(pending.message.hopByHop);
  }

  /** Those that this peer has. */
  of(peer: string): PendingRequest[] {
    return [...this.#byHopByHop.values()].filter((pending) => pending.peer === peer);
  }

  /** Those that lost their peer and found no other. */
  waiting(): PendingRequest[] {
    return [...this.#byHopByHop.values()].filter((pending) => pending.peer === null);
  }

  /** Forgets all of them; nobody is told. */
  clear(): void {
    for (const pending of this.#byHopByHop.values()) pending.timer.cancel();
    this.#byHopByHop.clear();
  }
}
