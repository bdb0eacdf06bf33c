// A CFD and those who send to it, on the virtual clock. The senders speak raw bytes, so that nothing of ours can make
// their messages better than they are.
import { type CfdNode, type CfdOptions, createCfd } from "@liquid-ims/cfd/cfd";
import type { CfdConfig } from "@liquid-ims/cfd/cfd-config";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host } from "@liquid-ims/runtime/host";
import type { ByteStream, DatagramSocket } from "@liquid-ims/runtime/network";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import type { SipRequest } from "@liquid-ims/sip/message";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import { functions, type ThirdParty, thirdParty } from "./messages.ts";

const cfdAddress = { host: "127.0.2.11", port: 7080 };

/** Sends and keeps what comes back. */
export class Sender {
  readonly received: string[] = [];
  readonly #host: Host;
  #socket: DatagramSocket | null = null;
  #stream: ByteStream | null = null;
  #accepted: ByteStream | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  open(ip: string): void {
    this.#host.spawn("open", async () => {
      this.#socket = await this.#host.network.udp({ host: ip, port: 6060 }, (data) =>
        this.received.push(decodeText(data)),
      );
    });
  }

  /** Takes connections at the same port; what comes on them is received, too. */
  listen(ip: string): void {
    this.#host.spawn("listen", async () => {
      await this.#host.network.listen({ host: ip, port: 6060 }, (stream) => {
        this.#accepted = stream;
        stream.open({
          data: (chunk) => this.received.push(decodeText(chunk)),
          closed: () => {
            this.#accepted = null;
          },
        });
      });
    });
  }

  /** On the connection that was taken last. */
  reply(data: Uint8Array): void {
    this.#accepted?.write(data);
  }

  /** One datagram. */
  send(data: Uint8Array | string | SipRequest): void {
    this.#socket?.send(bytesOf(data), cfdAddress);
  }

  /** On one TCP connection, opened at the first write. */
  write(data: Uint8Array | string | SipRequest): void {
    if (this.#stream !== null) {
      this.#stream.write(bytesOf(data));
      return;
    }
    this.#host.spawn("connect", async () => {
      this.#stream = await this.#host.network.connect(cfdAddress);
      this.#stream.open({
        data: (chunk) => this.received.push(decodeText(chunk)),
        closed: () => {
          this.#stream = null;
        },
      });
      this.#stream.write(bytesOf(data));
    });
  }

  /** Status codes of what came back, final ones. */
  get statuses(): number[] {
    return this.received
      .map((text) => Number(/^SIP\/2\.0 (\d{3})/.exec(text)?.[1]))
      .filter((status) => status >= 200);
  }
}

function bytesOf(data: Uint8Array | string | SipRequest): Uint8Array {
  if (typeof data === "string") return encodeText(data);
  return data instanceof Uint8Array ? data : serializeMessage(data);
}

export interface World {
  readonly simulation: Simulation;
  readonly cfd: SimulatedHost<CfdNode>;
  readonly memory: MemoryLocationStore;
  readonly scscf1: Sender;
  readonly scscf2: Sender;
  readonly stranger: Sender;
  /** Value of a counter by name and one label's value. */
  count(name: string, label?: string): number;
  run(ms: number): Promise<void>;
  /** A REGISTER in a transaction of its own. */
  fresh(o?: ThirdParty): SipRequest;
  /** Records as short lines: P-CSCF and state. */
  lines(impu?: string): Promise<string[]>;
}

export interface WorldOptions {
  readonly config?: Partial<CfdConfig>;
  /** What the CFD gets for a store, over the one that is looked at. */
  readonly storeOf?: (memory: MemoryLocationStore, host: Host) => LocationStore;
  readonly more?: Omit<CfdOptions, "store" | "config">;
  readonly seed?: number;
}

/** Everything open and quiet. */
export async function openWorld(options: WorldOptions = {}): Promise<World> {
  const simulation = new Simulation({ seed: options.seed ?? 1 });
  let branches = 0;
  const memory = new MemoryLocationStore();
  const storeOf =
    options.storeOf ??
    ((rows, host) =>
      new MemoryLocationStore({
        rows: rows.rows,
        settle: () => host.clock.sleep(0.2 + host.random.float(), "location store"),
      }));
  const cfd = simulation.addHost("cfd", {
    addresses: [cfdAddress.host],
    program: (host) =>
      createCfd({
        store: storeOf(memory, host),
        ...options.more,
        config: {
          listen: [
            { protocol: "udp", address: cfdAddress },
            { protocol: "tcp", address: cfdAddress },
          ],
          sCscfs: [
            { name: "sip:scscf1.open-ims.test:6060", addresses: ["127.0.1.21"] },
            { name: "sip:scscf2.open-ims.test:6060", addresses: ["127.0.1.22"] },
          ],
          functions,
          homeDomain: "open-ims.test",
          ...options.config,
        },
      })(host),
  });
  const senderAt = (name: string, ip: string) => {
    const { node } = simulation.addHost(name, { addresses: [ip], program: (host) => new Sender(host) });
    node.open(ip);
    return node;
  };
  const scscf1 = senderAt("scscf1", "127.0.1.21");
  const scscf2 = senderAt("scscf2", "127.0.1.22");
  const stranger = senderAt("stranger", "127.0.9.9");
  await simulation.settle(cfd.node.ready);
  await simulation.run({ ms: 10 });
  return {
    simulation,
    cfd,
    memory,
    scscf1,
    scscf2,
    stranger,
    count: (name, label) =>
      cfd.host.metrics
        .samples()
        .filter((sample) => sample.name === name)
        .filter(({ labels }) => label === undefined || Object.values(labels).includes(label))
        .reduce((sum, { value }) => sum + value, 0),
    run: (ms) => simulation.run({ ms }),
    fresh: (o = {}) => {
      branches += 1;
      return thirdParty({ ...o, branch: `z9hG4bK-cfd-${branches}` });
    },
    lines: async (impu = "sip:alice@open-ims.test") =>
      (await memory.get(impu)).map(
        ({ pCscf, state, doubtful }) =>
          `${pCscf?.replace(".open-ims.test:4060", "")} ${doubtful ? "doubtful" : state}`,
      ),
  };
}

/** The methods of a store, to put others in the place of some. */
export function methodsOf(memory: MemoryLocationStore): LocationStore {
  return {
    upsert: (changes) => memory.upsert(changes),
    remove: (removals) => memory.remove(removals),
    get: (impu) => memory.get(impu),
    byFunction: (filter) => memory.byFunction(filter),
    changesSince: (change, limit) => memory.changesSince(change, limit),
    close: () => memory.close(),
  };
}
