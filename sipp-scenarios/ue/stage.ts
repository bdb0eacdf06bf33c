// The processes of a run with UEs: SIPp for those who register, who are called and who call, in a folder that is there
// for the run. Over UDP one process plays many UEs, each from its own address; over TCP SIPp sends from one address only,
// so a UE that must be reached has a process of its own.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MachineError } from "../machine-error.ts";
import { formatUes, type SippUe, serviceRouteUri, type UePlace } from "./injection-file.ts";
import { isTaken, placeText, silentPlaces } from "./listening-places.ts";
import { type SippChild, type SippJob, type SippOutcome, startSipp } from "./sipp-child.ts";

export interface UeStageOptions {
  /** The program, from `findSipp`. */
  readonly sipp: string;
  readonly folder: string;
  readonly transport: "udp" | "tcp";
  /** Seconds. */
  readonly expires: number;
  readonly signal: AbortSignal;
}

/** UEs of one side: who calls, who is called. */
export interface UeGroup {
  readonly ues: readonly SippUe[];
  /** Through which they register and call. */
  readonly pCscf: UePlace;
}

export interface CallJob {
  /** File of the scenario. */
  readonly scenario: string;
  readonly group: UeGroup;
  /** Public identities that are called in turn; empty: nobody. */
  readonly peers: readonly string[];
  readonly second: UePlace | null;
  readonly rate: number;
  readonly count: number;
  /** Milliseconds. */
  readonly talk: number;
  /** Their calls may be replaced by the other side. Over UDP: over TCP nobody can send them a request. Default false. */
  readonly replaceable?: boolean;
  /** SIPp binds it though it connects from others; default that of the first UE, over UDP the one that it sends from. */
  readonly localPort?: number;
}

/** Processes that register one after the other, at a time. */
const registeringAtOnce = 8;
/** UEs that one process registers a second; those whom others wait for are not what is measured. */
const registerRate = 50;
/** Seconds for what is not measured, beyond its load. */
const patience = 70;
const readyWithinMs = 10_000;
const stopWithinMs = 5_000;

/** In groups of the same address. */
function byHost(ues: readonly SippUe[]): (readonly SippUe[])[] {
  const groups = new Map<string, SippUe[]>();
  for (const ue of ues) groups.set(ue.host, [...(groups.get(ue.host) ?? []), ue]);
  return [...groups.values()];
}

export class UeStage {
  readonly #options: UeStageOptions;
  readonly #children = new Set<SippChild>();
  /** As the S-CSCF gave them, by public identity. */
  readonly #serviceRoutes = new Map<string, string>();
  #runs = 0;

  constructor(options: UeStageOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#killAll());
  }

  #killAll(): void {
    for (const child of this.#children) child.kill();
  }

  /** Ends what still runs. */
  close(): void {
    this.#killAll();
  }

  #start(
    job: Omit<SippJob, "sipp" | "folder" | "transport" | "injectionFile" | "domain">,
    ues: readonly SippUe[],
    wishes: Parameters<typeof formatUes>[1] | null,
  ): SippChild {
    const { sipp, transport, signal } = this.#options;
    signal.throwIfAborted();
    this.#runs += 1;
    const folder = join(this.#options.folder, `${this.#runs}-${job.scenario}`);
    mkdirSync(folder);
    const injectionFile = wishes === null ? null : join(folder, "ues.csv");
    if (injectionFile !== null && wishes !== null) writeFileSync(injectionFile, formatUes(ues, wishes));
    const domain = ues[0]?.domain ?? "localhost";
    const child = startSipp({ sipp, folder, transport, injectionFile, domain, ...job });
    this.#children.add(child);
    return child;
  }

  async #end(child: SippChild): Promise<SippOutcome> {
    const outcome = await child.outcome;
    this.#children.delete(child);
    this.#options.signal.throwIfAborted();
    for (const { user, serviceRoute } of outcome.calls)
      if (user !== null && serviceRoute !== null) this.#serviceRoutes.set(user, serviceRoute);
    return outcome;
  }

  /** Runs a scenario of registration for UEs, each once; how they went, a process each. */
  async register(
    scenario: "ue-register" | "ue-deregister" | "uac-register-burst",
    { ues, pCscf }: UeGroup,
    load: { readonly rate: number; readonly count: number } | null,
  ): Promise<readonly SippOutcome[]> {
    const { transport, expires } = this.#options;
    const groups = transport === "udp" ? [ues] : byHost(ues);
    const waiting = [...groups];
    const outcomes: SippOutcome[] = [];
    const next = async (): Promise<void> => {
      for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
        const [first] = group;
        if (first === undefined) continue;
        const wanted = load ?? { rate: Math.min(registerRate, group.length), count: group.length };
        const child = this.#start(
          {
            ...{ scenario, target: placeText(pCscf), pause: 0, load: wanted },
            sockets: transport === "udp" ? "per address" : "per call",
            local: { host: first.host, port: first.port },
            patience: wanted.count / wanted.rate + patience,
          },
          group,
          () => ({ expires, peer: null, serviceRoute: null, second: null, replaceable: false }),
        );
        outcomes.push(await this.#end(child));
      }
    };
    await Promise.all(Array.from({ length: registeringAtOnce }, next));
    return outcomes;
  }

  /** Starts the UEs that are called and waits until they listen. They are registered. `ring` in ms. */
  async startCallees(scenario: string, { ues }: UeGroup, ring: number): Promise<Callees> {
    const { transport, expires } = this.#options;
    for (const ue of ues)
      if (await isTaken(ue, transport))
        throw new MachineError(
          `${placeText(ue)} is taken, where a UE is to be called: end what uses it, or give other addresses by --addresses`,
        );
    const groups = transport === "udp" ? [ues] : ues.map((ue) => [ue]);
    const children = groups.map((group) => {
      const [first] = group;
      if (first === undefined) throw new Error("nobody is called");
      return this.#start(
        {
          ...{ scenario, target: null, load: null, pause: ring, patience: 86_400 },
          sockets: transport === "udp" ? "per address" : "one",
          local: { host: first.host, port: first.port },
        },
        group,
        () => ({ expires, peer: null, serviceRoute: null, second: null, replaceable: false }),
      );
    });
    const ended = children.map((child) => this.#end(child));
    await this.#awaitListening(ues, ended);
    return {
      async stop() {
        for (const child of children) child.stop();
        const timer = setTimeout(() => {
          for (const child of children) child.kill();
        }, stopWithinMs);
        try {
          return await Promise.all(ended);
        } finally {
          clearTimeout(timer);
        }
      },
    };
  }

  /** Waits until SIPp listens for all of them; rejects when one of its processes ends before, or it takes too long. */
  async #awaitListening(ues: readonly SippUe[], processes: readonly Promise<SippOutcome>[]): Promise<void> {
    const { transport, signal } = this.#options;
    const gone: string[] = [];
    for (const ended of processes)
      ended.then(
        ({ exitCode, complaints }) =>
          gone.push([`it ended with ${exitCode ?? "a signal"}`, ...complaints].join("; ")),
        (error: unknown) => gone.push(String(error)),
      );
    const until = performance.now() + readyWithinMs;
    for (let silent = ues; ; ) {
      silent = await silentPlaces(silent, transport);
      const [first] = silent;
      if (first === undefined) return;
      signal.throwIfAborted();
      const [why] = performance.now() > until ? [...gone, `not within ${readyWithinMs / 1000} s`] : gone;
      if (why !== undefined) throw new MachineError(`SIPp does not listen at ${placeText(first)}: ${why}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** The S-CSCF of the Service-Route, as the injection file can hold it. */
  #serviceRouteOf(ue: SippUe): string | null {
    const value = this.#serviceRoutes.get(ue.identity);
    if (value === undefined) return null;
    const uri = serviceRouteUri(value);
    if (uri === null)
      throw new MachineError(
        `the Service-Route ${value} of ${ue.identity} has more than lr, which SIPp's injection file cannot hold`,
      );
    return uri;
  }

  /** Places calls from the UEs of a group, in turn; over UDP, and where nobody listens over TCP. */
  async call(job: CallJob): Promise<readonly SippOutcome[]> {
    return [await this.startCalls(job).outcome];
  }

  /** As `call`, without waiting. */
  startCalls({
    scenario,
    group,
    peers,
    second,
    rate,
    count,
    talk,
    localPort,
    replaceable = false,
  }: CallJob): {
    readonly outcome: Promise<SippOutcome>;
    stop(): void;
  } {
    const { transport, expires } = this.#options;
    const [first] = group.ues;
    if (first === undefined) throw new Error("nobody calls");
    const child = this.#start(
      {
        ...{ scenario, target: placeText(group.pCscf), pause: talk, load: { rate, count } },
        sockets: transport === "udp" ? "per address" : "per call",
        local: { host: first.host, port: localPort ?? first.port },
        patience: count / rate + (2 * talk) / 1000 + patience,
        ...(replaceable ? { outOfCall: `${scenario}-replaced` } : {}),
      },
      group.ues,
      (ue, index) => ({
        ...{ expires, second, replaceable, peer: peers[index % Math.max(1, peers.length)] ?? null },
        serviceRoute: this.#serviceRouteOf(ue),
      }),
    );
    const outcome = this.#end(child);
    outcome.catch(() => undefined);
    return { outcome, stop: () => child.stop() };
  }

  /** As `call`, over TCP, for UEs to which requests are sent: each has a process that calls and one that listens. */
  async callListening(job: CallJob): Promise<readonly SippOutcome[]> {
    const { rate, count, group, peers } = job;
    const listeners = await this.startCallees("ue-listen", group, 0);
    const outcomes: Promise<readonly SippOutcome[]>[] = [];
    const began = performance.now();
    for (let index = 0; index < count; index += 1) {
      const ue = group.ues[index % group.ues.length];
      if (ue === undefined) throw new Error("nobody calls");
      const peer = peers[index % Math.max(1, peers.length)];
      const own = { ues: [ue], pCscf: group.pCscf };
      const outcome = this.call({
        ...{ ...job, group: own, peers: peer === undefined ? [] : [peer], rate: 1, count: 1 },
        localPort: ue.port + 1,
      });
      outcome.catch(() => undefined);
      outcomes.push(outcome);
      // To the beginning of the next one, whatever starting this one took.
      const wait = began + (1000 * (index + 1)) / rate - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, wait)));
    }
    const ended = await Promise.all(outcomes);
    await listeners.stop();
    return ended.flat();
  }
}

export interface Callees {
  /** Ends them when their calls are over; how those went, a process each. */
  stop(): Promise<readonly SippOutcome[]>;
}
