// What the lab's CSCFs have in common: a stack on UDP and TCP, a service time, answers to what cannot be forwarded.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import type { Lookup } from "@liquid-ims/sip/locate";
import { buildResponse, type SipRequest } from "@liquid-ims/sip/message";
import { forwardAck, type PreparedRequest, prepareRequest } from "@liquid-ims/sip/proxy";
import type { Rejection } from "@liquid-ims/sip/rejection";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import type { Timers } from "@liquid-ims/sip/timers";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import type { MessageSource } from "@liquid-ims/sip/transport";
import { parseSipUri, type SipUri } from "@liquid-ims/sip/uri";
import { type Capacity, createServiceQueue } from "./service-time.ts";

export interface CscfOptions {
  /** Full host name, as it stands in URIs. */
  readonly fqdn: string;
  readonly listen: Address;
  readonly homeDomain: string;
  readonly lookup: (host: Host) => Lookup;
  readonly capacity: Capacity;
  /** Response to a request for which the queue is full. Default 503 with Retry-After 1. */
  readonly refuse?: 503 | 500;
  readonly timers?: Partial<Timers>;
}

export interface CscfNode {
  /** Rejects with a RuntimeError when its address cannot be had. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

/** What a CSCF does with a request whose own Route is off. */
export interface CscfRole {
  request(transaction: ServerTransaction, prepared: PreparedRequest): void;
  /** False drops it. Default: every ACK follows its Route. */
  acceptAck?(request: SipRequest, source: MessageSource): boolean;
}

/** The URI of this CSCF, with a user part that says by which side of it a request comes. */
export function ownUri(options: CscfOptions, user?: string): string {
  return `sip:${user === undefined ? "" : `${user}@`}${options.fqdn}:${options.listen.port}`;
}

/** Opens the stack and hands over what has passed RFC 3261 16.3 and 16.4. `role` gets the stack before any request. */
export function runCscf(
  host: Host,
  options: CscfOptions,
  role: (stack: () => SipStack) => CscfRole,
): CscfNode {
  let opened: SipStack | null = null;
  const queue = createServiceQueue(host, options.capacity);
  const refused = options.refuse ?? 503;

  function stack(): SipStack {
    if (opened === null) throw new Error(`${options.fqdn} has no stack yet`);
    return opened;
  }

  function isOwn(uri: SipUri): boolean {
    const isName = uri.host.toLowerCase() === options.fqdn || uri.host === options.listen.host;
    return isName && (uri.port ?? 5060) === options.listen.port;
  }

  const behaviour = role(stack);

  function serve(transaction: ServerTransaction): void {
    const prepared = prepareRequest(transaction.request, { isOwn, supported: ["path"] });
    if ("status" in prepared) return reject(transaction, prepared);
    behaviour.request(transaction, prepared);
  }

  const ready = openStack(host, {
    listen: [
      { protocol: "udp", address: options.listen },
      { protocol: "tcp", address: options.listen },
    ],
    lookup: options.lookup(host),
    ...(options.timers === undefined ? {} : { timers: options.timers }),
    user: {
      request(transaction) {
        if (queue.admit(() => serve(transaction), "cscf serves")) return;
        const headers = refused === 503 ? ([["Retry-After", "1"]] as const) : [];
        transaction.respond(buildResponse(transaction.request, refused, { headers }));
      },
      ack(request, source) {
        if (behaviour.acceptAck?.(request, source) === false) return;
        const prepared = prepareRequest(request, { isOwn, supported: ["path"] });
        if (!("status" in prepared)) forwardAck(stack(), prepared.request);
      },
    },
  }).then((value) => {
    opened = value;
  });
  host.spawn("cscf listens", () => ready);
  return { ready, stop: async () => opened?.close() };
}

export function reject(
  transaction: ServerTransaction,
  rejection: Pick<Rejection, "status"> & Partial<Rejection>,
): void {
  const { status, reason, headers } = rejection;
  transaction.respond(
    buildResponse(transaction.request, status, {
      ...(reason === undefined ? {} : { reason }),
      ...(headers === undefined ? {} : { headers }),
    }),
  );
}

/**
 * Notices a CANCEL that comes while the CSCF asks the HSS: `forward` has no branch to cancel yet.
 * The returned function answers 487 and says true when one has come.
 */
export function watchCancel(transaction: ServerTransaction): () => boolean {
  let cancelled = false;
  transaction.onCancel = () => {
    cancelled = true;
  };
  return () => {
    if (cancelled) reject(transaction, { status: 487 });
    return cancelled;
  };
}

/** The identity without parameters, headers or port, as registrations are kept under it; null for what is none. */
export function addressOfRecord(uri: string): string | null {
  if (/^tel:/i.test(uri)) return uri.split(";")[0] ?? null;
  const parsed = parseSipUri(uri);
  if (parsed === null) return null;
  return parsed.user === null ? `sip:${parsed.host}` : `sip:${parsed.user}@${parsed.host.toLowerCase()}`;
}

export function isInDialog(request: SipRequest): boolean {
  return /;\s*tag\s*=/i.test(request.headers.get("To") ?? "");
}
