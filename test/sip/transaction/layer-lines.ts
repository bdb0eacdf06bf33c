// What both tests of the transaction layer talk with: a node, a peer that sends lines, requests as lines.
import { Simulation } from "@liquid-ims/runtime/simulation";
import { addNode, addPeer, answer, type NodeOptions } from "../stack-nodes.ts";

export const bob = { host: "10.0.0.2", port: 5060 };

export interface Lines {
  readonly uri?: string;
  readonly branch?: string | null;
  readonly cseq?: number;
  readonly to?: string;
  readonly callId?: string;
  readonly via?: string;
}

export function request(method: string, options: Lines = {}): string[] {
  const { uri = "sip:bob@10.0.0.2", branch = "z9hG4bKone", cseq = 1, callId = "c1", to = "" } = options;
  const via = options.via ?? "10.0.0.9:5060";
  return [
    `${method} ${uri} SIP/2.0`,
    `Via: SIP/2.0/UDP ${via}${branch === null ? "" : `;branch=${branch}`}`,
    "Max-Forwards: 70",
    "From: <sip:peer@test>;tag=peer",
    `To: <sip:bob@test>${to}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    "Contact: <sip:peer@10.0.0.9>",
    "Content-Length: 0",
    "",
    "",
  ];
}

export async function world(options: Partial<NodeOptions> = {}) {
  const simulation = new Simulation({ seed: 7 });
  const node = await addNode(simulation, "bob", "10.0.0.2", options);
  const peer = await addPeer(simulation, "peer", "10.0.0.9");
  return { simulation, node, peer };
}

export const okFor = (status: number): Partial<NodeOptions> => ({
  answer: (transaction) => answer(transaction, status),
});
