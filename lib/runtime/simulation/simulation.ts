// A network of programs on a virtual clock, in one process, repeatable by seed.
import { setImmediate } from "node:timers";
import type { Host } from "../host.ts";
import type { Random } from "../random.ts";
import type { Life, Owner, ScheduledEvent } from "./agenda.ts";
import { Agenda } from "./agenda.ts";
import type { DiskHolder, DiskOptions } from "./disk.ts";
import { Disk } from "./disk.ts";
import { Machine } from "./fabric.ts";
import { guarded, takeComplaint } from "./guard.ts";
import type { HostCrash, HostOptions, SimulatedHost, World } from "./host.ts";
import { HostRunner } from "./host.ts";
import type { LinkShape } from "./link.ts";
import { Links } from "./link.ts";
import { SeededRandom } from "./random.ts";
import type { Scheduler } from "./scheduler.ts";
import type { TraceEntry } from "./trace.ts";
import { TraceHash } from "./trace.ts";

export type { Disk, DiskOptions, MountedDisk } from "./disk.ts";
export type { HostOptions, SimulatedHost } from "./host.ts";
export type { LinkShape } from "./link.ts";
export { SeededRandom } from "./random.ts";
export type { TraceEntry } from "./trace.ts";

/** 2026-01-01T00:00:00Z. */
const defaultEpoch = 1_767_225_600_000;

export interface SimulationOptions {
  readonly seed: number;
  /** Wall clock at virtual time 0, ms since 1970; default 2026-01-01T00:00:00Z. */
  readonly epoch?: number;
  /** Keep every event in `trace`, to find where two runs part; default false. */
  readonly trace?: boolean;
}

export interface Until {
  /** So many virtual ms from now. */
  readonly ms?: number;
  /** The number of an event, counted from the beginning: it has run, the next has not. */
  readonly event?: number;
  /** Asked after each event. Alone: `run` rejects when nothing is left that could make it true. */
  readonly when?: () => boolean;
}

/** Seeded draws for a script; never for secrets. */
export function createSeededRandom(seed: number): Random {
  return new SeededRandom(`seed ${seed}`);
}

/** Nextticks and microtasks are done when it resolves, however long the chain of awaits is. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export class Simulation {
  readonly #agenda = new Agenda();
  readonly #hash = new TraceHash();
  readonly #trace: TraceEntry[] | null;
  readonly #seeds: Random;
  readonly #links: Links;
  readonly #machines = new Map<string, Machine>();
  readonly #addresses = new Map<string, Machine>();
  readonly #owners = new WeakMap<Host, { readonly owner: Owner; readonly machine: string }>();
  readonly #disks: DiskHolder[] = [];
  readonly #world: World;
  readonly #scheduler: Scheduler;
  /** Draws for the script around the hosts. */
  readonly random: Random;
  #now = 0;
  #events = 0;
  #running = false;
  #fault: HostCrash | null = null;

  constructor(options: SimulationOptions) {
    this.#seeds = new SeededRandom(`seed ${options.seed}`);
    this.random = this.#seeds.fork("script");
    this.#links = new Links(this.#seeds.fork("links"));
    this.#trace = options.trace === true ? [] : null;
    const now = () => this.#now;
    this.#scheduler = {
      get now() {
        return now();
      },
      at: (time, owner, label, contents, run) =>
        this.#agenda.add(Math.max(this.#now, time), owner, label, contents, run),
      timer: (ms, owner, label, run) => this.#agenda.addTimer(this.#now, ms, owner, label, run),
    };
    this.#world = {
      fabric: {
        scheduler: this.#scheduler,
        links: this.#links,
        machineAt: (ip) => this.#addresses.get(ip),
      },
      random: this.#seeds.fork("hosts"),
      epoch: options.epoch ?? defaultEpoch,
      owner: this,
      begin: (host, life, machine) => {
        this.#owners.set(host, { owner: life, machine: machine.name });
        this.#hash.mix(this.#now, life.identity, "start", null);
      },
      crashed: (crash) => {
        this.#fault ??= crash;
      },
      lostPower: (machine) => {
        for (const disk of this.#disks) disk.loseUnsynced(machine.name);
      },
      thaw: (life, time) => {
        this.#scheduler.at(time, null, "thaw", life.identity, () => {
          if (life.frozenUntil > this.#now) return;
          const { held } = life;
          life.held = [];
          for (const event of held) this.#agenda.again(event, this.#now);
        });
      },
    };
  }

  /** Virtual ms since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** How many events have run. */
  get events(): number {
    return this.#events;
  }

  /** Depends on time, host, label and contents of every event so far. */
  get traceHash(): string {
    return this.#hash.value;
  }

  /** Every event so far; empty without the option `trace`. */
  get trace(): readonly TraceEntry[] {
    return this.#trace ?? [];
  }

  /** Starts a program on a new host, at once. */
  addHost<Node>(name: string, options: HostOptions<Node>): SimulatedHost<Node> {
    if (this.#machines.has(name)) throw new Error(`host "${name}" exists: choose another name`);
    const machine = new Machine(name, options.addresses);
    for (const address of machine.addresses) {
      const other = this.#addresses.get(address);
      if (other !== undefined)
        throw new Error(`host "${name}": address ${address} belongs to "${other.name}": choose another`);
      this.#addresses.set(address, machine);
    }
    this.#machines.set(name, machine);
    return new HostRunner(name, this.#world, machine, options);
  }

  /** A disk that outlives hosts; whoever uses it mounts it with its host. */
  disk<Batch>(name: string, options: DiskOptions<Batch> = {}): Disk<Batch> {
    const ownerOf = (host: Host) => {
      const found = this.#owners.get(host);
      if (found === undefined)
        throw new Error(`disk "${name}": host "${host.name}" is of another simulation`);
      return found;
    };
    const disk = new Disk(name, this.#scheduler, ownerOf, this.#seeds.fork(`disk ${name}`), options);
    this.#disks.push(disk);
    return disk;
  }

  /** Shapes one direction of a link between hosts by name, `*` for any; the most particular shape counts. */
  link(from: string, to: string, shape: LinkShape): void {
    this.#links.set(from, to, shape);
  }

  /** Nothing passes between these hosts, in both directions, until `heal`. */
  partition(a: readonly string[], b: readonly string[]): void {
    this.#links.partition(a, b);
  }

  heal(): void {
    this.#links.heal();
  }

  /**
   * Lets events happen until the first of the conditions holds, or nothing is left. Rejects with a HostCrash when a
   * program has failed, with a GuardError when it did what is not repeatable.
   */
  async run(until: Until): Promise<void> {
    if (this.#running) throw new Error("this simulation is running already: await the first run");
    this.#running = true;
    const end = until.ms === undefined ? Number.POSITIVE_INFINITY : this.#now + until.ms;
    const lastEvent = until.event ?? Number.POSITIVE_INFINITY;
    try {
      await turn();
      this.#throwFaults();
      while (until.when?.() !== true && this.#events < lastEvent) {
        const next = this.#agenda.nextTime();
        if (next === undefined || next > end) {
          if (end !== Number.POSITIVE_INFINITY) this.#now = end;
          else if (until.when !== undefined && until.event === undefined)
            throw new Error(`nothing is left to happen at ${this.#now} ms, and the condition does not hold`);
          return;
        }
        const event = this.#agenda.take();
        if (event === undefined || !this.#happen(event)) continue;
        await turn();
        this.#throwFaults();
      }
    } finally {
      this.#running = false;
    }
  }

  /** Runs until the promise settles, and gives what it settles with. Rejects when that takes more than `ms`. */
  async settle<T>(promise: Promise<T>, ms = 3_600_000): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    await this.run({ ms, when: () => settled });
    if (!settled) throw new Error(`the promise has not settled by ${this.#now} ms`);
    return promise;
  }

  #throwFaults(): void {
    const complaint = takeComplaint(this);
    const fault = this.#fault;
    this.#fault = null;
    if (complaint !== null) throw complaint;
    if (fault !== null) throw fault;
  }

  /** False when the event is skipped. */
  #happen(event: ScheduledEvent): boolean {
    const { owner, label, run } = event;
    if (run === null) return false;
    this.#now = event.time;
    let life: Life | null = null;
    if (owner !== null) {
      life = owner.current();
      if (life === null) return false;
      if (life.frozenUntil > this.#now) {
        life.hold(event);
        return false;
      }
    }
    event.run = null;
    this.#events += 1;
    const host = life === null ? "" : life.identity;
    this.#hash.mix(event.time, host, label, event.contents);
    this.#trace?.push({ event: this.#events, time: event.time, host, label, hash: this.#hash.value });
    if (life === null) run();
    else this.#runIn(life, label, run);
    return true;
  }

  #runIn(life: Life, label: string, run: () => void): void {
    try {
      guarded({ owner: this, host: life.identity, label }, run);
    } catch (error) {
      life.crash(error, label);
    }
  }
}
