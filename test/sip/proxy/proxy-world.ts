// Alice, a proxy and several servers behind it, on the virtual network.
import { type LinkShape, Simulation } from "@liquid-ims/runtime/simulation";
import type { HeaderPair } from "@liquid-ims/sip/message";
import {
  forward,
  forwardAck,
  isRejection,
  type ProxyIdentity,
  prepareRequest,
  refuse,
} from "@liquid-ims/sip/proxy";
import type { Branch, ForwardOptions } from "@liquid-ims/sip/proxy/forwarding";
import { addBareHost } from "../../support/virtual-hosts.ts";
import {
  addNode,
  both,
  type NodeOptions,
  newRequest,
  type Outcome,
  openNode,
  type StackNode,
  send,
} from "../stack-nodes.ts";

export const proxyUri = "sip:proxy@10.0.0.50:5060";

const identity: ProxyIdentity = {
  isOwn: (uri) => uri.host === "10.0.0.50",
  supported: ["path"],
};

export interface ProxyWorld {
  readonly simulation: Simulation;
  readonly alice: StackNode;
  readonly proxy: StackNode;
  readonly servers: readonly StackNode[];
  /** A request from alice by way of the proxy. */
  call(method: string, options?: { headers?: readonly HeaderPair[]; cseq?: number }): Outcome;
  run(ms: number): Promise<void>;
}

export function serverAddress(index: number): string {
  return `10.0.0.6${index}`;
}

/** One branch for each server by default; in-dialog requests go by their Route. */
export async function proxyWorld(
  servers: readonly Partial<NodeOptions>[],
  options: Partial<ForwardOptions> & { link?: LinkShape; seed?: number; branches?: readonly Branch[] } = {},
): Promise<ProxyWorld> {
  const simulation = new Simulation({ seed: options.seed ?? 31 });
  const alice = await addNode(simulation, "alice", "10.0.0.1");
  const branches =
    options.branches ?? servers.map((_, index): Branch => ({ uri: `sip:bob@${serverAddress(index)}` }));
  const { node: host } = addBareHost(simulation, "proxy", "10.0.0.50");
  const proxy = await simulation.settle(
    openNode(host, {
      listen: both("10.0.0.50"),
      answer(transaction, { stack }) {
        const prepared = prepareRequest(transaction.request, identity);
        if (isRejection(prepared)) {
          refuse(stack, transaction, prepared);
          return;
        }
        const inDialog = prepared.route !== null && /;tag=/.test(transaction.request.headers.get("To") ?? "");
        forward(stack, transaction, prepared.request, {
          ...options,
          branches: inDialog ? [{}] : branches,
        });
      },
      ack(request, { stack }) {
        const prepared = prepareRequest(request, identity);
        if (!isRejection(prepared)) forwardAck(stack, prepared.request);
      },
    }),
  );
  const nodes: StackNode[] = [];
  for (const [index, one] of servers.entries())
    nodes.push(await addNode(simulation, `server ${index}`, serverAddress(index), one));
  if (options.link !== undefined) simulation.link("*", "*", options.link);
  return {
    simulation,
    alice,
    proxy,
    servers: nodes,
    call(method, { headers = [], cseq = 1 } = {}) {
      const route: HeaderPair = ["Route", `<${proxyUri};lr>`];
      return send(alice, newRequest(method, "sip:bob@home.test", { headers: [route, ...headers], cseq }));
    },
    run: (ms) => simulation.run({ ms }),
  };
}
