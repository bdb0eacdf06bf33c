// What S-CSCFs have sent lately, for whoever sets up a core: from whom, what was in it, what was missing, what was
// refused. In memory, of this life; bounded.
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { Clock } from "@liquid-ims/runtime/clock";
import type { SipRequest } from "@liquid-ims/sip/message";
import { formatTarget, type Target } from "@liquid-ims/sip/transport";
import type { CfdCounters, Refusal } from "./cfd-counters.ts";
import type { PCscf } from "./p-cscf-name.ts";
import type { ThirdPartyRegister } from "./third-party-register.ts";

/** What a third-party REGISTER may do without, and the CFD rather would not. */
export type Lack = "Path" | "icid-generated-at" | "embedded REGISTER" | "P-Associated-URI" | "P-CSCF";

/** The last registration that an S-CSCF has told. */
export interface RegisterSighting {
  /** Server-Name, verbatim. */
  readonly sCscf: FunctionName;
  /** Where it came from: `tcp:127.0.1.21:41000`. */
  readonly source: string;
  /** Registrations since the CFD was started; de-registrations do not count. */
  readonly count: number;
  /** ms since 1970. */
  readonly at: number;
  readonly pCscf: FunctionName | null;
  /** Where the name of the P-CSCF stood. */
  readonly pCscfFrom: PCscf["source"] | null;
  readonly lacks: readonly Lack[];
}

/** The last request that was refused. */
export interface RefusalSighting {
  readonly at: number;
  readonly source: string;
  readonly status: number;
  readonly reason: Refusal;
  /** Names the field, its value and the remedy. */
  readonly detail: string;
}

export interface RegistersSeen {
  /** By S-CSCF, in the order in which they came first. */
  readonly from: readonly RegisterSighting[];
  readonly refused: RefusalSighting | null;
}

/** Where any loopback address may register users, anybody can invent names. */
const mostServers = 100;

/** What is missing: the P-CSCF where neither Path nor icid-generated-at names one. */
export function lacksOf(request: SipRequest, message: ThirdPartyRegister): readonly Lack[] {
  const lacks: Lack[] = [];
  const source = message.pCscf?.source ?? null;
  const hasCharging = /icid-generated-at=/i.test(request.headers.get("P-Charging-Vector") ?? "");
  if (source !== "Path") lacks.push("Path");
  if (!hasCharging && source !== "icid-generated-at") lacks.push("icid-generated-at");
  if (message.contacts === null) lacks.push("embedded REGISTER");
  if (!message.isSetShown) lacks.push("P-Associated-URI");
  if (message.pCscf === null) lacks.push("P-CSCF");
  return lacks;
}

export class RegisterSightings {
  readonly #clock: Clock;
  readonly #counters: CfdCounters;
  readonly #byServer = new Map<FunctionName, RegisterSighting>();
  #refused: RefusalSighting | null = null;

  constructor(clock: Clock, counters: CfdCounters) {
    this.#clock = clock;
    this.#counters = counters;
  }

  /** A REGISTER that could be read. */
  note(request: SipRequest, source: Target, message: ThirdPartyRegister): void {
    if (message.expires === 0) return;
    const lacks = lacksOf(request, message);
    for (const lack of lacks) this.#counters.lacking(lack);
    const { sCscf, pCscf } = message;
    const before = this.#byServer.get(sCscf);
    if (before === undefined && this.#byServer.size >= mostServers) return;
    this.#byServer.set(sCscf, {
      sCscf,
      source: formatTarget(source),
      count: (before?.count ?? 0) + 1,
      at: this.#clock.wall(),
      pCscf: pCscf?.name ?? null,
      pCscfFrom: pCscf?.source ?? null,
      lacks,
    });
  }

  refused(source: Target, status: number, reason: Refusal, detail: string): void {
    this.#refused = { at: this.#clock.wall(), source: formatTarget(source), status, reason, detail };
  }

  get seen(): RegistersSeen {
    return { from: [...this.#byServer.values()], refused: this.#refused };
  }
}
