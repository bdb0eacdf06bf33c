// Elements of the core in the lab's own process, each on a host of its own; CFD and CFS share a location store in memory.
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { LocationRows } from "@liquid-ims/location-service/memory-rows";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { Host } from "@liquid-ims/runtime/host";
import {
  createElement,
  type ElementKind,
  type ElementNodes,
  type ElementSpecs,
  type ElementStores,
} from "./element.ts";
import type { PlacedElement, Placement } from "./placement.ts";
import type { Platform } from "./platform.ts";
import type { Element } from "./topology.ts";

/** Longest answer time of a store on the virtual clock, in milliseconds; drawn by the seed. */
const storeDelayMs = 2;

export class InProcessPlacement implements Placement {
  /** The location service's rows, as CFD and CFS share them. */
  readonly rows = new LocationRows();
  readonly #platform: Platform;
  readonly #nodes: { [Kind in ElementKind]?: Map<string, ElementNodes[Kind]> } = {};
  readonly #stores: ElementStores;

  constructor(platform: Platform) {
    this.#platform = platform;
    this.#stores = {
      location: (host) =>
        new MemoryLocationStore({ rows: this.rows, ...this.#settling(host, "location store") }),
      cfs: (host) => new MemoryCfsStore(this.#settling(host, "cfs store")),
    };
  }

  /** On the virtual clock a store answers after a time that the seed draws, so that its races show. */
  #settling(host: Host, name: string): { settle?: () => Promise<void> } {
    if (this.#platform.clock === "real") return {};
    const random = host.random.fork(name);
    return { settle: () => host.clock.sleep(random.float() * storeDelayMs, `${name} answers`) };
  }

  /** The node of an element that was placed, by its short name. */
  node<Kind extends ElementKind>(kind: Kind, name: string): ElementNodes[Kind] {
    const node = this.#nodes[kind]?.get(name);
    if (node === undefined) throw new Error(`no ${kind} ${name} was placed`);
    return node;
  }

  async place<Kind extends ElementKind>(
    kind: Kind,
    { name, address }: Element,
    spec: ElementSpecs[Kind],
  ): Promise<PlacedElement> {
    const program = createElement(kind, spec, this.#stores);
    const placed = await this.#platform.start<ElementNodes[Kind]>(name, [address.host], program);
    this.#nodes[kind] ??= new Map();
    this.#nodes[kind]?.set(name, placed.node);
    return placed;
  }

  async settle(): Promise<void> {
    // The tap has written each message down as it was sent.
  }

  async close(): Promise<void> {
    // Its HTTP server is no socket of a host. On the virtual clock there is none.
    if (this.#platform.clock === "real") await this.#nodes.cfs?.get("cfs")?.stop();
  }
}
