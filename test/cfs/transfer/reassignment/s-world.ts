// A network whose S-CSCFs change: phones with the real move procedure of the LCF behind a channel that may lose
// commands, a scripted HSS, an I-CSCF that goes by its name, S-CSCFs that tell a CFD.
import type { LcfChannel, LcfMessage } from "@liquid-ims/cfs/cfs-ue/channel";
import type { LocationRows } from "@liquid-ims/location-service/memory-rows";
import {
  type LocationContent,
  type RegistrationKey,
  registrationKey,
} from "@liquid-ims/location-service/record";
import type { Command, CommandBody } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import type { SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import type { Script } from "../bench.ts";
import { p1, s1 } from "../bench.ts";
import { ScriptedHss } from "./scripted-hss.ts";
import { type ScriptedDialog, ScriptedLcf, type UeBehaviour } from "./scripted-lcf.ts";

/** One device. */
export interface Device {
  readonly key: RegistrationKey;
  readonly impi: string;
  readonly impu: string;
  readonly contact: string;
  readonly lcf: SimulatedHost<ScriptedLcf> | null;
  behaviour: UeBehaviour;
  /** Where its newest registration went; null: nowhere any more. */
  sCscf: string | null;
}

export class SWorld implements Script {
  readonly hss: ScriptedHss;
  readonly devices = new Map<RegistrationKey, Device>();
  /** Commands that reached a device. */
  readonly heard: { readonly at: number; readonly key: RegistrationKey; readonly command: CommandBody }[] =
    [];
  /** Registrations, by whatever cause. */
  readonly registrations: { readonly at: number; readonly key: RegistrationKey; readonly sCscf: string }[] =
    [];
  /** Who has replaced which dialog. */
  readonly replaced: { readonly key: RegistrationKey; readonly dialog: string }[] = [];
  /** Commands that no NOTIFY brings, and how late the others are. */
  drops: (key: RegistrationKey, command: CommandBody) => boolean = () => false;
  delay: (key: RegistrationKey, command: CommandBody) => number = () => 2;
  /** When the channel sends again what was dropped; null: never. */
  repeatMs: number | null = null;
  /** From an answer of a device to its arrival at the CFS. */
  answerDelay = 3;
  readonly #simulation: Simulation;
  readonly #world: Host;
  readonly #rows: LocationRows;
  readonly #commands = new Map<RegistrationKey, CommandBody[]>();
  readonly #messages = new Map<RegistrationKey, LcfMessage[]>();
  readonly #listeners = new Map<Host, (key: RegistrationKey, message: LcfMessage) => void>();

  constructor(simulation: Simulation, world: Host, rows: LocationRows) {
    this.#simulation = simulation;
    this.#world = world;
    this.#rows = rows;
    this.hss = new ScriptedHss(world);
  }

  /** A device of user `n`, registered at S-CSCF 1 through P-CSCF 1. */
  add(n: number, options: { device?: number; lcf?: boolean; behaviour?: UeBehaviour } = {}): Device {
    const { device = 1, lcf = true, behaviour = {} } = options;
    const name = `u${String(n).padStart(2, "0")}`;
    const impi = `${name}@home`;
    const contact = `sip:${name}@192.0.3.${device}`;
    const key = registrationKey({ impi, instance: `<urn:uuid:${n}-${device}>`, contact });
    const program = (host: Host) => new ScriptedLcf(host, key, this);
    const simulated = lcf
      ? this.#simulation.addHost(`${name}-${device}`, { addresses: [`192.0.${2 + device}.${n}`], program })
      : null;
    const added = { key, impi, impu: `sip:${impi}`, contact, lcf: simulated, behaviour, sCscf: s1 };
    this.devices.set(key, added);
    this.hss.register(impi, s1);
    this.record(added, {});
    return added;
  }

  device(key: RegistrationKey): Device {
    const found = this.devices.get(key);
    if (found === undefined) throw new Error(`no device ${key}`);
    return found;
  }

  /** What the CFD writes. */
  record(device: Device, changes: Partial<LocationContent>): void {
    const { impi, impu, contact, key } = device;
    const known = this.#rows.get(impu).find((one) => one.contact === contact);
    const now = this.#world.clock.wall();
    const record: LocationContent = {
      impu,
      contact,
      implicitSet: [impu],
      impi,
      instance: key.slice(impi.length + 1),
      pCscf: p1,
      path: [],
      sCscf: device.sCscf ?? s1,
      visitedNetwork: null,
      registeredAt: 0,
      refreshedAt: now,
      expiresAt: now + 600_000,
      order: null,
      doubtful: false,
      ambiguous: false,
      others: [],
      state: "registered",
      leftAt: null,
      ...changes,
    };
    if (this.#rows.upsert([{ record, expect: known?.version ?? "absent" }]) === "conflict")
      throw new Error("conflict");
  }

  /** REGISTER through the I-CSCF: to whom the HSS names, who asks it (SAR), then tells the CFD. */
  register(key: RegistrationKey, done: (sCscf: string | null) => void): void {
    const device = this.device(key);
    this.#world.clock.after(
      device.behaviour.registerMs ?? 20,
      () => {
        const { server } = this.hss.of(device.impi);
        const sCscf = server ?? s1;
        const fails = device.behaviour.registrationFails?.(sCscf) ?? false;
        if (fails || !this.hss.register(device.impi, sCscf)) return done(null);
        device.sCscf = sCscf;
        this.registrations.push({ at: this.#world.clock.now(), key, sCscf });
        const tell = () => this.record(device, {});
        this.#world.clock.after(device.behaviour.recordMs ?? 3, tell, "third-party REGISTER");
        done(sCscf);
      },
      "REGISTER",
    );
  }

  describe(key: RegistrationKey): readonly ScriptedDialog[] {
    return this.device(key).behaviour.dialogs ?? [];
  }

  /** A dialog was replaced at one end: the other end of it knows, too. */
  replacedAt(key: RegistrationKey, dialog: string): void {
    this.replaced.push({ key, dialog });
    for (const device of this.devices.values())
      if (device.key !== key && (device.behaviour.dialogs ?? []).some(({ id }) => id === dialog))
        device.lcf?.node.replacedByPeer(dialog);
  }

  channel(host: Host): LcfChannel {
    return {
      known: () => [],
      state: (key) =>
        this.devices.get(key)?.lcf != null
          ? { reachable: true, since: 0 }
          : { reachable: false, reason: "no LCF" },
      send: (key, command) =>
        host.spawn("channel stores", async () => {
          await host.clock.sleep(1, "channel stores");
          this.#store(key, command);
        }),
      sequenceReached: (key) =>
        Math.max(0, ...(this.#commands.get(key) ?? []).map(({ sequence }) => sequence)),
      onMessage: (listener) => this.#listeners.set(host, listener),
      onState: () => undefined,
      forget: (key, operation) => {
        const kept = (this.#commands.get(key) ?? []).map((command) =>
          command.operation === operation ? { ...command, expires: 0 } : command,
        );
        this.#commands.set(key, kept);
        const told = (this.#messages.get(key) ?? []).filter((message) => message.operation !== operation);
        this.#messages.set(key, told);
      },
    };
  }

  cx(host: Host) {
    return this.hss.cx(host);
  }

  replay(host: Host): void {
    for (const [key, messages] of this.#messages)
      for (const message of messages) this.#listeners.get(host)?.(key, message);
  }

  #store(key: RegistrationKey, command: CommandBody): void {
    const known = this.#commands.get(key) ?? [];
    const isThere = known.some(
      ({ operation, sequence }) => operation === command.operation && sequence === command.sequence,
    );
    if (!isThere) this.#commands.set(key, [...known, command]);
    const isDropped = this.drops(key, command);
    const ms = isDropped ? this.repeatMs : this.delay(key, command);
    if (ms !== null) this.#world.clock.after(ms, () => this.#deliver(key, command), "NOTIFY");
  }

  #deliver(key: RegistrationKey, command: CommandBody): void {
    const device = this.devices.get(key);
    if (device?.lcf?.alive !== true || command.expires <= this.#world.clock.wall()) return;
    this.heard.push({ at: this.#world.clock.now(), key, command });
    const full: Command = { ...command, v: "1.0", identity: device.impu, instance: null };
    device.lcf.node.receive(full);
  }

  /** What the channel has stored and the device has not had: delivered again, as after its next SUBSCRIBE. */
  redeliver(): void {
    for (const [key, commands] of this.#commands)
      for (const command of commands) {
        const was = this.heard.some(
          (one) =>
            one.key === key &&
            one.command.operation === command.operation &&
            one.command.sequence === command.sequence,
        );
        if (!was && !this.drops(key, command)) this.#deliver(key, command);
      }
  }

  /** Something that happens by itself, in so many ms. */
  happens(ms: number, what: string, happening: () => void): void {
    this.#world.clock.after(ms, happening, what);
  }

  /** SUBSCRIBE to the CFS: durable there, then told to the life that is there. */
  say(key: RegistrationKey, message: LcfMessage): void {
    const tell = () => {
      const known = (this.#commands.get(key) ?? []).some(({ operation }) => operation === message.operation);
      if (!known) return;
      this.#messages.set(key, [...(this.#messages.get(key) ?? []), message]);
      for (const [host, listener] of this.#listeners) if (host.alive) listener(key, message);
    };
    this.#world.clock.after(this.answerDelay, tell, "SUBSCRIBE");
  }
}
