// A CFS and the lab's name server on the virtual clock; a second CFS with a store of its own where a test wants one.
import { type CfsNode, createCfs } from "@liquid-ims/cfs/cfs";
import type { CfsFunction, DnsConfig } from "@liquid-ims/cfs/config";
import type { OperationResult, Operations } from "@liquid-ims/cfs/operations/operations";
import { CfsRows } from "@liquid-ims/cfs/store/memory-rows";
import { MemoryCfsStore } from "@liquid-ims/cfs/store/memory-store";
import { formatRecordData } from "@liquid-ims/dns/record-text";
import {
  type AuthoritativeDnsNode,
  type AuthoritativeDnsOptions,
  createAuthoritativeDns,
  type ZoneRecord,
} from "@liquid-ims/lab/authoritative-dns";
import { LocationRows } from "@liquid-ims/location-service/memory-rows";
import { MemoryLocationStore } from "@liquid-ims/location-service/memory-store";
import type { FunctionOperation, FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import type { Host } from "@liquid-ims/runtime/host";
import { silentLog } from "@liquid-ims/runtime/log";
import { type SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { addBareHost } from "../../support/virtual-hosts.ts";

export const zone = "home";
export const server = { host: "192.0.2.53", port: 53 };
export const secret = "YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyAuLi4=";
export const i1 = "icscf1.home";
export const i2 = "icscf2.home";

export const keyFile = (name = "cfs-key", text = secret) =>
  `key "${name}" { algorithm hmac-sha256; secret "${text}"; };`;

export const dnsConfig: DnsConfig = {
  server,
  zone,
  key: { name: "cfs-key", algorithm: "hmac-sha256", secret },
};

function srv(service: string, transport: string, target: string, port: number, ttl: number): ZoneRecord {
  const data = { priority: 10, weight: 10, port, target };
  return { name: `_sip._${transport}.${service}`, type: "SRV", ttl, data };
}

function naptr(name: string, services: string, order: number, transport: string, ttl: number): ZoneRecord {
  const replacement = `_sip._${transport}.${name}`;
  const data = { order, preference: 50, flags: "s", services, regexp: "", replacement };
  return { name, type: "NAPTR", ttl, data };
}

/** A home network with one I-CSCF and one CFD, and a host that is neither. */
export function homeZone(ttl = 20): ZoneRecord[] {
  return [
    { name: i1, type: "A", ttl, data: "192.0.2.31" },
    { name: "cfd.home", type: "A", ttl, data: "192.0.2.41" },
    { name: "pcscf1.home", type: "A", ttl, data: "192.0.2.11" },
    naptr("home", "SIP+D2U", 10, "udp", ttl),
    naptr("home", "SIP+D2T", 20, "tcp", ttl),
    srv("home", "udp", i1, 5060, ttl),
    srv("home", "tcp", i1, 5060, ttl),
    srv("cfd.home", "udp", "cfd.home", 7080, ttl),
    srv("cfd.home", "tcp", "cfd.home", 7080, ttl),
  ];
}

export const second: FunctionRequest = { kind: "I-CSCF", addresses: ["192.0.2.32"] };

export interface BenchOptions {
  readonly seed?: number;
  /** Null: this CFS changes no DNS. */
  readonly dns?: Partial<DnsConfig> | null;
  readonly functions?: readonly CfsFunction[];
  readonly name?: Partial<AuthoritativeDnsOptions>;
  /** Of the CFS's clock. */
  readonly skewMs?: number;
  /** In place of the lab's name server, which is at another port then. */
  readonly server?: (host: Host) => unknown;
  /** Told of each change of the zone: the name server's wall clock. */
  readonly changed?: (at: number) => void;
  /** CFSs, each with a store of its own; default 1. */
  readonly count?: number;
}

export class FunctionBench {
  readonly simulation: Simulation;
  readonly name: SimulatedHost<AuthoritativeDnsNode>;
  readonly cfss: readonly SimulatedHost<CfsNode>[];
  readonly #disks: Host;

  constructor(options: BenchOptions = {}) {
    const { seed = 1, count = 1, skewMs = 0 } = options;
    this.simulation = new Simulation({ seed });
    this.#disks = addBareHost(this.simulation, "disks", "192.0.2.100").host;
    const lab = createAuthoritativeDns({
      origin: zone,
      zone: homeZone(),
      listen: options.server === undefined ? server : { ...server, port: 5353 },
      keys: keyFile(),
      ...options.name,
    });
    this.name = this.simulation.addHost("ns", {
      addresses: [server.host],
      program: (host) => {
        options.server?.(host);
        return lab(host);
      },
      log: {
        ...silentLog,
        info: (event) => {
          if (event === "dns.zone-changed") options.changed?.(this.name.host.clock.wall());
        },
      },
    });
    this.cfss = Array.from({ length: count }, (_, index) => {
      const address = `192.0.2.${200 + index}`;
      const rows = new CfsRows();
      return this.simulation.addHost(`cfs${index + 1}`, {
        addresses: [address],
        skewMs,
        program: (host) => this.#createCfs(host, rows, address, options),
      });
    });
  }

  #createCfs(host: Host, rows: CfsRows, address: string, options: BenchOptions): CfsNode {
    const random = host.random.fork("store");
    // The store is another machine's: what was asked before a crash may still be done after it.
    const settle = (kind: "read" | "write") =>
      this.#disks.clock.sleep(random.float() * (kind === "write" ? 10 : 1), "store");
    return createCfs({
      location: new MemoryLocationStore({ rows: new LocationRows() }),
      store: new MemoryCfsStore({ rows, settle }),
      config: {
        listen: [{ protocol: "udp", address: { host: address, port: 7090 } }],
        homeDomain: zone,
        functions: [
          { kind: "P-CSCF", name: "pcscf1.home:4060", addresses: ["192.0.2.11"] },
          ...(options.functions ?? []),
        ],
        ...(options.dns === null ? {} : { dns: { ...dnsConfig, ...options.dns } }),
      },
    })(host);
  }

  get cfs(): SimulatedHost<CfsNode> {
    const [cfs] = this.cfss;
    if (cfs === undefined) throw new Error("no CFS");
    return cfs;
  }

  get operations(): Operations {
    return this.cfs.node.operations;
  }

  /** Lets time pass until the operation has answered. */
  call<Value>(operation: Promise<OperationResult<Value>>): Promise<OperationResult<Value>> {
    return this.simulation.settle(operation, 60_000);
  }

  async value<Value>(operation: Promise<OperationResult<Value>>): Promise<Value> {
    const answer = await this.call(operation);
    if (!answer.ok) throw new Error(JSON.stringify(answer.problem));
    return answer.value;
  }

  /** Status and detail of what is refused. */
  async refused(operation: Promise<OperationResult<unknown>>): Promise<string> {
    const answer = await this.call(operation);
    if (answer.ok) throw new Error(`it was taken: ${JSON.stringify(answer.value)}`);
    return `${answer.problem.status} ${answer.problem.detail}`;
  }

  get(id: string, cfs = this.cfs): Promise<FunctionOperation> {
    return this.value(cfs.node.operations.getFunctionOperation(id));
  }

  /** Lets time pass until the operation is as wanted, ten minutes at most. */
  async until(
    id: string,
    wanted: (operation: FunctionOperation) => boolean,
    cfs = this.cfs,
    lookEveryMs = 50,
  ): Promise<FunctionOperation> {
    const end = this.simulation.now + 600_000;
    for (;;) {
      const present = await this.get(id, cfs);
      if (wanted(present)) return present;
      if (this.simulation.now > end) throw new Error(`still ${JSON.stringify(present)}`);
      await this.simulation.run({ ms: lookEveryMs });
    }
  }

  end(id: string, cfs = this.cfs): Promise<FunctionOperation> {
    return this.until(id, ({ state }) => state === "COMPLETED" || state === "FAILED", cfs, 250);
  }

  failure(id: string, cfs = this.cfs): Promise<FunctionOperation> {
    return this.until(id, ({ state }) => state === "FAILED_TEMP", cfs);
  }

  /** The zone's records but those of hosts that no test changes, each as `name type ttl data`, sorted. */
  records(): string[] {
    return this.name.node
      .records()
      .filter(({ record }) => record.type !== "NS")
      .map(({ name, ttl, record }) => `${name} ${ttl} ${record.type} ${formatRecordData(record)}`)
      .sort();
  }
}
