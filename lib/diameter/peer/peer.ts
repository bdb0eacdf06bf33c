// One peer: drives the peer state machine and the watchdog over connections. RFC 6733 5.6, RFC 3539 3.4.1.
// Long because connections, tables and pending requests of one peer change together.
import type { Timer } from "@liquid-ims/runtime/clock";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { step } from "@liquid-ims/runtime/state-table";
import { sameIdentity } from "../data-type/diameter-identity.ts";
import { type DecodedMessage, type DiameterMessage, isRequest } from "../message.ts";
import { resultCode } from "../result-code.ts";
import {
  applicationsIn,
  buildCapabilitiesExchangeAnswer,
  buildCapabilitiesExchangeRequest,
  capabilitiesAt,
  capabilitiesExchangeCode,
  haveCommonApplication,
  type LocalCapabilities,
  readCapabilitiesExchangeAnswer,
  takesApplication,
} from "./capabilities-exchange.ts";
import { Connection } from "./connection.ts";
import {
  buildDeviceWatchdogAnswer,
  buildDeviceWatchdogRequest,
  deviceWatchdogCode,
} from "./device-watchdog.ts";
import {
  buildDisconnectPeerAnswer,
  buildDisconnectPeerRequest,
  type DisconnectCause,
  disconnectPeerCode,
  readDisconnectCause,
} from "./disconnect-peer.ts";
import type { PeerEnvironment, PeerOptions } from "./peer-environment.ts";
import { type SaidCapabilities, saidIn, troubleOf } from "./peer-report.ts";
import {
  isOpen,
  type PeerAction,
  type PeerEvent,
  type PeerState,
  peerState,
  winsElection,
} from "./peer-state.ts";
import { initialWatchdog, stepWatchdog, type WatchdogInput, type WatchdogState } from "./watchdog.ts";
import { WatchdogTimer } from "./watchdog-timer.ts";

type Side = "I" | "R";

interface Item {
  readonly event: PeerEvent;
  readonly connection: Connection | null;
  readonly decoded: DecodedMessage | null;
}

const waiting: ReadonlySet<PeerState> = new Set<PeerState>([
  "Wait-Conn-Ack",
  "Wait-I-CEA",
  "Wait-Conn-Ack/Elect",
  "Wait-Returns",
  "Closing",
]);

export class Peer {
  readonly options: PeerOptions;
  readonly #environment: PeerEnvironment<Peer>;
  readonly #watchTimer: WatchdogTimer;
  readonly #queue: Item[] = [];
  #state: PeerState = "Closed";
  #watchdog = initialWatchdog;
  #running = false;
  #initiator: Connection | null = null;
  #responder: Connection | null = null;
  /** The CER that R-Snd-CEA answers. */
  #request: DiameterMessage | null = null;
  /** Connections asked for; the last one counts. */
  #attempts = 0;
  #timeout: Timer | null = null;
  #mayCall = true;
  /** What it said that it serves; null: that could not be read. */
  #applications: ReadonlySet<number> | null = null;
  /** When it was called last, by the clock; null: never. */
  #calledAt: number | null = null;
  /** Hop-by-Hop identifier of the CER. */
  #asked: number | null = null;
  #stopped = false;
  #cause: DisconnectCause = "REBOOTING";
  #said: SaidCapabilities | null = null;
  #trouble: string | null = null;

  constructor(options: PeerOptions, environment: PeerEnvironment<Peer>) {
    this.options = options;
    this.#environment = environment;
    const { host, times } = environment;
    this.#watchTimer = new WatchdogTimer(host, times, () => this.#watch("Timer expires"));
  }

  get state(): PeerState {
    return this.#state;
  }

  get watchdog(): WatchdogState {
    return this.#watchdog.state;
  }

  /** Its last CER or CEA; null: none came. */
  get said(): SaidCapabilities | null {
    return this.#said;
  }

  /** Why the last attempt did not open it; null while it is open, and before the first one has ended. */
  get trouble(): string | null {
    return this.#trouble;
  }

  get open(): boolean {
    return isOpen(this.#state);
  }

  /** Calls it, now and whenever it is lost, if it has an address. */
  start(): void {
    if (!this.#callable()) return;
    this.#watchTimer.set("reconnect");
    this.#fire("Start");
  }

  /** 5.4: one that asked not to be called without need is called when something is to be sent, at most every Tc. */
  needed(): void {
    if (this.#state !== "Closed" || this.#mayCall || !this.#callable()) return;
    const { host, times } = this.#environment;
    if (this.#calledAt !== null && host.clock.now() - this.#calledAt < times.reconnectMs) return;
    this.#fire("Start");
  }

  /** Says goodbye with this cause, and stays closed. */
  stop(cause: DisconnectCause): void {
    this.#stopped = true;
    this.#cause = cause;
    this.#watchTimer.cancel();
    this.#fire("Stop");
  }

  /** A connection whose CER is accepted. */
  accept(connection: Connection, decoded: DecodedMessage): void {
    if (this.#stopped) connection.end();
    else {
      this.#said = saidIn(decoded.message);
      this.#fire("R-Conn-CER", connection, decoded);
    }
  }

  /** Whether it takes requests of that application (6.1.6). */
  takes(applicationId: number): boolean {
    return this.#applications === null || takesApplication(this.#applications, applicationId);
  }

  send(message: DiameterMessage): void {
    this.#fire("Send-Message", null, { message, fault: null });
  }

  #callable(): boolean {
    return this.options.address !== undefined && this.options.address !== null && !this.#stopped;
  }

  #fire(event: PeerEvent, connection: Connection | null = null, decoded: DecodedMessage | null = null): void {
    this.#queue.push({ event, connection, decoded });
    if (this.#running) return;
    this.#running = true;
    try {
      for (let item = this.#queue.shift(); item !== undefined; item = this.#queue.shift()) this.#step(item);
    } finally {
      this.#running = false;
    }
  }

  #step(item: Item): void {
    const before = this.#state;
    const row = step<PeerState, PeerEvent, PeerAction>(peerState, before, item.event);
    if (!row.expected) {
      this.#environment.counters.dropped("not expected");
      this.#environment.host.log.debug("diameter.unexpected", {
        peer: this.options.originHost,
        state: before,
        event: item.event,
      });
      return;
    }
    this.#state = row.next;
    this.#trouble = troubleOf(before, item.event) ?? this.#trouble;
    for (const action of row.actions) this.#act(action, item);
    if (row.next !== before) this.#entered(before);
  }

  #entered(before: PeerState): void {
    const { host } = this.#environment;
    host.log.debug("diameter.peer", { peer: this.options.originHost, state: this.#state, before });
    this.#timeout?.cancel();
    this.#timeout = null;
    if (waiting.has(this.#state)) {
      const { exchangeMs } = this.#environment.times;
      this.#timeout = host.clock.after(exchangeMs, () => this.#fire("Timeout"), "diameter exchange");
    }
    if (this.open && !isOpen(before)) {
      this.#mayCall = true;
      this.#trouble = null;
      this.#watch("Connection up");
      this.#environment.opened(this);
    } else if (this.#state === "Closed") {
      this.#request = null;
      const { state } = this.#watchdog;
      if (state !== "INITIAL" && state !== "DOWN") this.#watch("Connection down");
      this.#environment.failover(this);
      this.#environment.closed(this);
    }
  }

  #watch(input: WatchdogInput): void {
    if (this.#stopped && input === "Timer expires") return;
    const { watchdog, effects } = stepWatchdog(this.#watchdog, input);
    this.#watchdog = watchdog;
    for (const effect of effects) {
      if (effect === "set") this.#setWatchdog();
      else if (effect === "send") this.#sendWatchdog();
      else if (effect === "open") this.#attemptOpen();
      else if (effect === "close") this.#lose();
      else if (effect === "failover") this.#environment.failover(this);
    }
  }

  #setWatchdog(): void {
    const { state } = this.#watchdog;
    if (this.#stopped) return;
    if (state !== "INITIAL" && state !== "DOWN") this.#watchTimer.set("watchdog");
    else if (this.#callable()) this.#watchTimer.set("reconnect");
    else this.#watchTimer.cancel();
  }

  #sendWatchdog(): void {
    const { local, identifiers } = this.#environment;
    const ids = { hopByHop: identifiers.hopByHop(), endToEnd: identifiers.endToEnd() };
    if (this.open) (this.#initiator ?? this.#responder)?.send(buildDeviceWatchdogRequest(local, ids));
  }

  #attemptOpen(): void {
    if (this.#state === "Closed" && this.#callable() && this.#mayCall) this.#fire("Start");
  }

  /** The watchdog gives the connection up. */
  #lose(): void {
    if (this.#state === "Closed") return;
    const side = this.#initiator === null ? "R" : "I";
    (this.#initiator ?? this.#responder)?.reset();
    this.#fire(`${side}-Peer-Disc`);
  }

  #act(action: PeerAction, item: Item): void {
    const { local, identifiers } = this.#environment;
    const ids = () => ({ hopByHop: identifiers.hopByHop(), endToEnd: identifiers.endToEnd() });
    const request = item.decoded?.message;
    const reply = (build: (local: LocalCapabilities, request: DiameterMessage) => DiameterMessage) => {
      if (request !== undefined) item.connection?.send(build(local, request));
    };
    switch (action) {
      case "I-Snd-Conn-Req":
        this.#connect();
        return;
      case "Cleanup":
        this.#attempts += 1;
        return;
      case "Error":
        this.#attempts += 1;
        this.#drop("I");
        this.#drop("R");
        return;
      case "R-Accept":
        this.#responder = item.connection;
        if (item.connection !== null) item.connection.owner = this.#owner("R");
        return;
      case "R-Reject":
        this.#environment.counters.dropped("second connection");
        item.connection?.end();
        return;
      case "Process-CER":
        this.#request = request ?? null;
        this.#applications = request === undefined ? null : applicationsIn(request);
        return;
      case "Elect":
        if (winsElection(local.originHost, this.options.originHost)) this.#fire("Win-Election");
        return;
      case "I-Snd-CER":
        this.#initiator = item.connection;
        this.#askCapabilities(ids());
        return;
      case "R-Snd-CEA":
        if (this.#request !== null && this.#responder !== null)
          this.#responder.send(
            buildCapabilitiesExchangeAnswer(this.#localAt(this.#responder), this.#request),
          );
        return;
      case "I-Disc":
        this.#drop("I");
        return;
      case "R-Disc":
        this.#drop("R");
        return;
      case "I-Snd-Message":
        if (request !== undefined) this.#initiator?.send(request);
        return;
      case "R-Snd-Message":
        if (request !== undefined) this.#responder?.send(request);
        return;
      case "I-Snd-DPR":
      case "R-Snd-DPR":
        (action === "I-Snd-DPR" ? this.#initiator : this.#responder)?.send(
          buildDisconnectPeerRequest(local, ids(), this.#cause),
        );
        return;
      case "I-Snd-DPA":
      case "R-Snd-DPA":
        if (request !== undefined) this.#mayCall = readDisconnectCause(request) === "REBOOTING";
        reply(buildDisconnectPeerAnswer);
        return;
      case "I-Snd-DWA":
      case "R-Snd-DWA":
        reply(buildDeviceWatchdogAnswer);
        return;
      case "Process":
        this.#process(item);
        return;
      case "Process-CEA":
        this.#applications = request === undefined ? null : applicationsIn(request);
        return;
      case "Process-DWR":
      case "Process-DWA":
        // What they say was looked at before the event was made.
        return;
    }
  }

  #askCapabilities(ids: { readonly hopByHop: number; readonly endToEnd: number }): void {
    this.#asked = ids.hopByHop;
    this.#initiator?.send(buildCapabilitiesExchangeRequest(this.#localAt(this.#initiator), ids));
  }

  #localAt(connection: Connection): LocalCapabilities {
    return capabilitiesAt(this.#environment.local, connection.local.host);
  }

  #process({ decoded, connection }: Item): void {
    if (decoded === null || connection === null) return;
    if (isRequest(decoded.message)) this.#environment.request(decoded, this, connection);
    else this.#environment.answer(decoded, this);
  }

  #drop(side: Side): void {
    const connection = side === "I" ? this.#initiator : this.#responder;
    if (side === "I") this.#initiator = null;
    else this.#responder = null;
    connection?.end();
  }

  #connect(): void {
    const { host, times } = this.#environment;
    const { address, originHost, localHost } = this.options;
    if (address === undefined || address === null) return;
    this.#attempts += 1;
    this.#calledAt = host.clock.now();
    const attempt = this.#attempts;
    host.spawn("diameter connect", async () => {
      try {
        const stream = await host.network.connect(address, {
          timeoutMs: times.exchangeMs,
          ...(localHost === undefined ? {} : { local: { host: localHost, port: 0 } }),
        });
        if (attempt !== this.#attempts) {
          stream.open({ data: () => stream.reset(), closed: () => stream.reset() });
          stream.reset();
          return;
        }
        const { settings, counters } = this.#environment;
        const connection = new Connection(host, stream, settings, counters, this.#owner("I"));
        this.#fire("I-Rcv-Conn-Ack", connection);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        host.log.debug("diameter.connect", { peer: originHost, error: error.code });
        if (attempt !== this.#attempts) return;
        this.#trouble = error.message;
        this.#fire("I-Rcv-Conn-Nack");
      }
    });
  }

  #owner(side: Side) {
    return {
      message: (decoded: DecodedMessage, connection: Connection) => this.#received(side, decoded, connection),
      closed: (connection: Connection) => {
        const mine = side === "I" ? this.#initiator : this.#responder;
        if (mine === connection) this.#fire(`${side}-Peer-Disc`);
      },
    };
  }

  #received(side: Side, decoded: DecodedMessage, connection: Connection): void {
    const { message } = decoded;
    const { commandCode } = message;
    const request = isRequest(message);
    if (side === "I" && (this.#state === "Wait-I-CEA" || this.#state === "Wait-Returns")) {
      this.#fire(this.#accepts(decoded) ? "I-Rcv-CEA" : "I-Rcv-Non-CEA", connection, decoded);
      return;
    }
    const base = message.applicationId === 0;
    const watchdogAnswer = base && commandCode === deviceWatchdogCode && !request;
    if (this.open) this.#watch(watchdogAnswer ? "Receive DWA" : "Receive non-DWA");
    // A request that cannot be served is no DWR or DPR here: the node says what is wrong.
    if (!base || (request && this.#environment.refuses(decoded)))
      this.#fire(`${side}-Rcv-Message`, connection, decoded);
    else if (commandCode === deviceWatchdogCode)
      this.#fire(request ? `${side}-Rcv-DWR` : `${side}-Rcv-DWA`, connection, decoded);
    else if (commandCode === disconnectPeerCode)
      this.#fire(request ? `${side}-Rcv-DPR` : `${side}-Rcv-DPA`, connection, decoded);
    else this.#fire(`${side}-Rcv-Message`, connection, decoded);
  }

  /** Whether this is the CEA that was waited for. */
  #accepts({ message, fault }: DecodedMessage): boolean {
    if (fault !== null || isRequest(message) || message.commandCode !== capabilitiesExchangeCode)
      return false;
    // 6.2.1: an answer to something else is no answer to the CER.
    if (message.hopByHop !== this.#asked) return false;
    this.#said = saidIn(message);
    const read = readCapabilitiesExchangeAnswer(message);
    const { originHost } = this.options;
    const theirs = applicationsIn(message);
    const common = theirs === null || haveCommonApplication(this.#environment.local, theirs);
    const accepted =
      common &&
      read.ok &&
      read.value.resultCode === resultCode.success &&
      sameIdentity(read.value.originHost, originHost);
    if (!accepted)
      this.#environment.host.log.warn("diameter.refused", {
        peer: originHost,
        result: !read.ok
          ? read.rejection.detail
          : common
            ? read.value.resultCode
            : "no application in common",
      });
    return accepted;
  }
}
