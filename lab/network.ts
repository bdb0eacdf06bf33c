// Starts the lab's network: DNS, HSS, CSCFs, CFD, CFS. The same elements on sockets and on the virtual clock, in this
// process or in processes of their own.
import type { CfsFunction, CxConfig } from "@liquid-ims/cfs/config";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import type { Pace } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import type { Lookup } from "@liquid-ims/sip/locate";
import type { ElementKind, ElementSpecs } from "./element.ts";
import type { HssPeer } from "./ims-core/cx-client.ts";
import type { HssBehaviour } from "./ims-core/hss-behaviour.ts";
import type { Capacity } from "./ims-core/service-time.ts";
import type { Subscriber } from "./ims-core/subscriber.ts";
import type { PlacedElement, Placement } from "./placement.ts";
import { type Element, elementsOf, homeDomain, ownAddresses, type Topology } from "./topology.ts";
import { createZone, type ZoneOptions } from "./zone.ts";

export interface NetworkOptions {
  readonly topology: Topology;
  readonly placement: Placement;
  readonly subscribers: readonly Subscriber[];
  /** Service time of each CSCF and of the HSS. */
  readonly capacity: Capacity;
  /** For transfers that name none. */
  readonly pace: Pace;
  readonly replaceDialogs: boolean;
  /** Milliseconds from a refusal because of a call to the next try: calls are short when the script is fast. */
  readonly retry?: number;
  /** Default "specification". */
  readonly hss?: HssBehaviour;
  /** The CFS is told of the interface that the HSS has of its own, where it has one (PyHSS). Default true. */
  readonly usesAdapter?: boolean;
  /** S-CSCFs cut the calls of a user whom the HSS cancels, 10 s later at most or `afterMs`. Default false. */
  readonly releaseSessionsOnRtr?: boolean | { readonly afterMs: number };
  /** The CFS knows that the HSS cancels the S-CSCF that a user leaves, and that calls are then cut. Default false. */
  readonly cancelsOldServer?: boolean;
  /**
   * S-CSCFs connect to the CFS, too, which passes on RTR and PPR that the HSS sends it because it has written their name.
   * Default false.
   */
  readonly relaysPushes?: boolean;
  /** Longest registration that the S-CSCFs grant, in seconds; theirs when absent. */
  readonly maximumExpires?: number;
  /** P-CSCFs write into Contact where a REGISTER came from, as stock Kamailio does. Default false. */
  readonly addContactAlias?: boolean;
  /** Where the CFS offers os-cfs over HTTP; null: nowhere. */
  readonly osCfs: Address | null;
  readonly zone?: ZoneOptions;
  /** Secret in base64 with which the CFS changes the zone. Default: it changes nothing there. */
  readonly zoneSecret?: string;
}

const zoneKeyName = `cfs.${homeDomain}`;

/** The name server's keys, and what the CFS has to know to use one of them. */
function updates(secret: string | undefined, server: Address, ttl?: number) {
  if (secret === undefined) return { keys: {}, dns: {} };
  const key = { name: zoneKeyName, algorithm: "hmac-sha256", secret } as const;
  const text = `key "${zoneKeyName}" { algorithm hmac-sha256; secret "${secret}"; };\n`;
  return {
    keys: { keys: text, updaters: [zoneKeyName] },
    dns: { dns: { server, zone: homeDomain, key, ...(ttl === undefined ? {} : { ttl }) } },
  };
}

/** OpenIMSCore's registrar looks at its users every 10 s. */
const registrarTickMs = 10_000;

function releasing(wish: boolean | { readonly afterMs: number }): { readonly afterMs: number } | null {
  if (typeof wish === "object") return wish;
  return wish ? { afterMs: registrarTickMs } : null;
}

export interface LabNetwork {
  readonly lookup: (host: Host) => Lookup;
  /** Starts the topology's function that was not started with the others. */
  startLater(): Promise<void>;
  /** Ends a function as SIGKILL would; by its short name. */
  kill(name: string): void;
}

function functionEntries(topology: Topology): CfsFunction[] {
  const kinds = [
    ["P-CSCF", topology.pCscfs],
    ["S-CSCF", topology.sCscfs],
  ] as const;
  return kinds.flatMap(([kind, elements]) =>
    elements.map((element) => ({
      kind,
      name: kind === "P-CSCF" ? `${element.fqdn}:${element.address.port}` : element.uri,
      addresses: ownAddresses(topology, element),
    })),
  );
}

/** The CFS as a Diameter node that S-CSCFs call. */
function controllerOf({ cfs }: Topology): HssPeer {
  return { originHost: cfs.fqdn, address: { host: cfs.address.host, port: 3868 } };
}

/** What the CFS is told of that: the S-CSCFs call it. */
export function pushesOf(topology: Topology): Pick<CxConfig, "listen" | "serving"> {
  const serving = topology.sCscfs.map(({ uri, fqdn }) => ({ server: uri, host: fqdn }));
  return { listen: controllerOf(topology).address, serving };
}

/** What the CFS is told of an HSS that does not move users on MAR. */
function adapterOf({ hssInterface }: Topology): Pick<CxConfig, "adapter"> {
  return { adapter: { kind: "pyhss", url: `http://${formatAddress(hssInterface)}` } };
}

export async function startNetwork(options: NetworkOptions): Promise<LabNetwork> {
  const { topology, placement, capacity, relaysPushes = false, hss: behaviour = "specification" } = options;
  const killable = new Map<string, PlacedElement>();
  const dns = topology.dns.address;

  async function place<Kind extends ElementKind>(
    kind: Kind,
    element: Element,
    spec: ElementSpecs[Kind],
  ): Promise<void> {
    killable.set(element.name, await placement.place(kind, element, spec));
  }

  const zoneUpdates = updates(options.zoneSecret, dns, options.zone?.ttl);
  await place("dns", topology.dns, {
    zone: createZone(topology, options.zone),
    listen: dns,
    ...zoneUpdates.keys,
  });
  await place("hss", topology.hss, {
    listen: topology.hss.address,
    originHost: topology.hss.fqdn,
    originRealm: homeDomain,
    digestRealm: homeDomain,
    peers: [
      ...[...topology.iCscfs, ...topology.sCscfs, topology.cfs].map(({ fqdn, address }) => ({
        originHost: fqdn,
        from: [address.host],
      })),
      // Of `lab doctor --identity`: whoever looks at a running lab must not take the CFS's own connection.
      { originHost: `doctor.${homeDomain}` },
    ],
    subscribers: options.subscribers,
    capacity,
    behaviour,
    ...(behaviour === "pyhss" ? { pyHssInterface: topology.hssInterface } : {}),
  });
  const cscf = (element: Element) => ({
    fqdn: element.fqdn,
    listen: element.address,
    homeDomain,
    dns,
    capacity,
  });
  // Where UEs share the core's address the port tells it.
  const isShared = topology.ue(1).host === topology.cfs.address.host;
  const coreHosts = elementsOf(topology).map(({ address }) =>
    isShared ? formatAddress(address) : address.host,
  );
  const hss = { originHost: topology.hss.fqdn, address: topology.hss.address };
  const addContactAlias = options.addContactAlias ?? false;
  for (const element of topology.pCscfs)
    await place("p-cscf", element, { ...cscf(element), coreHosts, addContactAlias });
  const placeICscf = (element: Element) => place("i-cscf", element, { ...cscf(element), hss });
  const isFirst = (element: Element) => element !== topology.later;
  for (const element of topology.iCscfs.filter(isFirst)) await placeICscf(element);
  for (const element of topology.sCscfs)
    await place("s-cscf", element, {
      ...{ ...cscf(element), hss, realm: homeDomain },
      ...(relaysPushes ? { controllers: [controllerOf(topology)] } : {}),
      ...(options.maximumExpires === undefined ? {} : { maximumExpires: options.maximumExpires }),
      releaseSessionsOnRtr: releasing(options.releaseSessionsOnRtr ?? false),
    });

  const listenOn = (element: Element) =>
    (["udp", "tcp"] as const).map((protocol) => ({ protocol, address: element.address }));
  const functions = functionEntries(topology);
  const placeCfd = (element: Element) =>
    place("cfd", element, {
      dns,
      config: {
        listen: listenOn(element),
        sCscfs: topology.sCscfs.map(({ uri, address }) => ({ name: uri, addresses: [address.host] })),
        functions,
        homeDomain,
        // Our S-CSCFs and those of the Kamailio core answer it.
        regEvent: { askAll: true },
      },
    });
  for (const element of topology.cfds.filter(isFirst)) await placeCfd(element);
  await place("cfs", topology.cfs, {
    dns,
    osCfs: options.osCfs,
    config: {
      listen: listenOn(topology.cfs),
      homeDomain,
      functions,
      pace: options.pace,
      replaceDialogs: options.replaceDialogs,
      ...zoneUpdates.dns,
      cx: {
        originHost: topology.cfs.fqdn,
        originRealm: homeDomain,
        destinationRealm: homeDomain,
        destinationHost: hss.originHost,
        // Not told, the CFS finds out.
        ...(options.cancelsOldServer === true ? { cancelsOldServer: true } : {}),
        peers: [{ host: hss.originHost, address: hss.address, localHost: topology.cfs.address.host }],
        ...(relaysPushes ? pushesOf(topology) : {}),
        ...(behaviour === "pyhss" && options.usesAdapter !== false ? adapterOf(topology) : {}),
      },
      ...(options.retry === undefined ? {} : { times: { retry: options.retry } }),
    },
  });
  return {
    lookup: (host) => createDnsLookup(host, { servers: [dns] }),
    async startLater() {
      const { later } = topology;
      if (later === null) throw new Error("the topology has no function that is started later");
      await (later.role === "cfd" ? placeCfd(later) : placeICscf(later));
    },
    kill(name) {
      const placed = killable.get(name);
      if (placed === undefined) throw new Error(`no function ${name} in the lab`);
      placed.kill();
    },
  };
}
