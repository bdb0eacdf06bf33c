// Control Function Selection: takes the OSS/BSS's orders, decides who moves where, commands the LCFs.
import type { PeerStatus } from "@liquid-ims/diameter/node";
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import { type RegistrationKey, registrationKeyOf } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { HttpPort } from "@liquid-ims/runtime/http";
import type { Metrics } from "@liquid-ims/runtime/metrics";
import type { Lookup } from "@liquid-ims/sip/locate";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import type { Target } from "@liquid-ims/sip/transport";
import { type CfsUe, type CfsUeOptions, createCfsUe } from "./cfs-ue/cfs-ue.ts";
import type { LcfChannel } from "./cfs-ue/channel.ts";
import { OpenRequests } from "./cfs-ue/open-requests.ts";
import { newTag } from "./cfs-ue/respond.ts";
import { allowedTargets, type CfsConfig } from "./config.ts";
import type { Cx } from "./cx/cx.ts";
import { CxNode } from "./cx/cx-node.ts";
import { withAdapter } from "./cx/hss-adapter.ts";
import { PyHssAdapter } from "./cx/pyhss-adapter.ts";
import { FunctionOrders } from "./functions/function-orders.ts";
import { type CfsKeys, loadSigningKeys, noteSigningKey } from "./keys.ts";
import { createOperations } from "./operations/create-operations.ts";
import type { Operations } from "./operations/operations.ts";
import { withStoreProblems } from "./operations/store-problems.ts";
import { type GuardedLocation, guardLocation } from "./store/guarded-location.ts";
import { type SteadyStore, steadyStore } from "./store/steady-store.ts";
import type { CfsStore } from "./store/store.ts";
import { storeOf } from "./store/table.ts";
import { Controller } from "./transfer/controller.ts";
import { defaultLimits } from "./transfer/guard.ts";
import { defaultTimes } from "./transfer/times.ts";

export interface CfsOptions {
  /** The home network's location service; only read. */
  readonly location: LocationStore;
  /** The CFS's own store: dialogs, commands, transfers. Outlives the node. */
  readonly store: CfsStore;
  /** Default: only numeric hosts are found. */
  readonly lookup?: Lookup;
  /** Default: those in the store, made when there are none. */
  readonly keys?: CfsKeys;
  readonly config: CfsConfig;
  /** For `cx.adapter`. */
  readonly http?: HttpPort;
}

export interface CfsNode {
  /** Listening, and going on with what an earlier life left; rejects when an address cannot be had. */
  readonly ready: Promise<void>;
  /** The addresses that it listens on, with the ports that the system chose; empty before `ready`. */
  readonly local: readonly Target[];
  /** They wait for `ready`. */
  readonly operations: Operations;
  /** Registrations whose LCF can be commanded now; 0 before `ready`. */
  reachable(): number;
  /** The host's, for what serves this node's operations. */
  readonly metrics: Metrics;
  /** Why its own store does not do what is asked, for /healthz; null: it does. */
  storeTrouble(): string | null;
  /** Why the location service does not answer, for /healthz; null: it does. */
  locationTrouble(): string | null;
  /** Diameter peers with the states of their machines, for /healthz; none without `cx`, and before it is called. */
  cxPeers(): readonly PeerStatus[];
  /** Before `stop`: from now on requests of UEs get 503; resolves when those that came before are answered. */
  drain(): Promise<void>;
  /** Closes sockets and timers; sends nothing. The stores are their owner's to close. */
  stop(): Promise<void>;
}

/** The CFS as a program for any host. */
export function createCfs(options: CfsOptions): Program<CfsNode> {
  return (host) => new Cfs(host, options);
}

/** Ended transfers, and ended operations of functions, that are kept. */
const defaultKeep = 100;

interface Engine {
  readonly controller: Controller;
  readonly orders: FunctionOrders | null;
  readonly channel: LcfChannel;
}

class Cfs implements CfsNode {
  readonly ready: Promise<void>;
  readonly operations: Operations;
  readonly #host: Host;
  readonly #options: CfsOptions;
  readonly #known = new Set<RegistrationKey>();
  readonly #store: SteadyStore;
  readonly #location: GuardedLocation;
  #parts: {
    readonly stack: SipStack;
    readonly open: OpenRequests;
    readonly cfsUe: CfsUe;
    readonly controller: Controller;
    readonly cx: CxNode | null;
    readonly orders: FunctionOrders | null;
  } | null = null;
  #stopped = false;

  constructor(host: Host, options: CfsOptions) {
    this.#host = host;
    this.#options = options;
    this.#store = steadyStore(host, options.store);
    this.#location = guardLocation(host, options.location);
    const { config } = options;
    const location = this.#location;
    const engine = this.#start();
    this.ready = engine.then(() => undefined);
    this.operations = withStoreProblems(createOperations({ host, config, location, engine }));
  }

  get metrics(): Metrics {
    return this.#host.metrics;
  }

  get local(): readonly Target[] {
    return this.#parts?.stack.local ?? [];
  }

  async #start(): Promise<Engine> {
    const host = this.#host;
    const { lookup, config } = this.#options;
    const location = this.#location;
    const store = storeOf(host, this.#store);
    const keys = this.#options.keys ?? (await loadSigningKeys(host, store));
    const cfsUe = createCfsUe(host, { store, location, keys, options: cfsUeOptions(config) });
    const cx =
      config.cx === undefined
        ? null
        : new CxNode(host, {
            config: config.cx,
            homeDomain: config.homeDomain,
            // Nobody is called a stranger before the tables are read.
            serving: (push) => this.ready.then(() => controller.pushed(push)),
          });
    const written = cx === null ? null : withHssAdapter(host, cx, this.#options);
    const controller: Controller = createController(host, { store, location, config, cfsUe, cx: written });
    cfsUe.channel.onState((registration) => this.#known.add(registration));
    const open = new OpenRequests(cfsUe.user, () => newTag(host));
    const stack = await openStack(host, {
      listen: config.listen,
      user: open,
      ...(lookup === undefined ? {} : { lookup }),
      ...(config.timers === undefined ? {} : { timers: config.timers }),
    });
    await cx?.start();
    if (this.#stopped) {
      await cx?.stop();
      await stack.close();
      return { controller, orders: null, channel: cfsUe.channel };
    }
    const orders = createOrders(host, store, config);
    this.#parts = { stack, open, cfsUe, controller, cx, orders };
    await orders?.start();
    const hasNewKey = await noteSigningKey(host, store, keys);
    await cfsUe.start(stack);
    if (hasNewKey) {
      host.log.warn("another key signs: every LCF is told to subscribe anew", { key: keys.signing.kid });
      cfsUe.revoke();
    }
    for (const record of await location.byFunction({})) this.#known.add(registrationKeyOf(record));
    await controller.start();
    location.started();
    return { controller, orders, channel: cfsUe.channel };
  }

  reachable(): number {
    const channel = this.#parts?.cfsUe.channel;
    if (channel === undefined) return 0;
    return [...this.#known].filter((registration) => channel.state(registration).reachable).length;
  }

  storeTrouble(): string | null {
    return this.#store.trouble();
  }

  locationTrouble(): string | null {
    return this.#location.trouble();
  }

  cxPeers(): readonly PeerStatus[] {
    return this.#parts?.cx?.peers ?? [];
  }

  async drain(): Promise<void> {
    await this.#parts?.open.drain();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#parts?.controller.stop();
    this.#parts?.orders?.stop();
    this.#parts?.cfsUe.stop();
    await this.#parts?.cx?.stop();
    await this.#parts?.stack.close();
  }
}

function cfsUeOptions(config: CfsConfig): CfsUeOptions {
  return {
    ...config.lcf,
    contact: config.contact ?? `sip:cfs.${config.homeDomain}`,
    functions: createFunctionTable(config.functions),
    allowed: allowedTargets(config),
    directFlow: config.directFlow ?? [],
  };
}

function createOrders(host: Host, store: CfsStore, config: CfsConfig): FunctionOrders | null {
  const { dns, homeDomain } = config;
  const keep = config.keepTransfers ?? defaultKeep;
  return dns === undefined ? null : new FunctionOrders({ host, store, config: dns, homeDomain, keep });
}

/** Throws where an adapter is configured and nothing can send its requests. */
function withHssAdapter(host: Host, cx: CxNode, { config, http }: CfsOptions): Cx {
  const { adapter, destinationRealm: realm = "" } = config.cx ?? {};
  if (adapter === undefined) return cx;
  if (http === undefined) throw new Error("config.cx.adapter: this CFS was made without `http`; give it one");
  const { url, timeoutMs, provisioningKey } = adapter;
  const options = {
    ...{ url, realm },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(provisioningKey === undefined ? {} : { provisioningKey }),
  };
  return withAdapter(cx, new PyHssAdapter(host, http, options));
}

function createController(
  host: Host,
  parts: {
    readonly store: CfsStore;
    readonly location: LocationStore;
    readonly config: CfsConfig;
    readonly cfsUe: CfsUe;
    readonly cx: Cx | null;
  },
): Controller {
  const { store, location, config, cfsUe, cx } = parts;
  const table = createFunctionTable(config.functions);
  return new Controller({
    host,
    store,
    location,
    channel: cfsUe.channel,
    cx,
    cancelsOldServer: config.cx?.cancelsOldServer,
    aftercare: config.cx?.aftercare ?? true,
    isSame: table.isSame,
    addressesOf: (name) => config.functions.find((entry) => table.isSame(entry.name, name))?.addresses ?? [],
    times: { ...defaultTimes, ...config.times },
    limits: { ...defaultLimits, ...config.guard },
    keep: config.keepTransfers ?? defaultKeep,
    recordsChanged: (records) => cfsUe.recordsChanged(records),
  });
}
