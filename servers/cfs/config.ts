// What a CFS is configured with. Times are milliseconds unless said otherwise; the numbers of cfs-ue are its section 9.
import type { TsigAlgorithm, TsigKey } from "@liquid-ims/dns/tsig-key";
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { AllowedTargets, DirectFlowAddress } from "@liquid-ims/reference-points/cfs-ue";
import type { FunctionKind, Pace } from "@liquid-ims/reference-points/os-cfs";
import type { Address } from "@liquid-ims/runtime/network";
import type { Timers } from "@liquid-ims/sip/timers";
import type { Target } from "@liquid-ims/sip/transport";
import type { CfsUeOptions } from "./cfs-ue/cfs-ue.ts";
import type { GuardLimits } from "./transfer/guard.ts";
import type { TransferTimes } from "./transfer/times.ts";

/** A control function of the network: an entry of the one name-address table. */
export interface CfsFunction {
  readonly kind: FunctionKind;
  /** P-CSCF: `host:port` as in its Path; S-CSCF: its Server-Name, verbatim. */
  readonly name: FunctionName;
  /** Address literals, IPv6 without brackets. */
  readonly addresses: readonly string[];
}

/** What can be set about the dialogs with LCFs. */
export type LcfPolicy = Partial<Omit<CfsUeOptions, "contact" | "functions" | "allowed" | "directFlow">>;

/** Where an HSS's own interface is. */
export interface HssAdapterConfig {
  /** PyHSS: REST, `PATCH /ims_subscriber/{id}`. */
  readonly kind: "pyhss";
  /** `http://192.0.2.30:8080`. */
  readonly url: string;
  /** Wait for each answer. Default 2,000. */
  readonly timeoutMs?: number;
  /** For an HSS whose provisioning is locked. */
  readonly provisioningKey?: string;
}

/** The CFS as a Diameter node towards the HSS, for changes of the S-CSCF. TS 29.229. */
export interface CxConfig {
  /** The CFS's own DiameterIdentity, as the HSS's peer table has it. */
  readonly originHost: string;
  readonly originRealm: string;
  /** Where the HSS may call; default null: the CFS calls. */
  readonly listen?: Address | null;
  readonly destinationRealm: string;
  /** Default: any node of the realm. */
  readonly destinationHost?: string;
  /** HSSs or Diameter agents, in order of preference. At least one. */
  readonly peers: readonly {
    /** Its DiameterIdentity. */
    readonly host: string;
    readonly address: Address;
    /** Own address literal from which it is called; default: the system chooses. */
    readonly localHost?: string;
  }[];
  /** SIP-Authentication-Scheme of MAR. Default "Digest-AKAv1-MD5"; where users have no AKA: "SIP Digest". */
  readonly authenticationScheme?: string;
  /**
   * Which public identity MAR, UAR and LIR name: that of the record, or "private": `sip:` and the private identity, with
   * which UEs without an ISIM register (TS 23.003 13.4B). Some HSSs keep an S-CSCF for each identity (Open5GS). Default
   * "default".
   */
  readonly publicIdentity?: "default" | "private";
  /**
   * Origin-Host of MAR. Default "own". An HSS that compares it with the stored one cancels the old S-CSCF (RTR) when
   * they differ, and some S-CSCFs then cut the user's calls; "previous" names that S-CSCF (the host of its
   * Server-Name), so none is cancelled, and RTR and PPR go on to it. That impersonates a Diameter node.
   */
  readonly marOriginHost?: "own" | "previous";
  /**
   * True where the HSS sends RTR to the old S-CSCF on MAR and that one cuts the calls of its users (OpenIMSCore does):
   * planned moves then wait for the ends of calls. Default: found out by what the LCFs report of their calls.
   */
  readonly cancelsOldServer?: boolean;
  /**
   * S-CSCFs as Diameter nodes: RTR and PPR that come to the CFS, because it has written the name last, go on to the
   * S-CSCF that serves. One that is not named here goes by the host of its Server-Name, through an agent of `peers`.
   */
  readonly serving?: readonly {
    /** Server-Name. */
    readonly server: string;
    /** Its DiameterIdentity. Default: the host of `server`. */
    readonly host?: string;
    /** Where it is called; default: it calls (`listen`). */
    readonly address?: Address;
    readonly localHost?: string;
  }[];
  /** The interface of an HSS that does not move users on MAR: names are written through it, and no MAR is sent. */
  readonly adapter?: HssAdapterConfig;
  /**
   * Users who have moved are watched until their old registration has expired: some HSSs then forget them. Default true;
   * false is for experiments that show the difference.
   */
  readonly aftercare?: boolean;
  /** Wait for the answer to a UAR. Default 10,000; a MAR is waited for until its commit time is over. */
  readonly requestMs?: number;
  /** Between two calls to a peer that is away. Default 2,000. */
  readonly reconnectMs?: number;
}

/** The zone in which I-CSCFs and CFDs come and go, and the key that may change it. RFC 2136, RFC 8945. */
export interface DnsConfig {
  /** The zone's primary name server; updates go over TCP. */
  readonly server: Address;
  /** Apex of the zone. */
  readonly zone: string;
  /** Of a key file, or with its secret in base64, as in the files of tsig-keygen. */
  readonly key:
    | TsigKey
    | { readonly name: string; readonly algorithm: TsigAlgorithm; readonly secret: string };
  /** Seconds, of sets of records that the CFS makes; one that is there keeps its own. Default 30. */
  readonly ttl?: number;
  /** Where I-CSCFs are looked up. Default: the home domain. */
  readonly iCscfService?: string;
  /** Host of the CFDs' URI in the filter criteria. Default `cfd.<homeDomain>`. */
  readonly cfdService?: string;
  /** How long the name server has to answer an update. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long a change that fails is tried again, unless its order says otherwise. Default 600,000. */
  readonly deadline?: number;
  /** Wait before the second try, doubled by each further one. Default 1,000. */
  readonly firstRetry?: number;
  /** Longest wait before a try. Default 60,000. */
  readonly longestRetry?: number;
  /** Waited for beyond the records' TTL: zone transfers to secondaries, seconds that are rounded. Default 1,000. */
  readonly margin?: number;
}

export interface CfsConfig {
  /** Where SUBSCRIBEs arrive. */
  readonly listen: readonly Target[];
  readonly homeDomain: string;
  /** All functions of the network. Only those named here can be emptied or be targets. */
  readonly functions: readonly CfsFunction[];
  /** Contact of the CFS in its dialogs. Default `sip:cfs.<homeDomain>`, a name with SRV records. */
  readonly contact?: string;
  /** Where LCFs may be told to go. Default: the hosts of all P-CSCFs and S-CSCFs of `functions`. */
  readonly allowed?: AllowedTargets;
  /** Addresses for direct flows. Default none. */
  readonly directFlow?: readonly DirectFlowAddress[];
  readonly lcf?: LcfPolicy;
  /** Cx to the HSS. Without it users cannot be moved between S-CSCFs. */
  readonly cx?: CxConfig;
  /** Without it no function can be brought into the DNS, or taken out. */
  readonly dns?: DnsConfig;
  /** For transfers that name none. Default fixed, 5 users a second. */
  readonly pace?: Pace;
  /** Deadlines and intervals of transfers; defaults in transfer/times.ts. */
  readonly times?: Partial<TransferTimes>;
  /** When a transfer is stopped; defaults in transfer/guard.ts. */
  readonly guard?: Partial<GuardLimits>;
  /** Replace the dialogs of those who move. Default true; false is for experiments that show the difference. */
  readonly replaceDialogs?: boolean;
  /** Ended transfers that can still be looked at. Default 100. */
  readonly keepTransfers?: number;
  /** SIP timers; default RFC 3261's. */
  readonly timers?: Partial<Timers>;
}

/** The default pace: cautious enough for a core that takes 50 registrations at once. */
export const defaultPace: Pace = { mode: "fixed", usersPerSecond: 5 };

function hostsOf(functions: readonly CfsFunction[], kind: FunctionKind): string[] {
  const hosts = functions
    .filter((entry) => entry.kind === kind)
    .flatMap(({ name, addresses }) => [splitFunctionName(name)?.host ?? name, ...addresses]);
  return [...new Set(hosts)];
}

/** `allowed` as configured, else the hosts of all P-CSCFs and S-CSCFs, by name and by address. */
export function allowedTargets(config: CfsConfig): AllowedTargets {
  return (
    config.allowed ?? {
      pCscf: hostsOf(config.functions, "P-CSCF"),
      sCscf: hostsOf(config.functions, "S-CSCF"),
    }
  );
}
