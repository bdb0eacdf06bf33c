// What the parts of the notifier share: ports, tables, limits, counters.
import type { FunctionTable } from "@liquid-ims/location-service/function-name";
import type { RegistrationKey } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { AllowedTargets, DirectFlowAddress } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import { addressUris } from "@liquid-ims/sip/header/address-list";
import type { SipRequest } from "@liquid-ims/sip/message";
import type { SipStack } from "@liquid-ims/sip/stack";
import type { CfsKeys } from "../keys.ts";
import type { CfsStore } from "../store/store.ts";
import { commitChanges, type Table, type Write } from "../store/table.ts";
import type { LcfMessage } from "./channel.ts";
import { emptyLcfRow, type LcfRow, type SubscriptionRow } from "./rows.ts";
import type { SerialQueue } from "./serial-queue.ts";

/** Numbers of cfs-ue 2 and 9; seconds for expiries, ms for the rest. */
export interface Limits {
  readonly longestExpires: number;
  readonly shortestExpires: number;
  readonly recordWait: number;
  readonly notifyTimeout: number;
  readonly challengeLife: number;
  readonly nonceLife: number;
  readonly commandRepeat: number;
}

export interface Context {
  readonly host: Host;
  readonly store: CfsStore;
  readonly location: LocationStore;
  readonly keys: CfsKeys;
  readonly functions: FunctionTable;
  readonly allowed: AllowedTargets;
  readonly directFlow: readonly DirectFlowAddress[];
  /** Contact value of the CFS. */
  readonly contact: string;
  readonly limits: Limits;
  readonly subscriptions: Table<SubscriptionRow>;
  readonly lcfs: Table<LcfRow>;
  readonly queue: SerialQueue;
  /** Only after the start. */
  stack(): SipStack;
  /** Durable messages of an LCF, for whoever listens. */
  tell(registration: RegistrationKey, messages: readonly LcfMessage[]): void;
  /** Rows of a registration were written: what the channel says of it may be another thing now. */
  changed(registration: RegistrationKey): void;
}

/** What to write, and what then holds. */
export interface Decision<Result> {
  readonly subscriptions?: readonly Write<SubscriptionRow>[];
  readonly lcfs?: readonly Write<LcfRow>[];
  readonly result: Result;
}

/** Decides on the rows as they are and commits; decides anew as long as somebody else was faster. */
export async function transact<Result>(
  context: Context,
  decide: () => Decision<Result> | Promise<Decision<Result>>,
): Promise<Result> {
  for (;;) {
    const { subscriptions = [], lcfs = [], result } = await decide();
    const changes = [
      ...subscriptions.map((write) => context.subscriptions.change(write)),
      ...lcfs.map((write) => context.lcfs.change(write)),
    ];
    if ((await commitChanges(context.store, changes)) === "done") {
      for (const { id } of lcfs) context.changed(id);
      for (const { content } of subscriptions)
        if (content?.registration != null) context.changed(content.registration);
      return result;
    }
    count(context.host, "conflict");
  }
}

/** The row of a registration, empty where there is none yet. */
export function lcfOf(context: Context, registration: RegistrationKey): LcfRow {
  return context.lcfs.get(registration) ?? emptyLcfRow;
}

/** What happened, counted: `cfs_ue_events_total`. */
export function count(host: Host, event: string, by = 1): void {
  if (by === 0) return;
  host.metrics
    .counter("cfs_ue_events_total", { help: "What happened to subscriptions of LCFs", labels: { event } })
    .add(by);
}

/** How a line of the log names what it is about. */
export interface Names {
  /** Public identity, as asserted. */
  readonly user?: string;
  readonly callId?: string;
}

/** Of a request that may be anybody's: its user is the one that the core asserts, else none. */
export function namesOf(request: SipRequest): Names {
  const callId = request.headers.get("Call-ID");
  const user = addressUris(request.headers, "P-Asserted-Identity")?.[0];
  return { ...(user === undefined ? {} : { user }), ...(callId === undefined ? {} : { callId }) };
}

/** Of a dialog. */
export function namesOfRow({ asserted, dialog }: SubscriptionRow): Names {
  const [user] = asserted;
  return { ...(user === undefined ? {} : { user }), callId: dialog.id.callId };
}

/** A request or body that was refused, counted and logged: `cfs_ue_refused_total`. */
export function countRefusal(host: Host, reason: string, detail: string, names: Names = {}): void {
  host.metrics
    .counter("cfs_ue_refused_total", { help: "SUBSCRIBEs and bodies refused, by reason", labels: { reason } })
    .add();
  host.log.info("cfs-ue refused", { reason, detail, ...names });
}

/** The queue in which everything about a dialog happens: its registration's, or its own while that is unknown. */
export function queueKey(context: Context, localTag: string): string {
  return context.subscriptions.get(localTag)?.registration ?? localTag;
}
