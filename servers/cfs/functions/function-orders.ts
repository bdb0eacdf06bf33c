// Carries out orders that bring I-CSCFs and CFDs into the DNS and out: durable before anything is sent, gone on with by
// the next life of the CFS. One event of a function at a time. RFC 2136, RFC 8945.
import { type Authority, createAuthority } from "@liquid-ims/dns/authority";
import { createUpdater, type Updater, type ZoneUpdate } from "@liquid-ims/dns/updater";
import type { FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { encodeHex } from "@liquid-ims/runtime/text";
import { SerialQueue } from "../cfs-ue/serial-queue.ts";
import type { DnsConfig } from "../config.ts";
import type { CfsStore } from "../store/store.ts";
import { type DnsSubject, dnsProblem } from "./function-problems.ts";
import { isSameRequest } from "./function-request.ts";
import { type FunctionOperationRow, type FunctionRow, isEnded, isReplaceable } from "./function-row.ts";
import {
  type FunctionEffect,
  type FunctionHappening,
  type FunctionTimes,
  stepFunction,
} from "./function-step.ts";
import { FunctionTables } from "./function-tables.ts";
import { changeOf, judgeReading, judgeUpdate } from "./judgement.ts";
import type { ZoneChange } from "./zone-change.ts";
import { zoneKeyOf } from "./zone-key.ts";
import { readZone, type ServiceNames, type ZoneReading } from "./zone-view.ts";

export interface FunctionOrdersParts {
  readonly host: Host;
  readonly store: CfsStore;
  readonly config: DnsConfig;
  readonly homeDomain: string;
  /** Ended operations that are kept beside the last one of each function. */
  readonly keep: number;
}

/** What is to be done; `deadline` in ms. */
export type FunctionOrder = Pick<FunctionOperationRow, "function" | "kind"> & {
  readonly deadline?: number;
} & (
    | { readonly action: "add"; readonly request: FunctionRequest }
    | { readonly action: "remove"; readonly failed: boolean; readonly force: boolean }
  );

export type Ordered =
  | { readonly ordered: true; readonly row: FunctionOperationRow }
  /** Another order for the function goes on. */
  | { readonly ordered: false; readonly row: FunctionOperationRow };

const defaultDnsTtl = 30;
/** Longest timer: what is farther away is armed again. */
const longestTimerMs = 86_400_000;
/** How long a request waits for the zone, before it is taken without it. */
const shortLookMs = 2_000;

export function serviceNames(config: DnsConfig, homeDomain: string): ServiceNames {
  return {
    "I-CSCF": config.iCscfService ?? homeDomain,
    CFD: config.cfdService ?? `cfd.${homeDomain}`,
  };
}

function timesOf(config: DnsConfig): FunctionTimes {
  const { deadline = 600_000, firstRetry = 1_000, longestRetry = 60_000, margin = 1_000 } = config;
  return { deadline, firstRetry, longestRetry, margin };
}

export class FunctionOrders {
  readonly #parts: FunctionOrdersParts;
  readonly #tables: FunctionTables;
  readonly #queue: SerialQueue;
  /** UPDATEs in turn: else the orders of one CFS would break each other's prerequisites. */
  readonly #updates: SerialQueue;
  /** UPDATEs that have had their answer, or none. */
  #updated = 0;
  /** How many there were when an operation's reading began. */
  readonly #updatedBefore = new Map<string, number>();
  readonly #authority: Authority;
  /** Asked by requests that somebody waits for. */
  readonly #shortAuthority: Authority;
  readonly #updater: Updater;
  readonly #times: FunctionTimes;
  readonly #ttl: number;
  readonly services: ServiceNames;
  readonly subject: DnsSubject;
  /** By operation. */
  readonly #timers = new Map<string, Timer>();
  #stopped = false;

  constructor(parts: FunctionOrdersParts) {
    const { host, store, config, homeDomain } = parts;
    const { server, zone, timeoutMs = 5_000 } = config;
    const key = zoneKeyOf(config.key);
    this.#parts = parts;
    this.#tables = new FunctionTables(store);
    this.#queue = new SerialQueue(host);
    this.#updates = new SerialQueue(host);
    this.#authority = createAuthority(host, { server, timeoutMs });
    this.#shortAuthority = createAuthority(host, { server, timeoutMs: Math.min(timeoutMs, shortLookMs) });
    // One copy: so the answer to it leaves no doubt about a prerequisite.
    this.#updater = createUpdater(host, { server, zone, key, transport: "tcp", timeoutMs, copies: 1 });
    this.#times = timesOf(config);
    this.#ttl = config.ttl ?? defaultDnsTtl;
    this.services = serviceNames(config, homeDomain);
    this.subject = { server: formatAddress(server), zone, key: key.name };
  }

  /** Reads the store and goes on with what an earlier life left. */
  async start(): Promise<void> {
    await this.#tables.load();
    for (const id of this.#tables.operations.ids()) {
      const row = this.get(id);
      if (row !== null && !isEnded(row)) this.#apply(row, null, { event: "resume" });
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  get(id: string): FunctionOperationRow | null {
    return this.#tables.operations.get(id);
  }

  /** What is known of a function by this host name; null: nothing was ever ordered. */
  functionNamed(name: string): FunctionRow | null {
    return this.#tables.functions.get(name);
  }

  /** Its last operation; null: none is remembered. */
  operationOf(name: string): FunctionOperationRow | null {
    return this.#tables.operationOf(name);
  }

  /** All functions that orders were given for. */
  functions(): readonly FunctionRow[] {
    return this.#tables.list();
  }

  /** What the order would change now; null when the zone cannot be read in a moment. */
  async foresee(order: FunctionOrder): Promise<ZoneChange | null> {
    const reading = await this.#read(this.#shortAuthority, order);
    return reading.kind === "read" ? changeOf(order, reading.view, this.#ttl) : null;
  }

  #read(authority: Authority, of: Pick<FunctionOperationRow, "function" | "kind">): Promise<ZoneReading> {
    const { services } = this;
    return readZone(authority, { zone: this.subject.zone, services }, { name: of.function, kind: of.kind });
  }

  /** Durable when it resolves. The same order again is the same operation as long as that has not ended. */
  order(order: FunctionOrder): Promise<Ordered> {
    return new Promise((resolve) => {
      this.#queue.add(order.function, "order for a function", async () => {
        let ordered = await this.#order(order);
        // Somebody else wrote one of the rows, maybe this CFS before a crash: what is there now decides.
        while (ordered === null) ordered = await this.#order(order);
        resolve(ordered);
      });
    });
  }

  async #order(order: FunctionOrder): Promise<Ordered | null> {
    const { deadline } = order;
    const present = this.operationOf(order.function);
    if (present !== null && !isEnded(present)) {
      const again = repeats(present, order);
      if (again !== null) {
        await this.#happen(present.id, null, {
          event: again,
          ...(deadline === undefined ? {} : { deadline }),
        });
        return { ordered: true, row: this.get(present.id) ?? present };
      }
      if (!isReplaceable(present)) return { ordered: false, row: present };
      const said = `an order to ${order.action} ${order.function} came`;
      const problem = dnsProblem("dns-superseded", this.subject, { said, remedy: "look at that one" });
      await this.#happen(present.id, null, { event: "superseded", problem });
    }
    return this.#create(order);
  }

  async #create(order: FunctionOrder): Promise<Ordered | null> {
    const { host } = this.#parts;
    const at = host.clock.wall();
    const known = this.functionNamed(order.function);
    const request = order.action === "add" ? order.request : null;
    const row: FunctionOperationRow = {
      id: `f-${encodeHex(host.random.bytes(8))}`,
      action: order.action,
      function: order.function,
      kind: order.kind,
      request,
      failed: order.action === "remove" && order.failed,
      force: order.action === "remove" && order.force,
      knownGone: known?.goneVersion ?? null,
      state: "accepted",
      turn: 0,
      startedAt: at,
      endedAt: null,
      deadlineAt: at + (order.deadline ?? this.#times.deadline),
      changes: [],
      updates: 0,
      changedAt: null,
      ttl: 0,
      waitUntil: null,
      goneAt: null,
      version: null,
      retryAt: null,
      failures: 0,
      races: 0,
      looks: 0,
      problem: null,
    };
    const created = await this.#tables.create(row, {
      name: order.function,
      kind: order.kind,
      addresses: request?.addresses ?? known?.addresses ?? [],
      present: known?.present ?? null,
      goneVersion: known?.goneVersion ?? null,
      operation: row.id,
    });
    if (created === "conflict") return null;
    this.#tell(row);
    this.#apply(row, null, { event: "begin" });
    return { ordered: true, row };
  }

  /** `turn`: of the row that asked for what has happened; null: whatever the turn is. */
  #apply(
    { id, function: name }: FunctionOperationRow,
    turn: number | null,
    happening: FunctionHappening,
  ): void {
    if (this.#stopped) return;
    this.#queue.add(name, "event of a function", () => this.#happen(id, turn, happening));
  }

  /** Durable, then performed. Only in the function's turn of the queue. */
  async #happen(id: string, turn: number | null, happening: FunctionHappening): Promise<void> {
    let now = happening;
    for (;;) {
      const row = this.get(id);
      if (row === null || (turn !== null && row.turn !== turn && now === happening)) return;
      const stepped = stepFunction(row, now, { at: this.#parts.host.clock.wall(), times: this.#times });
      if (stepped === null) return;
      if ((await this.#tables.update(stepped.row)) === "done") {
        if (stepped.row.state !== row.state) this.#tell(stepped.row);
        await this.#perform(stepped.row, stepped.effect);
        return;
      }
      // Somebody else wrote the row, maybe this CFS before a crash: then its effect has not been seen to.
      now = { event: "resume" };
    }
  }

  #tell({ id, action, function: name, state, problem, waitUntil }: FunctionOperationRow): void {
    const { host } = this.#parts;
    const fields = { operation: id, action, function: name, state, problem: problem?.detail ?? null };
    if (state === "retrying" || state === "given up" || state === "failed")
      host.log.warn("function operation", fields);
    else host.log.info("function operation", state === "waiting" ? { ...fields, waitUntil } : fields);
    host.metrics
      .counter("cfs_function_operations_total", {
        help: "Operations of I-CSCFs and CFDs in the DNS that came into this state",
        labels: { action, state },
      })
      .add();
  }

  async #perform(row: FunctionOperationRow, effect: FunctionEffect | null): Promise<void> {
    const { host } = this.#parts;
    if (effect === null || this.#stopped) return;
    switch (effect.effect) {
      case "read":
        this.#updatedBefore.set(row.id, this.#updated);
        host.spawn("reads the zone", async () => {
          const reading = await this.#read(this.#authority, row);
          const context = { subject: this.subject, ttl: this.#ttl, times: this.#times };
          this.#apply(row, row.turn, judgeReading(row, reading, { ...context, at: host.clock.wall() }));
        });
        return;
      case "write":
        this.#updates.add(this.subject.zone, "changes the zone", () => this.#write(row, effect.update));
        return;
      case "timer":
        this.#arm(row, effect.at);
        return;
      case "ended":
        this.#updatedBefore.delete(row.id);
        await this.#tables.prune(this.#parts.keep);
    }
  }

  async #write(row: FunctionOperationRow, update: ZoneUpdate): Promise<void> {
    if (this.#updated !== this.#updatedBefore.get(row.id)) {
      this.#apply(row, row.turn, { event: "outdated" });
      return;
    }
    const outcome = await this.#updater.update(update);
    this.#updated += 1;
    const at = this.#parts.host.clock.wall();
    this.#apply(row, row.turn, judgeUpdate(row, outcome, { subject: this.subject, times: this.#times, at }));
  }

  #arm(row: FunctionOperationRow, at: number): void {
    const { clock } = this.#parts.host;
    const wait = Math.max(0, at - clock.wall());
    const timer = clock.after(
      Math.min(wait, longestTimerMs),
      () => {
        this.#timers.delete(row.id);
        if (this.#stopped || this.get(row.id)?.turn !== row.turn) return;
        if (wait > longestTimerMs) this.#arm(row, at);
        else this.#apply(row, row.turn, { event: "time" });
      },
      "function operation",
    );
    this.#timers.get(row.id)?.cancel();
    this.#timers.set(row.id, timer);
  }
}

/** What the same order again means for the operation that it made; null: it is another order. */
function repeats(row: FunctionOperationRow, order: FunctionOrder): "asked again" | "has failed" | null {
  if (row.kind !== order.kind || row.action !== order.action) return null;
  if (order.action === "add")
    return row.request !== null && isSameRequest(row.request, order.request) ? "asked again" : null;
  if (order.force && !row.force) return null;
  return order.failed && !row.failed ? "has failed" : "asked again";
}
