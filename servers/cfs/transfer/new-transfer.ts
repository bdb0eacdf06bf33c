// A transfer that begins: its row and those of its users, out of the order and the plan.
import type { FunctionName, LocationRecord, RegistrationKey } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { LcfState } from "../cfs-ue/channel.ts";
import { isDrain } from "./completion.ts";
import { newUser } from "./new-user.ts";
import { type PlanLine, plan } from "./plan.ts";
import type { TransferRow } from "./transfer-row.ts";
import type { UserRow } from "./user-row.ts";

/** A transfer as it is asked for, checked. */
export type TransferOrder = Pick<
  TransferRow,
  "request" | "function" | "targets" | "pace" | "replaceDialogs" | "dryRun"
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

/** Registered records: those of the function, or of all named users. */
export async function recordsFor(
  { function: name, request }: Pick<TransferRow, "function" | "request">,
  location: LocationStore,
): Promise<readonly LocationRecord[]> {
  if (name !== null) return location.byFunction({ pCscf: name });
  const found = new Map<string, LocationRecord>();
  for (const user of "users" in request ? request.users : [])
    for (const record of await location.get(user))
      if (record.state === "registered") found.set(JSON.stringify([record.impu, record.contact]), record);
  return [...found.values()];
}

export function newTransfer(
  order: TransferOrder,
  options: NewTransferOptions,
): { readonly row: TransferRow; readonly users: readonly UserRow[]; readonly lines: readonly PlanLine[] } {
  const { request, targets, dryRun } = order;
  const { records, lcf, isSame, id, at, change } = options;
  const wanted = "load" in request ? { function: request.function, load: request.load } : request;
  const lines = plan({ request: wanted, targets, records, lcf, isSame });
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
