// Nodes that open a SIP stack and write down what it gives them, and a bare socket to talk to them by hand.
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import type { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import {
  buildRequest,
  buildResponse,
  type HeaderPair,
  type SipRequest,
  type SipResponse,
} from "@liquid-ims/sip/message";
import { openStack, type SipStack, type StackOptions } from "@liquid-ims/sip/stack";
import type {
  ClientFailure,
  ClientTransaction,
  RequestOptions,
  ServerTransaction,
} from "@liquid-ims/sip/transaction-user";
import type { MessageSource, Target, TransportProtocol } from "@liquid-ims/sip/transport";
import { addBareHost } from "../support/virtual-hosts.ts";

export function target(protocol: TransportProtocol, host: string, port = 5060): Target {
  return { protocol, address: { host, port } };
}

/** UDP and TCP at port 5060 of this address. */
export function both(host: string): readonly Target[] {
  return [target("udp", host), target("tcp", host)];
}

export interface StackNode {
  readonly stack: SipStack;
  readonly requests: ServerTransaction[];
  readonly acks: { readonly request: SipRequest; readonly source: MessageSource }[];
  readonly strays: SipResponse[];
  /** How each server transaction ended, as `INVITE completed`. */
  readonly ends: string[];
}

export interface NodeOptions extends Omit<StackOptions, "user"> {
  /** Answers a request; default: leaves it to the test. */
  answer?(transaction: ServerTransaction, node: StackNode): void;
  /** What becomes of an ACK to a 2xx; default: it is written down. */
  ack?(request: SipRequest, node: StackNode): void;
}

/** Opens a stack on a host and gives it with what it received. */
export async function openNode(host: Host, options: NodeOptions): Promise<StackNode> {
  const requests: ServerTransaction[] = [];
  const acks: { request: SipRequest; source: MessageSource }[] = [];
  const strays: SipResponse[] = [];
  const ends: string[] = [];
  const stack: SipStack = await openStack(host, {
    ...options,
    user: {
      request(transaction) {
        requests.push(transaction);
        transaction.onEnd = (cause) => ends.push(`${transaction.request.method} ${cause}`);
        options.answer?.(transaction, node);
      },
      ack(request, source) {
        acks.push({ request, source });
        options.ack?.(request, node);
      },
      strayResponse: (response) => strays.push(response),
    },
  });
  const node: StackNode = { stack, requests, acks, strays, ends };
  return node;
}

/** The same as a program; `opened` is called when the stack is. */
export function nodeProgram(options: NodeOptions, opened: (node: StackNode) => void): Program {
  return (host) => {
    host.spawn("open", async () => opened(await openNode(host, options)));
  };
}

/** Adds a host with a stack to a simulation. */
export async function addNode(
  simulation: Simulation,
  name: string,
  address: string,
  options: Partial<NodeOptions> = {},
): Promise<StackNode> {
  const { node: host } = addBareHost(simulation, name, address);
  return simulation.settle(openNode(host, { listen: both(address), ...options }));
}

/** A request as a UAC makes it, without Via. */
export function newRequest(
  method: string,
  uri: string,
  options: {
    headers?: readonly HeaderPair[];
    callId?: string;
    cseq?: number;
    toTag?: string;
    body?: string;
  } = {},
): SipRequest {
  const { headers = [], callId = "call-1@test", cseq = 1, toTag, body } = options;
  return buildRequest({
    method,
    uri,
    headers: [
      ["Max-Forwards", "70"],
      ["From", "<sip:alice@test>;tag=alice-1"],
      ["To", `<sip:bob@test>${toTag === undefined ? "" : `;tag=${toTag}`}`],
      ["Call-ID", callId],
      ["CSeq", `${cseq} ${method}`],
      ["Contact", "<sip:alice@10.0.0.1>"],
      ...headers,
    ],
    ...(body === undefined ? {} : { body: encodeText(body) }),
  });
}

export interface Outcome {
  readonly statuses: number[];
  readonly responses: SipResponse[];
  failure: ClientFailure | null;
  readonly transaction: ClientTransaction;
}

/** Sends a request and writes down what comes back. */
export function send(
  node: StackNode,
  request: SipRequest,
  options: Omit<RequestOptions, "handlers"> & { onResponse?(response: SipResponse): void } = {},
): Outcome {
  const statuses: number[] = [];
  const responses: SipResponse[] = [];
  const outcome: Outcome = {
    statuses,
    responses,
    failure: null,
    transaction: node.stack.request(request, {
      ...options,
      handlers: {
        response(response) {
          statuses.push(response.status);
          responses.push(response);
          options.onResponse?.(response);
        },
        failed(cause) {
          outcome.failure = cause;
        },
      },
    }),
  };
  return outcome;
}

/** Answers with this status and a To tag. */
export function answer(transaction: ServerTransaction, status: number, toTag = "bob-1"): void {
  transaction.respond(
    buildResponse(transaction.request, status, { toTag, headers: [["Contact", "<sip:bob@10.0.0.2>"]] }),
  );
}

/** An ACK to a 2xx, sent end to end. */
export function ackOf(invite: SipRequest, response: SipResponse, uri: string): SipRequest {
  const { headers } = invite;
  return buildRequest({
    method: "ACK",
    uri,
    headers: [
      ...headers.all("Route").map((value): HeaderPair => ["Route", value]),
      ["Max-Forwards", "70"],
      ["From", headers.get("From") ?? ""],
      ["To", response.headers.get("To") ?? ""],
      ["Call-ID", headers.get("Call-ID") ?? ""],
      ["CSeq", (headers.get("CSeq") ?? "").replace("INVITE", "ACK")],
    ],
  });
}

export interface BarePeer {
  readonly received: { readonly time: number; readonly text: string; readonly from: Address }[];
  send(to: Address, ...lines: string[]): void;
  /** First lines of what was received. */
  firstLines(): string[];
}

/** A UDP socket to which a test writes lines. */
export async function addPeer(simulation: Simulation, name: string, address: string): Promise<BarePeer> {
  const { node: host } = addBareHost(simulation, name, address);
  const received: { time: number; text: string; from: Address }[] = [];
  const socket = await simulation.settle(
    host.network.udp({ host: address, port: 5060 }, (data, from) =>
      received.push({ time: simulation.now, text: decodeText(data), from }),
    ),
  );
  return {
    received,
    send: (to, ...lines) => socket.send(encodeText(lines.join("\r\n")), to),
    firstLines: () => received.map(({ text }) => text.split("\r\n", 1)[0] ?? ""),
  };
}

/** The value of a counter of a host, over all its labels or those that are given. */
export function counted(
  node: StackNode,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return node.stack.host.metrics
    .samples()
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, sample) => sum + sample.value, 0);
}
