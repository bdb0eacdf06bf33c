// Users who do nothing but register, again and again, each with a full AKA run: the load of an experiment in which
// functions come and go. Plain UEs without an LCF.
import type { Host } from "@liquid-ims/runtime/host";
import type { Random } from "@liquid-ims/runtime/random";
import type { Lookup } from "@liquid-ims/sip/locate";
import { createUe, type Ue } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import type { Platform } from "../platform.ts";
import { homeDomain, type Topology } from "../topology.ts";
import { cardOf } from "./card.ts";
import { drawInstanceId, type FleetMember, ueName } from "./fleet.ts";

export interface RegistrantsOptions {
  readonly topology: Topology;
  readonly platform: Platform;
  readonly members: readonly FleetMember[];
  readonly lookup: (host: Host) => Lookup;
  readonly T1: number;
  /** Of the script: devices are the same for the same seed on every clock. */
  readonly random: Random;
}

/** A registration that has ended. */
export interface EndedRegistration {
  readonly user: string;
  /** Wall clock of the host. */
  readonly at: number;
  /** Empty for one that ended with 200, else why it did not. */
  readonly failure: string;
}

export interface Registrants {
  /** Registers everybody, a few at a time; rejects with those who could not. */
  registerAll(): Promise<void>;
  /** Lets the next user register, in turn; when all are busy, as soon as one is not. */
  registerNext(host: Host): void;
  readonly attempted: number;
  /** Attempted and not ended. */
  readonly open: number;
  /** Of those begun by `registerNext`. */
  readonly ended: readonly EndedRegistration[];
  /** The P-CSCF and S-CSCF of each user now, by public identity. */
  registrations(): Map<string, { pCscf: string; sCscf: string } | null>;
}

/** UEs that register at the same time at the beginning. */
const registeringAtOnce = 4;

export async function startRegistrants(options: RegistrantsOptions): Promise<Registrants> {
  const ues = new Map<string, Ue>();
  for (const [index, member] of options.members.entries()) {
    const listen = options.topology.ue(index + 1);
    const instanceId = drawInstanceId(options.random.fork(member.user));
    const { node } = await options.platform.start(ueName(index + 1), [listen.host], (host) =>
      createUe({
        publicIdentity: member.user,
        privateIdentity: member.subscriber.privateIdentity,
        credentials: cardOf(host, member.subscriber.authentication),
        domain: homeDomain,
        instanceId,
        listen,
        pCscf: member.pCscf,
        lookup: options.lookup(host),
        timers: { T1: options.T1 },
        lcf: null,
      })(host),
    );
    ues.set(member.user, node);
  }
  const idle = [...ues];
  const ended: EndedRegistration[] = [];
  let attempted = 0;
  /** Due, and everybody is busy. */
  let waiting = 0;

  /** Empty, or why it failed. */
  async function registered(ue: Ue): Promise<string> {
    const outcome = await ue.register();
    return outcome.outcome === "registered" ? "" : JSON.stringify(outcome);
  }

  function begin(host: Host): void {
    const next = idle.shift();
    if (next === undefined) {
      waiting += 1;
      return;
    }
    const [user, ue] = next;
    host.spawn("registration", async () => {
      const failure = await registered(ue);
      ended.push({ user, at: host.clock.wall(), failure });
      idle.push(next);
      if (waiting === 0) return;
      waiting -= 1;
      begin(host);
    });
  }

  return {
    ended,
    get attempted() {
      return attempted;
    },
    get open() {
      return attempted - ended.length;
    },
    async registerAll() {
      const left = [...ues];
      const failures: string[] = [];
      const registerInTurn = async (): Promise<void> => {
        for (let next = left.shift(); next !== undefined; next = left.shift()) {
          const failure = await registered(next[1]);
          if (failure !== "") failures.push(`${next[0]}: ${failure}`);
        }
      };
      await Promise.all(Array.from({ length: registeringAtOnce }, registerInTurn));
      if (failures.length > 0) throw new Error(`could not be registered: ${failures.join("; ")}`);
    },
    registerNext(host) {
      attempted += 1;
      begin(host);
    },
    registrations: () => new Map([...ues].map(([user, ue]) => [user, ue.registration])),
  };
}
