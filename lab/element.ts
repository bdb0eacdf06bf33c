// The elements of the lab as data, and the program that each of them is: so that one runs in this process or in one of
// its own.
import { type CfdNode, createCfd } from "@liquid-ims/cfd/cfd";
import type { CfdConfig } from "@liquid-ims/cfd/cfd-config";
import { type CfsNode, createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import { serveOsCfs } from "@liquid-ims/cfs/os-cfs/http";
import type { CfsStore } from "@liquid-ims/cfs/store/store";
import { createDnsLookup } from "@liquid-ims/dns/lookup";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import type { Lookup } from "@liquid-ims/sip/locate";
import {
  type AuthoritativeDnsNode,
  type AuthoritativeDnsOptions,
  createAuthoritativeDns,
} from "./authoritative-dns.ts";
import { createHttpClient } from "./http/client.ts";
import type { CscfNode } from "./ims-core/cscf.ts";
import { createHss, type HssNode, type HssOptions } from "./ims-core/hss.ts";
import { createICscf, type ICscfOptions } from "./ims-core/i-cscf.ts";
import { createPCscf, type PCscfOptions } from "./ims-core/p-cscf.ts";
import { createSCscf, type SCscfOptions } from "./ims-core/s-cscf.ts";

/** What each kind of element is started with; plain data, so that it can be sent to another process. */
export interface ElementSpecs {
  readonly dns: AuthoritativeDnsOptions;
  readonly hss: HssOptions;
  readonly "p-cscf": WithDns<PCscfOptions>;
  readonly "i-cscf": WithDns<ICscfOptions>;
  readonly "s-cscf": WithDns<SCscfOptions>;
  readonly cfd: { readonly dns: Address; readonly config: CfdConfig };
  readonly cfs: {
    readonly dns: Address;
    readonly config: CfsConfig;
    /** Where os-cfs is offered over HTTP; null: nowhere, its operations are called. */
    readonly osCfs: Address | null;
  };
}

type WithDns<Options> = Omit<Options, "lookup"> & { readonly dns: Address };

export interface ElementNodes {
  readonly dns: AuthoritativeDnsNode;
  readonly hss: HssNode;
  readonly "p-cscf": CscfNode;
  readonly "i-cscf": CscfNode;
  readonly "s-cscf": CscfNode;
  readonly cfd: CfdNode;
  readonly cfs: CfsElement;
}

/** A CFS with its HTTP server, where it has one. */
export interface CfsElement {
  readonly cfs: CfsNode;
  /** Commands are taken, and os-cfs can be asked. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
}

export type ElementKind = keyof ElementSpecs;

/** The stores of CFD and CFS, as a host sees them. */
export interface ElementStores {
  location(host: Host): LocationStore;
  cfs(host: Host): CfsStore;
}

function lookupAt(dns: Address): (host: Host) => Lookup {
  return (host) => createDnsLookup(host, { servers: [dns] });
}

type Factories = {
  readonly [Kind in ElementKind]: (
    spec: ElementSpecs[Kind],
    stores: ElementStores,
  ) => Program<ElementNodes[Kind]>;
};

const factories: Factories = {
  dns: (spec) => createAuthoritativeDns(spec),
  hss: (spec) => createHss(spec),
  "p-cscf": ({ dns, ...options }) => createPCscf({ ...options, lookup: lookupAt(dns) }),
  "i-cscf": ({ dns, ...options }) => createICscf({ ...options, lookup: lookupAt(dns) }),
  "s-cscf": ({ dns, ...options }) => createSCscf({ ...options, lookup: lookupAt(dns) }),
  cfd:
    ({ dns, config }, stores) =>
    (host) =>
      createCfd({ store: stores.location(host), lookup: lookupAt(dns)(host), config })(host),
  cfs:
    ({ dns, config, osCfs }, stores) =>
    (host) => {
      const location = stores.location(host);
      const lookup = lookupAt(dns)(host);
      const http = createHttpClient(host, config.listen[0]?.address.host ?? "127.0.0.1");
      return withOsCfs(createCfs({ location, store: stores.cfs(host), lookup, http, config })(host), osCfs);
    },
};

function withOsCfs(cfs: CfsNode, osCfs: Address | null): CfsElement {
  if (osCfs === null) return { cfs, ready: cfs.ready, stop: () => cfs.stop() };
  const { operations, metrics } = cfs;
  const server = serveOsCfs({ operations, metrics, listen: osCfs });
  return {
    cfs,
    ready: Promise.all([cfs.ready, server]).then(() => undefined),
    async stop() {
      await (await server).close();
      await cfs.stop();
    },
  };
}

export function createElement<Kind extends ElementKind>(
  kind: Kind,
  spec: ElementSpecs[Kind],
  stores: ElementStores,
): Program<ElementNodes[Kind]> {
  return factories[kind](spec, stores);
}
