// Diameter nodes on the simulation, and somebody who writes bytes to them.
import { cxApplicationId, cxDictionary, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import {
  type DecodedMessage,
  type DiameterMessage,
  decodeMessage,
  encodeMessage,
} from "@liquid-ims/diameter/message";
import { DiameterNode, type PeerStatus } from "@liquid-ims/diameter/node";
import type { DiameterNodeOptions } from "@liquid-ims/diameter/node-options";
import {
  buildCapabilitiesExchangeRequest,
  type LocalCapabilities,
} from "@liquid-ims/diameter/peer/capabilities-exchange";
import type { RequestOutcome } from "@liquid-ims/diameter/request-client";
import { StreamFramer } from "@liquid-ims/diameter/stream-framer";
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream } from "@liquid-ims/runtime/network";
import type { SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";

export const realm = "ims.example";
export const cx = { applicationId: cxApplicationId, vendorId: vendor3gpp };

type Settings = Partial<DiameterNodeOptions> & Pick<DiameterNodeOptions, "originHost" | "peers">;

/** A node with Cx and short times. */
export function nodeOptions(settings: Settings): DiameterNodeOptions {
  return {
    originRealm: realm,
    applications: [cx],
    dictionary: cxDictionary,
    watchdogMs: 10_000,
    reconnectMs: 5_000,
    ...settings,
  };
}

/** A host with one node, `prepare`d before it starts. */
export function addNode(
  simulation: Simulation,
  address: string,
  settings: Settings,
  prepare: (node: DiameterNode, host: Host) => void = () => undefined,
): SimulatedHost<DiameterNode> {
  return simulation.addHost(settings.originHost, {
    addresses: [address],
    program: (host) => {
      const options = nodeOptions(settings);
      const node = new DiameterNode(host, options);
      prepare(node, host);
      host.spawn("start", () => node.start());
      return node;
    },
  });
}

export function port(host: string): Address {
  return { host, port: 3868 };
}

export function stateOf(node: DiameterNode, name: string): PeerStatus {
  const found = node.peers.find((peer) => peer.originHost === name);
  if (found === undefined) throw new Error(`no peer ${name}`);
  return found;
}

export function isOpenTo(node: DiameterNode, name: string): boolean {
  return stateOf(node, name).state.endsWith("-Open");
}

/** The outcome of a request, when there is one. */
export interface Asked {
  outcome: RequestOutcome | null;
}

/** A LIR without its own AVPs, or another command. */
export function ask(
  node: DiameterNode,
  settings: { commandCode?: number; destinationHost?: string; timeoutMs?: number } = {},
): Asked {
  const asked: Asked = { outcome: null };
  node.request(
    {
      applicationId: cxApplicationId,
      commandCode: 302,
      destinationRealm: realm,
      avps: [],
      ...settings,
    },
    (outcome) => {
      if (asked.outcome !== null) throw new Error("a request has ended twice");
      asked.outcome = outcome;
    },
  );
  return asked;
}

/** A peer that is played by the test. */
export interface RawPeer {
  readonly received: DecodedMessage[];
  ended: boolean;
  write(data: Uint8Array): void;
  send(message: DiameterMessage): void;
  end(): void;
}

/** `heard` is told of each message when it is in `received`. */
export function rawPeer(
  stream: ByteStream,
  heard: (message: DiameterMessage) => void = () => undefined,
): RawPeer {
  const framer = new StreamFramer();
  const raw: RawPeer = {
    received: [],
    ended: false,
    write: (data) => {
      stream.write(data);
    },
    send: (message) => {
      stream.write(encodeMessage(message));
    },
    end: () => stream.end(),
  };
  stream.open({
    data(chunk) {
      for (const frame of framer.push(chunk)) {
        if (frame.kind !== "message") continue;
        const decoded = decodeMessage(frame.data);
        raw.received.push(decoded);
        heard(decoded.message);
      }
    },
    closed() {
      raw.ended = true;
    },
  });
  return raw;
}

export function capabilities(
  originHost: string,
  settings: Partial<LocalCapabilities> = {},
): LocalCapabilities {
  return {
    originHost,
    originRealm: realm,
    hostIpAddresses: ["10.0.0.9"],
    vendorId: 0,
    productName: "test",
    originStateId: 1,
    applications: [cx],
    ...settings,
  };
}

/** Calls a node with a CER of that name; null sends none. */
export async function call(
  simulation: Simulation,
  host: Host,
  to: Address,
  cer: DiameterMessage | null,
): Promise<RawPeer> {
  const raw = rawPeer(await simulation.settle(host.network.connect(to)));
  if (cer !== null) raw.send(cer);
  await simulation.run({ ms: 500 });
  return raw;
}

export function cerOf(originHost: string, settings: Partial<LocalCapabilities> = {}): DiameterMessage {
  return buildCapabilitiesExchangeRequest(capabilities(originHost, settings), { hopByHop: 1, endToEnd: 1 });
}
