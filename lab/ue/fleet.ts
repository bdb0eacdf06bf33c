// The UEs of an experiment and what their users do: register, call in turn, answer, hang up.
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { Host } from "@liquid-ims/runtime/host";
import type { Random } from "@liquid-ims/runtime/random";
import { encodeHex } from "@liquid-ims/runtime/text";
import type { Lookup } from "@liquid-ims/sip/locate";
import { type Call, createUe, type Ue } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import type { ObservedRegistration, UeObserver } from "@liquid-ims/ue-lcf/observation";
import type { PlannedCall } from "../call-plan.ts";
import type { Subscriber } from "../ims-core/subscriber.ts";
import type { PlacedNode, Platform } from "../platform.ts";
import type { SeenDialog } from "../report/dialog-fates.ts";
import type { Timeline } from "../timeline.ts";
import { homeDomain, type Topology } from "../topology.ts";

export interface FleetMember {
  /** Default public identity. */
  readonly user: string;
  readonly subscriber: Subscriber;
  /** SIP URI of the P-CSCF that it registers through at first. */
  readonly pCscf: string;
}

export interface FleetOptions {
  readonly topology: Topology;
  readonly platform: Platform;
  readonly members: readonly FleetMember[];
  readonly lookup: (host: Host) => Lookup;
  readonly T1: number;
  readonly replaceDialogs: boolean;
  readonly timeline: Timeline;
  /** Of the script: devices are the same for the same seed on every clock, and so is the plan that names them. */
  readonly random: Random;
  /** Script seconds from 180 to 200 at the called UE. */
  readonly ringing: number;
  /** Asked for in REGISTER, seconds; default that of a UE. */
  readonly registrationSeconds?: number;
}

/** What the fleet's users have seen so far, for the live view. */
export interface CallCounts {
  attempted: number;
  up: number;
  ended: number;
  failed: number;
  /** Dialogs that another one has replaced, and dialogs without a path. */
  kept: number;
  lost: number;
}

/** A call that was placed, as its caller saw it. Times are the hosts' wall clock. */
export interface PlacedCall {
  readonly caller: string;
  readonly callee: string;
  readonly placedAt: number;
  /** Null while it goes on. */
  endedAt: number | null;
  /** Refused, or lost after it was up. */
  failed: boolean;
}

export interface Fleet {
  readonly seen: readonly SeenDialog[];
  readonly placed: readonly PlacedCall[];
  readonly counts: Readonly<CallCounts>;
  /** Registers everybody, a few at a time; rejects with the first one that could not. */
  register(host: Host): Promise<void>;
  /** Registers a user anew; rejects when he could not be. */
  registerAnew(user: string): Promise<void>;
  /** The user goes away, and comes back through this P-CSCF (null: the present one). */
  registerAfresh(user: string, through: FunctionAddress | null): Promise<RegisteredAfresh>;
  /** Places a call and hangs up when its time has come. */
  place(host: Host, call: PlannedCall): void;
  /** Calls that a user at either end still has. */
  readonly callsUp: number;
  /** The P-CSCF and S-CSCF of each user now, by public identity. */
  registrations(): Map<string, { pCscf: string; sCscf: string } | null>;
}

/** Where a user has come back, or why he could not go away or come back. */
export type RegisteredAfresh =
  | { readonly ok: true; readonly registration: ObservedRegistration }
  | { readonly ok: false; readonly problem: string };

/** Short name of the UE with that number. */
export function ueName(number: number): string {
  return `ue${String(number).padStart(2, "0")}`;
}

/** An instance-id (RFC 5626 4.1) as a version 4 UUID (RFC 9562 5.4). */
export function drawInstanceId(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = encodeHex(bytes);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `urn:uuid:${parts.join("-")}`;
}

/** UEs that register at the same time. */
const registeringAtOnce = 4;

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const seen: SeenDialog[] = [];
  const placed: PlacedCall[] = [];
  const counts: CallCounts = { attempted: 0, up: 0, ended: 0, failed: 0, kept: 0, lost: 0 };
  const nodes = new Map<string, PlacedNode<Ue>>();

  function observer(user: string): UeObserver {
    return {
      dialog(event) {
        seen.push({ user, event });
        // The end that sent the INVITE counts the dialog, so that it is one.
        if (event.kind !== "ended" || event.dialog.role !== "uac") return;
        if (event.by === "replaced") counts.kept += 1;
        if (event.by === "lost") counts.lost += 1;
      },
    };
  }

  for (const [index, member] of options.members.entries()) {
    const listen = options.topology.ue(index + 1);
    const instanceId = drawInstanceId(options.random.fork(member.user));
    const node = await options.platform.start(ueName(index + 1), [listen.host], (host) =>
      createUe({
        publicIdentity: member.user,
        privateIdentity: member.subscriber.privateIdentity,
        credentials: member.subscriber.authentication,
        domain: homeDomain,
        instanceId,
        listen,
        pCscf: member.pCscf,
        lookup: options.lookup(host),
        timers: { T1: options.T1 },
        ...(options.registrationSeconds === undefined ? {} : { expires: options.registrationSeconds }),
        lcf: { replaceDialogs: options.replaceDialogs },
        observer: observer(member.user),
      })(host),
    );
    nodes.set(member.user, node);
  }

  function ueOf(user: string): Ue {
    const found = nodes.get(user);
    if (found === undefined) throw new Error(`no UE for ${user}`);
    return found.node;
  }

  function answerIncoming(host: Host): void {
    for (const { node } of nodes.values()) {
      node.onIncoming = (call) => {
        call.ring();
        host.clock.after(
          options.timeline.clockMs(options.ringing),
          () => answerIfWaiting(call),
          "user answers",
        );
      };
    }
  }

  return {
    seen,
    placed,
    counts,
    async register(host) {
      answerIncoming(host);
      const waiting = [...nodes];
      const failures: string[] = [];
      const registerNext = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          const [user, { node }] = next;
          const outcome = await node.register();
          if (outcome.outcome !== "registered") failures.push(`${user}: ${JSON.stringify(outcome)}`);
        }
      };
      await Promise.all(Array.from({ length: registeringAtOnce }, registerNext));
      if (failures.length > 0) throw new Error(`could not be registered: ${failures.join("; ")}`);
    },
    async registerAnew(user) {
      const outcome = await ueOf(user).register();
      if (outcome.outcome !== "registered")
        throw new Error(`could not be registered anew: ${user}: ${JSON.stringify(outcome)}`);
    },
    async registerAfresh(user, through) {
      const ue = ueOf(user);
      const left = await ue.deregister();
      // Who is still registered for the network is no newcomer.
      if (left.outcome !== "deregistered")
        return { ok: false, problem: `could not be deregistered: ${JSON.stringify(left)}` };
      const result = await ue.moveTo(through);
      return result.outcome === "registered"
        ? { ok: true, registration: result.registration }
        : { ok: false, problem: `could not be registered: ${result.detail}` };
    },
    place(host, planned) {
      counts.attempted += 1;
      const { caller, callee } = planned;
      const line: PlacedCall = { caller, callee, placedAt: host.clock.wall(), endedAt: null, failed: false };
      placed.push(line);
      const call = ueOf(planned.caller).call(planned.callee, {
        confirmed() {
          counts.up += 1;
          host.clock.after(options.timeline.clockMs(planned.talk), () => call.hangUp(), "user hangs up");
        },
        ended(end) {
          line.endedAt = host.clock.wall();
          line.failed = end.by === "refused" || end.by === "lost";
          if (line.failed) counts.failed += 1;
          if (end.by === "refused") return;
          counts.up -= 1;
          counts.ended += 1;
        },
      });
    },
    get callsUp() {
      let up = 0;
      for (const { node } of nodes.values()) up += node.calls.filter((call) => call.state !== "ended").length;
      return up;
    },
    registrations: () => new Map([...nodes].map(([user, { node }]) => [user, node.registration])),
  };
}

function answerIfWaiting(call: Call): void {
  if (call.state === "ringing" || call.state === "calling") call.answer();
}
