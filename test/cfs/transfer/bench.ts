// A CFS's transfer engine on the virtual clock, with scripted phones, a location service and a store that answers late.
import type { LcfChannel } from "@liquid-ims/cfs/cfs-ue/channel";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import type { Cx } from "@liquid-ims/cfs/cx/cx";
import { createOperations } from "@liquid-ims/cfs/operations/create-operations";
import type { OperationResult, Operations, TransferResource } from "@liquid-ims/cfs/operations/operations";
import { guardLocation } from "@liquid-ims/cfs/store/guarded-location";
import { CfsRows } from "@liquid-ims/cfs/store/memory-rows";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { storeOf } from "@liquid-ims/cfs/store/table";
import { Controller } from "@liquid-ims/cfs/transfer/controller";
import { defaultLimits } from "@liquid-ims/cfs/transfer/guard";
import { defaultTimes } from "@liquid-ims/cfs/transfer/times";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import { LocationRows } from "@liquid-ims/location-service/memory-rows";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { type Behaviour, Phones } from "./phones.ts";

export const p1 = "pcscf1.home:4060";
export const p2 = "pcscf2.home:4060";
export const p3 = "pcscf3.home:4060";
export const s1 = "sip:scscf1.home:6060";
export const s2 = "sip:scscf2.home:6060";

export const config: CfsConfig = {
  listen: [],
  homeDomain: "home",
  functions: [
    { kind: "P-CSCF", name: p1, addresses: ["192.0.2.11"] },
    { kind: "P-CSCF", name: p2, addresses: ["192.0.2.12"] },
    { kind: "P-CSCF", name: p3, addresses: ["192.0.2.13"] },
    { kind: "S-CSCF", name: s1, addresses: ["192.0.2.21"] },
    { kind: "S-CSCF", name: s2, addresses: ["192.0.2.22"] },
  ],
  pace: { mode: "parallel" },
};

interface Node {
  readonly controller: Controller;
  readonly operations: Operations;
  readonly channel: LcfChannel;
}

/** What plays the network around a CFS: the channel to its LCFs, and the HSS. They outlive it. */
export interface Script {
  channel(host: Host): LcfChannel;
  /** A new life has read its store: it is told again what was said. */
  replay(host: Host): void;
  cx?(host: Host): Cx;
}

export interface BenchOptions {
  readonly seed?: number;
  /** Default: the phones of a change of P-CSCF. */
  readonly script?: (simulation: Simulation, world: Host, rows: LocationRows) => Script;
  readonly config?: Partial<CfsConfig>;
}

/** Registration key of the n-th user: two digits, so that the order is that of the numbers. */
export function key(n: number): RegistrationKey {
  return `u${String(n).padStart(2, "0")}@home <urn:uuid:${n}>`;
}

export function impu(n: number): string {
  return `sip:u${String(n).padStart(2, "0")}@home`;
}

export class Bench {
  readonly simulation: Simulation;
  readonly rows = new LocationRows();
  readonly phones: Phones;
  readonly store = new CfsRows();
  readonly cfs: SimulatedHost<Node>;
  /** While it is true the location service fails. */
  locationDown = false;
  readonly #world: Host;
  readonly #script: Script;

  constructor(options: BenchOptions = {}) {
    this.simulation = new Simulation({ seed: options.seed ?? 1 });
    this.#world = this.simulation.addHost("world", {
      addresses: ["192.0.2.100"],
      program: () => undefined,
    }).host;
    this.phones = new Phones({ world: this.#world, rows: this.rows });
    this.#script = options.script?.(this.simulation, this.#world, this.rows) ?? this.phones;
    const present = { ...config, ...options.config };
    this.cfs = this.simulation.addHost("cfs", {
      addresses: ["192.0.2.200"],
      program: (host) => this.#program(host, present),
    });
  }

  #program(host: Host, present: CfsConfig): Node {
    const slow = (of: Host, name: string) => {
      const random = host.random.fork(name);
      return () => of.clock.sleep(random.float() * 2, name);
    };
    // The store is another machine's: what was asked before a crash may still be done after it, and after a new life
    // has read.
    const writes = host.random.fork("store");
    const remote = new MemoryCfsStore({
      rows: this.store,
      settle: (kind) => this.#world.clock.sleep(writes.float() * (kind === "write" ? 25 : 1), "store"),
    });
    const store = storeOf(host, remote);
    const takesTime = slow(host, "location");
    const settle = async () => {
      await takesTime();
      if (this.locationDown) throw new Error("location.db: the disk fails");
    };
    const location = guardLocation(host, new MemoryLocationStore({ rows: this.rows, settle }));
    const channel = this.#script.channel(host);
    const table = createFunctionTable(present.functions);
    const controller = new Controller({
      host,
      store,
      location,
      channel,
      cx: this.#script.cx?.(host) ?? null,
      cancelsOldServer: present.cx?.cancelsOldServer,
      aftercare: present.cx?.aftercare ?? true,
      isSame: table.isSame,
      addressesOf: (name) => present.functions.find((entry) => entry.name === name)?.addresses ?? [],
      times: { ...defaultTimes, ...present.times },
      limits: { ...defaultLimits, ...present.guard },
      keep: present.keepTransfers ?? 100,
    });
    const engine = new Promise<{ controller: Controller; channel: LcfChannel }>((resolve) => {
      host.spawn("cfs starts", async () => {
        await host.clock.sleep(1, "the channel reads its store");
        this.#script.replay(host);
        await controller.start();
        location.started();
        resolve({ controller, channel });
      });
    });
    const operations = createOperations({ host, config: present, location, engine });
    return { controller, operations, channel };
  }

  get now(): number {
    return this.simulation.now;
  }

  get operations(): Operations {
    return this.cfs.node.operations;
  }

  /** Users `from` to `to`, registered at a function, with LCFs. */
  users(from: number, to: number, pCscf = p1, behaviour: Behaviour = {}): void {
    for (let n = from; n <= to; n++) {
      this.phones.place(key(n), pCscf);
      this.phones.add(key(n), behaviour);
    }
  }

  /** Lets time pass until the operation has answered. */
  async call<Value>(operation: Promise<OperationResult<Value>>): Promise<OperationResult<Value>> {
    const answers: OperationResult<Value>[] = [];
    void operation.then((answer) => answers.push(answer));
    await this.simulation.run({ when: () => answers.length > 0 });
    const [answer] = answers;
    if (answer === undefined) throw new Error("the operation did not answer");
    return answer;
  }

  async value<Value>(operation: Promise<OperationResult<Value>>): Promise<Value> {
    const answer = await this.call(operation);
    if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
    return answer.value;
  }

  get(id: string): Promise<TransferResource> {
    return this.value(this.operations.getTransfer(id));
  }

  /** Lets time pass until the transfer has ended, a minute at most unless said otherwise. */
  async end(id: string, limitMs = 60_000): Promise<TransferResource> {
    const until = this.now + limitMs;
    for (;;) {
      const present = await this.get(id);
      if (present.endedAt !== null || present.state === "FAILED_TEMP") return present;
      if (this.now > until)
        throw new Error(`still ${present.state} after ${limitMs} ms: ${JSON.stringify(present)}`);
      await this.simulation.run({ ms: 50 });
    }
  }

  /** Function of each user by the location service. */
  places(): Record<string, string | null> {
    const records = this.rows.byFunction({});
    return Object.fromEntries(records.map(({ impu: user, pCscf }) => [user, pCscf]).sort());
  }
}
