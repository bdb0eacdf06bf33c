// A host of the simulation: its lives, and how they end.
import type { Host, Program } from "../host.ts";
import type { Log } from "../log.ts";
import { silentLog } from "../log.ts";
import { Metrics } from "../metrics.ts";
import type { NetworkTap } from "../network-tap.ts";
import { tapNetwork } from "../network-tap.ts";
import type { Random } from "../random.ts";
import type { Life, ScheduledEvent } from "./agenda.ts";
import { SimulatedClock } from "./clock.ts";
import { SimulatedCrypto } from "./crypto.ts";
import type { Fabric, Machine } from "./fabric.ts";
import { guarded } from "./guard.ts";
import { SimulatedNetwork } from "./network.ts";

/** A fault of a program: it threw, or a task that it spawned rejected. The cause is the error itself. */
export class HostCrash extends Error {
  override readonly name = "HostCrash";
  readonly host: string;
  readonly label: string;

  constructor(host: string, label: string, cause: unknown) {
    super(`${host}, "${label}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.host = host;
    this.label = label;
  }
}

export interface HostOptions<Node> {
  /** IP address literals that belong to this host. */
  readonly addresses: readonly string[];
  readonly program: Program<Node>;
  /** How far this host's wall clock is ahead; default 0. */
  readonly skewMs?: number;
  /** Default: nobody reads it. */
  readonly log?: Log;
  /** Sees what the host sends. */
  readonly tap?: NetworkTap;
}

export interface SimulatedHost<Node> {
  readonly name: string;
  /** The handle of the present life, or of the last one. */
  readonly node: Node;
  readonly host: Host;
  readonly alive: boolean;
  /**
   * SIGKILL: its events are skipped, its promises never settle, its ports do nothing. What was handed to the kernel
   * still arrives, peers' streams are reset, connections are refused.
   */
  kill(): void;
  /** As `kill`, without a reset or refusal: silence. What was not synced is lost. */
  powerOff(): void;
  /** A long pause, then everything at once. */
  freeze(ms: number): void;
  /** The same program anew, its incarnation raised by one. A host that still lives is killed first. */
  restart(): Node;
}

/** What hosts need of their simulation. */
export interface World {
  readonly fabric: Fabric;
  readonly random: Random;
  readonly epoch: number;
  /** Whose complaints of the guard these are. */
  readonly owner: object;
  begin(host: Host, life: Life, machine: Machine): void;
  crashed(crash: HostCrash): void;
  lostPower(machine: Machine): void;
  thaw(life: SimulatedLife, time: number): void;
}

export class SimulatedLife implements Life {
  readonly identity: string;
  readonly #crashed: (error: unknown, label: string) => void;
  alive = true;
  frozenUntil = 0;
  held: ScheduledEvent[] = [];

  constructor(identity: string, crashed: (error: unknown, label: string) => void) {
    this.identity = identity;
    this.#crashed = crashed;
  }

  current(): Life | null {
    return this.alive ? this : null;
  }

  hold(event: ScheduledEvent): void {
    this.held.push(event);
  }

  crash(error: unknown, label: string): void {
    if (this.alive) this.#crashed(error, label);
  }
}

interface Running<Node> {
  readonly life: SimulatedLife;
  readonly host: Host;
  readonly node: Node;
}

export class HostRunner<Node> implements SimulatedHost<Node> {
  readonly name: string;
  readonly #world: World;
  readonly #options: HostOptions<Node>;
  readonly #machine: Machine;
  #incarnation = -1;
  #running: Running<Node>;

  constructor(name: string, world: World, machine: Machine, options: HostOptions<Node>) {
    this.name = name;
    this.#world = world;
    this.#machine = machine;
    this.#options = options;
    this.#running = this.#start();
  }

  get node(): Node {
    return this.#running.node;
  }

  get host(): Host {
    return this.#running.host;
  }

  get alive(): boolean {
    return this.#running.life.alive;
  }

  kill(): void {
    this.#end(this.#running.life, false);
  }

  powerOff(): void {
    this.#end(this.#running.life, true);
  }

  freeze(ms: number): void {
    const { life } = this.#running;
    if (!life.alive) return;
    life.frozenUntil = Math.max(life.frozenUntil, this.#world.fabric.scheduler.now + ms);
    this.#world.thaw(life, life.frozenUntil);
  }

  restart(): Node {
    if (this.alive) this.kill();
    this.#running = this.#start();
    return this.#running.node;
  }

  #end(life: SimulatedLife, power: boolean): void {
    if (life.alive) {
      life.alive = false;
      life.held = [];
      this.#machine.lose(power);
    } else if (power) this.#machine.powered = false;
    if (power) this.#world.lostPower(this.#machine);
  }

  #start(): Running<Node> {
    this.#incarnation += 1;
    const life: SimulatedLife = new SimulatedLife(`${this.name}#${this.#incarnation}`, (error, label) => {
      this.#end(life, false);
      this.#world.crashed(new HostCrash(this.name, label, error));
    });
    this.#machine.life = life;
    this.#machine.powered = true;
    const host = this.#makeHost(life);
    this.#world.begin(host, life, this.#machine);
    const context = { owner: this.#world.owner, host: this.name, label: "start" };
    const node = guarded(context, () => this.#options.program(host));
    return { life, host, node };
  }

  #makeHost(life: SimulatedLife): Host {
    const { fabric, epoch } = this.#world;
    const { tap, log = silentLog, skewMs = 0 } = this.#options;
    const random = this.#world.random.fork(life.identity);
    const metrics = new Metrics();
    const network = new SimulatedNetwork(fabric, this.#machine, life, random.fork("network"), metrics);
    return {
      name: this.name,
      incarnation: this.#incarnation,
      get alive() {
        return life.alive;
      },
      clock: new SimulatedClock(fabric.scheduler, life, epoch + skewMs),
      random: random.fork("program"),
      crypto: new SimulatedCrypto(fabric.scheduler, life, random),
      network: tap === undefined ? network : tapNetwork(network, tap),
      log,
      metrics,
      spawn(label, task) {
        if (!life.alive) return;
        new Promise<void>((resolve) => {
          resolve(task());
        }).catch((error: unknown) => life.crash(error, label));
      },
    };
  }
}
