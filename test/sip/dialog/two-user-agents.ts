// Two user agents, alice and bob, with a link between them on the simulation.

import { type LinkShape, type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { encodeText } from "@liquid-ims/runtime/text";
import type { Body } from "@liquid-ims/sip/dialog/body";
import type { Session } from "@liquid-ims/sip/dialog/session";
import type { SessionHandlers } from "@liquid-ims/sip/dialog/session-handlers";
import type { SessionPolicy } from "@liquid-ims/sip/dialog/user-agent-core";
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

/** Bob accepts every INVITE at once with the answer "answer"; gives the sessions of both as they come. */
export interface Call {
  readonly pair: Pair;
  readonly log: string[];
  readonly alice: Session;
  readonly bob: Session;
}

/** What `handlers` of one end write into the log. */
export function logging(who: string, log: string[]): SessionHandlers {
  return {
    acknowledged: (ack) => log.push(`${who} acknowledged${ack === null ? " otherwise" : ""}`),
    unacknowledged: (elapsed) => log.push(`${who} unacknowledged ${elapsed}`),
    byeReceived: () => log.push(`${who} BYE`),
    byeOutcome: ({ status }) => log.push(`${who} bye ${status}`),
    ended: ({ by }) => log.push(`${who} ended by ${by}`),
    lost: (status, method) => log.push(`${who} lost ${status} ${method}`),
  };
}

/** A confirmed call, its log and the list of what was sent emptied. */
export async function call(
  options: PairOptions & { readonly policy?: Partial<SessionPolicy> } = {},
): Promise<Call> {
  const log: string[] = [];
  const sessions: { alice?: Session; bob?: Session } = {};
  const policy = options.policy ?? {};
  const made = await pair({
    ...options,
    bob: {
      ...options.bob,
      invite(invite) {
        const session = invite.accept({ body: text("answer"), handlers: logging("bob", log), policy });
        if (session !== null) sessions.bob = session;
      },
    },
  });
  made.alice.userAgent.invite(
    { uri: bobUri, body: text("offer"), policy },
    {
      accepted: (session) => {
        session.handlers = logging("alice", log);
        sessions.alice = session;
      },
    },
  );
  await made.simulation.run({ ms: 300 });
  const { alice, bob } = sessions;
  if (alice === undefined || bob === undefined) throw new Error(`no call: ${made.sent.join(", ")}`);
  log.length = 0;
  made.sent.length = 0;
  return { pair: made, log, alice, bob };
}
