// The lab's core with a CFS of the test's own in place of the lab's, and what S moves in it are asked for.
import assert from "node:assert/strict";
import { type CfsNode, createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsConfig, CxConfig } from "@liquid-ims/cfs/config";
import type { OperationResult, TransferResource } from "@liquid-ims/cfs/operations/operations";
import { openLogStore } from "@liquid-ims/cfs/store/log-store";
import type { Change } from "@liquid-ims/cfs/store/store";
import { homeDomain } from "@liquid-ims/lab/topology";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { FunctionTransferRequest, TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import type { HttpPort } from "@liquid-ims/runtime/http";
import type { SimulatedHost } from "@liquid-ims/runtime/simulation";
import type { CoreWorldOptions } from "../../support/core-world.ts";
import { openUeWorld, type TestUe, type UeWorld } from "../../ue-lcf/ue-world.ts";

export const s1 = "sip:scscf1.open-ims.test:6060";
export const s2 = "sip:scscf2.open-ims.test:6060";
export const s3 = "sip:scscf3.open-ims.test:6060";

export interface OwnCfs {
  readonly world: UeWorld;
  /** Its store outlives it. */
  readonly cfs: SimulatedHost<CfsNode>;
}

export interface OwnCfsOptions {
  readonly network?: CoreWorldOptions["network"];
  readonly cx?: Partial<CxConfig>;
  readonly config?: Partial<CfsConfig>;
  readonly http?: HttpPort;
}

export async function openOwnCfs(seed: number, options: OwnCfsOptions = {}): Promise<OwnCfs> {
  const { network: asked, http } = options;
  const world = await openUeWorld(seed, ["cfs"], asked === undefined ? {} : { network: asked });
  const { simulation, topology, network, placement } = world;
  const disk = simulation.disk<readonly Change[]>("cfs store", { kind: "remote" });
  const { address } = topology.cfs;
  const functions = [
    ...topology.pCscfs.map(({ fqdn, address: at }) => ({
      kind: "P-CSCF" as const,
      name: `${fqdn}:${at.port}`,
      addresses: [at.host],
    })),
    ...topology.sCscfs.map(({ uri, address: at }) => ({
      kind: "S-CSCF" as const,
      name: uri,
      addresses: [at.host],
    })),
  ];
  const cfs = simulation.addHost("cfs", {
    addresses: [address.host],
    program: (host) =>
      createCfs({
        location: new MemoryLocationStore({ rows: placement.rows }),
        store: openLogStore(disk.mount(host)),
        lookup: network.lookup(host),
        ...(http === undefined ? {} : { http }),
        config: {
          listen: [
            { protocol: "udp", address },
            { protocol: "tcp", address },
          ],
          homeDomain,
          functions,
          cx: {
            originHost: topology.cfs.fqdn,
            originRealm: homeDomain,
            destinationRealm: homeDomain,
            destinationHost: topology.hss.fqdn,
            peers: [{ host: topology.hss.fqdn, address: topology.hss.address, localHost: address.host }],
            ...options.cx,
          },
          ...options.config,
        },
      })(host),
  });
  await simulation.settle(cfs.node.ready);
  return { world, cfs };
}

/** Lets time pass until an operation has answered well. */
export async function settled<Value>(
  { world }: OwnCfs,
  answer: Promise<OperationResult<Value>>,
): Promise<Value> {
  const result = await world.simulation.settle(answer);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** A transfer, begun when the LCFs have their dialogs with the CFS. */
export async function begin(made: OwnCfs, request: TransferRequest): Promise<string> {
  await made.world.wait(2_000);
  return (await settled(made, made.cfs.node.operations.createTransfer(request))).id;
}

/** Everybody leaves S-CSCF 1 for S-CSCF 2, once and at once, but for what is said otherwise. */
export function leave(made: OwnCfs, changes: Partial<FunctionTransferRequest> = {}): Promise<string> {
  return begin(made, {
    ...{ function: s1, load: 0.001, targets: [{ function: s2 }], reason: "maintenance" },
    ...{ pace: { mode: "parallel" } },
    ...changes,
  });
}

/** Lets time pass until the transfer has ended. */
export async function ended(made: OwnCfs, id: string, limitMs = 60_000): Promise<TransferResource> {
  const until = made.world.simulation.now + limitMs;
  for (;;) {
    const present = await settled(made, made.cfs.node.operations.getTransfer(id));
    if (present.endedAt !== null) return present;
    assert.ok(made.world.simulation.now < until, JSON.stringify(present));
    await made.world.wait(100);
  }
}

/** HSS and location service agree, and the HSS waits for no registration. */
export function isAt({ world }: OwnCfs, ue: TestUe, server: string, what = ue.name): void {
  const assigned = world.placement.node("hss", "hss").assignment(ue.identity);
  assert.deepEqual(
    [assigned?.state, assigned?.serverName, assigned?.authenticationPending],
    ["registered", server, false],
    what,
  );
  assert.deepEqual(
    world.placement.rows
      .get(ue.identity)
      .filter(({ state }) => state === "registered")
      .map(({ sCscf }) => sCscf),
    [server],
    what,
  );
}
