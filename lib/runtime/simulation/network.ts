// The simulated network of one life: UDP by seeded link, TCP streams, refusals and silence.
import type { Metrics } from "../metrics.ts";
import type { Address, ByteStream, ConnectOptions, DatagramSocket, Listener, Network } from "../network.ts";
import { formatAddress } from "../network.ts";
import type { Random } from "../random.ts";
import { RuntimeError } from "../runtime-error.ts";
import type { Life } from "./agenda.ts";
import { Attempt } from "./connect.ts";
import type { Fabric, Machine } from "./fabric.ts";
import { canonicalIp, isWildcard, wildcardFor, wildcardKey } from "./ip-address.ts";

const largestDatagram = 65_507;
const firstEphemeralPort = 49_152;
const ephemeralPorts = 16_384;

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

  /** `taken` tells whether a concrete or wildcard address is in use. */
  #bind(local: Address, taken: (key: string) => boolean): Address {
    const { host, port } = canonical(local);
    const { addresses, name } = this.#machine;
    const own = isWildcard(host) ? addresses.filter((ip) => wildcardFor(ip) === host) : [host];
    if (own.length === 0 || !own.every((ip) => addresses.includes(ip)))
      throw new RuntimeError("bad-address", `${name} has no address ${host}: it has ${addresses.join(", ")}`);
    const inUse = (wanted: number) =>
      [...own, wildcardFor(host)].some((ip) => taken(formatAddress({ host: ip, port: wanted })));
    if (port !== 0) {
      if (inUse(port))
        throw new RuntimeError(
          "address-in-use",
          `${formatAddress({ host, port })} is in use: choose another port`,
        );
      return { host, port };
    }
    for (let attempt = 0; attempt < ephemeralPorts; attempt++) {
      const chosen = firstEphemeralPort + this.#nextPort;
      this.#nextPort = (this.#nextPort + 1) % ephemeralPorts;
      if (!inUse(chosen)) return { host, port: chosen };
    }
    throw new RuntimeError("address-in-use", `${host} has no free port left: close some sockets`);
  }

  /** The address that packets to there leave from; null when the machine has none of that family. */
  #sourceFor(to: string): string | null {
    return this.#machine.addresses.find((ip) => wildcardFor(ip) === wildcardFor(to)) ?? null;
  }

  #source(to: Address, wanted: Address | undefined): Address {
    const { connections, listeners } = this.#machine;
    const port = wanted?.port ?? 0;
    const given = wanted === undefined || isWildcard(wanted.host) ? null : wanted.host;
    const host = given ?? this.#sourceFor(to.host);
    if (host === null)
      throw new RuntimeError("unreachable", `${this.#machine.name} has no address to reach ${to.host} from`);
    const bound = this.#bind(
      { host, port },
      (key) => connections.has(key) || (port === 0 && listeners.has(key)),
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
    const source = isWildcard(from.host) ? this.#sourceFor(target.host) : from.host;
    if (machine === undefined || source === null) return;
    const { scheduler, links } = this.#fabric;
    const sender = { host: source, port: from.port };
    const key = formatAddress(target);
    const wildcard = wildcardKey(target);
    // A Buffer's own slice would not copy.
    const copy = new Uint8Array(data);
    const label = `udp ${formatAddress(sender)}>${key}`;
    for (const time of links.path(this.#machine.name, machine.name).datagramArrivals(scheduler.now))
      scheduler.at(time, machine, label, copy, () => {
        const receive = machine.datagrams.get(key) ?? machine.datagrams.get(wildcard);
        receive?.(new Uint8Array(copy), sender);
      });
  }
}
