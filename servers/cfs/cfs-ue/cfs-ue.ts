// The CFS's side of the event package liquid-ims, put together. RFC 6665, cfs-ue.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { AllowedTargets, DirectFlowAddress } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import type { SipStack } from "@liquid-ims/sip/stack";
import type { TransactionUser } from "@liquid-ims/sip/transaction-user";
import type { CfsKeys } from "../keys.ts";
import type { CfsStore } from "../store/store.ts";
import { storeOf, Table } from "../store/table.ts";
import type { LcfChannel } from "./channel.ts";
import type { Context, Limits } from "./context.ts";
import { HelloActivation } from "./hello-activation.ts";
import { HelloHandler } from "./hello-handler.ts";
import { SubscriptionChannel } from "./lcf-channel.ts";
import { NonceMemory } from "./nonce-memory.ts";
import { Notifier } from "./notifier.ts";
import { NotifierUser } from "./notifier-user.ts";
import { Rate } from "./rate.ts";
import { RecordWait } from "./record-wait.ts";
import { RefreshHandler } from "./refresh-handler.ts";
import { type LcfClaims, lcfCodec, openingName, subscriptionCodec } from "./rows.ts";
import { SerialQueue } from "./serial-queue.ts";

export interface CfsUeOptions {
  /** Contact URI of the CFS in its dialogs: a name with SRV records, so that any instance is found. */
  readonly contact: string;
  /** The network's name-address table: Record-Route entries are compared with records through it. */
  readonly functions: FunctionTable;
  /** Where LCFs may be told to go. */
  readonly allowed: AllowedTargets;
  /** Addresses for direct flows; default none. */
  readonly directFlow?: readonly DirectFlowAddress[];
  /** Longest subscription granted, seconds; default 3,500. */
  readonly longestExpires?: number;
  /** Shortest subscription granted, seconds; default 60. */
  readonly shortestExpires?: number;
  /** How long a hello waits for its location record, ms; default 2,000. */
  readonly recordWait?: number;
  /** After how long an unanswered NOTIFY makes its dialog suspect, ms; default 2,000. */
  readonly notifyTimeout?: number;
  /** How long a ticket's challenge may be repeated, ms; default 60,000. */
  readonly challengeLife?: number;
  /** How long a nonce is remembered, and how far a hello's clock may be off, ms; default 60,000. */
  readonly nonceLife?: number;
  /** After how long a delivered but unanswered command is sent again, ms; default 4,000. */
  readonly commandRepeat?: number;
  /** Hellos a second for one identity; default 1. */
  readonly identityRate?: number;
  /** Hellos a second through one P-CSCF; default 50. */
  readonly pCscfRate?: number;
}

export interface CfsUe {
  /** For `openStack`: answers SUBSCRIBE, refuses everything else. What comes before `start` waits for it. */
  readonly user: TransactionUser;
  readonly channel: LcfChannel;
  /** What the newest believed hello of a registration says. */
  claims(registration: RegistrationKey): LcfClaims | null;
  /** Reads the store and goes on with what an earlier life left: subscriptions, commands, messages. */
  start(stack: SipStack): Promise<void>;
  /** Hint: records that have just changed. Without it a waiting hello finds its record by asking again. */
  recordsChanged(records: readonly LocationRecord[]): void;
  /** Ends every dialog as `deactivated`: the keys are no longer to be trusted, LCFs subscribe anew for a new ticket. */
  revoke(): void;
  /** Ends every timer; sends nothing. */
  stop(): void;
}

export interface CfsUeParts {
  readonly store: CfsStore;
  readonly location: LocationStore;
  readonly keys: CfsKeys;
  readonly options: CfsUeOptions;
}

const defaults = {
  longestExpires: 3500,
  shortestExpires: 60,
  recordWait: 2000,
  notifyTimeout: 2000,
  challengeLife: 60_000,
  nonceLife: 60_000,
  commandRepeat: 4000,
} as const satisfies Limits;

function limitsOf(options: CfsUeOptions): Limits {
  return {
    longestExpires: options.longestExpires ?? defaults.longestExpires,
    shortestExpires: options.shortestExpires ?? defaults.shortestExpires,
    recordWait: options.recordWait ?? defaults.recordWait,
    notifyTimeout: options.notifyTimeout ?? defaults.notifyTimeout,
    challengeLife: options.challengeLife ?? defaults.challengeLife,
    nonceLife: options.nonceLife ?? defaults.nonceLife,
    commandRepeat: options.commandRepeat ?? defaults.commandRepeat,
  };
}

/** Puts the parts together; nothing happens before `start`. */
export function createCfsUe(host: Host, parts: CfsUeParts): CfsUe {
  const { options } = parts;
  const limits = limitsOf(options);
  const store = storeOf(host, parts.store);
  let stack: SipStack | null = null;
  const context: Context = {
    host,
    store,
    location: parts.location,
    keys: parts.keys,
    functions: options.functions,
    allowed: options.allowed,
    directFlow: options.directFlow ?? [],
    contact: `<${options.contact}>`,
    limits,
    subscriptions: new Table("subscription", subscriptionCodec, {
      index: ({ dialog }) => openingName(dialog.id.callId, dialog.id.remoteTag),
    }),
    lcfs: new Table("lcf", lcfCodec),
    queue: new SerialQueue(host),
    stack() {
      if (stack === null) throw new Error("cfs-ue: used before its start");
      return stack;
    },
    tell: (registration, messages) => channel.tell(registration, messages),
    changed: (registration) => channel.changed(registration),
  };
  const notifier = new Notifier(context);
  const channel = new SubscriptionChannel(context, notifier);
  const wait = new RecordWait(context);
  const nonces = new NonceMemory(limits.nonceLife);
  const rates = {
    identity: new Rate({ perSecond: options.identityRate ?? 1 }),
    pCscf: new Rate({ perSecond: options.pCscfRate ?? 50 }),
  };
  const activation = new HelloActivation(context, { notifier, wait, nonces });
  const hellos = new HelloHandler(context, { notifier, activation, rates, nonces });
  const user = new NotifierUser(context, { hellos, refreshes: new RefreshHandler(context, notifier) });
  host.metrics.gauge(
    "cfs_ue_subscriptions",
    { help: "Subscriptions of LCFs" },
    () => context.subscriptions.size,
  );
  return {
    user,
    channel,
    claims: (registration) => claimsOf(context, registration),
    async start(opened) {
      await Promise.all([context.subscriptions.load(store), context.lcfs.load(store)]);
      stack = opened;
      resume(context, notifier, activation);
      channel.loaded();
      user.start();
    },
    recordsChanged: (records) => wait.changed(records),
    revoke() {
      for (const localTag of context.subscriptions.ids()) notifier.revoke(localTag);
    },
    stop() {
      user.stop();
      notifier.stop();
    },
  };
}

function claimsOf(context: Context, registration: RegistrationKey): LcfClaims | null {
  for (const tag of context.lcfs.get(registration)?.dialogs ?? []) {
    const claims = context.subscriptions.get(tag)?.hello?.claims;
    if (claims !== undefined) return claims;
  }
  return null;
}

/** What an earlier life left: ends that were not said, hellos that wait, NOTIFYs that are owed, commands unanswered. */
function resume(context: Context, notifier: Notifier, activation: HelloActivation): void {
  for (const localTag of context.subscriptions.ids()) {
    const row = context.subscriptions.get(localTag);
    if (row === null) continue;
    if (row.state === "terminated") notifier.sayEnd(localTag);
    else notifier.watchExpiry(localTag);
    if (row.state === "pending") activation.awaitRecord(localTag);
    // A NOTIFY that was in flight had its answer sent to the dead.
    if (row.state === "suspect") notifier.probe(localTag);
    notifier.due(localTag);
  }
}
