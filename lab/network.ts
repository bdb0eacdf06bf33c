// Starts the lab's network: DNS, HSS, CSCFs, CFD, CFS. The same programs on sockets and on the virtual clock.
import { type CfdNode, createCfd } from "@liquid-ims/cfd/cfd";
import { type CfsNode, createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsFunction } from "@liquid-ims/cfs/config";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import { LocationRows } from "@liquid-ims/location-service/memory-rows";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { Pace } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import type { Lookup } from "@liquid-ims/sip/locate";
import { createAuthoritativeDns } from "./authoritative-dns.ts";
import { createHss, type HssNode } from "./ims-core/hss.ts";
import { createICscf } from "./ims-core/i-cscf.ts";
import { createPCscf } from "./ims-core/p-cscf.ts";
import { createSCscf } from "./ims-core/s-cscf.ts";
import type { Capacity } from "./ims-core/service-time.ts";
import type { Subscriber } from "./ims-core/subscriber.ts";
import type { PlacedNode, Platform } from "./platform.ts";
import { type Element, elementsOf, homeDomain, type Topology } from "./topology.ts";
import { createZone } from "./zone.ts";

export interface NetworkOptions {
  readonly topology: Topology;
  readonly platform: Platform;
  readonly subscribers: readonly Subscriber[];
  /** Service time of each CSCF and of the HSS. */
  readonly capacity: Capacity;
  /** For transfers that name none. */
  readonly pace: Pace;
  readonly replaceDialogs: boolean;
  /** Milliseconds from a refusal because of a call to the next try: calls are short when the script is fast. */
  readonly retry?: number;
}

export interface LabNetwork {
  readonly hss: PlacedNode<HssNode>;
  readonly cfd: PlacedNode<CfdNode>;
  readonly cfs: PlacedNode<CfsNode>;
  /** The location service's rows, as CFD and CFS share them. */
  readonly rows: LocationRows;
  readonly lookup: (host: Host) => Lookup;
  /** Ends a function as SIGKILL would; by its short name. */
  kill(name: string): void;
}

/** Longest answer time of a store on the virtual clock, in milliseconds; drawn by the seed. */
const storeDelayMs = 2;

function functionEntries(topology: Topology): CfsFunction[] {
  const kinds = [
    ["P-CSCF", topology.pCscfs],
    ["S-CSCF", topology.sCscfs],
  ] as const;
  return kinds.flatMap(([kind, elements]) =>
    elements.map(({ fqdn, address, uri }) => ({
      kind,
      name: kind === "P-CSCF" ? `${fqdn}:${address.port}` : uri,
      addresses: [address.host],
    })),
  );
}

export async function startNetwork(options: NetworkOptions): Promise<LabNetwork> {
  const { topology, platform, capacity } = options;
  const killable = new Map<string, PlacedNode<unknown>>();

  const lookup = (host: Host): Lookup => createDnsLookup(host, { servers: [topology.dns.address] });
  const rows = new LocationRows();

  /** On the virtual clock a store answers after a time that the seed draws, so that its races show. */
  function storeOptions(host: Host, name: string): { settle?: () => Promise<void> } {
    if (platform.clock === "real") return {};
    const random = host.random.fork(name);
    return { settle: () => host.clock.sleep(random.float() * storeDelayMs, `${name} answers`) };
  }

  function openLocationStore(host: Host): MemoryLocationStore {
    return new MemoryLocationStore({ rows, ...storeOptions(host, "location store") });
  }

  function openCfsStore(host: Host): MemoryCfsStore {
    return new MemoryCfsStore(storeOptions(host, "cfs store"));
  }

  const place = async <Node extends { readonly ready: Promise<void> }>(
    element: Element,
    program: (host: Host) => Node,
  ): Promise<PlacedNode<Node>> => {
    const placed = await platform.start(element.name, [element.address.host], program);
    killable.set(element.name, placed);
    return placed;
  };

  await place(
    topology.dns,
    createAuthoritativeDns({ zone: createZone(topology), listen: topology.dns.address }),
  );
  const hssNode = await place(
    topology.hss,
    createHss({
      listen: topology.hss.address,
      originHost: topology.hss.fqdn,
      originRealm: homeDomain,
      peers: [...topology.iCscfs, ...topology.sCscfs, topology.cfs].map(({ fqdn, address }) => ({
        originHost: fqdn,
        from: [address.host],
      })),
      digestRealm: homeDomain,
      subscribers: options.subscribers,
      capacity,
    }),
  );
  const cscf = (element: Element) => ({
    fqdn: element.fqdn,
    listen: element.address,
    homeDomain,
    lookup,
    capacity,
  });
  const coreHosts = elementsOf(topology).map((element) => element.address.host);
  const hss = { originHost: topology.hss.fqdn, address: topology.hss.address };
  for (const element of topology.pCscfs) await place(element, createPCscf({ ...cscf(element), coreHosts }));
  for (const element of topology.iCscfs) await place(element, createICscf({ ...cscf(element), hss }));
  for (const element of topology.sCscfs)
    await place(element, createSCscf({ ...cscf(element), hss, realm: homeDomain }));

  const listenOn = (element: Element) =>
    (["udp", "tcp"] as const).map((protocol) => ({ protocol, address: element.address }));
  const functions = functionEntries(topology);
  const cfd = await place(topology.cfd, (host) =>
    createCfd({
      store: openLocationStore(host),
      lookup: lookup(host),
      config: {
        listen: listenOn(topology.cfd),
        sCscfs: topology.sCscfs.map(({ uri, address }) => ({ name: uri, addresses: [address.host] })),
        functions,
        homeDomain,
      },
    })(host),
  );
  const cfs = await place(topology.cfs, (host) =>
    createCfs({
      location: openLocationStore(host),
      store: openCfsStore(host),
      lookup: lookup(host),
      config: {
        listen: listenOn(topology.cfs),
        homeDomain,
        functions,
        pace: options.pace,
        replaceDialogs: options.replaceDialogs,
        ...(options.retry === undefined ? {} : { times: { retry: options.retry } }),
      },
    })(host),
  );
  return {
    hss: hssNode,
    cfd,
    cfs,
    rows,
    lookup,
    kill(name) {
      const placed = killable.get(name);
      if (placed === undefined) throw new Error(`no function ${name} in the lab`);
      placed.kill();
    },
  };
}
