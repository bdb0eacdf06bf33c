// The wires between the machines: who has which IP address, and what listens there.
import type { Life, Owner } from "./agenda.ts";
import { canonicalIp } from "./ip-address.ts";
import type { Links } from "./link.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedStream } from "./stream.ts";

export type Receiver = (data: Uint8Array, from: { readonly host: string; readonly port: number }) => void;
export type Accept = (stream: SimulatedStream) => void;

/** What runs through lives: a machine with its addresses. Its sockets are those of the present life. */
export class Machine implements Owner {
  readonly name: string;
  readonly addresses: readonly string[];
  /** False after powerOff, until restart: nothing answers. */
  powered = true;
  life: Life | null = null;
  readonly datagrams = new Map<string, Receiver>();
  readonly listeners = new Map<string, Accept>();
  readonly streams = new Set<SimulatedStream>();
  readonly connections = new Set<string>();

  constructor(name: string, addresses: readonly string[]) {
    this.name = name;
    this.addresses = addresses.map(canonicalIp);
  }

  current(): Life | null {
    return this.life;
  }

  /** The process is gone. Its kernel resets the streams, unless the power is gone as well. */
  lose(power: boolean): void {
    this.life = null;
    this.powered = !power;
    this.datagrams.clear();
    this.listeners.clear();
    this.connections.clear();
    const streams = [...this.streams];
    this.streams.clear();
    for (const stream of streams) stream.lose(power);
  }
}

export interface Fabric {
  readonly scheduler: Scheduler;
  readonly links: Links;
  /** Undefined for an address that no machine has. */
  machineAt(ip: string): Machine | undefined;
}
