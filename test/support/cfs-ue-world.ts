// A CFS's side of cfs-ue on the simulation, with its store on a remote disk, a location service and fake LCFs.
import { type CfsUe, type CfsUeOptions, createCfsUe } from "@liquid-ims/cfs/cfs-ue/cfs-ue";
import type { LcfMessage, LcfState } from "@liquid-ims/cfs/cfs-ue/channel";
import { loadSigningKeys } from "@liquid-ims/cfs/keys";
import { openLogStore } from "@liquid-ims/cfs/store/log-store";
import type { Change } from "@liquid-ims/cfs/store/store";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import { type LocationContent, registrationKey } from "@liquid-ims/location-service/record";
import type { CommandBody } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import { type LogFields, silentLog } from "@liquid-ims/runtime/log";
import { type Disk, type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { openStack } from "@liquid-ims/sip/stack";
import { type FakeDialog, type FakeLcf, type FakeLcfOptions, fakeLcf } from "./fake-lcf.ts";

export const cfsTarget = { protocol: "udp", address: { host: "127.0.2.21", port: 7090 } } as const;
export const aliceAddress = { host: "127.0.1.1", port: 4060 } as const;
export const alice = "sip:alice@open-ims.test";
export const aliceInstance = "<urn:uuid:00000000-0000-4000-8000-000000000001>";
export const aliceContact = `sip:ue@${aliceAddress.host}:${aliceAddress.port}`;
export const aliceKey = registrationKey({
  impi: "alice@open-ims.test",
  instance: aliceInstance,
  contact: aliceContact,
});

/** A registration of alice behind pcscf1, changed as a test likes. */
export function record(changes: Partial<LocationContent> = {}): LocationContent {
  return {
    impu: alice,
    contact: aliceContact,
    implicitSet: [alice, "tel:+15550001"],
    impi: "alice@open-ims.test",
    instance: aliceInstance,
    pCscf: "pcscf1.open-ims.test:4060",
    path: ["<sip:term@pcscf1.open-ims.test:4060;lr>"],
    sCscf: "sip:scscf1.open-ims.test:6060",
    visitedNetwork: null,
    registeredAt: 0,
    refreshedAt: 0,
    expiresAt: 4_000_000_000_000,
    order: null,
    doubtful: false,
    ambiguous: false,
    others: [],
    state: "registered",
    leftAt: null,
    ...changes,
  };
}

export interface CfsUeNode {
  readonly ue: CfsUe | null;
  readonly messages: readonly (readonly [string, LcfMessage])[];
  readonly states: readonly LcfState[];
}

function cfsProgram(
  disk: Disk<readonly Change[]>,
  location: MemoryLocationStore,
  options: Partial<CfsUeOptions>,
) {
  return (host: Host): CfsUeNode => {
    const messages: (readonly [string, LcfMessage])[] = [];
    const states: LcfState[] = [];
    const node = { ue: null as CfsUe | null, messages, states };
    host.spawn("cfs", async () => {
      const store = openLogStore(disk.mount(host));
      const keys = await loadSigningKeys(host, store);
      const functions = createFunctionTable([
        { name: "pcscf1.open-ims.test:4060", addresses: ["127.0.1.1"] },
        { name: "pcscf2.open-ims.test:4060", addresses: ["127.0.1.2"] },
        { name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21"] },
      ]);
      const allowed = { pCscf: ["*.open-ims.test"], sCscf: ["*.open-ims.test"] };
      const contact = `sip:${cfsTarget.address.host}:${cfsTarget.address.port}`;
      const ue = createCfsUe(host, {
        store,
        location,
        keys,
        options: { contact, functions, allowed, ...options },
      });
      ue.channel.onMessage((registration, message) => messages.push([registration, message]));
      ue.channel.onState((_, state) => states.push(state));
      const { address } = cfsTarget;
      const listen = [
        { protocol: "udp", address },
        { protocol: "tcp", address },
      ] as const;
      const stack = await openStack(host, { listen, user: ue.user });
      await ue.start(stack);
      node.ue = ue;
    });
    return node;
  };
}

export interface World {
  readonly simulation: Simulation;
  readonly location: MemoryLocationStore;
  readonly disk: Disk<readonly Change[]>;
  readonly cfs: SimulatedHost<CfsUeNode>;
  readonly lcf: SimulatedHost<FakeLcf>;
}

export interface WorldOptions {
  readonly seed?: number;
  readonly ue?: Partial<CfsUeOptions>;
  readonly lcf?: Partial<FakeLcfOptions>;
  /** Default: alice's. */
  readonly records?: readonly LocationContent[];
  /** Loss of datagrams both ways. */
  readonly loss?: number;
  /** Sees what the CFS logs as a warning. */
  readonly log?: (event: string, fields?: LogFields) => void;
}

/** The host of alice's UE, with an LCF that a test plays. */
export function addAlice(
  simulation: Simulation,
  options: Partial<FakeLcfOptions> = {},
): SimulatedHost<FakeLcf> {
  return simulation.addHost("lcf", {
    addresses: [aliceAddress.host],
    program: fakeLcf({
      address: aliceAddress,
      cfs: cfsTarget,
      identity: alice,
      instance: aliceInstance,
      ...options,
    }),
  });
}

export async function world(options: WorldOptions = {}): Promise<World> {
  const simulation = new Simulation({ seed: options.seed ?? 1 });
  if (options.loss !== undefined)
    simulation.link("*", "*", { delayMs: 0.5, jitterMs: 0.5, loss: options.loss });
  const location = new MemoryLocationStore();
  for (const content of options.records ?? [record()])
    await location.upsert([{ record: content, expect: "absent" }]);
  const disk = simulation.disk<readonly Change[]>("cfs store", { kind: "remote" });
  const cfs = simulation.addHost("cfs", {
    addresses: [cfsTarget.address.host],
    program: cfsProgram(disk, location, options.ue ?? {}),
    ...(options.log === undefined ? {} : { log: { ...silentLog, warn: options.log } }),
  });
  const lcf = addAlice(simulation, options.lcf);
  await simulation.run({ ms: 1000, when: () => cfs.node.ue !== null && lcf.node.ready });
  return { simulation, location, disk, cfs, lcf };
}

/** A subscribed and bound LCF. */
export async function boundWorld(
  options: WorldOptions = {},
): Promise<World & { readonly dialog: FakeDialog }> {
  const made = await world(options);
  const dialog = made.lcf.node.subscribe();
  await made.simulation.run({ ms: 40_000, when: () => isReachable(made) });
  // The NOTIFY that the challenge's SUBSCRIBE is owed.
  await made.simulation.run({ ms: 100 });
  return { ...made, dialog };
}

export function channelOf(cfs: SimulatedHost<CfsUeNode>) {
  const { ue } = cfs.node;
  if (ue === null) throw new Error("the CFS has not started yet");
  return ue.channel;
}

export function isReachable(made: World, key = aliceKey): boolean {
  return made.cfs.node.ue?.channel.state(key).reachable === true;
}

/** A counter's value by the label that tells it apart. */
export function counted(host: Host, name: string, label: string): number {
  const samples = host.metrics.samples().filter((sample) => sample.name === name);
  return samples
    .filter(({ labels }) => Object.values(labels).includes(label))
    .reduce((sum, { value }) => sum + value, 0);
}

export function query(made: World, sequence: number, operation = "op-1"): CommandBody {
  return {
    operation,
    sequence,
    expires: made.cfs.host.clock.wall() + 30_000,
    command: "query",
  };
}

/** Rows of a table of the store, as its batches add up. */
export function rowsOf(made: World, table: string): number {
  const keys = new Set<string>();
  for (const batch of made.disk.batches)
    for (const { key, value } of batch) {
      if (value === null) keys.delete(key);
      else if (key.startsWith(`${table}/`)) keys.add(key);
    }
  return keys.size;
}
