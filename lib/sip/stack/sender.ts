// Puts a Via on a request and sends it to a target. RFC 3261 8.1.1.7, 16.6 step 8, 18.1.1, RFC 3263 4, RFC 3581 3.
import type { Host } from "@liquid-ims/runtime/host";
import type { Random } from "@liquid-ims/runtime/random";
import { addressUri, parseNameAddress } from "../header/name-address.ts";
import { formatVia } from "../header/via.ts";
import { type Lookup, locate, locateAddress } from "../locate.ts";
import { copyRequest, type SipRequest } from "../message.ts";
import { serializeMessage } from "../serializer.ts";
import type { ClientPath } from "../transaction/client-transaction.ts";
import { newBranch } from "../transaction/identifier.ts";
import type { TransactionLayer } from "../transaction/layer.ts";
import type { Connection, Waiting } from "../transport/connections.ts";
import type { TransportLayer, TransportPath } from "../transport/transport-layer.ts";
import type { Target } from "../transport.ts";
import { parseSipUri, type SipUri } from "../uri.ts";

/** Bytes beyond which a request goes by TCP when the path's MTU is unknown (RFC 3261 18.1.1). */
export const maximumDatagram = 1300;

/** A target of one request; `fallback`: the same place by UDP, used only when TCP was refused there (18.1.1). */
export interface Attempt {
  readonly target: Target;
  readonly fallback: boolean;
}

/** A request with its Via, and its way. */
export interface Outgoing {
  readonly request: SipRequest;
  readonly data: Uint8Array;
  readonly path: TransportPath;
}

export interface SendingOptions {
  readonly target?: Target | null;
  readonly nextHop?: string;
  readonly from?: Target;
}

/** The URI whose server is the next hop (8.1.2): the first Route where it is a loose router, else the Request-URI. */
export function nextHopUri(request: SipRequest, nextHop?: string): SipUri | null {
  if (nextHop !== undefined) return parseSipUri(addressUri(nextHop));
  const route = request.headers.values("Route")[0];
  const uri = route === undefined ? null : parseSipUri(parseNameAddress(route)?.uri ?? "");
  return uri?.parameters.has("lr") === true ? uri : parseSipUri(request.uri);
}

export class Sender {
  readonly host: Host;
  readonly transactions: TransactionLayer;
  readonly #transport: TransportLayer;
  readonly #lookup: Lookup | null;
  readonly #branches: Random;
  readonly #weights: Random;
  #closed = false;

  constructor(parts: {
    host: Host;
    transport: TransportLayer;
    transactions: TransactionLayer;
    lookup: Lookup | null;
    random: Random;
  }) {
    this.host = parts.host;
    this.transactions = parts.transactions;
    this.#transport = parts.transport;
    this.#lookup = parts.lookup;
    this.#branches = parts.random.fork("branch");
    this.#weights = parts.random.fork("weight");
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** What is still being located is sent nowhere, and nobody is told. */
  close(): void {
    this.#closed = true;
  }

  /** The targets when they are known without a look-up, else null. */
  knownTargets(request: SipRequest, options: SendingOptions): readonly Target[] | null {
    if (options.target !== undefined && options.target !== null) return [options.target];
    const uri = nextHopUri(request, options.nextHop);
    return uri === null ? [] : locateAddress(uri);
  }

  async locate(request: SipRequest, options: SendingOptions): Promise<readonly Target[]> {
    const uri = nextHopUri(request, options.nextHop);
    return uri === null ? [] : locate(uri, this.#lookup, { random: this.#weights });
  }

  /** Target by target; a request too long for UDP is tried by TCP first. Its length is that with a Via of UDP. */
  attempts(request: SipRequest, targets: readonly Target[], from: Target | undefined): Attempt[] {
    return targets.flatMap((target): Attempt[] => {
      if (target.protocol === "tcp") return [{ target, fallback: false }];
      const outgoing = this.prepare(request, target, from);
      if (outgoing === null || outgoing.data.length <= maximumDatagram) return [{ target, fallback: false }];
      return [
        { target: { protocol: "tcp", address: target.address }, fallback: false },
        { target, fallback: true },
      ];
    });
  }

  /** A copy with a new Via for this target; null when no address of ours reaches it. */
  prepare(request: SipRequest, target: Target, from: Target | undefined): Outgoing | null {
    const path = this.#transport.path(target, from);
    if (path === null) return null;
    const copy = copyRequest(request);
    const via = formatVia({
      protocol: "SIP/2.0",
      transport: target.protocol.toUpperCase(),
      host: path.sentBy.host,
      port: path.sentBy.port,
      parameters: new Map([
        ["branch", newBranch(this.#branches)],
        ["rport", null],
      ]),
    });
    copy.headers.prepend("Via", via);
    return { request: copy, data: serializeMessage(copy), path };
  }

  /** The way of a client transaction; its messages are serialized once. */
  clientPath({ request, data, path }: Outgoing): ClientPath {
    let used: Connection | null = null;
    let waiting: Waiting | null = null;
    return {
      reliable: path.target.protocol === "tcp",
      send: (message, failed) => {
        const bytes = message === request ? data : serializeMessage(message);
        waiting ??= { until: "answered", failed };
        const one = message === request ? waiting : { until: "sent" as const, failed };
        const connection = this.#transport.send(path, message, bytes, one);
        if (message === request) used = connection;
      },
      release: () => {
        if (waiting !== null) used?.waiting.delete(waiting);
      },
    };
  }

  /** An ACK to a 2xx, or what else needs no transaction. What cannot be sent is lost. */
  sendStateless(request: SipRequest, options: SendingOptions): void {
    const known = this.knownTargets(request, options);
    if (known !== null) {
      this.#sendFirst(request, known, options);
      return;
    }
    this.host.spawn("sip locate", async () => {
      this.#sendFirst(request, await this.locate(request, options), options);
    });
  }

  #sendFirst(request: SipRequest, targets: readonly Target[], options: SendingOptions): void {
    if (this.#closed) return;
    const attempts = this.attempts(request, targets, options.from);
    const send = (): void => {
      const attempt = attempts.shift();
      if (attempt === undefined) {
        this.host.log.debug("sip.request.lost", { method: request.method });
        return;
      }
      const outgoing = this.prepare(request, attempt.target, options.from);
      if (outgoing === null) send();
      else this.#transport.send(outgoing.path, request, outgoing.data, { until: "sent", failed: send });
    };
    send();
  }
}
