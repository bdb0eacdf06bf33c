// The LCF's half of the event package liquid-ims: hello, ticket, commands, answers. RFC 6665 4.1; cfs-ue 2 to 6.
// Long because the subscription, its dialogs and what waits to be said change together.
import type { Command, NotifyBody, SubscribeBody } from "@liquid-ims/reference-points/cfs-ue";
import { contentType, eventPackage } from "@liquid-ims/reference-points/cfs-ue";
import {
  openCommand,
  openNotify,
  openPolicy,
  openTicket,
  sealSubscribe,
} from "@liquid-ims/reference-points/cfs-ue-body";
import { parseJson } from "@liquid-ims/reference-points/decode-json";
import { parseJws, type SigningKey, thumbprint } from "@liquid-ims/reference-points/jws";
import { cfsUeVersion } from "@liquid-ims/reference-points/version";
import type { Timer } from "@liquid-ims/runtime/clock";
import type { KeyPair, PublicKey } from "@liquid-ims/runtime/crypto";
import type { Host } from "@liquid-ims/runtime/host";
import { decodeText, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import type { Outcome } from "@liquid-ims/sip/dialog/outcome";
import type { SubscriptionEnd } from "@liquid-ims/sip/dialog/subscription";
import type { Notification } from "@liquid-ims/sip/dialog/subscription-notification";
import { parseRetryAfter } from "@liquid-ims/sip/header/delta-seconds";
import { Outbox } from "./outbox.ts";
import { type Trust, trustOf, withPolicy } from "./ticket.ts";
import type { PresentRegistration, SubscribeNames, SubscriptionPort, UePort } from "./ue-port.ts";

export interface CfsUeOptions {
  readonly host: Host;
  readonly port: UePort;
  /** Request-URI of the CFS. */
  readonly uri: string;
  /** Asked for, seconds. */
  readonly expires: number;
  /** A command that a known key has signed; one at a time, in the order of arrival. */
  command(command: Command): void;
  /** Signed by a known key, but no command that is known here: a newer CFS's. */
  unknownCommand(head: UnknownCommand): void;
  /** True from accepting an S move to its 200: nothing leaves outside dialogs. */
  isHolding(): boolean;
}

/** What can be read of a command that is not understood. */
export interface UnknownCommand {
  readonly operation: string;
  readonly sequence: number;
  readonly detail: string;
}

/** One SUBSCRIBE and its dialog. */
interface CfsDialog {
  readonly names: SubscribeNames;
  readonly nonce: string;
  /** Path and Service-Route that its hello has told. */
  readonly route: string;
  subscription: SubscriptionPort | null;
  /** Of the last body that was sent, and of the last that was taken. */
  sent: number;
  taken: number;
  /** Empty before its ticket. */
  keys: ReadonlyMap<string, PublicKey>;
  /** To be repeated, null when that was done. */
  challenge: string | null;
  /** The SUBSCRIBE under way repeats it. */
  isProving: boolean;
  hasTicket: boolean;
  isSealing: boolean;
}

/** A new SUBSCRIBE after the end of another, at most once in so many ms; with jitter. */
const resubscribePause = 10_000;
const resubscribeJitter = 2000;
/** No CFS there: not sooner than in an hour, unless a registration elsewhere comes about. */
const hour = 3_600_000;
/** Answers of a CFS that is there and wants to be asked again: 500 with Retry-After is its rate. */
const soonAgain: ReadonlySet<number> = new Set([500, 504]);
/** An unsigned NOTIFY cannot send the LCF to sleep for longer, ms. */
const longestProbation = 120_000;
/** A refresh that was refused is tried again. */
const refreshPause = 3000;
/** What was said and not acknowledged is said again. */
const acknowledgePause = 10_000;

function routeKey({ path, serviceRoute }: PresentRegistration): string {
  return JSON.stringify([path, serviceRoute]);
}

/** Operation and sequence of a verified command whose other members are not understood. */
function headOf(jws: string): Pick<UnknownCommand, "operation" | "sequence"> | null {
  const parsed = parseJws(jws);
  if (!parsed.ok) return null;
  const read = parseJson(parsed.value.payload);
  if (!read.ok || typeof read.value !== "object" || read.value === null) return null;
  const { operation, sequence } = read.value as { operation?: unknown; sequence?: unknown };
  if (typeof operation !== "string" || operation === "" || operation.length > 256) return null;
  if (typeof sequence !== "number" || !Number.isSafeInteger(sequence) || sequence < 1) return null;
  return { operation, sequence };
}

export class CfsUe {
  readonly #host: Host;
  readonly #options: CfsUeOptions;
  readonly #outbox = new Outbox();
  #key: KeyPair | null = null;
  /** That of the newest hello. Older ones receive only, and end by themselves. */
  #current: CfsDialog | null = null;
  #trust: Trust | null = null;
  /** Bodies are verified in the order of their arrival, one at a time. */
  #incoming: Promise<void> = Promise.resolve();
  #outgoing: Promise<void> = Promise.resolve();
  /** Every dialog that may still bring something. */
  readonly #dialogs = new Set<CfsDialog>();
  /** A hello is due or being signed: what is to be said waits for its dialog. */
  #isOpening = false;
  /** It is due, and an S move holds it back. */
  #isHeldBack = false;
  #subscribedAt = Number.NEGATIVE_INFINITY;
  #again: Timer | null = null;
  #refresh: Timer | null = null;
  #isStopped = false;

  constructor(options: CfsUeOptions) {
    this.#options = options;
    this.#host = options.host;
  }

  /** Null before the first ticket. */
  get trust(): Trust | null {
    return this.#trust;
  }

  /** The CFS's wall clock. */
  get now(): number {
    return this.#host.clock.wall() + (this.#trust?.clockOffset ?? 0);
  }

  /** Path or Service-Route changed: a new dialog, at once; else the present one is refreshed. */
  registered(registration: PresentRegistration): void {
    const { route } = this.#current ?? { route: null };
    if (route !== routeKey(registration)) this.#subscribe();
    else this.#send(true);
  }

  unregistered(): void {
    this.#again?.cancel();
    this.#refresh?.cancel();
    for (const dialog of this.#dialogs) dialog.subscription?.abandon();
    this.#dialogs.clear();
    this.#current = null;
    this.#isOpening = false;
    this.#isHeldBack = false;
  }

  /** The move that held new requests back does so no longer. */
  released(): void {
    if (this.#isHeldBack) this.#subscribe();
  }

  /** Said until it is acknowledged, in whatever dialog is current. */
  say(message: Parameters<Outbox["put"]>[0]): void {
    this.#outbox.put(message);
    this.#send(false);
  }

  stop(): void {
    this.#isStopped = true;
    this.unregistered();
  }

  #count(outcome: string): void {
    this.#host.metrics
      .counter("lcf_cfs_ue_total", { help: "What came of messages of the CFS.", labels: { outcome } })
      .add();
  }

  #refused(reason: string, detail: string): void {
    this.#host.log.warn("refused from the CFS", { reason, detail });
    this.#count(`refused: ${reason}`);
  }

  // Subscribing.

  #subscribe(): void {
    this.#again?.cancel();
    if (this.#isStopped || this.#options.port.registration() === null) return;
    this.#isOpening = true;
    this.#isHeldBack = this.#options.isHolding();
    if (this.#isHeldBack) return;
    this.#subscribedAt = this.#host.clock.now();
    const turn = this.#outgoing.then(() => this.#hello());
    this.#outgoing = turn;
    this.#host.spawn("LCF hello", () => turn);
  }

  async #hello(): Promise<void> {
    const { port, expires, uri } = this.#options;
    const { crypto, clock, random } = this.#host;
    this.#key ??= await crypto.generateKey(crypto.preferredAlgorithm);
    const registration = port.registration();
    if (registration === null || this.#isStopped) return;
    const names = port.newSubscribe();
    const nonce = encodeHex(random.bytes(16));
    const { identity, instance, contact, path, serviceRoute } = registration;
    const body: SubscribeBody = {
      v: cfsUeVersion,
      seq: 1,
      callId: names.callId,
      fromTag: names.fromTag,
      expires,
      hello: {
        nonce,
        time: clock.wall(),
        identity,
        instance,
        contact,
        path,
        serviceRoute,
        key: this.#key.publicKey.jwk,
      },
      ...this.#outbox.all,
    };
    const jws = await sealSubscribe(crypto, this.#signing(this.#key), body);
    // Signing takes time: another registration has a hello of its own under way.
    const present = port.registration();
    if (present === null || this.#isStopped) return;
    if (routeKey(present) !== routeKey(registration)) return;
    if (this.#options.isHolding()) {
      this.#subscribe();
      return;
    }
    this.#isOpening = false;
    const dialog: CfsDialog = {
      names,
      nonce,
      route: routeKey(registration),
      subscription: null,
      sent: 1,
      taken: 0,
      keys: new Map(),
      challenge: null,
      isProving: false,
      hasTicket: false,
      isSealing: false,
    };
    this.#current = dialog;
    this.#dialogs.add(dialog);
    this.#refresh?.cancel();
    this.#outbox.newDialog();
    dialog.subscription = port.subscribe(
      {
        names,
        uri,
        event: eventPackage,
        accept: contentType,
        expires,
        body: { type: contentType, data: encodeText(jws) },
      },
      {
        notified: (notification) => this.#notified(dialog, notification),
        answered: (outcome) => this.#answered(dialog, outcome),
        ended: (end) => this.#ended(dialog, end),
      },
    );
  }

  #signing(pair: KeyPair): SigningKey {
    return { kid: thumbprint(this.#host.crypto, pair.publicKey.jwk), key: pair.privateKey };
  }

  #ended(dialog: CfsDialog, end: SubscriptionEnd): void {
    this.#dialogs.delete(dialog);
    dialog.subscription = null;
    if (dialog !== this.#current) return;
    this.#host.log.info("cfs-ue dialog is over", { by: end.by });
    this.#count(`over: ${end.by}`);
    this.#refresh?.cancel();
    if (this.#isOpening) return;
    if (end.by === "failure") this.#subscribeLater(end.outcome);
    else {
      // Nobody has signed it: it decides nothing but when to ask again.
      const retryAfter = end.by === "notifier" ? (end.retryAfter ?? 0) * 1000 : 0;
      this.#subscribeIn(this.#paced(Math.min(retryAfter, longestProbation)));
    }
  }

  #subscribeLater(outcome: Outcome): void {
    const header = outcome.response?.headers.get("Retry-After");
    const retryAfter = header === undefined ? 0 : (parseRetryAfter(header)?.seconds ?? 0) * 1000;
    if (!soonAgain.has(outcome.status)) this.#subscribeIn(Math.max(retryAfter, hour));
    else this.#subscribeIn(retryAfter > 0 ? retryAfter : this.#paced(0));
  }

  /** Once in 10 s at most. */
  #paced(ms: number): number {
    return Math.max(ms, this.#subscribedAt + resubscribePause - this.#host.clock.now());
  }

  #subscribeIn(ms: number): void {
    if (this.#isStopped) return;
    const wait = ms + this.#host.random.int(resubscribeJitter);
    this.#again?.cancel();
    this.#again = this.#host.clock.after(wait, () => this.#subscribe(), "LCF subscribes again");
  }

  // What comes.

  #notified(dialog: CfsDialog, { state, body }: Notification): void {
    if (dialog === this.#current && state.state !== "terminated" && state.expires !== null)
      this.#refreshIn(state.expires * 1000);
    if (body === null || body.type.split(";")[0]?.trim().toLowerCase() !== contentType) return;
    const jws = decodeText(body.data);
    const turn = this.#incoming.then(() => this.#take(dialog, jws));
    this.#incoming = turn;
    this.#host.spawn("LCF verifies", () => turn);
  }

  /** Well before the end; a registration's refresh usually comes first. */
  #refreshIn(ms: number): void {
    this.#refresh?.cancel();
    this.#refresh = this.#host.clock.after(ms * 0.8, () => this.#send(true), "LCF refreshes");
  }

  async #take(dialog: CfsDialog, jws: string): Promise<void> {
    if (this.#isStopped) return;
    const body = dialog.hasTicket ? await this.#opened(dialog, jws) : await this.#ticket(dialog, jws);
    if (body === null) return;
    if (body.seq <= dialog.taken) {
      this.#refused("replayed", `body ${body.seq}, ${dialog.taken} was taken already`);
      return;
    }
    dialog.taken = body.seq;
    this.#outbox.acknowledge(body.acks);
    if (body.policy !== undefined) await this.#policy(body.policy);
    for (const command of body.commands) await this.#command(command);
    this.#send(false);
  }

  async #opened(dialog: CfsDialog, jws: string): Promise<NotifyBody | null> {
    const opened = await openNotify(this.#host.crypto, jws, (kid) => dialog.keys.get(kid));
    if (opened.ok) return opened.value;
    this.#refused(opened.failure, opened.detail);
    return null;
  }

  /** A ticket counts once, in the dialog that this end opened, with its nonce. */
  async #ticket(dialog: CfsDialog, jws: string): Promise<NotifyBody | null> {
    const opened = await openTicket(this.#host.crypto, jws, dialog.nonce);
    if (!opened.ok) {
      this.#refused(opened.failure, opened.detail);
      return null;
    }
    const { ticket } = opened.value;
    dialog.hasTicket = true;
    dialog.keys = opened.keys;
    dialog.challenge = ticket.challenge;
    if (dialog === this.#current) this.#trust = trustOf(ticket, opened.keys, this.#host.clock.wall());
    this.#count("ticket");
    return opened.value;
  }

  async #policy(jws: string): Promise<void> {
    const opened = await openPolicy(this.#host.crypto, jws, (kid) => this.#trust?.keys.get(kid));
    if (!opened.ok) this.#refused(opened.failure, opened.detail);
    else if (this.#trust !== null) this.#trust = withPolicy(this.#trust, opened.value);
  }

  async #command(jws: string): Promise<void> {
    const opened = await openCommand(this.#host.crypto, jws, (kid) => this.#trust?.keys.get(kid));
    if (opened.ok) {
      this.#options.command(opened.value);
      return;
    }
    this.#refused(opened.failure, `${opened.field} ${opened.detail}`);
    // Its signature was found good before its content was read.
    const head = opened.failure === "bad payload" ? headOf(jws) : null;
    if (head !== null) this.#options.unknownCommand({ ...head, detail: `${opened.field}: ${opened.detail}` });
  }

  // What is said.

  #answered(dialog: CfsDialog, outcome: Outcome): void {
    if (dialog !== this.#current) return;
    if (outcome.status < 300) {
      if (dialog.isProving) dialog.challenge = null;
      dialog.isProving = false;
      this.#send(false);
      return;
    }
    dialog.isProving = false;
    this.#outbox.newDialog();
    this.#host.clock.after(
      refreshPause + this.#host.random.int(resubscribeJitter),
      () => this.#send(false),
      "LCF says it again",
    );
  }

  /** One SUBSCRIBE at a time; while one is unanswered the next waits. `always`: also with nothing to say. */
  #send(always: boolean): void {
    const dialog = this.#current;
    if (dialog === null || dialog.subscription === null || !dialog.hasTicket || dialog.isSealing) return;
    if (dialog.subscription.isBusy || this.#isOpening) return;
    const isDue = dialog.challenge !== null || this.#outbox.hasUnsaid || always;
    if (!isDue || this.#isStopped) return;
    dialog.isSealing = true;
    const turn = this.#outgoing.then(() => this.#say(dialog));
    this.#outgoing = turn;
    this.#host.spawn("LCF says", () => turn);
  }

  async #say(dialog: CfsDialog): Promise<void> {
    const { expires } = this.#options;
    const pair = this.#key;
    if (pair === null) return;
    const { answers, reports } = this.#outbox.take();
    dialog.sent += 1;
    const body: SubscribeBody = {
      v: cfsUeVersion,
      seq: dialog.sent,
      callId: dialog.names.callId,
      fromTag: dialog.names.fromTag,
      expires,
      ...(dialog.challenge === null ? {} : { challenge: dialog.challenge }),
      answers,
      reports,
    };
    dialog.isProving = dialog.challenge !== null;
    const jws = await sealSubscribe(this.#host.crypto, this.#signing(pair), body);
    dialog.isSealing = false;
    if (dialog !== this.#current || dialog.subscription === null || this.#isStopped) return;
    dialog.subscription.refresh({ body: { type: contentType, data: encodeText(jws) }, expires });
    this.#lookForAcks([...answers, ...reports].map(({ id }) => id));
  }

  #lookForAcks(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#host.clock.after(
      acknowledgePause,
      () => {
        if (this.#outbox.sayAgain(ids)) this.#send(false);
      },
      "LCF looks for acknowledgements",
    );
  }
}
