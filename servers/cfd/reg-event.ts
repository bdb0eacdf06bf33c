// Asks an S-CSCF which contacts of a user are registered: a short subscription to his reg event. RFC 3680, RFC 6665,
// TS 24.229 5.7.1.1, 5.4.2.1.
//
// RFC 6665 4.4.3 would fetch the state by Expires 0. Kamailio's S-CSCF takes that for the end of a subscription that it
// does not have, and sends nothing: so the CFD subscribes for a minute and leaves as soon as it was told.
import type { Timer } from "@liquid-ims/runtime/clock";
import type { Host } from "@liquid-ims/runtime/host";
import { step } from "@liquid-ims/runtime/state-table";
import type { Subscription, SubscriptionEnd } from "@liquid-ims/sip/dialog/subscription";
import type { Notification } from "@liquid-ims/sip/dialog/subscription-notification";
import { equalHosts } from "@liquid-ims/sip/host";
import type { SipRequest } from "@liquid-ims/sip/message";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import type { Target } from "@liquid-ims/sip/transport";
import type { UserAgent } from "@liquid-ims/sip/user-agent";
import { type LookAction, type LookEvent, type LookState, lookTable } from "./reg-event-table.ts";
import { readRegistrationInformation, registrationInformationType } from "./registration-information.ts";
import type {
  RegistrationAnswer,
  RegistrationQuestion,
  RegistrationStatePort,
  Unanswered,
} from "./registration-state.ts";

export interface RegEventOptions {
  /** Speaks on the CFD's own sockets. */
  readonly agent: UserAgent;
  /** Longest wait for a NOTIFY, ms. */
  readonly timeout: number;
  /** True for an address of that S-CSCF; the one that was asked is in any case. */
  isAddressOf(sCscf: string, address: string): boolean;
}

/** Asked for, in seconds; the look leaves earlier. */
const duration = 60;

/** S-CSCFs of which is remembered that they have answered, and to whom. */
const mostRemembered = 1_000;

/** What an event brings along. */
interface Context {
  readonly contacts?: readonly string[];
  readonly detail?: string;
}

type Asserted = "server" | "user";

/** A telephone number is asked for by the SIP URI of its set, where it has one: that is what S-CSCFs route by. */
function askedIdentity(identities: readonly string[]): string {
  return identities.find((identity) => /^sips?:/i.test(identity)) ?? identities[0] ?? "";
}

/** One question and its answer. */
class Look {
  readonly question: RegistrationQuestion;
  /** That S-CSCF has told of others. */
  readonly #tells: boolean;
  readonly #host: Host;
  readonly #agent: UserAgent;
  readonly #answer: (answer: RegistrationAnswer, asserted: Asserted) => void;
  readonly #patience: Timer;
  #state: LookState;
  #subscription: Subscription | null = null;

  constructor(
    host: Host,
    options: RegEventOptions,
    question: RegistrationQuestion,
    /** Whom that S-CSCF has told of others; null: it has not yet. */
    told: Asserted | null,
    answer: (answer: RegistrationAnswer, asserted: Asserted) => void,
  ) {
    const first = told ?? "server";
    this.question = question;
    this.#tells = told !== null;
    this.#host = host;
    this.#agent = options.agent;
    this.#answer = answer;
    this.#state = first === "server" ? "Asking" : "Asking for the user";
    const detail = `no NOTIFY in ${options.timeout} ms`;
    this.#patience = host.clock.after(options.timeout, () => this.#run("late", { detail }), "cfd reg event");
    this.#subscribe(first);
  }

  get isOver(): boolean {
    return this.#state === "Over";
  }

  /** Whether a NOTIFY is in the dialog of this look. */
  has({ headers }: SipRequest): boolean {
    return headers.get("Call-ID") === this.#subscription?.callId;
  }

  stop(): void {
    this.#patience.cancel();
    this.#subscription?.abandon();
  }

  #subscribe(asserted: Asserted): void {
    const { identities, server, sCscf, target } = this.question;
    const uri = askedIdentity(identities);
    // The Contact is this CFD's own address: the server's name may be that of several.
    const local = this.#agent.stack.local.find(({ protocol }) => protocol === target.protocol);
    this.#agent.identity = {
      from: `<${server}>`,
      contact: `<${contactOf(local, server)}>`,
      route: [`<${sCscf};lr>`],
    };
    this.#subscription = this.#agent.subscribe(
      {
        uri,
        event: "reg",
        accept: registrationInformationType,
        expires: duration,
        target,
        headers: [["P-Asserted-Identity", `<${asserted === "server" ? server : uri}>`]],
        lenientTermination: true,
      },
      {
        notified: (notification) => this.#notified(notification),
        answered: ({ status }) => this.#run(status < 300 ? "2xx" : "refused", { detail: `${status}` }),
        ended: (end) => this.#ended(end),
      },
    );
  }

  #notified({ state, body }: Notification): void {
    const isLast = state.state === "terminated";
    // Not decided yet who may know: the next one tells.
    if (state.state === "pending") return;
    const read =
      body === null || body.type.split(";")[0]?.trim().toLowerCase() !== registrationInformationType
        ? { ok: false as const, detail: `a NOTIFY with ${body === null ? "no body" : body.type}` }
        : readRegistrationInformation(body.data, this.question.identities);
    if (!read.ok) {
      this.#run("NOTIFY unusable", {
        detail: `${read.detail}${isLast ? ` (${state.reason ?? "ended"})` : ""}`,
      });
      return;
    }
    const isEarly = this.#subscription?.isBusy === true;
    this.#run(isLast ? "last NOTIFY" : isEarly ? "early NOTIFY" : "NOTIFY", { contacts: read.contacts });
  }

  #ended(end: SubscriptionEnd): void {
    if (end.by !== "failure" && end.by !== "lost") {
      this.#run("ended", { detail: `the subscription ended: ${end.by}` });
      return;
    }
    const { status, response } = end.outcome;
    const detail = response === null ? `no answer (${end.outcome.cause})` : `${status} ${response.reason}`;
    const forbidden = this.#tells ? "403 of one that tells" : "403";
    this.#run(response === null ? "no answer" : status === 403 ? forbidden : "refused", { detail });
  }

  #run(event: LookEvent, context: Context = {}): void {
    const { next, actions } = step<LookState, LookEvent, LookAction>(lookTable, this.#state, event);
    const asserted = this.#state === "Asking" ? "server" : "user";
    this.#state = next;
    for (const action of actions) this.#act(action, context, asserted);
  }

  #act(action: LookAction, { contacts = [], detail = "" }: Context, asserted: Asserted): void {
    const tell = (kind: Unanswered) => this.#answer({ kind, detail }, asserted);
    switch (action) {
      case "ask for the user":
        this.#host.log.debug("reg event: forbidden to the server, asked for the user", {
          sCscf: this.question.sCscf,
        });
        this.#subscribe("user");
        break;
      case "tell contacts":
        this.#answer({ kind: "contacts", contacts }, asserted);
        break;
      case "tell nobody registered":
        this.#answer({ kind: "contacts", contacts: [] }, asserted);
        break;
      case "tell refused":
        tell("refused");
        break;
      case "tell unusable":
        tell("unusable");
        break;
      case "tell silence":
        tell("silence");
        break;
      case "unsubscribe":
        this.#subscription?.unsubscribe();
        break;
      case "abandon":
        this.#subscription?.abandon();
        break;
      case "stop patience":
        this.#patience.cancel();
        break;
    }
  }
}

/** A wildcard address can be reached by nobody. */
function contactOf(local: Target | undefined, server: string): string {
  if (local === undefined || local.address.host === "0.0.0.0" || equalHosts(local.address.host, "::"))
    return server;
  const { host, port } = local.address;
  const transport = local.protocol === "tcp" ? ";transport=tcp" : "";
  return `sip:${host.includes(":") ? `[${host}]` : host}:${port}${transport}`;
}

/** What is to be done with a NOTIFY. */
export type NotifyVerdict = "ours" | "unknown" | "stranger";

export class RegEvent implements RegistrationStatePort {
  readonly #host: Host;
  readonly #options: RegEventOptions;
  readonly #looks = new Set<Look>();
  /** S-CSCFs that have told who is registered, and by whose identity they were asked. */
  readonly #told = new Map<string, Asserted>();

  constructor(host: Host, options: RegEventOptions) {
    this.#host = host;
    this.#options = options;
  }

  ask(question: RegistrationQuestion): Promise<RegistrationAnswer> {
    for (const look of this.#looks) if (look.isOver) this.#looks.delete(look);
    const { sCscf } = question;
    return new Promise((resolve) => {
      const told = this.#told.get(sCscf) ?? null;
      const look = new Look(this.#host, this.#options, question, told, (answer, asserted) => {
        const isNews = answer.kind === "contacts" && !this.#told.has(sCscf);
        if (isNews && this.#told.size < mostRemembered) this.#told.set(sCscf, asserted);
        resolve(answer);
      });
      this.#looks.add(look);
    });
  }

  /** A NOTIFY counts only in the dialog of a look, and from the S-CSCF that was asked. */
  judge({ request, source }: ServerTransaction): NotifyVerdict {
    for (const look of this.#looks) {
      if (!look.has(request)) continue;
      const { target, sCscf } = look.question;
      const { host } = source.address;
      const isAsked = equalHosts(target.address.host, host) || this.#options.isAddressOf(sCscf, host);
      return isAsked ? "ours" : "stranger";
    }
    return "unknown";
  }

  /** Questions that are open stay so. */
  stop(): void {
    for (const look of this.#looks) look.stop();
    this.#looks.clear();
  }
}
