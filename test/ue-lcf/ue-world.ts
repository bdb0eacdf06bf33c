// UEs at the edge of the lab's network on the virtual clock.
import type { LabNetwork } from "@liquid-ims/lab/network";
import type { InProcessPlacement } from "@liquid-ims/lab/placement-in-process";
import type { Topology } from "@liquid-ims/lab/topology";
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { Host } from "@liquid-ims/runtime/host";
import type { SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { type Call, createUe, type Ue, type UeOptions } from "@liquid-ims/ue-lcf/adapters/sip/ue";
import type { DialogObservation, MoveObservation } from "@liquid-ims/ue-lcf/observation";
import { type BareUe, type CoreWorldOptions, openCoreWorld } from "../support/core-world.ts";

export interface TestUe {
  readonly number: number;
  readonly name: string;
  readonly identity: string;
  readonly simulated: SimulatedHost<Ue>;
  readonly host: Host;
  readonly ue: Ue;
  readonly dialogs: DialogObservation[];
  readonly moves: MoveObservation[];
  /** What the application heard, as `call-1 confirmed`. */
  readonly heard: string[];
  /** Calls that came in. */
  readonly incoming: Call[];
}

export interface UeWorld {
  readonly simulation: Simulation;
  readonly topology: Topology;
  readonly network: LabNetwork;
  readonly placement: InProcessPlacement;
  readonly hops: readonly string[];
  readonly messages: readonly { readonly hop: string; readonly text: string }[];
  /** A user agent that does what it is told: for forgers. */
  openBareUe(number: number): Promise<BareUe>;
  openUe(number: number, pCscf: number, options?: Partial<UeOptions>): Promise<TestUe>;
  /** A call that is up at both ends. */
  connect(caller: TestUe, callee: TestUe): Promise<{ placed: Call; received: Call }>;
  place(caller: TestUe, callee: TestUe): Call;
  pCscf(number: number): FunctionAddress;
  wait(ms: number): Promise<void>;
}

export async function openUeWorld(
  seed = 1,
  without: readonly string[] = [],
  more: Omit<CoreWorldOptions, "seed" | "without"> = {},
): Promise<UeWorld> {
  const core = await openCoreWorld({ seed, without, ...more });
  const { simulation, topology, network, placement, hops, messages } = core;

  function pCscf(number: number): FunctionAddress {
    const element = topology.pCscfs[number - 1];
    if (element === undefined) throw new Error(`no P-CSCF ${number}`);
    return { name: element.fqdn, addresses: [element.address.host], port: element.address.port };
  }

  async function openUe(number: number, at: number, options: Partial<UeOptions> = {}): Promise<TestUe> {
    const user = `user${String(number).padStart(3, "0")}`;
    const listen = topology.ue(number);
    const dialogs: DialogObservation[] = [];
    const moves: MoveObservation[] = [];
    const heard: string[] = [];
    const incoming: Call[] = [];
    const identity = `sip:${user}@open-ims.test`;
    const subscriber = core.subscribers[number - 1];
    if (subscriber === undefined) throw new Error(`no subscriber ${number}`);
    const program = (host: Host) =>
      createUe({
        publicIdentity: identity,
        privateIdentity: `${user}@open-ims.test`,
        credentials: subscriber.authentication,
        listen,
        pCscf: topology.pCscfs[at - 1]?.uri ?? "",
        lookup: network.lookup(host),
        observer: { dialog: (event) => dialogs.push(event), move: (event) => moves.push(event) },
        ...options,
      })(host);
    const simulated = simulation.addHost(`ue${number}`, { addresses: [listen.host], program });
    const ue = simulated.node;
    await simulation.settle(ue.ready);
    ue.onIncoming = (call) => {
      incoming.push(call);
      listenTo(call, heard);
      call.ring();
      simulated.host.clock.after(1000, () => call.answer(), "user answers");
    };
    const outcome = await simulation.settle(ue.register());
    if (outcome.outcome !== "registered") throw new Error(`${user}: ${JSON.stringify(outcome)}`);
    return {
      number,
      name: user,
      identity,
      simulated,
      host: simulated.host,
      ue,
      dialogs,
      moves,
      heard,
      incoming,
    };
  }

  function place(caller: TestUe, callee: TestUe): Call {
    const call = caller.ue.call(callee.identity);
    listenTo(call, caller.heard);
    return call;
  }

  async function connect(caller: TestUe, callee: TestUe): Promise<{ placed: Call; received: Call }> {
    const placed = place(caller, callee);
    const before = callee.incoming.length;
    await simulation.run({
      ms: 60_000,
      when: () => placed.state === "confirmed" && callee.incoming[before]?.state === "confirmed",
    });
    const received = callee.incoming[before];
    if (placed.state !== "confirmed" || received?.state !== "confirmed")
      throw new Error(`the call is ${placed.state}, ${received?.state}`);
    return { placed, received };
  }

  return {
    simulation,
    topology,
    network,
    placement,
    hops,
    messages,
    openBareUe: (number) => core.openUe(number),
    openUe,
    connect,
    place,
    pCscf,
    wait: (ms) => simulation.run({ ms }),
  };
}

function listenTo(call: Call, heard: string[]): void {
  call.handlers = {
    ringing: () => heard.push(`${call.id} ringing`),
    confirmed: () => heard.push(`${call.id} confirmed`),
    ended: (end) => heard.push(`${call.id} ended by ${end.by}`),
    mediaChanged: () => heard.push(`${call.id} media changed`),
  };
}

/** `gen 0 confirmed`, `gen 0 ended: replaced`. */
export function fates(ue: TestUe): string[] {
  return ue.dialogs.map((event) =>
    event.kind === "ended"
      ? `gen ${event.dialog.gen} ended: ${event.by}`
      : `gen ${event.dialog.gen} ${event.kind}`,
  );
}
