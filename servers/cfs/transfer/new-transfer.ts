// A transfer that begins: its row and those of its users, out of the order and the plan.
import {
  type FunctionName,
  type LocationRecord,
  type RegistrationKey,
  registrationKeyOf,
} from "@liquid-ims/location-service/record";
import type { FunctionFilter, LocationStore } from "@liquid-ims/location-service/store";
import type { LcfState } from "../cfs-ue/channel.ts";
import { isDrain } from "./completion.ts";
import { newUser } from "./new-user.ts";
import { type PlanLine, plan } from "./plan.ts";
import { subscriptionsOf } from "./reassignment/subscriptions.ts";
import type { Procedure } from "./registrations.ts";
import type { TransferRow } from "./transfer-row.ts";
import type { UserRow } from "./user-row.ts";

/** A transfer as it is asked for, checked. */
export type TransferOrder = Pick<
  TransferRow,
  "request" | "procedure" | "function" | "targets" | "pace" | "replaceDialogs" | "dryRun"
> & { readonly idempotencyKey: string | null };

export interface NewTransferOptions {
  /** As `recordsFor` gives them. */
  readonly records: readonly LocationRecord[];
  readonly lcf: (registration: RegistrationKey) => LcfState;
  readonly isSame: (a: FunctionName, b: FunctionName) => boolean;
  readonly id: string;
  /** Wall clock. */
  readonly at: number;
  /** Default patience, ms. */
  readonly deadline: number;
  /** Change number of the location service before the records were read. */
  readonly change: number;
}

/** How the records of a function are found. */
export function filterOf(name: FunctionName, procedure: Procedure): FunctionFilter {
  return procedure === "P" ? { pCscf: name } : { sCscf: name };
}

/** The name of an S-CSCF is the subscription's: the registrations of others of it who were not named. */
async function withSubscriptions(
  records: readonly LocationRecord[],
  location: LocationStore,
): Promise<readonly LocationRecord[]> {
  const textOf = ({ impu, contact }: LocationRecord) => JSON.stringify([impu, contact]);
  const known = new Set(records.map(textOf));
  const servers = new Set(records.map(({ sCscf }) => sCscf));
  const all: LocationRecord[] = [];
  for (const sCscf of servers) all.push(...(await location.byFunction({ sCscf })));
  const subscriptions = subscriptionsOf([...records, ...all]);
  const wanted = new Set(records.map((record) => subscriptions.get(registrationKeyOf(record))));
  const others = all.filter(
    (record) => wanted.has(subscriptions.get(registrationKeyOf(record))) && !known.has(textOf(record)),
  );
  return [...records, ...others];
}

/** Registered records: those of the function, or of all named users. */
export async function recordsFor(
  { function: name, request, procedure }: Pick<TransferRow, "function" | "request" | "procedure">,
  location: LocationStore,
): Promise<readonly LocationRecord[]> {
  if (name !== null) return location.byFunction(filterOf(name, procedure));
  const found = new Map<string, LocationRecord>();
  for (const user of "users" in request ? request.users : [])
    for (const record of await location.get(user))
      if (record.state === "registered") found.set(JSON.stringify([record.impu, record.contact]), record);
  const records = [...found.values()];
  return procedure === "S" ? withSubscriptions(records, location) : records;
}

export function newTransfer(
  order: TransferOrder,
  options: NewTransferOptions,
): { readonly row: TransferRow; readonly users: readonly UserRow[]; readonly lines: readonly PlanLine[] } {
  const { request, targets, dryRun, procedure } = order;
  const { records, lcf, isSame, id, at, change } = options;
  const wanted = "load" in request ? { function: request.function, load: request.load } : request;
  const lines = plan({ request: wanted, targets, records, lcf, isSame, procedure });
  const deadlineAt = at + (request.deadline === undefined ? options.deadline : request.deadline * 1000);
  const { idempotencyKey: _, ...asked } = order;
  const row: TransferRow = {
    ...asked,
    id,
    state: dryRun ? "COMPLETED" : "PROCESSING",
    standing: isDrain(order) && !dryRun,
    emptyAtStart: lines.length === 0,
    startedAt: at,
    endedAt: dryRun ? at : null,
    deadlineAt,
    change,
    stop: null,
    problem: null,
  };
  const users = lines.map((line) => newUser(line, { transfer: id, at, deadlineAt, late: false }));
  return { row, users, lines };
}
