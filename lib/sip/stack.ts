// What every node opens: transport, transactions and the location of servers put together. RFC 3261 8.1.2, 17, 18, RFC 3263.
import type { Host } from "@liquid-ims/runtime/host";
import type { Lookup } from "./locate.ts";
import type { SipRequest, SipResponse } from "./message.ts";
import { LocatedRequest } from "./stack/located-request.ts";
import { Sender } from "./stack/sender.ts";
import { defaultTimers, type Timers } from "./timers.ts";
import { newTag } from "./transaction/identifier.ts";
import { TransactionLayer } from "./transaction/layer.ts";
import { type ConnectionLimits, defaultConnectionLimits } from "./transport/connections.ts";
import { TransportLayer } from "./transport/transport-layer.ts";
import { formatTarget, type MessageSource, type Target } from "./transport.ts";

/** Why a client transaction ended without a final response. */
export type ClientFailure = "timeout" | "transport" | "unresolvable";

export interface ClientHandlers {
  /** Every provisional, the final, and each retransmission or further 2xx to an INVITE (RFC 6026 8.4). */
  response(response: SipResponse): void;
  /** Called at most once, when no target answered; no response follows. */
  failed(cause: ClientFailure): void;
}

export interface ClientTransaction {
  /** As it was sent last, with its Via; without one while its server is being located. */
  readonly request: SipRequest;
  /** The state of the machine (RFC 3261 17.1), or `Locating` before the first request was sent. */
  readonly state: string;
  /** Gives an INVITE up: CANCEL goes out once a provisional response has come (RFC 3261 9.1). Harmless later. */
  cancel(): void;
}

export interface ServerTransaction {
  /** Once a request but INVITE has its final answer, only Via, From, To, Call-ID and CSeq of it, without its body. */
  readonly request: SipRequest;
  readonly source: MessageSource;
  /** The state of the machine (RFC 3261 17.2). */
  readonly state: string;
  /** Sends a response; what the machine's state does not allow is dropped and counted. */
  respond(response: SipResponse): void;
  /** INVITE only: a CANCEL came and was answered; the owner answers the INVITE with 487 (RFC 3261 9.2). */
  onCancel: (() => void) | null;
  /** A CANCEL has come. For who asks somebody else first and sets `onCancel` only then. */
  readonly cancelled: boolean;
  /**
   * Called once. `completed`: answered, and all retransmissions absorbed; `timeout`: never acknowledged, or not
   * answered in time (RFC 4320); `transport`: an answer could not be sent (the transaction stays, RFC 6026 8.8).
   */
  onEnd: ((cause: "completed" | "timeout" | "transport") => void) | null;
}

/** The transaction user of RFC 3261 5. */
export interface TransactionUser {
  /** Every new request but ACK and CANCEL. */
  request(transaction: ServerTransaction): void;
  /** An ACK of no transaction: to a 2xx. */
  ack(request: SipRequest, source: MessageSource): void;
  /** A response that matches no client transaction; dropped when nobody takes it (RFC 6026 8.9). */
  strayResponse?(response: SipResponse, source: MessageSource): void;
}

export interface RequestOptions {
  readonly handlers: ClientHandlers;
  /** Where to send; else `nextHop`, the first Route or the Request-URI is located, with fail-over (RFC 3263 4.3). */
  readonly target?: Target | null;
  /** URI to locate instead of the first Route or the Request-URI, as after strict routing (RFC 3261 16.6, 7). */
  readonly nextHop?: string;
  /** Which of the listening addresses to send from; default the first of the same protocol and address family. */
  readonly from?: Target;
}

export interface SendOptions {
  readonly target?: Target | null;
  readonly nextHop?: string;
  readonly from?: Target;
}

export interface StackOptions {
  /** Port 0 lets the system choose. */
  readonly listen: readonly Target[];
  /** Host and port for Via; default the listening address. */
  readonly sentBy?: { readonly host: string; readonly port?: number };
  /** Default: only numeric hosts are found. */
  readonly lookup?: Lookup;
  /** Default RFC 3261's: T1 500, T2 4,000, T4 5,000 ms. */
  readonly timers?: Partial<Timers>;
  /** Answers 482 to a request that reached us twice on different paths (RFC 3261 8.2.2.2): for user agents. Default false. */
  readonly refuseMerged?: boolean;
  /** Requests beyond so many transactions get a 503 without one. Default 50,000. */
  readonly maximumTransactions?: number;
  /** Bounds of TCP connections. */
  readonly limits?: Partial<ConnectionLimits>;
  readonly user: TransactionUser;
}

export interface SipStack {
  readonly host: Host;
  /** The listening addresses, with the ports that the system chose. */
  readonly local: readonly Target[];
  /** Transactions now. */
  readonly transactions: { readonly client: number; readonly server: number };
  /** Starts a client transaction; handlers are called later, never from within this call. */
  request(request: SipRequest, options: RequestOptions): ClientTransaction;
  /** Sends an ACK to a 2xx, or another request that needs no transaction; a Via is put on. */
  sendAck(request: SipRequest, options?: SendOptions): void;
  /** Sends a response without a transaction, by its first Via (RFC 3261 18.2.2). */
  sendResponse(response: SipResponse): void;
  /** A tag for From or To: 64 random bits. */
  newTag(): string;
  /** Stops listening, drops every connection and transaction; nobody is told. */
  close(): Promise<void>;
}

function ignore(): void {
  // What was sent without a transaction is lost without a word.
}

/** Opens the addresses; rejects with the network's RuntimeError when one cannot be had. */
export async function openStack(host: Host, options: StackOptions): Promise<SipStack> {
  const { listen, user, sentBy = null, lookup = null, refuseMerged = false } = options;
  const timers = { ...defaultTimers, ...options.timers };
  // Each stack of a host draws from a stream of its own.
  const random = host.random.fork(`sip ${listen.map(formatTarget).join(" ")}`);
  const tags = random.fork("tag");
  const transport: TransportLayer = new TransportLayer(host, {
    listen,
    sentBy,
    limits: { ...defaultConnectionLimits, ...options.limits },
    tag: () => newTag(tags),
    receive: (message, source) => transactions.receive(message, source),
  });
  const transactions = new TransactionLayer(host, {
    timers,
    random: tags,
    user,
    sendResponse: (response, source, failed) => transport.sendResponse(response, source, failed),
    refuseMerged,
    maximumTransactions: options.maximumTransactions ?? 50_000,
  });
  const sender = new Sender({ host, transport, transactions, lookup, random });
  await transport.listen();
  return {
    host,
    local: transport.local,
    transactions: {
      get client() {
        return transactions.clientCount;
      },
      get server() {
        return transactions.serverCount;
      },
    },
    request: (request, o) => new LocatedRequest(sender, request, o),
    sendAck: (request, o = {}) => sender.sendStateless(request, o),
    sendResponse: (response) => transport.sendResponse(response, null, ignore),
    newTag: () => newTag(tags),
    async close() {
      sender.close();
      transactions.close();
      transport.close();
    },
  };
}
