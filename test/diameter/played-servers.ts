// A node as a client, and servers that the test plays message by message.
import assert from "node:assert/strict";
import type { Avp } from "@liquid-ims/diameter/avp";
import { buildDefinedAvp } from "@liquid-ims/diameter/dictionary";
import { originHost, originRealm, resultCodeAvp } from "@liquid-ims/diameter/dictionary/base";
import { buildAnswer, type DiameterMessage, encodeMessage } from "@liquid-ims/diameter/message";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import {
  type Application,
  buildCapabilitiesExchangeAnswer,
} from "@liquid-ims/diameter/peer/capabilities-exchange";
import type { PeerOptions } from "@liquid-ims/diameter/peer/peer-environment";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../support/virtual-hosts.ts";
import { addNode, capabilities, cx, isOpenTo, port, type RawPeer, rawPeer, realm } from "./diameter-world.ts";

export const client = "cfs.ims.example";

export interface PlayedServer {
  readonly name: string;
  /** The newest connection; null before the first. */
  raw: RawPeer | null;
  connections: number;
}

export interface PlayedWorld {
  readonly simulation: Simulation;
  readonly node: SimulatedHost<DiameterNode>;
  readonly servers: readonly PlayedServer[];
}

export interface PlayedSettings {
  readonly seed?: number;
  readonly peers?: readonly Partial<PeerOptions>[];
  /** Default true: capabilities are exchanged when this returns. */
  readonly answerCer?: boolean;
  /** The node's. Default: Cx. */
  readonly applications?: readonly Application[];
  /** Those of each server. Default: Cx. */
  readonly of?: readonly (readonly Application[])[];
}

/** The first of these is `hss1.ims.example` at 10.0.0.1; each accepts capabilities by itself. */
export async function playedServers(count: number, settings: PlayedSettings = {}): Promise<PlayedWorld> {
  const simulation = new Simulation({ seed: settings.seed ?? 1 });
  const servers = Array.from({ length: count }, (_, index): PlayedServer => {
    const name = `hss${index + 1}.ims.example`;
    return { name, raw: null, connections: 0 };
  });
  for (const [index, server] of servers.entries()) {
    const address = `10.0.0.${index + 1}`;
    const { host } = addBareHost(simulation, server.name, address);
    await simulation.settle(
      host.network.listen(port(address), (stream) => {
        const raw = rawPeer(stream, (message) => {
          if (message.commandCode !== 257 || settings.answerCer === false) return;
          raw.send(
            buildCapabilitiesExchangeAnswer(
              capabilities(server.name, { applications: settings.of?.[index] ?? [cx] }),
              message,
            ),
          );
          raw.received.length = 0;
        });
        server.raw = raw;
        server.connections += 1;
      }),
    );
  }
  const node = addNode(simulation, "10.0.0.99", {
    originHost: client,
    applications: settings.applications ?? [cx],
    peers: servers.map((server, index) => ({
      originHost: server.name,
      address: port(`10.0.0.${index + 1}`),
      ...settings.peers?.[index],
    })),
  });
  if (settings.answerCer !== false) {
    const open = () => servers.every(({ name }) => isOpenTo(node.node, name));
    await simulation.run({ ms: 5_000, when: open });
    assert.ok(open());
  } else await simulation.run({ ms: 500 });
  return { simulation, node, servers };
}

/** The requests that a server has got and not answered by itself, without watchdogs. */
export function requestsAt(server: PlayedServer | undefined): DiameterMessage[] {
  return (server?.raw?.received ?? [])
    .map(({ message }) => message)
    .filter(({ commandCode, flags }) => commandCode !== 280 && (flags & 0x80) !== 0);
}

/** An answer of that server: Result-Code, who it is from, and these AVPs. */
export function answerOf(
  server: PlayedServer,
  request: DiameterMessage,
  code: number,
  avps: readonly Avp[] = [],
): DiameterMessage {
  return buildAnswer(request, code >= 3000 && code < 4000, [
    buildDefinedAvp(resultCodeAvp, code),
    buildDefinedAvp(originHost, server.name),
    buildDefinedAvp(originRealm, realm),
    ...avps,
  ]);
}

/** Its bytes, to be spoilt. */
export function bytesOf(message: DiameterMessage): Uint8Array {
  return encodeMessage(message);
}
