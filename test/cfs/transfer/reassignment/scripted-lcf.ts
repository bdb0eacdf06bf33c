// A device of s-world.ts: the LCF's real move procedure over a port that the script plays. One life of it.
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import { type Command, type DialogDescription, endedBy } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import { MoveDriver } from "@liquid-ims/ue-lcf/move-driver";
import { judgeContent } from "@liquid-ims/ue-lcf/ticket";
import type { PresentRegistration, UePort } from "@liquid-ims/ue-lcf/ue-port";
import type { SWorld } from "./s-world.ts";

export type ScriptedDialog = DialogDescription;

/** How a device behaves; what is not said is that of a good one. */
export interface UeBehaviour {
  /** From the REGISTER to its answer. Default 20 ms. */
  readonly registerMs?: number;
  /** From the answer to the record. Default 3 ms. */
  readonly recordMs?: number;
  /** The REGISTER fails at this S-CSCF. */
  readonly registrationFails?: (sCscf: string) => boolean;
  readonly dialogs?: readonly ScriptedDialog[];
  /** Names of dialogs that it holds no more. */
  readonly former?: readonly string[];
  /** From the word that sets a dialog free to its replacement. Default 15 ms. */
  readonly replaceMs?: number;
  /** The network ends each call before it is replaced. */
  readonly callsAreCut?: boolean;
  /** Every move is refused: an emergency call is up. */
  readonly refuses?: boolean;
}

export class ScriptedLcf {
  readonly driver: MoveDriver;
  readonly #host: Host;
  readonly #key: RegistrationKey;
  readonly #world: SWorld;
  /** S-CSCF of the present registration, and of those under which the dialogs were set up. */
  #sCscf: string;
  readonly #homes = new Map<string, string>();
  #highest = 0;

  constructor(host: Host, key: RegistrationKey, world: SWorld) {
    this.#host = host;
    this.#key = key;
    this.#world = world;
    this.#sCscf = world.devices.get(key)?.sCscf ?? "sip:scscf1.home:6060";
    this.driver = new MoveDriver({
      host,
      port: this.#port(),
      observer: {},
      now: () => host.clock.wall(),
      say: (message) => world.say(key, message),
      released: () => undefined,
    });
  }

  receive(command: Command): void {
    const before = this.driver.answerTo(command);
    if (before !== null) {
      this.#world.say(this.#key, before);
      return;
    }
    if (command.sequence <= this.#highest) return;
    this.#highest = command.sequence;
    const dialogs = this.#dialogs();
    const refusal = judgeContent(command, {
      registration: this.#registration(),
      now: this.#host.clock.wall(),
      allowed: { pCscf: ["*.home"], sCscf: ["*.home"] },
      operation: this.driver.operation,
      dialogs,
    });
    if (refusal === null) this.driver.obey(command);
    else this.driver.refuse(command, refusal);
  }

  /** The refresh timer, or a device that has come back. */
  refresh(): void {
    this.#register(() => undefined);
  }

  replacedByPeer(dialog: string): void {
    this.#homes.set(dialog, this.#sCscf);
    this.driver.dialog({ id: dialog, result: "kept" });
  }

  #dialogs(): readonly DialogDescription[] {
    const { dialogs = [], refuses = false } = this.#world.device(this.#key).behaviour;
    const emergency = {
      id: "112",
      state: "confirmed",
      role: "uac",
      emergency: true,
      replaceable: true,
    } as const;
    return refuses ? [...dialogs, emergency] : dialogs;
  }

  #registration(): PresentRegistration {
    const { impu, contact } = this.#world.device(this.#key);
    const sCscf = this.#sCscf.replace("sip:", "");
    return {
      identity: impu,
      instance: null,
      contact,
      pCscf: "pcscf1.home:4060",
      sCscf,
      path: [],
      serviceRoute: [`<sip:orig@${sCscf};lr>`],
      expiresAt: this.#host.clock.wall() + 600_000,
    };
  }

  #register(done: (sCscf: string | null) => void): void {
    this.#world.register(this.#key, (sCscf) => {
      if (!this.#host.alive) return;
      for (const { id } of this.#dialogs()) if (!this.#homes.has(id)) this.#homes.set(id, this.#sCscf);
      if (sCscf !== null) this.#sCscf = sCscf;
      done(sCscf);
    });
  }

  #replace(dialogs: "all" | readonly string[]): void {
    const { callsAreCut = false, replaceMs = 15 } = this.#world.device(this.#key).behaviour;
    for (const { id } of this.#dialogs()) {
      const home = this.#homes.get(id) ?? this.#sCscf;
      if (home === this.#sCscf || !(dialogs === "all" || dialogs.includes(id))) continue;
      this.#homes.set(id, this.#sCscf);
      this.#host.clock.after(
        replaceMs,
        () => {
          if (callsAreCut) return this.driver.dialog({ id, result: "ended", reason: endedBy.peer });
          this.#world.replacedAt(this.#key, id);
          this.driver.dialog({ id, result: "kept" });
        },
        "INVITE with Replaces",
      );
    }
  }

  #port(): UePort {
    return {
      handlers: null,
      registration: () => this.#registration(),
      register: (_through, done) =>
        this.#register((sCscf) => {
          const trouble = sCscf === null ? [{ status: 500, count: 3 }] : [];
          if (sCscf === null) done({ outcome: "failed", trouble, detail: "REGISTER" });
          else done({ outcome: "registered", registration: this.#registration(), trouble });
        }),
      newSubscribe: () => ({ callId: "", fromTag: "" }),
      subscribe: () => ({ isBusy: false, refresh: () => undefined, abandon: () => undefined }),
      dialogs: () => this.#dialogs(),
      staleDialogs: () =>
        this.#dialogs().filter(({ id }) => (this.#homes.get(id) ?? this.#sCscf) !== this.#sCscf),
      formerDialogs: () => this.#world.device(this.#key).behaviour.former ?? [],
      replace: (when, dialogs = "all") => {
        if (when === "now") this.#replace(dialogs);
        if (when === "never")
          for (const { id } of this.#dialogs())
            if ((this.#homes.get(id) ?? this.#sCscf) !== this.#sCscf)
              this.driver.dialog({ id, result: "pinned", reason: "not replaced in time" });
      },
      holdNewRequests: () => undefined,
    };
  }
}
