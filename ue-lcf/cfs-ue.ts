// The LCF's half of the event package liquid-ims: hello, ticket, commands, answers. RFC 6665 4.1; cfs-ue 2 to 6.
import type { Command, NotifyBody, SubscribeBody } from "@liquid-ims/reference-points/cfs-ue";
import { contentType, eventPackage } from "@liquid-ims/reference-points/cfs-ue";
import {
  openCommand,
  openNotify,
  openPolicy,
  openTicket,
  sealSubscribe,
} from "@liquid-ims/reference-points/cfs-ue-body";
import { type SigningKey, thumbprint } from "@liquid-ims/reference-points/jws";
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
  hasTicket: boolean;
  isSealing: boolean;
}

/** A new SUBSCRIBE after the end of another, at most once in so many ms; with jitter. */
const resubscribePause = 10_000;
const resubscribeJitter = 2000;
/** No CFS there: not sooner than in an hour. */
const hour = 3_600_000;
const nobodyThere: ReadonlySet<number> = new Set([404, 408, 489, 503]);
/** A refresh that was refused is tried again. */
const refreshPause = 3000;
/** What was said and not acknowledged is said again. */
const acknowledgePause = 10_000;

function routeKey({ path, serviceRoute }: PresentRegistration): string {
  return JSON.stringify([path, serviceRoute]);
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
    this.#current?.subscription?.abandon();
    this.#current = null;
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
      answers: [],
      reports: [],
    };
    const jws = await sealSubscribe(crypto, this.#signing(this.#key), body);
    // Signing takes time: what has changed meanwhile has a hello of its own under way.
    if (port.registration() !== registration || this.#isStopped) return;
    const dialog: CfsDialog = {
      names,
      nonce,
      route: routeKey(registration),
      subscription: null,
      sent: 1,
      taken: 0,
      keys: new Map(),
      challenge: null,
      hasTicket: false,
      isSealing: false,
    };
    this.#current = dialog;
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
    if (dialog !== this.#current) return;
    this.#host.log.info("cfs-ue dialog is over", { by: end.by });
    this.#refresh?.cancel();
    dialog.subscription = null;
    if (end.by === "failure") this.#subscribeLater(end.outcome);
    else if (end.by === "notifier" && end.retryAfter !== null) this.#subscribeIn(end.retryAfter * 1000);
    else this.#subscribeIn(0);
  }

  #subscribeLater(outcome: Outcome): void {
    const header = outcome.response?.headers.get("Retry-After");
    const retryAfter = header === undefined ? 0 : (parseRetryAfter(header)?.seconds ?? 0) * 1000;
    const isRate = outcome.status === 500 || outcome.status === 480 || outcome.status === 504;
    if (isRate && !nobodyThere.has(outcome.status)) this.#subscribeIn(retryAfter);
    else this.#subscribeIn(Math.max(retryAfter, hour));
  }

  /** Once in 10 s at most, with jitter. */
  #subscribeIn(ms: number): void {
    if (this.#isStopped) return;
    const now = this.#host.clock.now();
    const least = Math.max(0, this.#subscribedAt + resubscribePause - now);
    const wait = Math.max(ms, least) + this.#host.random.int(resubscribeJitter);
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
    if (opened.ok) this.#options.command(opened.value);
    else this.#refused(opened.failure, opened.detail);
  }

  // What is said.

  #answered(dialog: CfsDialog, outcome: Outcome): void {
    if (dialog !== this.#current) return;
    if (outcome.status < 300) {
      this.#send(false);
      return;
    }
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
    if (dialog.subscription.isBusy) return;
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
    dialog.challenge = null;
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
