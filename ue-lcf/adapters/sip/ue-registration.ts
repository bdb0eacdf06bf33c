// The registration of a UE: registers, keeps it, and knows by which one a leg was made. TS 24.229 5.1.1, RFC 3608 6.1.
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { Host } from "@liquid-ims/runtime/host";
import { addressUri } from "@liquid-ims/sip/header/name-address";
import type { SipRequest } from "@liquid-ims/sip/message";
import { Registration } from "@liquid-ims/sip/registration";
import type { Registered, RegistrationOutcome } from "@liquid-ims/sip/registration-outcome";
import type { MessageSource } from "@liquid-ims/sip/transport";
import { formatSipUri, parseSipUri } from "@liquid-ims/sip/uri";
import type { UserAgent } from "@liquid-ims/sip/user-agent";
import type { RegistrationObservation, UeObserver } from "../../observation.ts";
import { leaveOldFlow, mayPass, reRegister, routeOf } from "../../re-registration.ts";
import { type KnownRegistration, stampKey, stampOf, stampOfArrival } from "../../registration-stamp.ts";
import type { PresentRegistration, RegisterResult } from "../../ue-port.ts";
import type { DeregisterOutcome, RegisterFailure, RegisterOutcome } from "./ue-api.ts";
import { userCredentials } from "./ue-credentials.ts";
import type { UeOptions } from "./ue-options.ts";

/** A registration that stood or stands. */
interface Standing extends KnownRegistration {
  /** SIP URI of the P-CSCF. */
  readonly pCscf: string;
  readonly present: PresentRegistration;
}

/** A P-CSCF through which a binding is still to be removed. */
interface LeftPCscf {
  /** SIP URI. */
  readonly uri: string;
  /** Removals that it has refused for now. */
  readonly tries: number;
}

export interface UeRegistrationHandlers {
  registered(registration: PresentRegistration, key: string): void;
  unregistered(): void;
}

/** A P-CSCF that is being emptied may be overloaded: so often the removal of a binding is tried. */
const mostRemovals = 5;

/** Registrations that are remembered: a leg's stamp may name any of them. */
const remembered = 8;

/** What an application hears of a REGISTER that was not granted. */
function failureOf(outcome: RegistrationOutcome): RegisterFailure {
  if (outcome.kind !== "refused")
    return { outcome: "failed", cause: outcome.kind === "failed" ? outcome.cause : "timeout" };
  const { status, authentication } = outcome;
  return { outcome: "refused", status, ...(authentication === undefined ? {} : { authentication }) };
}

/** Of the binding that was made or refreshed; null where the 200 lists none. */
function ownUri({ bindings, stale }: Registered): string | null {
  return bindings.find((binding) => binding.own && !stale.includes(binding))?.uri ?? null;
}

export class UeRegistration {
  readonly #host: Host;
  readonly #options: UeOptions;
  readonly #agent: UserAgent;
  readonly #contact: string;
  readonly #transport: ReadonlyMap<string, string | null>;
  readonly #handlers: UeRegistrationHandlers;
  readonly #observer: UeObserver;
  readonly #registration: Registration;
  /** The newest first. */
  #known: Standing[] = [];
  #present: Standing | null = null;
  #pCscf: string;
  #pCscfAddresses: readonly string[] = [];
  /** A move decides by itself what its outcomes mean. */
  #isMoving = false;
  /** De-registrations that were asked for and are not answered: nothing of its own registers behind their back. */
  #leaving = 0;
  /** Those of them that wait for the end of a move. */
  #afterMove: (() => void)[] = [];
  #heard: RegistrationOutcome | null = null;
  /** P-CSCFs that moves have left, while a binding stands that only they can name. */
  #left: readonly LeftPCscf[] = [];
  /** URI of the own binding as the last 200 listed it: a P-CSCF may have rewritten it. */
  #listed: string | null = null;
  /** Stale bindings whose removal was tried here: another refresh does not try again. */
  #tried: ReadonlySet<string> = new Set();

  constructor(
    host: Host,
    agent: UserAgent,
    contactUri: string,
    instance: string,
    options: UeOptions,
    handlers: UeRegistrationHandlers,
  ) {
    this.#host = host;
    this.#agent = agent;
    this.#options = options;
    this.#handlers = handlers;
    this.#observer = options.observer ?? {};
    this.#contact = contactUri;
    this.#pCscf = options.pCscf;
    const transport = parseSipUri(options.pCscf)?.parameters.get("transport") ?? null;
    this.#transport = new Map(transport === null ? [] : [["transport", transport]]);
    this.#registration = new Registration(host, () => agent.stack, {
      registrar: `sip:${homeDomainOf(options)}`,
      identity: options.publicIdentity,
      contact: `<${contactUri}>;+sip.instance="<${instance}>"`,
      credentials: userCredentials(host.crypto, options.privateIdentity, options.credentials),
      expires: options.expires ?? 3600,
    });
    this.#registration.onOutcome = (outcome) => this.#outcome(outcome);
  }

  get present(): PresentRegistration | null {
    return this.#present?.present ?? null;
  }

  /** Of the present registration; null without one. */
  get key(): string | null {
    return this.#present === null ? null : stampKey(this.#present.stamp);
  }

  /** Wall clock at which the newest registration of that key expires. */
  expiryOf(key: string): number | null {
    return this.#known.find((one) => stampKey(one.stamp) === key)?.present.expiresAt ?? null;
  }

  /** By which registration a request came (rule 1 of dialog replacement). */
  keyOfArrival(request: SipRequest, source: MessageSource): string {
    const stamp = stampOfArrival(request, source.address.host, this.#known);
    return stamp === null ? "" : stampKey(stamp);
  }

  register(done: (outcome: RegisterOutcome) => void): void {
    const pCscf = this.#pCscf;
    this.#registration.register({ route: [routeOf(pCscf)] }, (outcome) => {
      this.#heard = outcome;
      if (outcome.kind === "registered") {
        this.#stand(outcome, "application");
        done({ outcome: "registered", expires: outcome.expires });
        this.#removeStale(outcome);
        return;
      }
      this.#observe("failed", "application", outcome.kind === "refused" ? outcome.status : null);
      done(failureOf(outcome));
    });
  }

  /** As the LCF's move asks: through another P-CSCF, or anew through this one. */
  move(
    through: FunctionAddress | null,
    done: (result: RegisterResult) => void,
    { isOldDead = false }: { readonly isOldDead?: boolean } = {},
  ): void {
    if (this.#leaving > 0) {
      const detail = "the UE is being deregistered";
      const refuse = (): void => done({ outcome: "failed", trouble: [], detail });
      this.#host.clock.after(0, refuse, "no move of a UE that leaves");
      return;
    }
    const previous = this.#pCscf;
    const pCscf = through === null ? previous : this.#uriOf(through);
    this.#isMoving = true;
    reRegister({ host: this.#host, registration: this.#registration }, pCscf, previous, (result) => {
      this.#isMoving = false;
      if (result.outcome === "failed") {
        this.#observe("failed", "command", result.status);
        done({ outcome: "failed", trouble: result.trouble, detail: result.detail });
        this.#endMove();
        return;
      }
      this.#heard = result.registered;
      this.#pCscf = pCscf;
      if (through !== null) this.#pCscfAddresses = through.addresses;
      const { stale } = result.registered;
      this.#tried = new Set(stale.map(({ uri }) => uri));
      this.#left = this.#left.filter(({ uri }) => uri !== pCscf && uri !== previous);
      const isLeft = stale.length > 0 || this.#isHidden(result.registered);
      if (isLeft && !isOldDead && previous !== pCscf)
        this.#left = [...this.#left, { uri: previous, tries: 0 }];
      const registration = this.#stand(result.registered, "command");
      done({ outcome: "registered", registration, trouble: result.trouble });
      this.#endMove();
    });
  }

  /** True while a binding waits for `leaveOldFlow`: until no dialog uses a P-CSCF that a move has left. */
  get hasOldFlow(): boolean {
    return this.#left.length > 0 && !this.#isMoving && this.#leaving === 0;
  }

  /** Removes what P-CSCFs which rewrite Contact have left, through them. */
  leaveOldFlow(): void {
    const left = this.#left;
    this.#left = [];
    for (const { uri, tries } of left) {
      this.#host.log.info("a binding that was left is removed through its P-CSCF", { pCscf: uri });
      const ways = { contact: this.#contact, old: uri, present: this.#pCscf };
      leaveOldFlow(this.#registration, ways, (outcome, of) => {
        const isDue = of === "removal" && mayPass(outcome) && tries + 1 < mostRemovals;
        if (isDue && uri !== this.#pCscf && this.#leaving === 0)
          this.#left = [...this.#left, { uri, tries: tries + 1 }];
        this.#follow(outcome);
      });
    }
  }

  /** Refused or not answered, the registration is over here all the same, and is not refreshed any more. */
  deregister(done: (outcome: DeregisterOutcome) => void): void {
    this.#leaving += 1;
    const leave = (): void => this.#leave(done);
    if (this.#isMoving) this.#afterMove.push(leave);
    else leave();
  }

  #leave(done: (outcome: DeregisterOutcome) => void): void {
    this.leaveOldFlow();
    const isFirst = this.#registration.sequence === 0;
    const way = isFirst ? { route: [routeOf(this.#pCscf)] } : {};
    this.#registration.register({ ...way, expires: 0 }, (outcome) => {
      this.#heard = outcome;
      this.#leaving -= 1;
      if (outcome.kind === "removed") {
        this.#fall("removed", "application");
        done({ outcome: "deregistered" });
        return;
      }
      this.#observe("failed", "application", outcome.kind === "refused" ? outcome.status : null);
      this.#fall("removed", "application");
      done(failureOf(outcome));
    });
  }

  #endMove(): void {
    const waiting = this.#afterMove;
    this.#afterMove = [];
    for (const leave of waiting) leave();
  }

  stop(): void {
    this.#afterMove = [];
    this.#registration.stop();
  }

  /** Refreshes and expiry, which nobody asked for. */
  #outcome(outcome: RegistrationOutcome): void {
    if (outcome.kind === "expired") {
      this.#fall("removed", "refresh");
      return;
    }
    if (this.#isMoving || outcome === this.#heard) return;
    if (outcome.kind === "registered") {
      this.#stand(outcome, "refresh");
      this.#removeStale(outcome);
    } else this.#observe("failed", "refresh", outcome.kind === "refused" ? outcome.status : null);
  }

  /** What an earlier life of this UE, or a connection that is gone, has left: by its own text, once. */
  #removeStale({ stale }: Registered): void {
    if (this.#leaving > 0) return;
    const untried = stale.filter(({ uri }) => !this.#tried.has(uri));
    this.#tried = new Set(stale.map(({ uri }) => uri));
    if (untried.length > 0) this.#registration.removeStale(untried, (outcome) => this.#follow(outcome));
  }

  /** The outcome of a REGISTER that tidies up. */
  #follow(outcome: RegistrationOutcome): void {
    this.#heard = outcome;
    if (outcome.kind === "registered") this.#stand(outcome, "refresh");
  }

  /**
   * Whether a binding of its own may stand that the 200 does not list: some registrars answer with the contacts of this
   * REGISTER only (Kamailio's do), and another P-CSCF has made another text of this one.
   */
  #isHidden(outcome: Registered): boolean {
    const before = this.#listed;
    return (
      before !== null &&
      ownUri(outcome) !== before &&
      !outcome.bindings.some((binding) => binding.uri === before)
    );
  }

  #stand(outcome: Registered, cause: RegistrationObservation["cause"]): PresentRegistration {
    this.#listed = ownUri(outcome);
    const stamp = stampOf(this.#pCscf, outcome.serviceRoute);
    const identity = addressUri(outcome.associatedUris[0] ?? this.#options.publicIdentity);
    const present: PresentRegistration = {
      identity,
      instance: this.#instance(outcome),
      contact: this.#contact,
      pCscf: stamp.pCscf,
      sCscf: stamp.sCscf,
      path: outcome.path,
      serviceRoute: outcome.serviceRoute,
      expiresAt: this.#host.clock.wall() + outcome.expires * 1000,
    };
    const standing: Standing = {
      stamp,
      pCscf: this.#pCscf,
      pCscfAddresses: this.#pCscfAddresses,
      present,
    };
    this.#present = standing;
    const others = this.#known.filter((one) => stampKey(one.stamp) !== stampKey(stamp));
    this.#known = [standing, ...others].slice(0, remembered);
    this.#agent.identity = {
      ...this.#agent.identity,
      preferredIdentity: `<${identity}>`,
      route: [routeOf(this.#pCscf), ...outcome.serviceRoute],
    };
    this.#observe("registered", cause, 200);
    this.#handlers.registered(present, stampKey(stamp));
    return present;
  }

  #instance(outcome: Registered): string | null {
    return outcome.bindings.find((binding) => binding.own)?.instanceId ?? this.#options.instanceId ?? null;
  }

  #fall(kind: "removed", cause: RegistrationObservation["cause"]): void {
    this.#present = null;
    this.#observe(kind, cause, null);
    this.#handlers.unregistered();
  }

  #observe(
    kind: RegistrationObservation["kind"],
    cause: RegistrationObservation["cause"],
    status: number | null,
  ): void {
    const registration = this.#present?.stamp ?? null;
    this.#observer.registration?.({ kind, at: this.#host.clock.wall(), registration, cause, status });
  }

  /** By name where names can be looked up, else by address; by the transport of the P-CSCF to begin with. */
  #uriOf(through: FunctionAddress): string {
    const address = this.#options.lookup === undefined ? through.addresses[0] : undefined;
    const host = address ?? through.name;
    return formatSipUri({
      scheme: "sip",
      user: null,
      password: null,
      host: host.replace(/^\[|\]$/g, ""),
      port: through.port ?? 5060,
      parameters: this.#transport,
      headers: null,
    });
  }
}

/** The home network's domain. */
export function homeDomainOf(options: UeOptions): string {
  return options.domain ?? parseSipUri(options.publicIdentity)?.host ?? "";
}
