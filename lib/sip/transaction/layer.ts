// The transaction layer: matches messages to transactions. RFC 3261 17.1.3, 17.2.3, 9.2, 8.2.2.2, RFC 6026.
import type { Host } from "@liquid-ims/runtime/host";
import type { Random } from "@liquid-ims/runtime/random";
import { tagOf } from "../header/name-address.ts";
import { buildResponse, type SipMessage, type SipRequest, type SipResponse } from "../message.ts";
import type { Rejection } from "../rejection.ts";
import type { Timers } from "../timers.ts";
import type { ClientFailure, TransactionUser } from "../transaction-user.ts";
import type { MessageSource } from "../transport.ts";
import { validateRequest, validateResponse } from "../validate.ts";
import { ClientMachine, type ClientPath } from "./client-transaction.ts";
import { isStatelessTag, newStatelessTag, newTag } from "./identifier.ts";
import { cancelledKey, clientKey, mergedKey, type ServerKey, serverKey, type TransactionKey } from "./key.ts";
import { LayerCounters } from "./layer-counters.ts";
import { ServerMachine } from "./server-transaction.ts";

/** Sends a response by its first Via, on the connection of its request where that is still there (18.2.2). */
export type SendResponse = (response: SipResponse, source: MessageSource, failed: () => void) => void;

export interface LayerOptions {
  readonly timers: Timers;
  /** For tags. */
  readonly random: Random;
  readonly user: TransactionUser;
  readonly sendResponse: SendResponse;
  readonly refuseMerged: boolean;
  /** Beyond so many transactions, new requests are answered 503 without one. */
  readonly maximumTransactions: number;
}

export interface ClientTransactionUser {
  response(response: SipResponse): void;
  failed(cause: Exclude<ClientFailure, "unresolvable">): void;
}

/** Seconds after which a refused client may come again (RFC 3261 20.33). */
const retryAfterSeconds = 5;

function ignore(): void {
  // A response without a transaction, whose loss nobody could mend.
}

export class TransactionLayer {
  readonly #host: Host;
  readonly #random: Random;
  readonly #options: LayerOptions;
  readonly #clients = new Map<TransactionKey, ClientMachine>();
  readonly #servers = new Map<TransactionKey, ServerMachine>();
  readonly #merged = new Map<TransactionKey, TransactionKey>();
  readonly #counters: LayerCounters;

  constructor(host: Host, options: LayerOptions) {
    this.#host = host;
    this.#random = options.random;
    this.#options = options;
    this.#counters = new LayerCounters(host.metrics, {
      client: () => this.#clients.size,
      server: () => this.#servers.size,
    });
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  get serverCount(): number {
    return this.#servers.size;
  }

  /** A client transaction for a request that has its Via; `start` it. */
  client(request: SipRequest, path: ClientPath, user: ClientTransactionUser): ClientMachine {
    const key = clientKey(request);
    if (key === null)
      throw new TypeError(`A ${request.method} without a branch in its Via or without a CSeq`);
    const machine: ClientMachine = new ClientMachine(
      request,
      path,
      {
        response: (response) => user.response(response),
        failed: (cause) => user.failed(cause),
        cancel: (cancel) => this.#cancel(cancel, path),
        retransmitted: () => this.#counters.retransmitted.add(),
        terminated: () => {
          if (this.#clients.get(key) === machine) this.#clients.delete(key);
        },
      },
      { clock: this.#host.clock, timers: this.#options.timers },
    );
    this.#clients.set(key, machine);
    return machine;
  }

  receive(message: SipMessage, source: MessageSource): void {
    if (message.kind === "response") this.#receiveResponse(message, source);
    else this.#receiveRequest(message, source);
  }

  /** Forgets every transaction; nobody is told. */
  close(): void {
    for (const machine of this.#clients.values()) machine.abandon();
    for (const machine of this.#servers.values()) machine.abandon();
    this.#clients.clear();
    this.#servers.clear();
    this.#merged.clear();
  }

  #cancel(request: SipRequest, path: ClientPath): void {
    // What answers a CANCEL says nothing about the INVITE, so nobody waits for it (9.1).
    const user = { response: ignore, failed: ignore };
    this.client(
      request,
      { ...path, send: (m, failed) => path.send(m, failed), release: ignore },
      user,
    ).start();
  }

  #receiveResponse(response: SipResponse, source: MessageSource): void {
    const fault = validateResponse(response);
    const key = clientKey(response);
    if (fault !== null || key === null) {
      this.#counters.dropped("malformed response").add();
      this.#host.log.debug("sip.response.dropped", { detail: fault?.detail ?? "no branch or CSeq" });
      return;
    }
    const machine = this.#clients.get(key);
    if (machine !== undefined) {
      machine.receive(response);
      return;
    }
    this.#counters.dropped("stray response").add();
    this.#options.user.strayResponse?.(response, source);
  }

  #receiveRequest(request: SipRequest, source: MessageSource): void {
    const found = serverKey(request);
    if (found === null) {
      this.#counters.dropped("no Via").add();
      return;
    }
    const machine = this.#servers.get(found.key);
    if (request.method === "ACK") this.#receiveAck(request, source, found, machine);
    else if (machine !== undefined && this.#sameTo(found, request, machine)) machine.receive();
    else this.#receiveNew(request, source, found.key);
  }

  /** Without a branch of RFC 3261 the To tags must be equal, too (17.2.3). */
  #sameTo(found: ServerKey, request: SipRequest, machine: ServerMachine): boolean {
    if (!found.legacy) return true;
    return tagOf(request.headers.get("To") ?? "") === tagOf(machine.request.headers.get("To") ?? "");
  }

  #receiveAck(
    request: SipRequest,
    source: MessageSource,
    found: ServerKey,
    machine: ServerMachine | undefined,
  ): void {
    const toTag = tagOf(request.headers.get("To") ?? "");
    if (machine !== undefined && (!found.legacy || toTag === machine.toTag)) {
      machine.receiveAck(request, source);
    } else if (isStatelessTag(toTag)) {
      this.#counters.dropped("ACK of a refusal").add();
    } else if (validateRequest(request) !== null) {
      this.#counters.dropped("malformed ACK").add();
    } else {
      this.#options.user.ack(request, source);
    }
  }

  #receiveNew(request: SipRequest, source: MessageSource, key: TransactionKey): void {
    const fault = validateRequest(request);
    if (fault !== null) {
      this.#refuse(request, source, fault);
      return;
    }
    if (this.#clients.size + this.#servers.size >= this.#options.maximumTransactions) {
      this.#refuse(request, source, {
        status: 503,
        reason: "Service Unavailable",
        headers: [["Retry-After", String(retryAfterSeconds)]],
        detail: "too many transactions",
      });
      return;
    }
    const merged = mergedKey(request);
    const machine: ServerMachine = new ServerMachine(
      request,
      source,
      {
        request: () => this.#deliver(machine, merged, key),
        ack: (ack, from) => this.#options.user.ack(ack, from),
        send: (response, failed) => this.#options.sendResponse(response, source, failed),
        refused: (response) => this.#counters.notSent(response.status),
        retransmitted: () => this.#counters.absorbed.add(),
        terminated: () => {
          this.#servers.delete(key);
          if (merged !== null && this.#merged.get(merged) === key) this.#merged.delete(merged);
        },
      },
      { clock: this.#host.clock, timers: this.#options.timers },
    );
    this.#servers.set(key, machine);
    machine.start();
  }

  #deliver(machine: ServerMachine, merged: TransactionKey | null, key: TransactionKey): void {
    if (machine.request.method === "CANCEL") {
      this.#receiveCancel(machine);
      return;
    }
    if (merged !== null) {
      const first = this.#merged.get(merged);
      if (first === undefined) this.#merged.set(merged, key);
      else if (this.#options.refuseMerged) {
        this.#counters.dropped("merged request").add();
        machine.respond(buildResponse(machine.request, 482, { toTag: newTag(this.#random) }));
        return;
      }
    }
    this.#options.user.request(machine);
  }

  /** RFC 3261 9.2. The INVITE's user answers the INVITE itself. */
  #receiveCancel(machine: ServerMachine): void {
    const found = cancelledKey(machine.request);
    const invite = found === null ? undefined : this.#servers.get(found.key);
    if (found === null || invite === undefined || !this.#sameTo(found, machine.request, invite)) {
      machine.respond(buildResponse(machine.request, 481, { toTag: newTag(this.#random) }));
      return;
    }
    const toTag = invite.toTag ?? newTag(this.#random);
    machine.respond(buildResponse(machine.request, 200, { toTag }));
    invite.cancel();
  }

  /** An answer that leaves nothing behind here. */
  #refuse(request: SipRequest, source: MessageSource, rejection: Rejection): void {
    this.#counters.refused(rejection.status).add();
    this.#host.log.debug("sip.request.refused", {
      method: request.method,
      status: rejection.status,
      detail: rejection.detail,
    });
    const response = buildResponse(request, rejection.status, {
      reason: rejection.reason,
      toTag: newStatelessTag(this.#random),
      headers: rejection.headers ?? [],
    });
    this.#options.sendResponse(response, source, ignore);
  }
}
