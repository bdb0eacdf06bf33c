// The lab's HSS on the simulation, asked by bare Diameter nodes: two S-CSCFs, an I-CSCF and the CFS.
import { type CxCommand, type CxOutcome, sendCx } from "@liquid-ims/diameter/cx/command";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { type ServerAssignmentRequest, serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import type { Result } from "@liquid-ims/diameter/result";
import { createHss, type HssNode } from "@liquid-ims/lab/ims-core/hss";
import type { HssBehaviour } from "@liquid-ims/lab/ims-core/hss-behaviour";
import type { Capacity } from "@liquid-ims/lab/ims-core/service-time";
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { decodeHex } from "@liquid-ims/runtime/text";
import { addNode, realm } from "../diameter/diameter-world.ts";

export function bytes(hex: string): Uint8Array {
  const decoded = decodeHex(hex);
  if (decoded === null) throw new Error(`${hex} is no hexadecimal`);
  return decoded;
}

/** TS 35.208 4.3.1. */
export const keys = {
  k: bytes("465b5ce8b199b49faa5f0a2ee238a6bc"),
  opc: bytes("cd63cb71954a9f4e48a5994e37a02baf"),
};

export const scscf1 = "sip:scscf1.ims.example:6060";
export const scscf2 = "sip:scscf2.ims.example:6060";

export const alice: Subscriber = {
  privateIdentity: "alice@ims.example",
  publicIdentities: ["sip:alice@ims.example", "tel:+4930123"],
  preferredServers: [scscf1, scscf2],
  registerServers: ["sip:cfd.ims.example"],
  authentication: { kind: "aka", ...keys, amf: bytes("8000") },
};

export const bob: Subscriber = {
  privateIdentity: "bob@ims.example",
  publicIdentities: ["sip:bob@ims.example"],
  preferredServers: [scscf1],
  registerServers: [],
  authentication: { kind: "digest", password: "secret" },
};

/** As `2001` of the base protocol, or `3gpp 2001`. */
export function codeOf(outcome: CxOutcome<unknown>): string {
  if (outcome.kind !== "answer") return outcome.kind;
  return nameOf(outcome.result);
}

function nameOf(result: Result): string {
  return result.kind === "Result-Code" ? String(result.code) : `3gpp ${result.code}`;
}

export type Peer = "scscf1" | "scscf2" | "icscf" | "cfs";

export interface HssWorld {
  readonly simulation: Simulation;
  readonly hss: SimulatedHost<HssNode>;
  readonly peers: Readonly<Record<Peer, DiameterNode>>;
  ask<Q extends FieldList, A extends FieldList>(
    peer: Peer,
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
    from?: { readonly originHost: string },
  ): Promise<CxOutcome<FieldsOf<A>>>;
  /** A MAR for alice, with the scheme that the HSS likes. */
  challenge(
    peer: Peer,
    serverName: string,
    sipAuthorization?: Uint8Array,
    /** Another node's identity in place of the peer's. */
    from?: { readonly originHost: string },
  ): Promise<CxOutcome<FieldsOf<(typeof multimediaAuth)["answer"]>>>;
  /** A SAR for alice. */
  assign(
    peer: Peer,
    serverName: string,
    type: ServerAssignmentRequest["serverAssignmentType"],
  ): Promise<CxOutcome<FieldsOf<(typeof serverAssignment)["answer"]>>>;
}

export interface HssWorldOptions {
  readonly behaviour?: HssBehaviour;
  /** Prepares each peer's node before it starts: what it answers to RTR and PPR. */
  prepare?(peer: Peer, node: DiameterNode): void;
}

export async function openHssWorld(
  capacity: Capacity = { msPerMessage: 0, queueMs: 0 },
  options: HssWorldOptions = {},
): Promise<HssWorld> {
  const simulation = new Simulation({ seed: 7 });
  const listen = { host: "10.0.0.1", port: 3868 };
  const names = ["scscf1", "scscf2", "icscf", "cfs"] as const;
  const identity = (peer: string) => `${peer}.${realm}`;
  const hss = simulation.addHost("hss", {
    addresses: [listen.host],
    program: createHss({
      ...{ listen, capacity, digestRealm: realm, originHost: `hss.${realm}`, originRealm: realm },
      peers: names.map((peer) => ({ originHost: identity(peer) })),
      subscribers: [alice, bob],
      ...(options.behaviour === undefined ? {} : { behaviour: options.behaviour }),
    }),
  });
  await simulation.settle(hss.node.ready);
  const open = (peer: Peer, index: number): DiameterNode =>
    addNode(
      simulation,
      `10.0.0.${index + 2}`,
      { originHost: identity(peer), peers: [{ originHost: `hss.${realm}`, address: listen }] },
      (node) => options.prepare?.(peer, node),
    ).node;
  const peers = {
    ...{ scscf1: open("scscf1", 0), scscf2: open("scscf2", 1) },
    ...{ icscf: open("icscf", 2), cfs: open("cfs", 3) },
  };
  await simulation.run({ ms: 1000 });

  const ask: HssWorld["ask"] = (peer, command, request, from = undefined) =>
    simulation.settle(
      new Promise((resolve) => {
        sendCx(peers[peer], command, { destinationRealm: realm, ...from }, request, resolve);
      }),
    );

  return {
    ...{ simulation, hss, peers, ask },
    challenge: (peer, serverName, sipAuthorization, from) =>
      ask(
        peer,
        multimediaAuth,
        {
          userName: alice.privateIdentity,
          publicIdentity: "sip:alice@ims.example",
          sipAuthDataItem: {
            sipAuthenticationScheme: "Digest-AKAv1-MD5",
            ...(sipAuthorization === undefined ? {} : { sipAuthorization }),
          },
          sipNumberAuthItems: 1,
          serverName,
        },
        from,
      ),
    assign: (peer, serverName, serverAssignmentType) =>
      ask(peer, serverAssignment, {
        userName: alice.privateIdentity,
        publicIdentities: ["sip:alice@ims.example"],
        ...{ serverName, serverAssignmentType, userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE" },
      }),
  };
}
