// Registration of a UE: runs the table. RFC 3261 10.2, 22, RFC 3327, RFC 5626 4.5, TS 24.229 5.1.1.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { step } from "@liquid-ims/runtime/state-table";
import { encodeHex } from "@liquid-ims/runtime/text";
import type { ChallengeAnswer, UserCredentials } from "./authentication/user-credentials.ts";
import { parseExpires } from "./header/delta-seconds.ts";
import { buildRequest, type HeaderPair, type SipRequest, type SipResponse } from "./message.ts";
import {
  type AuthenticationFailure,
  authorizationOf,
  type ChosenChallenge,
  chooseChallenge,
  eventOf,
  firstAuthorization,
} from "./registration-challenge.ts";
import {
  type Registered,
  type RegisteredBinding,
  type RegistrationOutcome,
  readRefused,
  readRegistered,
  refreshDelay,
} from "./registration-outcome.ts";
import {
  type RegistrationAction,
  type RegistrationEvent,
  type RegistrationState,
  registrationTable,
} from "./registration-table.ts";
import type { SipStack } from "./stack.ts";
import type { Target } from "./transport.ts";
import { parseSipUri } from "./uri.ts";

export interface RegistrationOptions {
  /** Request-URI: the home domain, `sip:home.example`. */
  readonly registrar: string;
  /** The public identity, `sip:alice@home.example`: From and To. */
  readonly identity: string;
  /** Contact value, sent byte for byte each time, with its `+sip.instance` and `reg-id`. */
  readonly contact: string;
  /** Null: challenges are not answered. */
  readonly credentials: UserCredentials | null;
  /** Realm, with an empty nonce, in the first REGISTER (TS 24.229 5.1.1.2.2). Default: the registrar's host; null: none. */
  readonly realm?: string | null;
  /** Seconds asked for. Default 600,000 (TS 24.229 5.1.1.2.1). */
  readonly expires?: number;
  readonly headers?: Iterable<HeaderPair>;
  /** Default: a new one, kept for all REGISTERs. */
  readonly callId?: string;
  /** Registers again by itself when due (TS 24.229 5.1.1.4.1). Default true. */
  readonly refresh?: boolean;
}

/** By which way, and what, one REGISTER asks. */
export interface RegisterOptions {
  /** Route values (the P-CSCF); default those of the last one. */
  readonly route?: readonly string[];
  /** Where it is sent instead of to the first Route; default as the last one, where `route` is not given. */
  readonly target?: Target | null;
  /**
   * Seconds; 0 removes: whatever the network answers, the registration is over here and not refreshed (TS 24.229
   * 5.1.1.6). Default that of the registration.
   */
  readonly expires?: number;
  /** Contact value; default that of the registration. Given to remove another one. */
  readonly contact?: string;
}

interface Wish {
  readonly options: RegisterOptions;
  readonly outcome: ((outcome: RegistrationOutcome) => void) | null;
}

/** One REGISTER and its repetitions. */
interface Attempt {
  readonly wish: Wish;
  readonly contact: string;
  expires: number;
  challenges: number;
  /** What was wrong with the last challenge, when it was invalid. */
  invalid: "MAC failure" | "synchronisation failure" | null;
  authorization: HeaderPair | null;
}

interface Context {
  readonly response?: SipResponse;
  readonly outcome?: RegistrationOutcome;
  readonly authorization?: HeaderPair;
  readonly expires?: number;
}

/** An AKA run with one resynchronisation and one stale nonce has three. */
const mostChallenges = 4;
/** Back-off of a refresh that failed (RFC 5626 4.5), in seconds. */
const backOff = { base: 30, most: 1800 } as const;

export class Registration {
  readonly callId: string;
  /** Told of every outcome, also of refreshes that nobody asked for. */
  onOutcome: ((outcome: RegistrationOutcome) => void) | null = null;
  readonly #host: Host;
  readonly #stack: () => SipStack;
  readonly #options: RegistrationOptions;
  readonly #localTag: string;
  #state: RegistrationState = "Idle";
  #sequence = 0;
  #route: readonly string[] = [];
  #target: Target | null = null;
  #registered: Registered | null = null;
  /** The last 200 to the own Contact, also when it has expired since. */
  #last: Registered | null = null;
  #queue: Wish[] = [];
  #attempt: Attempt | null = null;
  #failures = 0;
  #due: Timer | null = null;
  #expiry: Timer | null = null;

  constructor(host: Host, stack: () => SipStack, options: RegistrationOptions) {
    this.#host = host;
    this.#stack = stack;
    this.#options = options;
    this.callId = options.callId ?? encodeHex(host.random.bytes(16));
    this.#localTag = encodeHex(host.random.bytes(8));
  }

  /** The present registration; null before the first, after its removal (refused ones, too) and its expiry. */
  get registered(): Registered | null {
    return this.#registered;
  }

  get state(): RegistrationState {
    return this.#state;
  }

  /** CSeq number of the last REGISTER, 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** One at a time (TS 24.229 5.1.1.2.1): while one is under way the next waits, in order. */
  register(
    options: RegisterOptions = {},
    outcome: ((outcome: RegistrationOutcome) => void) | null = null,
  ): void {
    this.#enqueue({ options, outcome });
  }

  /** Removes bindings by their URI, then refreshes the own one; `outcome` gets that of each, the refresh's last. */
  removeStale(
    stale: readonly RegisteredBinding[],
    outcome: ((outcome: RegistrationOutcome, isLast: boolean) => void) | null = null,
  ): void {
    const tell = (isLast: boolean) => (one: RegistrationOutcome) => outcome?.(one, isLast);
    for (const { uri } of stale) this.register({ contact: `<${uri}>`, expires: 0 }, tell(false));
    this.register({}, tell(true));
  }

  /** No more refreshes, no more outcomes; what waits is dropped. `register` starts anew. */
  stop(): void {
    this.#due?.cancel();
    this.#expiry?.cancel();
    this.#queue = [];
    this.#run("stop");
  }

  #enqueue(wish: Wish): void {
    this.#queue.push(wish);
    this.#next();
  }

  #next(): void {
    if (this.#state !== "Idle") return;
    const wish = this.#queue.shift();
    if (wish === undefined) return;
    this.#due?.cancel();
    const { options } = wish;
    if (options.route !== undefined) {
      this.#route = options.route;
      this.#target = null;
    }
    if (options.target !== undefined) this.#target = options.target;
    this.#attempt = {
      wish,
      contact: options.contact ?? this.#options.contact,
      expires: options.expires ?? this.#options.expires ?? 600_000,
      challenges: 0,
      invalid: null,
      authorization: this.#firstAuthorization(),
    };
    this.#run("register");
  }

  #run(event: RegistrationEvent, context: Context = {}): void {
    const { next, actions } = step<RegistrationState, RegistrationEvent, RegistrationAction>(
      registrationTable,
      this.#state,
      event,
    );
    this.#state = next;
    for (const action of actions) this.#act(action, context);
  }

  #act(action: RegistrationAction, context: Context): void {
    const attempt = this.#attempt;
    switch (action) {
      case "send REGISTER":
        if (attempt !== null) this.#send(attempt);
        break;
      case "answer challenge":
        if (attempt !== null) attempt.authorization = context.authorization ?? null;
        break;
      case "raise expires":
        if (attempt !== null) attempt.expires = context.expires ?? attempt.expires;
        break;
      case "note bindings":
        if (context.outcome !== undefined && attempt !== null) this.#note(context.outcome, attempt);
        break;
      case "report registered":
        this.#report(context);
        break;
      case "report refused":
      case "report failed":
        if (attempt?.expires === 0 && attempt.contact === this.#options.contact) this.#forget();
        else this.#retryRefresh(context.outcome ?? null);
        this.#report(context);
        break;
      case "next":
        this.#next();
        break;
    }
  }

  #report({ outcome }: Context): void {
    const wish = this.#attempt?.wish;
    this.#attempt = null;
    if (outcome === undefined) return;
    wish?.outcome?.(outcome);
    this.onOutcome?.(outcome);
  }

  #firstAuthorization(): HeaderPair | null {
    const { credentials, registrar } = this.#options;
    const realm =
      this.#options.realm === undefined ? (parseSipUri(registrar)?.host ?? null) : this.#options.realm;
    if (credentials === null || realm === null) return null;
    return firstAuthorization({ username: credentials.username, realm, uri: registrar });
  }

  #build(attempt: Attempt): SipRequest {
    const { registrar, identity, headers = [] } = this.#options;
    this.#sequence += 1;
    const fields: HeaderPair[] = [
      ["Max-Forwards", "70"],
      ...this.#route.map((route): HeaderPair => ["Route", route]),
      ["From", `<${identity}>;tag=${this.#localTag}`],
      ["To", `<${identity}>`],
      ["Call-ID", this.callId],
      ["CSeq", `${this.#sequence} REGISTER`],
      ["Contact", attempt.contact],
      ["Expires", String(attempt.expires)],
      ["Supported", "path"],
    ];
    if (attempt.authorization !== null) fields.push(attempt.authorization);
    return buildRequest({ method: "REGISTER", uri: registrar, headers: [...fields, ...headers] });
  }

  #send(attempt: Attempt): void {
    this.#stack().request(this.#build(attempt), {
      handlers: {
        response: (response) => {
          if (response.status >= 200) this.#answered(response, attempt);
        },
        failed: (cause) => this.#run("failed", { outcome: { kind: "failed", cause } }),
      },
      target: this.#target,
    });
  }

  #answered(response: SipResponse, attempt: Attempt): void {
    const { status, headers } = response;
    if (status < 300) {
      const outcome: RegistrationOutcome =
        attempt.expires === 0
          ? { kind: "removed", response }
          : readRegistered(response, attempt.contact, attempt.expires, this.#last);
      this.#run("200", { response, outcome });
      return;
    }
    const minimum = parseExpires(headers.get("Min-Expires") ?? "");
    if (status === 401 || status === 407) this.#challenged(response, attempt);
    else if (status === 423 && minimum !== null && attempt.expires > 0 && minimum > attempt.expires)
      this.#run("423", { expires: minimum });
    else this.#run("refused", { outcome: readRefused(response, attempt.invalid) });
  }

  /** 22.2, TS 24.229 5.1.1.5.1. */
  #challenged(response: SipResponse, attempt: Attempt): void {
    const { credentials } = this.#options;
    const chosen = chooseChallenge(response, credentials);
    attempt.challenges += 1;
    if (this.#state === "Stopped") this.#run("unanswerable challenge");
    else if (this.#state === "Contesting again")
      this.#unanswered(response, attempt.invalid ?? "no credentials");
    else if (credentials === null || chosen === null) this.#unanswered(response, "no credentials");
    else if (attempt.challenges > mostChallenges) this.#unanswered(response, "too many challenges");
    else {
      const answer = credentials.answer({ realm: chosen.realm, nonce: chosen.nonce });
      if (answer instanceof Promise)
        this.#host.spawn("answer to a challenge", async () =>
          this.#answer(response, attempt, chosen, credentials, await answer),
        );
      else this.#answer(response, attempt, chosen, credentials, answer);
    }
  }

  #answer(
    response: SipResponse,
    attempt: Attempt,
    chosen: ChosenChallenge,
    { username }: UserCredentials,
    answer: ChallengeAnswer,
  ): void {
    const { kind } = answer;
    const uri = this.#options.registrar;
    const authorization = authorizationOf(this.#host, chosen, answer, { username, uri });
    if (authorization === null) {
      this.#unanswered(response, kind === "unavailable" ? "unavailable" : "no credentials");
      return;
    }
    attempt.invalid = kind === "MAC failure" || kind === "synchronisation failure" ? kind : null;
    this.#count(attempt.invalid ?? "answered");
    // Told only where the table says that it is not answered any more.
    const outcome = readRefused(response, "answer refused");
    this.#run(eventOf(chosen, answer), { authorization, outcome });
  }

  #unanswered(response: SipResponse, why: AuthenticationFailure): void {
    this.#count(why);
    this.#run("unanswerable challenge", { outcome: readRefused(response, why) });
  }

  #count(result: string): void {
    this.#host.metrics
      .counter("sip_registration_challenges_total", {
        help: "Challenges to REGISTER, by what became of them.",
        labels: { result },
      })
      .add();
  }

  /** No registration from now on, and none comes about by itself. */
  #forget(): void {
    this.#failures = 0;
    this.#due?.cancel();
    this.#expiry?.cancel();
    this.#registered = null;
  }

  #note(outcome: RegistrationOutcome, attempt: Attempt): void {
    // The removal of a stale binding says nothing of the own one.
    if (attempt.contact !== this.#options.contact) return;
    this.#forget();
    if (outcome.kind === "removed") this.#last = null;
    if (outcome.kind !== "registered") return;
    this.#registered = outcome;
    this.#last = outcome;
    const { clock } = this.#host;
    this.#expiry = clock.after(outcome.expires * 1000, () => this.#expire(), "registration expires");
    this.#refreshIn(refreshDelay(outcome.expires));
  }

  #refreshIn(seconds: number): void {
    if (this.#options.refresh === false) return;
    this.#due?.cancel();
    this.#due = this.#host.clock.after(
      seconds * 1000,
      () => this.#enqueue({ options: {}, outcome: null }),
      "registration is due",
    );
  }

  /** What may pass is tried again while the registration lasts; a refusal is for the owner. */
  #retryRefresh(outcome: RegistrationOutcome | null): void {
    if (this.#registered === null || outcome === null) return;
    if (outcome.kind === "refused" && outcome.status < 500 && outcome.status !== 408) return;
    const retryAfter = outcome.kind === "refused" ? outcome.retryAfter : null;
    const longest = Math.min(backOff.most, backOff.base * 2 ** this.#failures);
    this.#failures += 1;
    this.#refreshIn(retryAfter ?? longest * (0.5 + this.#host.random.float() / 2));
  }

  #expire(): void {
    this.#registered = null;
    this.#due?.cancel();
    this.onOutcome?.({ kind: "expired" });
  }
}
