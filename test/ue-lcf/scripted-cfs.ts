// A scripted UE and CFS around a real LCF: the CFS signs what a test tells it to, right or wrong, and reads what the
// LCF says. No SIP in between.
import type {
  Answer,
  Command,
  CommandContent,
  DialogDescription,
  Report,
  SubscribeBody,
} from "@liquid-ims/reference-points/cfs-ue";
import { openHello, openSubscribe, sealCommand, sealNotify } from "@liquid-ims/reference-points/cfs-ue-body";
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import { type SigningKey, thumbprint } from "@liquid-ims/reference-points/jws";
import type { KeyPair, PublicKey } from "@liquid-ims/runtime/crypto";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import type { Outcome } from "@liquid-ims/sip/dialog/outcome";
import type { SubscriptionEnd, SubscriptionHandlers } from "@liquid-ims/sip/dialog/subscription";
import { buildRequest, buildResponse } from "@liquid-ims/sip/message";
import { createLcf, type Lcf } from "@liquid-ims/ue-lcf/lcf";
import type {
  PresentRegistration,
  RegisterResult,
  SubscribeRequest,
  UePort,
} from "@liquid-ims/ue-lcf/ue-port";
import { addBareHost } from "../support/virtual-hosts.ts";

export const challenge = "challenge-0123456789";

/** One SUBSCRIBE dialog of the LCF, as the CFS has it. */
export interface ScriptedDialog {
  readonly request: SubscribeRequest;
  readonly handlers: SubscriptionHandlers;
  /** Bodies, the hello's first. */
  readonly bodies: SubscribeBody[];
  key: PublicKey | null;
  isBusy: boolean;
  isAbandoned: boolean;
  sequence: number;
}

export function registrationAt(pCscf: number, sCscf: number): PresentRegistration {
  return {
    identity: "sip:alice@open-ims.test",
    instance: "urn:uuid:00000000-0000-4000-8000-000000000001",
    contact: "sip:alice@127.0.3.2:5060",
    pCscf: `pcscf${pCscf}.open-ims.test:4060`,
    sCscf: `scscf${sCscf}.open-ims.test:6060`,
    path: [`<sip:term@pcscf${pCscf}.open-ims.test:4060;lr>`],
    serviceRoute: [`<sip:orig@scscf${sCscf}.open-ims.test:6060;lr>`],
    expiresAt: 4_000_000_000_000,
  };
}

export function pCscf(number: number): FunctionAddress {
  return { name: `pcscf${number}.open-ims.test`, addresses: [`127.0.1.${number}`], port: 4060 };
}

function sCscf(number: number): FunctionAddress {
  return { name: `scscf${number}.open-ims.test`, addresses: [`127.0.1.2${number}`], port: 6060 };
}

export class ScriptedCfs {
  readonly simulation: Simulation;
  readonly host: Host;
  readonly lcf: Lcf;
  readonly port: UePort;
  readonly key: KeyPair;
  readonly dialogs: ScriptedDialog[] = [];
  /** Whether it said of the P-CSCF that it leaves that it is dead; null before it has registered. */
  isOldDead: boolean | null = null;
  /** What the LCF asked of its UE: `register pcscf2...`, `replace now`, `hold true`. */
  readonly acts: string[] = [];
  readonly states: string[] = [];
  registration: PresentRegistration | null = null;
  present: readonly DialogDescription[] = [];
  former: readonly string[] = [];
  /** Ids of those that were made under the present registration. */
  readonly fresh = new Set<string>();
  /** How the UE's REGISTER ends; null: the test calls `done` itself. */
  done: ((result: RegisterResult) => void) | null = null;
  #names = 0;

  constructor(simulation: Simulation, host: Host, key: KeyPair) {
    this.simulation = simulation;
    this.host = host;
    this.key = key;
    this.port = {
      handlers: null,
      registration: () => this.registration,
      register: (through, done, options) => {
        this.acts.push(`register ${through?.name ?? "here"}`);
        this.isOldDead = options?.isOldDead ?? null;
        this.done = done;
      },
      newSubscribe: () => {
        this.#names += 1;
        return { callId: `call-${this.#names}`, fromTag: `tag-${this.#names}` };
      },
      subscribe: (request, handlers) => this.#subscribed(request, handlers),
      dialogs: () => this.present,
      staleDialogs: () => this.present.filter(({ id }) => !this.fresh.has(id)),
      formerDialogs: () => this.former,
      replace: (when) => this.acts.push(`replace ${when}`),
      holdNewRequests: (hold) => this.acts.push(`hold ${hold}`),
    };
    this.lcf = createLcf({
      host,
      port: this.port,
      domain: "open-ims.test",
      observer: { move: ({ state }) => this.states.push(state) },
    });
  }

  get current(): ScriptedDialog {
    const last = this.dialogs.at(-1);
    if (last === undefined) throw new Error("the LCF has not subscribed");
    return last;
  }

  /** All that the LCF said. */
  get answers(): Answer[] {
    return this.dialogs.flatMap(({ bodies }) => bodies.flatMap(({ answers }) => answers));
  }

  get reports(): Report[] {
    return this.dialogs.flatMap(({ bodies }) => bodies.flatMap(({ reports }) => reports));
  }

  wait(ms = 50): Promise<void> {
    return this.simulation.run({ ms });
  }

  #subscribed(request: SubscribeRequest, handlers: SubscriptionHandlers) {
    const dialog: ScriptedDialog = {
      request,
      handlers,
      bodies: [],
      key: null,
      isBusy: true,
      isAbandoned: false,
      sequence: 0,
    };
    this.dialogs.push(dialog);
    this.host.spawn("CFS reads hello", async () => {
      const opened = await openHello(this.host.crypto, decodeText(request.body.data));
      if (!opened.ok) throw new Error(`hello: ${opened.detail}`);
      dialog.key = await this.host.crypto.importPublicKey(opened.value.hello.key);
      dialog.bodies.push(opened.value);
    });
    return {
      get isBusy() {
        return dialog.isBusy;
      },
      refresh: ({ body }: { readonly body: { readonly data: Uint8Array } | null }) => {
        if (dialog.isBusy) throw new Error("refresh while busy");
        dialog.isBusy = true;
        const text = body === null ? "" : decodeText(body.data);
        this.host.spawn("CFS reads", () => this.#read(dialog, text));
      },
      abandon: () => {
        dialog.isAbandoned = true;
      },
    };
  }

  async #read(dialog: ScriptedDialog, text: string): Promise<void> {
    const { key } = dialog;
    const opened = await openSubscribe(this.host.crypto, text, () => key ?? undefined);
    if (!opened.ok) throw new Error(`refresh: ${opened.detail}`);
    dialog.bodies.push(opened.value);
    this.answered(dialog, 200);
  }

  answered(dialog: ScriptedDialog, status: number): void {
    dialog.isBusy = false;
    dialog.handlers.answered?.(this.outcome(status));
  }

  outcome(status: number): Outcome {
    const request = buildRequest({ method: "SUBSCRIBE", uri: "sip:cfs.open-ims.test" });
    return { status, response: buildResponse(request, status), cause: null };
  }

  /** The UE registers and the LCF hears of it. */
  register(registration: PresentRegistration): void {
    this.registration = registration;
    this.port.handlers?.registered(registration);
  }

  /** The REGISTER that the LCF asked for succeeds. */
  succeed(registration: PresentRegistration): void {
    const { done } = this;
    this.done = null;
    this.register(registration);
    done?.({ outcome: "registered", registration, trouble: [] });
  }

  signing(key: KeyPair = this.key): SigningKey {
    return { kid: thumbprint(this.host.crypto, key.publicKey.jwk), key: key.privateKey };
  }

  async ticket(dialog: ScriptedDialog, changes: { nonce?: string; key?: KeyPair; sequence?: number } = {}) {
    const key = changes.key ?? this.key;
    const nonce = changes.nonce ?? dialog.bodies[0]?.hello?.nonce ?? "";
    const { kid } = this.signing(key);
    await this.notify(
      dialog,
      {
        ticket: {
          nonce,
          keys: [{ kid, jwk: key.publicKey.jwk }],
          clock: this.host.clock.wall(),
          challenge,
          addresses: [],
          allowed: { pCscf: ["*.open-ims.test"], sCscf: ["*.open-ims.test"] },
          sequence: changes.sequence ?? 0,
        },
      },
      key,
    );
  }

  async notify(
    dialog: ScriptedDialog,
    content: Partial<Parameters<typeof sealNotify>[2]>,
    key: KeyPair = this.key,
  ): Promise<void> {
    dialog.sequence += 1;
    const body = { v: "1.0", seq: dialog.sequence, commands: [], acks: [], ...content };
    const text = await this.simulation.settle(sealNotify(this.host.crypto, this.signing(key), body));
    this.arrive(dialog, text);
    await this.wait();
  }

  /** A NOTIFY with this body; null: none. */
  arrive(dialog: ScriptedDialog, text: string | null): void {
    const request = buildRequest({ method: "NOTIFY", uri: "sip:alice@127.0.3.2" });
    const body = text === null ? null : { type: "application/jose", data: encodeText(text) };
    const state = { state: "active", reason: null, expires: 3500, retryAfter: null, parameters: new Map() };
    dialog.handlers.notified({ state, body, request });
  }

  end(dialog: ScriptedDialog, end: SubscriptionEnd): void {
    dialog.handlers.ended?.(end);
  }

  command(content: CommandContent, sequence: number, changes: Partial<Command> = {}): Command {
    return {
      v: "1.0",
      operation: "op-1",
      sequence,
      identity: "sip:alice@open-ims.test",
      instance: "urn:uuid:00000000-0000-4000-8000-000000000001",
      expires: this.host.clock.wall() + 30_000,
      ...content,
      ...changes,
    } as Command;
  }

  move(sequence: number, changes: Record<string, unknown> = {}): Command {
    const content: CommandContent = {
      command: "move",
      target: { pCscf: pCscf(2) },
      expected: { pCscf: pCscf(1), sCscf: sCscf(1) },
      if: "replaceable",
      after: 0,
      replace: "now",
      deadline: this.host.clock.wall() + 60_000,
    };
    return this.command(content, sequence, changes);
  }

  /** Signs a command, by `key`, and sends it in the current dialog. */
  async say(command: Command, key: KeyPair = this.key): Promise<string> {
    const signed = await this.simulation.settle(sealCommand(this.host.crypto, this.signing(key), command));
    await this.notify(this.current, { commands: [signed] });
    return signed;
  }
}

/** A registered LCF without a dialog; with `isBound`, its challenge repeated. */
export async function openScriptedCfs(isBound = true): Promise<ScriptedCfs> {
  const simulation = new Simulation({ seed: 1 });
  const { host } = addBareHost(simulation, "ue", "127.0.3.2");
  const key = await simulation.settle(host.crypto.generateKey(host.crypto.preferredAlgorithm));
  const cfs = new ScriptedCfs(simulation, host, key);
  cfs.register(registrationAt(1, 1));
  await cfs.wait();
  if (!isBound) return cfs;
  cfs.answered(cfs.current, 200);
  await cfs.ticket(cfs.current);
  return cfs;
}
