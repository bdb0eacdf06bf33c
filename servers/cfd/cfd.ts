// Control Function Discovery: takes third-party REGISTERs from S-CSCFs and keeps the location records.
// TS 24.229 5.4.1.7, 5.7.1.1.
import { createFunctionTable, splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host, Program } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { encodeHex } from "@liquid-ims/runtime/text";
import { parseNameAddress } from "@liquid-ims/sip/header/name-address";
import { parseVia } from "@liquid-ims/sip/header/via";
import type { Lookup } from "@liquid-ims/sip/locate";
import { buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";
import { defaultTimers } from "@liquid-ims/sip/timers";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import type { MessageSource, Target } from "@liquid-ims/sip/transport";
import { UserAgent } from "@liquid-ims/sip/user-agent";
import type { CfdConfig } from "./cfd-config.ts";
import { CfdCounters, type Refusal } from "./cfd-counters.ts";
import { deriveImpi } from "./derived-impi.ts";
import { Doubts } from "./doubts.ts";
import { startExpiry } from "./expiry.ts";
import { type PatientStore, patientStore, StoreFailure } from "./patient-store.ts";
import type { Decision } from "./record-change.ts";
import { writeRegister } from "./record-writer.ts";
import { RegEvent } from "./reg-event.ts";
import { RegisterSightings, type RegistersSeen } from "./register-sightings.ts";
import type { RegistrationStatePort } from "./registration-state.ts";
import { createSCscfList, isLoopback } from "./s-cscf-list.ts";
import { readThirdPartyRegister, type ThirdPartyRegister } from "./third-party-register.ts";
import { createVisitedPCscfs, type VisitedPCscf } from "./visited-p-cscf.ts";
import { createWorkQueue } from "./work-queue.ts";

export interface CfdOptions {
  readonly store: LocationStore;
  /** Resolves configured S-CSCF names to addresses; default: none, then S-CSCFs are known by their addresses only. */
  readonly lookup?: Lookup;
  /** Asks S-CSCFs about doubtful records, those that may be asked; default: by their reg event. */
  readonly registrationState?: RegistrationStatePort;
  /** Told of each visited P-CSCF once in the life of this CFD. */
  readonly onVisitedPCscf?: (visited: VisitedPCscf) => void;
  readonly config: CfdConfig;
}

export interface CfdNode {
  /** Listening; rejects when an address cannot be had. */
  readonly ready: Promise<void>;
  /** The addresses that it listens on, with the ports that the system chose; empty before `ready`. */
  readonly local: readonly Target[];
  /**
   * Before `stop`: from now on REGISTERs are answered 503, as when it is busy; resolves when those taken before are
   * answered.
   */
  drain(): Promise<void>;
  /** Why the location store does not do what is asked, for /healthz; null: it does. Looked at each second. */
  storeTrouble(): string | null;
  /** What S-CSCFs have sent lately, and what was refused, for /healthz. */
  registers(): RegistersSeen;
  /** Closes its sockets and timers; REGISTERs not yet answered stay so. The store is its owner's to close. */
  stop(): Promise<void>;
}

/** RFC 3261 20.43: 399 with the reason, for whoever configures the S-CSCF. */
function warning(detail: string): string {
  const text = detail.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "'");
  return `399 cfd "${text.slice(0, 200)}"`;
}

const methods = "REGISTER, OPTIONS, NOTIFY";

/** S-CSCFs that are known by name are looked up so often, ms. */
const lookUpEvery = 30_000;

/** How a line of the log names a message: by its user and its Call-ID. */
function nameOf(request: SipRequest): { readonly user: string; readonly callId: string | undefined } {
  const to = request.headers.get("To") ?? "";
  return { user: parseNameAddress(to)?.uri ?? to.slice(0, 200), callId: request.headers.get("Call-ID") };
}

function warnOfUdp(host: Host, config: CfdConfig): void {
  for (const { protocol, address } of config.listen)
    if (protocol === "udp" && !isLoopback(address.host))
      host.log.warn("cfd listens on UDP: source addresses can be forged there, prefer TCP", {
        address: formatAddress(address),
      });
}

/** The CFD as a program for any host. */
export function createCfd(options: CfdOptions): Program<CfdNode> {
  return (host) => new Cfd(host, options);
}

class Cfd implements CfdNode {
  readonly ready: Promise<void>;
  readonly #host: Host;
  readonly #config: CfdConfig;
  readonly #options: CfdOptions;
  readonly #store: PatientStore;
  readonly #counters: CfdCounters;
  readonly #sightings: RegisterSightings;
  readonly #table;
  readonly #sCscfs;
  readonly #visited;
  readonly #queue;
  readonly #expiry;
  readonly #agent: UserAgent;
  readonly #regEvent: RegEvent;
  readonly #doubts: Doubts;
  #stack: SipStack | null = null;
  #lookUp: Timer | null = null;
  #stopped = false;
  #draining = false;

  constructor(host: Host, options: CfdOptions) {
    const { config } = options;
    const timers = { ...defaultTimers, ...config.timers };
    this.#host = host;
    this.#config = config;
    this.#options = options;
    this.#store = patientStore(options.store, host.clock, {
      timeout: config.storeTimeout ?? 2_000,
      onTrouble: (trouble) => this.#onTrouble(trouble),
    });
    this.#table = createFunctionTable(config.functions ?? []);
    this.#sCscfs = createSCscfList(config, options.lookup ?? null);
    this.#visited = createVisitedPCscfs(config.homeDomain ?? null);
    this.#queue = createWorkQueue(host, config.queueLimit ?? 1_000);
    this.#counters = new CfdCounters(host.metrics, () => this.#queue.length);
    this.#sightings = new RegisterSightings(host.clock, this.#counters);
    const { timeout = 5_000, atOnce = 20, mostWaiting = 1_000 } = config.regEvent ?? {};
    this.#agent = new UserAgent(host, {
      identity: { from: "", contact: "", route: [] },
      handlers: {},
      timers,
      allow: ["NOTIFY"],
      supported: [],
    });
    this.#regEvent = new RegEvent(host, {
      agent: this.#agent,
      timeout,
      isAddressOf: (sCscf, address) => this.#sCscfs.check(address, sCscf) === null,
    });
    this.#doubts = new Doubts(host, {
      store: this.#store,
      table: this.#table,
      port: options.registrationState ?? this.#regEvent,
      ...{ atOnce, mostWaiting },
      ended: (end, { identities: [user], sCscf }) => {
        this.#counters.doubt(end);
        host.log[end === "settled" || end === "overtaken" ? "debug" : "info"]("doubt", { end, user, sCscf });
      },
    });
    this.#expiry = startExpiry(host, this.#store, {
      grace: config.expiryGrace ?? 2_000,
      leftFor: config.leftFor ?? 64 * timers.T1,
      isDown: () => this.#store.trouble() !== null,
      // What was seen before this life is no news.
      onRecord: (record) => {
        this.#visited.note(record);
        const { implicitSet, sCscf } = record;
        if (record.doubtful) this.#doubts.noteOld({ identities: implicitSet, sCscf });
      },
    });
    warnOfUdp(host, config);
    this.ready = this.#open();
  }

  get local(): readonly Target[] {
    return this.#stack?.local ?? [];
  }

  async #open(): Promise<void> {
    await this.#sCscfs.resolve();
    const { lookup } = this.#options;
    const { listen, timers } = this.#config;
    const stack = await openStack(this.#host, {
      listen,
      ...(lookup === undefined ? {} : { lookup }),
      ...(timers === undefined ? {} : { timers }),
      user: {
        request: (transaction) => this.#receive(transaction),
        ack: () => this.#counters.refused("method"),
      },
    });
    if (this.#stopped) {
      await stack.close();
      return;
    }
    this.#stack = stack;
    this.#agent.attach(stack);
    if (this.#sCscfs.isByName) this.#lookUpAgain();
  }

  /** Addresses change, and the directory may have been down when this CFD was started. */
  #lookUpAgain(): void {
    const label = "cfd looks up S-CSCFs";
    const lookUp = async () => {
      await this.#sCscfs.resolve();
      if (!this.#stopped) this.#lookUpAgain();
    };
    this.#lookUp = this.#host.clock.after(lookUpEvery, () => this.#host.spawn(label, lookUp), label);
  }

  drain(): Promise<void> {
    this.#draining = true;
    return this.#queue.close();
  }

  storeTrouble(): string | null {
    return this.#store.trouble();
  }

  registers(): RegistersSeen {
    return this.#sightings.seen;
  }

  #onTrouble(trouble: string | null): void {
    const { log } = this.#host;
    if (trouble === null) log.info("the location store takes records again");
    else log.error("the location store fails; REGISTERs are answered 503", { reason: trouble });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#lookUp?.cancel();
    this.#expiry.stop();
    this.#doubts.stop();
    this.#regEvent.stop();
    await this.#stack?.close();
  }

  #respond(
    transaction: ServerTransaction,
    status: number,
    headers: readonly HeaderPair[],
    reason?: string,
  ): void {
    const toTag = encodeHex(this.#host.random.bytes(8));
    transaction.respond(
      buildResponse(transaction.request, status, {
        toTag,
        headers,
        ...(reason === undefined ? {} : { reason }),
      }),
    );
  }

  #refuse(
    transaction: ServerTransaction,
    refusal: Refusal,
    status: number,
    detail: string,
    headers: HeaderPair[] = [],
  ) {
    this.#counters.refused(refusal);
    this.#sightings.refused(transaction.source, status, refusal, detail);
    // A line for each of ten thousand refused ones would hold up the others.
    const level = status === 503 ? "debug" : "info";
    this.#host.log[level]("REGISTER refused", {
      status,
      refusal,
      detail,
      from: formatAddress(transaction.source.address),
      ...nameOf(transaction.request),
    });
    this.#respond(transaction, status, headers);
  }

  /** `Retry-After` keeps the S-CSCF from coming back at once (RFC 3261 21.5.4). */
  #unavailable(transaction: ServerTransaction, refusal: Refusal, detail: string): void {
    const seconds = String(this.#config.retryAfter ?? 5);
    this.#refuse(transaction, refusal, 503, detail, [["Retry-After", seconds]]);
  }

  #receive(transaction: ServerTransaction): void {
    const { request, source } = transaction;
    if (request.method === "NOTIFY") {
      this.#receiveNotify(transaction);
      return;
    }
    const name = parseNameAddress(request.headers.get("From") ?? "")?.uri ?? null;
    const stranger = this.#sCscfs.check(source.address.host, name);
    if (stranger !== null) {
      const detail = `${stranger}: ${name ?? "no From URI"} is no configured S-CSCF`;
      this.#refuse(transaction, "stranger", 403, detail);
    } else if (request.method === "REGISTER") this.#receiveRegister(transaction);
    else if (request.method === "OPTIONS") this.#respond(transaction, 200, [["Allow", methods]]);
    else this.#refuse(transaction, "method", 405, request.method, [["Allow", methods]]);
  }

  /** Its From is the user's: it is known by the question that it answers. */
  #receiveNotify(transaction: ServerTransaction): void {
    const verdict = this.#regEvent.judge(transaction);
    if (verdict === "ours") this.#agent.request(transaction);
    else if (verdict === "unknown")
      this.#refuse(transaction, "unusable", 481, "NOTIFY of no subscription of this CFD");
    else this.#refuse(transaction, "stranger", 403, "NOTIFY of an S-CSCF that was not asked");
  }

  #receiveRegister(transaction: ServerTransaction): void {
    const read = readThirdPartyRegister(transaction.request, this.#table);
    if (!read.ok) {
      this.#refuse(transaction, "unusable", 400, read.detail, [["Warning", warning(read.detail)]]);
      return;
    }
    const message = read.value;
    this.#sightings.note(transaction.request, transaction.source, message);
    if (message.unreadable > 0) this.#counters.unreadableBodies.add(message.unreadable);
    const arrived = this.#host.clock.now();
    const user = message.implicitSet[0] ?? message.identity;
    const taken = this.#queue.add(user, () => this.#register(transaction, message, arrived));
    if (taken) return;
    const waiting = `${this.#queue.length} REGISTERs wait for the store`;
    this.#unavailable(transaction, "busy", this.#draining ? "this CFD ends" : waiting);
  }

  async #register(
    transaction: ServerTransaction,
    message: ThirdPartyRegister,
    arrived: number,
  ): Promise<void> {
    const { clock } = this.#host;
    if (clock.now() - arrived > (this.#config.storeTimeout ?? 2_000)) {
      this.#unavailable(transaction, "busy", "waited too long behind others of the same user");
      return;
    }
    let decision: Decision;
    try {
      decision = await writeRegister(message, {
        store: this.#store,
        clock,
        table: this.#table,
        impiOf: (impu) => deriveImpi(impu, this.#config.impiRealm ?? null),
      });
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      this.#unavailable(transaction, "store", error.message);
      return;
    }
    this.#counters.register(decision.outcome);
    this.#host.log.debug("REGISTER answered", {
      outcome: decision.outcome,
      expires: message.expires,
      ...nameOf(transaction.request),
    });
    const { request } = transaction;
    this.#respond(transaction, 200, [["Contact", `<${message.sCscf}>;expires=${message.expires}`]]);
    for (const { record } of decision.changes) {
      this.#expiry.note(record);
      this.#tellOfVisited(this.#visited.note(record));
    }
    if (!this.#mayAsk(message)) return;
    const { sCscf, implicitSet, identity, pCscf } = message;
    const asked = { sCscf, ...this.#wayTo(request, transaction.source, sCscf) };
    this.#doubts.heard(asked);
    if (decision.outcome !== "doubtful") return;
    const identities = [...new Set([...implicitSet, identity])];
    this.#doubts.note({ question: { ...asked, identities }, left: pCscf?.name ?? null });
  }

  #tellOfVisited(visited: VisitedPCscf | null): void {
    if (visited === null) return;
    this.#counters.visited.add();
    this.#host.log.info("visited P-CSCF seen for the first time", { ...visited });
    this.#options.onVisitedPCscf?.(visited);
  }

  #mayAsk({ sCscf }: ThirdPartyRegister): boolean {
    const { regEvent, sCscfs } = this.#config;
    if (this.#options.registrationState !== undefined || regEvent?.askAll === true) return true;
    return sCscfs.some(
      ({ name, answersRegEvent }) => answersRegEvent === true && this.#table.isSame(name, sCscf),
    );
  }

  /** Where an S-CSCF listens that has sent a REGISTER, and how this CFD presents itself there. */
  #wayTo({ headers, uri }: SipRequest, { protocol, address }: MessageSource, sCscf: FunctionName) {
    // Of a connection the port is no listening one.
    const via = parseVia(headers.values("Via")[0] ?? "");
    const port = splitFunctionName(sCscf)?.port ?? via?.port ?? 5060;
    const target: Target = { protocol, address: { host: address.host, port } };
    return { target, server: this.#config.regEvent?.identity ?? uri };
  }
}
