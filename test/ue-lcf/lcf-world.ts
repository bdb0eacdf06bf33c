// An LCF on a UE and against a CFS that the test plays: what the CFS signs, and what the LCF then does.
import assert from "node:assert/strict";
import type {
  Answer,
  Command,
  CommandBody,
  DialogDescription,
  NotifyBody,
  Report,
  SubscribeBody,
  Ticket,
} from "@liquid-ims/reference-points/cfs-ue";
import { openHello, sealCommand, sealNotify } from "@liquid-ims/reference-points/cfs-ue-body";
import { decodeSubscribeBody } from "@liquid-ims/reference-points/decode-cfs-ue";
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import { parseJws, type SigningKey, thumbprint } from "@liquid-ims/reference-points/jws";
import type { KeyPair } from "@liquid-ims/runtime/crypto";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";
import type { Body } from "@liquid-ims/sip/dialog/body";
import type { SubscriptionEnd, SubscriptionHandlers } from "@liquid-ims/sip/dialog/subscription";
import { buildRequest } from "@liquid-ims/sip/message";
import { createLcf, type Lcf } from "@liquid-ims/ue-lcf/lcf";
import type {
  PresentRegistration,
  RegisterResult,
  SubscribeRequest,
  UePort,
  UePortHandlers,
} from "@liquid-ims/ue-lcf/ue-port";

export const present: PresentRegistration = {
  identity: "sip:alice@home",
  instance: "urn:uuid:1",
  contact: "sip:alice@192.0.2.1:5060",
  pCscf: "p1.pcscf.home:5060",
  sCscf: "s1.home:6060",
  path: ["<sip:term@p1.pcscf.home:5060;lr>"],
  serviceRoute: ["<sip:orig@s1.home:6060;lr>"],
  expiresAt: 10_000_000_000_000,
};

export const elsewhere: PresentRegistration = {
  ...present,
  pCscf: "p2.pcscf.home:5060",
  path: ["<sip:term@p2.pcscf.home:5060;lr>"],
};

export function at(name: string): FunctionAddress {
  return { name, addresses: [] };
}

/** A move that nothing speaks against. */
export const move: Extract<CommandBody, { command: "move" }> = {
  operation: "op-1",
  sequence: 1,
  expires: 0,
  command: "move",
  target: { pCscf: at("p2.pcscf.home") },
  expected: { pCscf: at("p1.pcscf.home"), sCscf: at("s1.home") },
  if: "always",
  after: 0,
  replace: "now",
  deadline: 0,
};

/** One SUBSCRIBE dialog as the LCF opened it. */
export interface TestDialog {
  readonly request: SubscribeRequest;
  readonly handlers: SubscriptionHandlers;
  /** Every body that was sent in it. */
  readonly bodies: SubscribeBody[];
  readonly at: number;
  seq: number;
  isAbandoned: boolean;
}

export class LcfWorld implements UePort {
  readonly simulation = new Simulation({ seed: 1 });
  readonly host: Host;
  readonly lcf: Lcf;
  readonly dialogsOpened: TestDialog[] = [];
  /** What the LCF did to its UE. */
  readonly deeds: string[] = [];
  handlers: UePortHandlers | null = null;
  present: PresentRegistration | null = null;
  described: readonly DialogDescription[] = [];
  /** Answers a REGISTER of the LCF; default: registered elsewhere after 20 ms. */
  onRegister: (through: FunctionAddress | null) => RegisterResult = () => {
    this.present = elsewhere;
    return { outcome: "registered", registration: elsewhere, trouble: [] };
  };
  #keys: KeyPair | null = null;
  #names = 0;

  constructor() {
    const simulated = this.simulation.addHost("ue", {
      addresses: ["192.0.2.1"],
      program: (host) => ({ host, lcf: createLcf({ host, port: this, domain: "home" }) }),
    });
    this.host = simulated.host;
    this.lcf = simulated.node.lcf;
  }

  // The UE.

  registration(): PresentRegistration | null {
    return this.present;
  }

  register(through: FunctionAddress | null, done: (result: RegisterResult) => void): void {
    this.deeds.push(`register ${through?.name ?? "here"}`);
    this.host.clock.after(
      20,
      () => {
        const result = this.onRegister(through);
        if (result.outcome === "registered") this.handlers?.registered(result.registration);
        done(result);
      },
      "REGISTER",
    );
  }

  newSubscribe(): { callId: string; fromTag: string } {
    this.#names += 1;
    return { callId: `c${this.#names}`, fromTag: `f${this.#names}` };
  }

  subscribe(request: SubscribeRequest, handlers: SubscriptionHandlers) {
    const dialog: TestDialog = {
      request,
      handlers,
      bodies: [bodyOf(request.body)],
      at: this.host.clock.now(),
      seq: 0,
      isAbandoned: false,
    };
    this.dialogsOpened.push(dialog);
    let busy = true;
    const answer = () => {
      busy = false;
      const response = {
        kind: "response" as const,
        status: 200,
        reason: "OK",
        headers: this.newestHeaders(),
        body: new Uint8Array(),
      };
      handlers.answered?.({ status: 200, response, cause: null });
    };
    this.host.clock.after(5, answer, "200");
    return {
      get isBusy() {
        return busy;
      },
      refresh: ({ body }: { readonly body: Body | null }) => {
        assert.equal(busy, false, "one SUBSCRIBE at a time");
        busy = true;
        if (body !== null) dialog.bodies.push(bodyOf(body));
        this.host.clock.after(5, answer, "200");
      },
      abandon: () => {
        dialog.isAbandoned = true;
      },
    };
  }

  dialogs(): readonly DialogDescription[] {
    return this.described;
  }

  /** It has been elsewhere since the calls began. */
  staleDialogs(): readonly DialogDescription[] {
    return this.present === elsewhere ? this.described : [];
  }

  formerDialogs(): readonly string[] {
    return [];
  }

  replace(when: "now" | "wait" | "never"): void {
    this.deeds.push(`replace ${when}`);
  }

  holdNewRequests(hold: boolean): void {
    this.deeds.push(hold ? "hold" : "release");
  }

  // The CFS.

  get newest(): TestDialog {
    const dialog = this.dialogsOpened.at(-1);
    assert.ok(dialog !== undefined, "the LCF has not subscribed");
    return dialog;
  }

  /** The host's wall clock; the CFS's is an hour ahead. */
  get cfsClock(): number {
    return this.host.clock.wall() + 3_600_000;
  }

  /** Of a response without any. */
  newestHeaders() {
    return buildRequest({ method: "SUBSCRIBE", uri: present.contact }).headers;
  }

  async key(): Promise<KeyPair> {
    this.#keys ??= await this.simulation.settle(this.host.crypto.generateKey("EdDSA"));
    return this.#keys;
  }

  async run(ms = 100): Promise<void> {
    await this.simulation.run({ ms });
  }

  /** Registers, and takes the ticket: the LCF is bound. */
  async bind(changes: Partial<Ticket> = {}): Promise<TestDialog> {
    this.present = present;
    this.handlers?.registered(present);
    await this.run();
    await this.ticket(this.newest, changes);
    return this.newest;
  }

  async ticket(dialog: TestDialog, changes: Partial<Ticket> = {}, signer?: KeyPair): Promise<void> {
    const key = await this.key();
    const ticket: Ticket = {
      nonce: dialog.bodies[0]?.hello?.nonce ?? "",
      keys: [{ kid: thumbprint(this.host.crypto, key.publicKey.jwk), jwk: key.publicKey.jwk }],
      clock: this.cfsClock,
      challenge: "challenge-of-the-cfs",
      addresses: [],
      allowed: { pCscf: ["*.pcscf.home"], sCscf: ["*.home"] },
      sequence: 0,
      ...changes,
    };
    await this.notify(dialog, { ticket }, signer);
  }

  async signing(signer?: KeyPair): Promise<SigningKey> {
    const pair = signer ?? (await this.key());
    return { kid: thumbprint(this.host.crypto, pair.publicKey.jwk), key: pair.privateKey };
  }

  async notify(dialog: TestDialog, content: Partial<NotifyBody>, signer?: KeyPair): Promise<void> {
    dialog.seq += 1;
    const body: NotifyBody = { v: "1.0", seq: dialog.seq, commands: [], acks: [], ...content };
    const jws = await this.simulation.settle(sealNotify(this.host.crypto, await this.signing(signer), body));
    this.deliver(dialog, jws);
    await this.run();
  }

  deliver(dialog: TestDialog, text: string): void {
    dialog.handlers.notified({
      state: { state: "active", expires: 3500, reason: null, retryAfter: null, parameters: new Map() },
      body: { type: "application/jose", data: encodeText(text) },
      request: buildRequest({ method: "NOTIFY", uri: present.contact }),
    });
  }

  async seal(changes: Partial<Command> & Partial<typeof move> = {}, signer?: KeyPair): Promise<string> {
    const command = {
      v: "1.0",
      identity: present.identity,
      instance: present.instance,
      ...move,
      expires: this.cfsClock + 10_000,
      deadline: this.cfsClock + 60_000,
      ...changes,
    };
    return this.simulation.settle(
      sealCommand(this.host.crypto, await this.signing(signer), command as Command),
    );
  }

  async command(changes: Partial<Command> & Partial<typeof move> = {}, signer?: KeyPair): Promise<void> {
    await this.notify(this.newest, { commands: [await this.seal(changes, signer)] });
  }

  async end(dialog: TestDialog, end: SubscriptionEnd): Promise<void> {
    dialog.handlers.ended?.(end);
    await this.run();
  }

  /** All answers and reports said so far, repeated ones too. */
  get said(): (Answer | Report)[] {
    return this.dialogsOpened.flatMap(({ bodies }) =>
      bodies.flatMap(({ answers, reports }) => [...answers, ...reports]),
    );
  }

  /** `accepted`, `refused: expired`, `report`. */
  get words(): string[] {
    const seen = new Set<string>();
    return this.said.flatMap((message) => {
      if (seen.has(message.id)) return [];
      seen.add(message.id);
      if (!("answer" in message)) return ["report"];
      return [message.answer === "refused" ? `refused: ${message.reason}` : message.answer];
    });
  }

  counted(name: string, outcome: string): number {
    return (
      this.host.metrics
        .samples()
        .find((sample) => sample.name === name && sample.labels["outcome"] === outcome)?.value ?? 0
    );
  }

  /** A body that the LCF's own key has signed. */
  async verified(dialog: TestDialog): Promise<boolean> {
    const text = decodeText(dialog.request.body.data);
    return (await this.simulation.settle(openHello(this.host.crypto, text))).ok;
  }
}

function bodyOf(body: Body): SubscribeBody {
  const parsed = parseJws(decodeText(body.data));
  assert.ok(parsed.ok);
  const decoded = decodeSubscribeBody(parsed.value.payload);
  assert.ok(decoded.ok, JSON.stringify(decoded));
  return decoded.value;
}
