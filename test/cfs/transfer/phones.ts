// Phones with LCFs as a script plays them, and the channel to them. They outlive the CFS, and so does what the channel
// has stored: a new life of the CFS is told the messages again, and commands without answer are delivered again.
import type { LcfChannel, LcfMessage, LcfState } from "@liquid-ims/cfs/cfs-ue/channel";
import type { LocationRows } from "@liquid-ims/location-service/memory-rows";
import type { FunctionName, LocationContent, RegistrationKey } from "@liquid-ims/location-service/record";
import type {
  Answer,
  CommandBody,
  DialogDescription,
  DialogReport,
  RefusalReason,
} from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";

/** A call of a phone; of both phones when they share the id. */
export interface ScriptedDialog extends DialogDescription {
  /** Virtual ms at which its users hang up. */
  readonly endsAt: number;
}

/** How a phone behaves; what is not said is that of a good one. */
export interface Behaviour {
  readonly lcf?: LcfState;
  /** Hears nothing, or answers nothing. */
  readonly silent?: boolean;
  /** Refuses each move for this. */
  readonly refuses?: RefusalReason;
  /** So many registrations fail with this status. */
  readonly fails?: { readonly status: number; readonly times: number };
  /** Registers, but nobody tells the location service. */
  readonly unrecorded?: boolean;
  /** Registers here instead. */
  readonly goesTo?: FunctionName;
  /** Says nothing of its dialogs. */
  readonly reportless?: boolean;
  /** What its replacements come to; default kept. */
  readonly result?: DialogReport["result"];
  readonly dialogs?: readonly ScriptedDialog[];
}

/** What a phone did. */
export interface Deed {
  readonly at: number;
  readonly registration: RegistrationKey;
  readonly what: "registered" | "replaced" | "queried" | "cancelled";
  readonly operation: string;
  readonly target: string;
  readonly dialogs: readonly string[];
}

const free: LcfState = { reachable: true, since: 0 };

/** One phone. */
class Phone {
  readonly key: RegistrationKey;
  behaviour: Behaviour;
  readonly answers = new Map<string, Answer>();
  failed = 0;
  moving = false;
  highest = 0;
  wait = false;

  constructor(key: RegistrationKey, behaviour: Behaviour) {
    this.key = key;
    this.behaviour = behaviour;
  }
}

export interface PhonesOptions {
  /** A host that is never killed. */
  readonly world: Host;
  readonly rows: LocationRows;
}

/** The phones, and what the channel has stored of commands and messages. */
export class Phones {
  readonly deeds: Deed[] = [];
  /** Every command that reached a phone. */
  readonly heard: {
    readonly at: number;
    readonly registration: RegistrationKey;
    readonly command: CommandBody;
  }[] = [];
  readonly #world: Host;
  readonly #rows: LocationRows;
  readonly #phones = new Map<RegistrationKey, Phone>();
  readonly #commands = new Map<RegistrationKey, CommandBody[]>();
  readonly #messages = new Map<RegistrationKey, LcfMessage[]>();
  readonly #listeners = new Map<Host, (registration: RegistrationKey, message: LcfMessage) => void>();
  readonly #stateListeners: [Host, (registration: RegistrationKey, state: LcfState) => void][] = [];
  #messageCount = 0;

  constructor({ world, rows }: PhonesOptions) {
    this.#world = world;
    this.#rows = rows;
  }

  add(registration: RegistrationKey, behaviour: Behaviour = {}): void {
    this.#phones.set(registration, new Phone(registration, behaviour));
  }

  change(registration: RegistrationKey, behaviour: Behaviour): void {
    const phone = this.#phones.get(registration);
    if (phone === undefined) throw new Error(`no phone ${registration}`);
    phone.behaviour = behaviour;
    const state = behaviour.lcf ?? free;
    for (const [host, listener] of this.#stateListeners) if (host.alive) listener(registration, state);
  }

  /** The channel as one life of the CFS has it. */
  channel(host: Host): LcfChannel {
    const delay = () => host.random.fork("channel").float();
    return {
      known: () =>
        [...this.#phones.values()].flatMap(({ key, behaviour }) => {
          const lcf = behaviour.lcf ?? free;
          return lcf.reachable ? [{ registration: key, identity: key, since: lcf.since }] : [];
        }),
      state: (registration) =>
        this.#phones.get(registration)?.behaviour.lcf ??
        (this.#phones.has(registration) ? free : { reachable: false, reason: "no LCF" }),
      send: (registration, command) =>
        host.spawn("channel stores", async () => {
          await host.clock.sleep(0.5 + delay(), "channel stores");
          this.#store(registration, command);
        }),
      sequenceReached: (registration) =>
        Math.max(0, ...(this.#commands.get(registration) ?? []).map(({ sequence }) => sequence)),
      onMessage: (listener) => {
        this.#listeners.set(host, listener);
      },
      onState: (listener) => {
        this.#stateListeners.push([host, listener]);
      },
      forget: (registration, operation) => {
        const kept = (this.#commands.get(registration) ?? []).map((command) =>
          command.operation === operation ? { ...command, expires: 0 } : command,
        );
        this.#commands.set(registration, kept);
        const told = (this.#messages.get(registration) ?? []).filter(
          (message) => message.operation !== operation,
        );
        this.#messages.set(registration, told);
      },
    };
  }

  /** A new life has read its store: it is told again what was said. */
  replay(host: Host): void {
    for (const [registration, messages] of this.#messages)
      for (const message of messages) this.#listeners.get(host)?.(registration, message);
  }

  #store(registration: RegistrationKey, command: CommandBody): void {
    const known = this.#commands.get(registration) ?? [];
    const same = known.some(
      (other) => other.operation === command.operation && other.sequence === command.sequence,
    );
    if (!same) this.#commands.set(registration, [...known, command]);
    this.#world.clock.after(2, () => this.#deliver(registration, command), "NOTIFY");
  }

  #deliver(registration: RegistrationKey, command: CommandBody): void {
    const phone = this.#phones.get(registration);
    if (phone === undefined || phone.behaviour.silent === true) return;
    if (command.expires <= this.#world.clock.wall()) return;
    this.heard.push({ at: this.#world.clock.now(), registration, command });
    const known = phone.answers.get(`${command.operation} ${command.sequence}`);
    if (known !== undefined) return this.#say(registration, known);
    if (command.sequence <= phone.highest) return;
    phone.highest = command.sequence;
    this.#obey(phone, command);
  }

  #present(phone: Phone): readonly ScriptedDialog[] {
    return (phone.behaviour.dialogs ?? []).filter(({ endsAt }) => endsAt > this.#world.clock.now());
  }

  #described(phone: Phone): readonly DialogDescription[] {
    return this.#present(phone).map(({ endsAt: _, ...dialog }) => dialog);
  }

  #obey(phone: Phone, command: CommandBody): void {
    const dialogs = this.#described(phone);
    const head = { id: this.#id(), operation: command.operation, sequence: command.sequence };
    switch (command.command) {
      case "query":
        this.#did(phone, command, "queried", []);
        return this.#answer(phone, { ...head, answer: "accepted", armed: false, dialogs });
      case "cancel":
        this.#did(phone, command, "cancelled", []);
        return this.#answer(phone, { ...head, answer: "cancelled", undone: [], notUndone: [] });
      case "replace":
        phone.wait = false;
        this.#answer(phone, { ...head, answer: "accepted", armed: false, dialogs });
        return this.#replace(phone, command, command.dialogs === "all" ? null : command.dialogs);
      case "move": {
        const reason = this.#refusal(phone, command.if);
        if (reason !== null)
          return this.#answer(phone, { ...head, answer: "refused", reason, detail: "", dialogs });
        this.#answer(phone, { ...head, answer: "accepted", armed: false, dialogs });
        if (phone.moving) return;
        phone.moving = true;
        phone.wait = command.replace === "wait";
        this.#world.clock.after(20, () => this.#register(phone, command), "registration");
      }
    }
  }

  #refusal(phone: Phone, condition: "idle" | "replaceable" | "always"): RefusalReason | null {
    if (phone.behaviour.refuses !== undefined) return phone.behaviour.refuses;
    const dialogs = this.#present(phone);
    if (dialogs.some(({ emergency }) => emergency)) return "emergency call";
    if (condition === "idle" && dialogs.length > 0) return "not idle";
    if (condition === "replaceable" && dialogs.some(({ replaceable }) => replaceable !== true))
      return "not replaceable";
    return null;
  }

  #register(phone: Phone, command: CommandBody): void {
    if (command.command !== "move" || !("pCscf" in command.target)) return;
    phone.moving = false;
    const { fails } = phone.behaviour;
    const head = { id: this.#id(), operation: command.operation, sequence: command.sequence };
    if (fails !== undefined && phone.failed < fails.times) {
      phone.failed += 1;
      const trouble = [{ status: fails.status, count: 1 }];
      return this.#say(phone.key, { ...head, answer: "failed", trouble, detail: "" });
    }
    const { name, port } = command.target.pCscf;
    const target = phone.behaviour.goesTo ?? `${name}:${port ?? 5060}`;
    this.#did(phone, command, "registered", [], target);
    if (phone.behaviour.unrecorded !== true)
      this.#world.clock.after(3, () => this.place(phone.key, target), "third-party REGISTER");
    const dialogs = this.#described(phone);
    this.#say(phone.key, { ...head, answer: "registered", path: [], serviceRoute: [], trouble: [], dialogs });
    if (!phone.wait || dialogs.length === 0) this.#replace(phone, command, null);
  }

  #replace(phone: Phone, command: CommandBody, ids: readonly string[] | null): void {
    if (phone.behaviour.reportless === true) return;
    const present = this.#present(phone);
    const chosen = present.filter(({ id }) => ids === null || ids.includes(id)).map(({ id }) => id);
    this.#did(phone, command, "replaced", chosen);
    const result = phone.behaviour.result ?? "kept";
    const dialogs = present.map(({ id }) =>
      chosen.includes(id) ? { id, result } : { id, result: "waiting" as const },
    );
    const head = { id: this.#id(), operation: command.operation, sequence: command.sequence };
    const final = dialogs.every((dialog) => dialog.result !== "waiting");
    this.#world.clock.after(15, () => this.#say(phone.key, { ...head, final, dialogs }), "report");
  }

  /** The record of a registration as the CFD would write it after a registration there. */
  place(
    registration: RegistrationKey,
    pCscf: FunctionName | null,
    changes: Partial<LocationContent> = {},
  ): void {
    const [impi = ""] = registration.split(" ");
    const known = this.#rows.get(`sip:${impi}`)[0];
    const record: LocationContent = {
      impu: `sip:${impi}`,
      contact: `sip:${impi.split("@")[0]}@192.0.2.1`,
      implicitSet: [`sip:${impi}`],
      impi,
      instance: registration.slice(impi.length + 1),
      path: [],
      sCscf: "sip:scscf1.home:6060",
      visitedNetwork: null,
      registeredAt: 0,
      refreshedAt: this.#world.clock.wall(),
      expiresAt: this.#world.clock.wall() + 600_000,
      order: null,
      doubtful: false,
      ambiguous: false,
      others: [],
      state: "registered",
      leftAt: null,
      ...changes,
      pCscf,
    };
    const result = this.#rows.upsert([{ record, expect: known?.version ?? "absent" }]);
    if (result === "conflict") throw new Error(`record of ${registration} conflicts`);
  }

  #did(
    phone: Phone,
    command: CommandBody,
    what: Deed["what"],
    dialogs: readonly string[],
    target = "",
  ): void {
    const at = this.#world.clock.now();
    this.deeds.push({ at, registration: phone.key, what, operation: command.operation, target, dialogs });
  }

  #id(): string {
    this.#messageCount += 1;
    return `m${this.#messageCount}`;
  }

  #answer(phone: Phone, answer: Answer): void {
    phone.answers.set(`${answer.operation} ${answer.sequence}`, answer);
    this.#say(phone.key, answer);
  }

  /** SUBSCRIBE to the CFS: durable there, then told to the life that is there. */
  #say(registration: RegistrationKey, message: LcfMessage): void {
    this.#world.clock.after(
      3,
      () => {
        this.#messages.set(registration, [...(this.#messages.get(registration) ?? []), message]);
        for (const [host, listener] of this.#listeners) if (host.alive) listener(registration, message);
      },
      "SUBSCRIBE",
    );
  }

  /** Commands that were stored and never heard, as after a crash in between: the channel delivers them again. */
  redeliver(): void {
    for (const [registration, commands] of this.#commands)
      for (const command of commands)
        if (
          !this.heard.some(
            (heard) => heard.registration === registration && heard.command.sequence === command.sequence,
          )
        )
          this.#deliver(registration, command);
  }
}
