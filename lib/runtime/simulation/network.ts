// The simulated network of one life: UDP by seeded link, TCP streams, refusals and silence.
import type { Metrics } from "../metrics.ts";
import type { Address, ByteStream, ConnectOptions, DatagramSocket, Listener, Network } from "../network.ts";
import { formatAddress } from "../network.ts";
import type { Random } from "../random.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { Life } from "./agenda.ts";
import type { Fabric, Machine } from "./fabric.ts";
import { canonicalIp } from "./ip-address.ts";
import { SimulatedStream } from "./stream.ts";

const largestDatagram = 65_507;
const firstEphemeralPort = 49_152;
const ephemeralPorts = 16_384;
/** How long a kernel looks for a neighbour that does not exist. */
const unreachableMs = 3_000;

function canonical(address: Address): Address {
  const { port } = address;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new RuntimeError("bad-address", `port ${port} of ${address.host}: give an integer from 0 to 65535`);
  return { host: canonicalIp(address.host), port };
}

export class SimulatedNetwork implements Network {
  readonly #fabric: Fabric;
  readonly #machine: Machine;
  readonly #life: Life;
  readonly #random: Random;
  readonly #metrics: Metrics;
  #nextPort: number;

  constructor(fabric: Fabric, machine: Machine, life: Life, random: Random, metrics: Metrics) {
    this.#fabric = fabric;
    this.#machine = machine;
    this.#life = life;
    this.#random = random;
    this.#metrics = metrics;
    this.#nextPort = random.int(ephemeralPorts);
  }

  udp(local: Address, receive: (data: Uint8Array, from: Address) => void): Promise<DatagramSocket> {
    return this.#answer(`udp bind ${formatAddress(local)}`, () => {
      const { datagrams } = this.#machine;
      const bound = this.#bind(local, (key) => datagrams.has(key));
      const key = formatAddress(bound);
      datagrams.set(key, receive);
      let closed = false;
      return {
        local: bound,
        send: (data, to) => {
          if (!closed) this.#sendDatagram(bound, data, to);
        },
        close: () => {
          closed = true;
          if (this.#life.alive && datagrams.get(key) === receive) datagrams.delete(key);
        },
      };
    });
  }

  listen(local: Address, accept: (stream: ByteStream) => void): Promise<Listener> {
    return this.#answer(`tcp listen ${formatAddress(local)}`, () => {
      const { listeners, connections } = this.#machine;
      const bound = this.#bind(
        local,
        (key) => listeners.has(key) || (local.port === 0 && connections.has(key)),
      );
      const key = formatAddress(bound);
      listeners.set(key, accept);
      return {
        local: bound,
        close: () => {
          if (this.#life.alive && listeners.get(key) === accept) listeners.delete(key);
        },
      };
    });
  }

  connect(remote: Address, options: ConnectOptions = {}): Promise<ByteStream> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        const to = canonical(remote);
        const from = this.#source(to, options.local);
        new Attempt(this.#fabric, this.#machine, this.#life, from, to, { resolve, reject }).begin(
          options.timeoutMs ?? 5_000,
        );
      };
      const label = `tcp connect ${formatAddress(remote)}`;
      this.#later(label, begin, reject);
    });
  }

  /** A port's answer comes after a delay drawn from the seed: otherwise races would never show. */
  #answer<T>(label: string, make: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#later(label, () => resolve(make()), reject);
    });
  }

  #later(label: string, run: () => void, reject: (error: unknown) => void): void {
    const { scheduler } = this.#fabric;
    const delay = 0.01 + 0.04 * this.#random.float();
    scheduler.at(scheduler.now + delay, this.#life, label, null, () => {
      try {
        run();
      } catch (error) {
        reject(error);
      }
    });
  }

  #bind(local: Address, taken: (key: string) => boolean): Address {
    const { host, port } = canonical(local);
    if (!this.#machine.addresses.includes(host))
      throw new RuntimeError(
        "bad-address",
        `${this.#machine.name} has no address ${host}: it has ${this.#machine.addresses.join(", ")}`,
      );
    if (port !== 0) {
      const bound = { host, port };
      if (taken(formatAddress(bound)))
        throw new RuntimeError("address-in-use", `${formatAddress(bound)} is in use: choose another port`);
      return bound;
    }
    for (let attempt = 0; attempt < ephemeralPorts; attempt++) {
      const bound = { host, port: firstEphemeralPort + this.#nextPort };
      this.#nextPort = (this.#nextPort + 1) % ephemeralPorts;
      if (!taken(formatAddress(bound))) return bound;
    }
    throw new RuntimeError("address-in-use", `${host} has no free port left: close some sockets`);
  }

  #source(to: Address, wanted: Address | undefined): Address {
    const { addresses, connections, listeners } = this.#machine;
    const family = to.host.includes(":");
    const host = wanted?.host ?? addresses.find((ip) => ip.includes(":") === family);
    if (host === undefined)
      throw new RuntimeError("unreachable", `${this.#machine.name} has no address to reach ${to.host} from`);
    const bound = this.#bind(
      { host, port: wanted?.port ?? 0 },
      (key) => connections.has(key) || ((wanted?.port ?? 0) === 0 && listeners.has(key)),
    );
    connections.add(formatAddress(bound));
    return bound;
  }

  #sendDatagram(from: Address, data: Uint8Array, to: Address): void {
    if (!this.#life.alive) return;
    const unsent = () =>
      this.#metrics
        .counter("network_datagrams_unsent_total", { help: "Datagrams that the host could not send" })
        .add();
    let target: Address;
    try {
      target = canonical(to);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      unsent();
      return;
    }
    if (
      data.length > largestDatagram ||
      target.port === 0 ||
      target.host.includes(":") !== from.host.includes(":")
    ) {
      unsent();
      return;
    }
    const machine = this.#fabric.machineAt(target.host);
    if (machine === undefined) return;
    const { scheduler, links } = this.#fabric;
    const key = formatAddress(target);
    const copy = data.slice();
    const label = `udp ${formatAddress(from)}>${key}`;
    for (const time of links.path(this.#machine.name, machine.name).datagramArrivals(scheduler.now))
      scheduler.at(time, machine, label, copy, () => machine.datagrams.get(key)?.(copy.slice(), from));
  }
}

interface Settle {
  resolve(stream: ByteStream): void;
  reject(error: RuntimeError): void;
}

/** One attempt to connect, from SYN to its answer. */
class Attempt {
  readonly #fabric: Fabric;
  readonly #machine: Machine;
  readonly #life: Life;
  readonly #from: Address;
  readonly #to: Address;
  readonly #settle: Settle;
  readonly #label: string;
  #done = false;

  constructor(fabric: Fabric, machine: Machine, life: Life, from: Address, to: Address, settle: Settle) {
    this.#fabric = fabric;
    this.#machine = machine;
    this.#life = life;
    this.#from = from;
    this.#to = to;
    this.#settle = settle;
    this.#label = `${formatAddress(from)}>${formatAddress(to)}`;
  }

  begin(timeoutMs: number): void {
    const { scheduler } = this.#fabric;
    scheduler.timer(timeoutMs, this.#life, `tcp connect time-out ${this.#label}`, () =>
      this.#fail("timed-out", `no answer within ${timeoutMs} ms`),
    );
    const target = this.#fabric.machineAt(this.#to.host);
    if (target === undefined)
      this.#after(unreachableMs, "unreachable", () =>
        this.#fail("unreachable", "no machine has this address"),
      );
    else this.#synchronize(target, 0);
  }

  #after(ms: number, what: string, run: () => void): void {
    const { scheduler } = this.#fabric;
    scheduler.at(scheduler.now + ms, this.#life, `tcp ${what} ${this.#label}`, null, run);
  }

  #fail(code: "refused" | "timed-out" | "unreachable", detail: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#machine.connections.delete(formatAddress(this.#from));
    this.#settle.reject(new RuntimeError(code, `connect to ${formatAddress(this.#to)}: ${detail}`));
  }

  #synchronize(target: Machine, attempt: number): void {
    if (this.#done) return;
    const { scheduler, links } = this.#fabric;
    const out = links.path(this.#machine.name, target.name);
    const back = links.path(target.name, this.#machine.name);
    const again = () => this.#after(1000 * 2 ** attempt, "SYN", () => this.#synchronize(target, attempt + 1));
    if (out.down || back.down || !target.powered) {
      again();
      return;
    }
    scheduler.at(scheduler.now + out.segmentDelay(), null, `tcp SYN ${this.#label}`, null, () => {
      if (!this.#life.alive || this.#done) return;
      if (!target.powered) again();
      else this.#arrive(target, back.segmentDelay());
    });
  }

  #arrive(target: Machine, delay: number): void {
    const { scheduler } = this.#fabric;
    const life = target.life;
    const accept = target.listeners.get(formatAddress(this.#to));
    if (life === null || accept === undefined) {
      this.#after(delay, "refused", () => this.#fail("refused", "nobody listens there"));
      return;
    }
    const [server, client] = SimulatedStream.pair(
      this.#fabric,
      { machine: target, life, address: this.#to },
      { machine: this.#machine, life: this.#life, address: this.#from },
    );
    const connected = scheduler.now + delay;
    server.notBefore(connected);
    scheduler.at(scheduler.now, life, `tcp accept ${this.#label}`, null, () => accept(server));
    scheduler.at(connected, this.#life, `tcp connected ${this.#label}`, null, () => {
      if (this.#done) {
        client.reset();
        return;
      }
      this.#done = true;
      this.#settle.resolve(client);
    });
  }
}
