// Requests of this node: which peer gets them, and what becomes of them. RFC 6733 5.5.4, 6.1.5, 6.1.6.
import type { Host } from "@liquid-ims/runtime/host";
import type { Avp } from "./avp.ts";
import { sameIdentity } from "./data-type/diameter-identity.ts";
import {
  destinationHost,
  destinationRealm,
  originHost,
  originRealm,
  resultCodeAvp,
} from "./dictionary/base.ts";
import { buildDefinedAvp, type Dictionary, findValue } from "./dictionary.ts";
import { commandFlag, type DecodedMessage, type DiameterMessage, sessionAvp } from "./message.ts";
import type { DiameterCounters } from "./peer/counters.ts";
import type { Identifiers } from "./peer/identifiers.ts";
import type { Peer } from "./peer/peer.ts";
import { type PendingRequest, PendingRequests } from "./peer/pending-requests.ts";
import { resultCode } from "./result-code.ts";
import { checkAvps } from "./validate.ts";

export interface RequestContent {
  readonly applicationId: number;
  readonly commandCode: number;
  readonly destinationRealm: string;
  /** Null or absent: any node of the realm. */
  readonly destinationHost?: string | null;
  /** Default: a new session. */
  readonly sessionId?: string;
  /** Another node's identity in its place; default: the node's own. */
  readonly originHost?: string;
  /** What follows Session-Id, Origin-Host, Origin-Realm and the destination. */
  readonly avps: readonly Avp[];
  /** Milliseconds; default: the node's. */
  readonly timeoutMs?: number;
}

/**
 * `unanswered`: the peer may have executed it or not. `undeliverable`: nobody has got it. `malformed`: an answer came
 * that cannot be read, or says something that must be understood and is unknown; the peer has executed it or not.
 */
export type RequestOutcome =
  | { readonly kind: "answer"; readonly message: DiameterMessage; readonly peer: string }
  | { readonly kind: "malformed"; readonly peer: string; readonly detail: string }
  | { readonly kind: "unanswered" }
  | { readonly kind: "undeliverable" };

export interface RequestClientOptions {
  readonly originHost: string;
  readonly originRealm: string;
  readonly requestMs: number;
  readonly dictionary: Dictionary;
}

type Done = (outcome: RequestOutcome) => void;

/** The best first: a peer on probation is better than none, and so is one that is silent. */
const ranks: Readonly<Record<string, number>> = { OKAY: 0, REOPEN: 1, SUSPECT: 2 };

function rank(peer: Peer): number {
  return ranks[peer.watchdog] ?? 3;
}

export class RequestClient {
  readonly #host: Host;
  readonly #options: RequestClientOptions;
  readonly #peers: readonly Peer[];
  readonly #identifiers: Identifiers;
  readonly #counters: DiameterCounters;
  readonly #pending: PendingRequests;
  readonly #done = new WeakMap<PendingRequest, Done>();

  constructor(
    host: Host,
    options: RequestClientOptions,
    peers: readonly Peer[],
    identifiers: Identifiers,
    counters: DiameterCounters,
  ) {
    this.#host = host;
    this.#options = options;
    this.#peers = peers;
    this.#identifiers = identifiers;
    this.#counters = counters;
    this.#pending = new PendingRequests(host);
    host.metrics.gauge(
      "diameter_requests_pending",
      { help: "Requests that wait for their answer" },
      () => this.pending,
    );
  }

  get pending(): number {
    return this.#pending.count;
  }

  send(content: RequestContent, done: Done): void {
    const { originHost: host, originRealm: realm, requestMs } = this.#options;
    const to = content.destinationHost ?? null;
    const message: DiameterMessage = {
      flags: commandFlag.request | commandFlag.proxiable,
      commandCode: content.commandCode,
      applicationId: content.applicationId,
      hopByHop: this.#identifiers.hopByHop(),
      endToEnd: this.#identifiers.endToEnd(),
      avps: [
        sessionAvp(content.sessionId ?? this.#identifiers.sessionId()),
        buildDefinedAvp(originHost, content.originHost ?? host),
        buildDefinedAvp(originRealm, realm),
        buildDefinedAvp(destinationRealm, content.destinationRealm),
        ...(to === null ? [] : [buildDefinedAvp(destinationHost, to)]),
        ...content.avps,
      ],
    };
    const peer = this.#choose(message, new Set());
    if (peer === null) {
      for (const one of this.#serving(message)) one.needed();
      this.#host.clock.after(0, () => done({ kind: "undeliverable" }), "diameter undeliverable");
      return;
    }
    const pending = this.#pending.add(message, content.timeoutMs ?? requestMs, () =>
      done({ kind: "unanswered" }),
    );
    this.#done.set(pending, done);
    this.#sendTo(peer, pending);
  }

  receive(decoded: DecodedMessage, peer: Peer): void {
    const { message } = decoded;
    const name = peer.options.originHost;
    const pending = this.#pending.find(message, name);
    if (pending === null) {
      this.#counters.dropped("answer that nobody waits for");
      return;
    }
    const code = findValue(message.avps, resultCodeAvp);
    const undelivered = code === resultCode.unableToDeliver || code === resultCode.tooBusy;
    if (undelivered && this.#elsewhere(pending, name)) return;
    this.#pending.finish(pending);
    const done = this.#done.get(pending);
    // 4.1: an answer with what must be understood and is not cannot be used, and nobody can be told of it.
    const wrong = checkAvps(decoded, this.#options.dictionary);
    if (wrong === null) {
      done?.({ kind: "answer", message, peer: name });
      return;
    }
    this.#counters.dropped("answer that cannot be used");
    this.#host.log.warn("diameter.malformed-answer", { peer: name, detail: wrong.detail });
    done?.({ kind: "malformed", peer: name, detail: wrong.detail });
  }

  /** 7.1.3: 3002 and 3004 go to another peer where there is one. */
  #elsewhere(pending: PendingRequest, refusedBy: string): boolean {
    pending.refusedBy.add(refusedBy);
    const other = this.#choose(pending.message, pending.refusedBy);
    if (other === null) return false;
    this.#pending.renew(pending, this.#identifiers.hopByHop(), false);
    this.#sendTo(other, pending);
    return true;
  }

  /** 5.5.4: what this peer has goes to another; without another it waits, for the peer's answer or its return. */
  failover(peer: Peer): void {
    const name = peer.options.originHost;
    let moved = 0;
    for (const pending of this.#pending.of(name)) {
      const other = this.#choose(pending.message, new Set([...pending.refusedBy, name]));
      if (other !== null) {
        this.#pending.renew(pending, this.#identifiers.hopByHop(), true);
        this.#sendTo(other, pending);
        moved += 1;
      } else if (!peer.open) pending.peer = null;
    }
    if (moved > 0) this.#counters.failovers(moved);
  }

  /** Somebody is there again for those that wait. */
  opened(): void {
    let moved = 0;
    for (const pending of this.#pending.waiting()) {
      const peer = this.#choose(pending.message, pending.refusedBy);
      if (peer === null) continue;
      this.#pending.renew(pending, this.#identifiers.hopByHop(), true);
      this.#sendTo(peer, pending);
      moved += 1;
    }
    if (moved > 0) this.#counters.failovers(moved);
  }

  close(): void {
    this.#pending.clear();
  }

  #sendTo(peer: Peer, pending: PendingRequest): void {
    pending.peer = peer.options.originHost;
    peer.send(pending.message);
  }

  /** The peer of that name, else those of the realm, in configured order (6.1.5, 6.1.6). */
  #serving({ avps }: DiameterMessage): readonly Peer[] {
    const host = findValue(avps, destinationHost);
    const realm = findValue(avps, destinationRealm) ?? this.#options.originRealm;
    const named =
      host === null ? [] : this.#peers.filter((peer) => sameIdentity(peer.options.originHost, host));
    const serves = (peer: Peer) =>
      (peer.options.realms ?? [this.#options.originRealm]).some(
        (one) => one === "*" || sameIdentity(one, realm),
      );
    return named.length > 0 ? named : this.#peers.filter(serves);
  }

  /** The best of those that are open. */
  #choose(message: DiameterMessage, except: ReadonlySet<string>): Peer | null {
    let best: Peer | null = null;
    for (const peer of this.#serving(message)) {
      if (!peer.open || !peer.takes(message.applicationId) || except.has(peer.options.originHost)) continue;
      if (best === null || rank(peer) < rank(best)) best = peer;
    }
    return best;
  }
}
