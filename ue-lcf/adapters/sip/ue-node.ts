// One life of a UE: its user agent, registration, calls and, where it has one, its LCF. TS 24.229 5.1.
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import type { IncomingRequest } from "@liquid-ims/sip/dialog/incoming-request";
import type { IncomingInvite } from "@liquid-ims/sip/dialog/session-invite-server";
import { tagOf } from "@liquid-ims/sip/header/name-address";
import { openStack } from "@liquid-ims/sip/stack";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { UserAgent } from "@liquid-ims/sip/user-agent";
import { createLcf, type Lcf } from "../../lcf.ts";
import { checkIdentity } from "../../peer-identity.ts";
import type { RegisterResult } from "../../ue-port.ts";
import { fixedAudio } from "./audio.ts";
import type { Call, CallHandlers, DeregisterOutcome, RegisterOutcome, Ue } from "./ue-api.ts";
import { UeCall, type UeCallContext } from "./ue-call.ts";
import { UeLcfPort } from "./ue-lcf-port.ts";
import type { UeOptions } from "./ue-options.ts";
import { homeDomainOf, UeRegistration } from "./ue-registration.ts";

/** Where the audio of a UE without media of its own would flow. */
const audioPort = 49_170;
/** Between two looks at whether dialogs still use an old flow, ms: a BYE that was lost is sent again in it. */
const oldFlowRest = 2000;

export class UeNode implements Ue {
  readonly ready: Promise<void>;
  onIncoming: ((call: Call) => void) | null = null;
  readonly #host: Host;
  readonly #options: UeOptions;
  readonly #agent: UserAgent;
  readonly #calls = new Set<UeCall>();
  readonly #context: UeCallContext;
  readonly #port: UeLcfPort;
  readonly #lcf: Lcf | null;
  #registration: UeRegistration | null = null;
  #oldFlow: Timer | null = null;
  #number = 0;
  /** Calls that wait for the end of an S move. */
  #waiting: UeCall[] = [];

  constructor(host: Host, options: UeOptions) {
    this.#host = host;
    this.#options = options;
    const { lcf = {} } = options;
    this.#agent = new UserAgent(host, {
      identity: { from: `<${options.publicIdentity}>`, contact: "", route: [] },
      handlers: {
        invite: (invite) => this.#invited(invite),
        unknownDialog: (incoming) => this.#stray(incoming),
      },
      ...(options.timers === undefined ? {} : { timers: options.timers }),
      supported: lcf === null ? [] : ["replaces"],
      allowEvents: lcf === null ? [] : ["liquid-ims"],
      policy: { unacknowledged: "report", lost: "report" },
    });
    this.#port = new UeLcfPort(host, {
      agent: this.#agent,
      registration: () => this.#registration,
      calls: () => [...this.#calls],
      hold: (isHeld) => this.#hold(isHeld),
    });
    this.#context = {
      host,
      agent: this.#agent,
      media: options.media ?? fixedAudio(options.listen.host, audioPort),
      observer: options.observer ?? {},
      registration: () => (this.#port.isHolding ? null : (this.#registration?.key ?? null)),
      never: neverOf(options),
      mayReplace: () => this.#port.mayReplace,
      expiryOf: (key) => this.#registration?.expiryOf(key) ?? null,
      report: (report) => this.#port.report(report),
      done: (call) => this.#calls.delete(call),
    };
    this.#lcf =
      lcf === null
        ? null
        : createLcf({
            host,
            port: this.#port,
            domain: homeDomainOf(options),
            settings: lcf,
            ...(options.observer === undefined ? {} : { observer: options.observer }),
          });
    this.ready = this.#open();
  }

  get calls(): readonly Call[] {
    return [...this.#calls].filter((call) => call.state !== "ended");
  }

  get registration(): { readonly pCscf: string; readonly sCscf: string } | null {
    const present = this.#registration?.present ?? null;
    return present === null ? null : { pCscf: present.pCscf, sCscf: present.sCscf };
  }

  async register(): Promise<RegisterOutcome> {
    await this.ready;
    const registration = this.#opened();
    return new Promise((resolve) => registration.register(resolve));
  }

  async moveTo(pCscf: FunctionAddress | null): Promise<RegisterResult> {
    await this.ready;
    const registration = this.#opened();
    return new Promise((resolve) => registration.move(pCscf, resolve));
  }

  async deregister(): Promise<DeregisterOutcome> {
    await this.ready;
    const registration = this.#opened();
    return new Promise((resolve) => registration.deregister(resolve));
  }

  call(to: string, handlers: CallHandlers = {}): Call {
    const call = this.#newCall("outgoing", to, handlers);
    if (call.emergency) this.#port.emergency();
    if (this.#port.isHolding && !call.emergency) this.#waiting.push(call);
    else call.place();
    return call;
  }

  async stop(): Promise<void> {
    this.#lcf?.stop();
    this.#oldFlow?.cancel();
    this.#registration?.stop();
    for (const call of this.#calls) call.close();
    await this.ready;
    await this.#agent.stack.close();
  }

  #opened(): UeRegistration {
    if (this.#registration === null) throw new Error("the UE has no sockets yet: await ready first");
    return this.#registration;
  }

  async #open(): Promise<void> {
    const { listen, lookup, timers, publicIdentity } = this.#options;
    const stack = await openStack(this.#host, {
      listen: [
        { protocol: "udp", address: listen },
        { protocol: "tcp", address: listen },
      ],
      user: this.#agent,
      refuseMerged: true,
      ...(lookup === undefined ? {} : { lookup }),
      ...(timers === undefined ? {} : { timers }),
    });
    this.#agent.attach(stack);
    const port = stack.local[0]?.address.port ?? listen.port;
    const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
    const user = parseSipUri(publicIdentity)?.user ?? "ue";
    const contact = `sip:${user}@${host}:${port}`;
    const instance = this.#options.instanceId ?? newInstanceId(this.#host);
    this.#agent.identity = {
      from: `<${publicIdentity}>`,
      contact: `<${contact}>;+sip.instance="<${instance}>"`,
      route: [`<${this.#options.pCscf};lr>`],
    };
    this.#registration = new UeRegistration(this.#host, this.#agent, contact, instance, this.#options, {
      registered: (present, key) => {
        // The LCF first: its SUBSCRIBE leaves before the INVITEs, so that there is a path for the next command.
        this.#port.registered(present);
        if (!this.#port.isHolding) this.#tellCalls(key);
        this.#watchOldFlow();
      },
      unregistered: () => {
        for (const call of this.#calls) call.chain?.apply({ type: "unregistered" });
        this.#port.unregistered();
      },
    });
  }

  /** The old flow stays until the last dialog has left it: then a binding that only its P-CSCF can name goes. */
  #watchOldFlow(): void {
    if (this.#oldFlow !== null || this.#registration?.hasOldFlow !== true) return;
    this.#oldFlow = this.#host.clock.after(oldFlowRest, () => this.#leaveOldFlow(), "UE leaves its old flow");
  }

  #leaveOldFlow(): void {
    this.#oldFlow = null;
    const registration = this.#registration;
    const key = registration?.key ?? null;
    if (registration === null || key === null) return;
    const isLeft = [...this.#calls].every((call) => !call.usesOther(key));
    if (isLeft && registration.hasOldFlow) registration.leaveOldFlow();
    else this.#watchOldFlow();
  }

  #tellCalls(key: string): void {
    for (const call of [...this.#calls]) call.chain?.apply({ type: "registered", registration: key });
  }

  /** From accepting an S move to its 200 nothing new leaves this UE. */
  #hold(isHeld: boolean): void {
    if (isHeld) {
      for (const call of [...this.#calls]) call.chain?.apply({ type: "unregistered" });
      return;
    }
    const key = this.#registration?.key ?? null;
    if (key !== null) this.#tellCalls(key);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const call of waiting) call.place();
  }

  #newCall(direction: "outgoing" | "incoming", peer: string, handlers: CallHandlers): UeCall {
    this.#number += 1;
    const call = new UeCall(this.#context, { id: `call-${this.#number}`, direction, peer, handlers });
    this.#calls.add(call);
    return call;
  }

  #invited(invite: IncomingInvite): void {
    if (invite.replaces !== null && this.#lcf !== null) {
      this.#replaced(invite);
      return;
    }
    if (this.onIncoming === null) {
      invite.reject(480);
      return;
    }
    const arrival = this.#registration?.keyOfArrival(invite.request, invite.source) ?? "";
    const call = this.#newCall("incoming", callerOf(invite), {});
    call.receive(invite, arrival);
    this.onIncoming(call);
  }

  /** Rule 4 of dialog replacement; the identity check comes first. */
  #replaced(invite: IncomingInvite): void {
    const { replaces } = invite;
    if (replaces === null) return;
    const call = [...this.#calls].find((one) => one.chain?.names(replaces) === true);
    const chain = call?.chain ?? null;
    if (call === undefined || chain === null) {
      invite.reject(481);
      return;
    }
    const identity = checkIdentity(call.identity, invite.request);
    if (identity === "other" || identity === "too many") {
      this.#host.log.warn("INVITE with Replaces refused", { call: call.id, identity });
      invite.reject(403);
      return;
    }
    if (identity === "unknown") this.#host.log.info("Replaces taken on its tags alone", { call: call.id });
    if (replaces.earlyOnly && chain.session?.state === "Confirmed") {
      invite.reject(486);
      return;
    }
    if (!call.canAnswer(invite)) {
      invite.reject(488);
      return;
    }
    const gen = Number(replaces.parameters.get("gen") ?? Number.NaN);
    const arrival = this.#registration?.keyOfArrival(invite.request, invite.source) ?? "";
    chain.invited(invite, Number.isSafeInteger(gen) && gen >= 0 ? gen : null, arrival);
  }

  /** A request in a dialog that the user agent has forgotten, or does not have yet. */
  #stray(incoming: IncomingRequest): boolean {
    const { method, headers } = incoming.request;
    if (method !== "OPTIONS" && method !== "BYE") return false;
    const callId = headers.get("Call-ID") ?? "";
    const localTag = tagOf(headers.get("To") ?? "") ?? "";
    for (const { chain } of this.#calls) {
      if (chain === null || !chain.hasLeg(callId, localTag)) continue;
      chain.stray(incoming, callId);
      return true;
    }
    return false;
  }
}

function neverOf(options: UeOptions): string | null {
  if (options.lcf === null) return "no LCF";
  return options.lcf?.replaceDialogs === false ? "replacing is switched off" : null;
}

function callerOf(invite: IncomingInvite): string {
  const { headers } = invite.request;
  const value = headers.values("P-Asserted-Identity")[0] ?? headers.get("From") ?? "";
  return /<([^>]*)>/.exec(value)?.[1] ?? value.replace(/;.*$/, "");
}

/** A random UUID (RFC 4122 4.4) as a URN (RFC 5626 4.1). */
function newInstanceId(host: Host): string {
  const bytes = host.random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = encodeHex(bytes);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return `urn:uuid:${parts.join("-")}`;
}
