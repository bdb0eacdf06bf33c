// What every node opens: transport, transactions and the location of servers put together. RFC 3261 8.1.2, 17, 18, RFC 3263.
import type { Host } from "@liquid-ims/runtime/host";
import type { Lookup } from "./locate.ts";
import type { SipRequest, SipResponse } from "./message.ts";
import { LocatedRequest } from "./stack/located-request.ts";
import { Sender } from "./stack/sender.ts";
import { defaultTimers, type Timers } from "./timers.ts";
import { newTag } from "./transaction/identifier.ts";
import { TransactionLayer } from "./transaction/layer.ts";
import type { ClientTransaction, RequestOptions, SendOptions, TransactionUser } from "./transaction-user.ts";
import { type ConnectionLimits, defaultConnectionLimits } from "./transport/connections.ts";
import { TransportLayer } from "./transport/transport-layer.ts";
import { formatTarget, type Target } from "./transport.ts";

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
