// Two user agents, alice and bob, with a link between them on the simulation.

import { type LinkShape, type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import type { Body } from "@liquid-ims/sip/dialog/body";
import {
  openUserAgent,
  type UserAgent,
  type UserAgentHandlers,
  type UserAgentOptions,
} from "@liquid-ims/sip/user-agent";

export interface UserAgentNode {
  userAgent: UserAgent;
  /** What happened, in order, as the tests write it. */
  readonly log: string[];
}

export interface Pair {
  readonly simulation: Simulation;
  readonly alice: UserAgentNode;
  readonly bob: UserAgentNode;
  readonly aliceHost: SimulatedHost<UserAgentNode>;
  readonly bobHost: SimulatedHost<UserAgentNode>;
  /** The first line and CSeq of every datagram that was sent, as `alice INVITE` or `bob 200 INVITE`. */
  readonly sent: string[];
}

export interface PairOptions {
  readonly seed?: number;
  readonly link?: LinkShape;
  readonly alice?: UserAgentHandlers;
  readonly bob?: UserAgentHandlers;
  readonly options?: Partial<UserAgentOptions>;
}

export const aliceUri = "sip:alice@10.0.0.1:5060";
export const bobUri = "sip:bob@10.0.0.2:5060";

export function text(value: string): Body {
  return { type: "application/sdp", data: encodeText(value) };
}

function summary(who: string, data: Uint8Array): string {
  const message = new TextDecoder().decode(data);
  const [first = ""] = message.split("\r\n", 1);
  const method = /^CSeq: *[0-9]+ ([A-Z]+)/m.exec(message)?.[1] ?? "";
  const status = /^SIP\/2\.0 ([0-9]{3})/.exec(first)?.[1];
  return status === undefined ? `${who} ${method}` : `${who} ${status} ${method}`;
}

/** Both are up when it resolves. */
export async function pair(options: PairOptions = {}): Promise<Pair> {
  const simulation = new Simulation({ seed: options.seed ?? 1 });
  simulation.link("*", "*", options.link ?? { delayMs: 10 });
  const sent: string[] = [];
  const start = (name: "alice" | "bob", address: string) =>
    simulation.addHost(name, {
      addresses: [address],
      tap: { sent: (_protocol, _from, _to, data) => sent.push(summary(name, data)) },
      program: (host) => {
        const node = { log: [] as string[] } as UserAgentNode;
        const uri = `sip:${name}@${address}:5060`;
        host.spawn("open", async () => {
          node.userAgent = await openUserAgent(host, {
            listen: [
              { protocol: "udp", address: { host: address, port: 5060 } },
              { protocol: "tcp", address: { host: address, port: 5060 } },
            ],
            identity: { from: `<${uri}>`, contact: `<${uri}>`, route: [] },
            handlers: options[name] ?? {},
            ...options.options,
          });
        });
        return node;
      },
    });
  const aliceHost = start("alice", "10.0.0.1");
  const bobHost = start("bob", "10.0.0.2");
  await simulation.run({ ms: 1 });
  return { simulation, alice: aliceHost.node, bob: bobHost.node, aliceHost, bobHost, sent };
}
