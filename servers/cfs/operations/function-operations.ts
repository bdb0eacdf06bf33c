// The operations of os-cfs that bring I-CSCFs and CFDs into the DNS and out. RFC 2136.
import { plainName } from "@liquid-ims/dns/name";
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { FunctionInDns, FunctionResource, OperationState } from "@liquid-ims/reference-points/os-cfs";
import type {
  DnsFunctionKind,
  FunctionOperation,
  FunctionRequest,
  RemoveFunctionOptions,
} from "@liquid-ims/reference-points/os-cfs-functions";
import { formatTime } from "@liquid-ims/reference-points/time";
import type { CfsConfig, CfsFunction } from "../config.ts";
import type { FunctionOrder, FunctionOrders } from "../functions/function-orders.ts";
import { checkName, flawOf } from "../functions/function-request.ts";
import { type FunctionOperationRow, type FunctionState, isEnded } from "../functions/function-row.ts";
import { problemOfImpossible } from "../functions/judgement.ts";
import type { CanRemove, OperationResult } from "./operations.ts";
import { type Problem, type ProblemType, problem } from "./problem.ts";

export interface FunctionOperationsParts {
  readonly config: CfsConfig;
  /** Null without `dns`; there when the node is ready. */
  readonly orders: () => Promise<FunctionOrders | null>;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
}

type Result<Value> = OperationResult<Value>;

function no(
  type: ProblemType,
  field: string,
  value: unknown,
  remedy: string,
): { ok: false; problem: Problem } {
  return { ok: false, problem: problem(type, { field, value, remedy }) };
}

const notConfigured = () =>
  no("invalid-request", "dns", null, "configure `dns.update` of this CFS: name server, zone and key");

/** In the words of ETSI GS NFV-SOL 003. */
const states = {
  accepted: "STARTING",
  reading: "PROCESSING",
  writing: "PROCESSING",
  verifying: "PROCESSING",
  waiting: "PROCESSING",
  retrying: "FAILED_TEMP",
  "given up": "FAILED_TEMP",
  completed: "COMPLETED",
  failed: "FAILED",
} as const satisfies Record<FunctionState, OperationState>;

/** An operation as os-cfs shows it. */
export function functionOperation(row: FunctionOperationRow): FunctionOperation {
  const isRemoved = row.action === "remove" && row.state === "completed";
  return {
    id: row.id,
    action: row.action,
    function: row.function,
    kind: row.kind,
    state: states[row.state],
    step: row.state,
    request: row.request,
    failed: row.failed,
    force: row.force,
    startedAt: row.startedAt,
    endedAt: row.endedAt,
    deadlineAt: row.deadlineAt,
    changes: row.changes,
    changedAt: row.changedAt,
    mayBeStoppedAt: isRemoved ? row.endedAt : row.waitUntil,
    mayBeStopped: isRemoved,
    retryAt: row.retryAt,
    updates: row.updates,
    ...(row.problem === null ? {} : { problem: row.problem }),
  };
}

function isDnsKind(kind: CfsFunction["kind"]): kind is DnsFunctionKind {
  return kind === "I-CSCF" || kind === "CFD";
}

function hostOf(name: string): string {
  return plainName(splitFunctionName(name)?.host ?? name);
}

export class FunctionOperations {
  readonly #parts: FunctionOperationsParts;

  constructor(parts: FunctionOperationsParts) {
    this.#parts = parts;
  }

  /** The function of the configuration at this host. */
  #configured(host: string): CfsFunction | null {
    return this.#parts.config.functions.find(({ name }) => hostOf(name) === host) ?? null;
  }

  async put(given: string, request: FunctionRequest): Promise<Result<FunctionOperation>> {
    const orders = await this.#parts.orders();
    if (orders === null) return notConfigured();
    const checked = checkName(given, orders.subject.zone);
    if (!checked.ok) return checked;
    const flaw = flawOf(request);
    if (flaw !== null) return { ok: false, problem: flaw };
    const { name } = checked;
    const { kind, deadline } = request;
    const present = orders.functionNamed(name);
    const known = present?.present === false ? null : (present?.kind ?? this.#configured(name)?.kind ?? null);
    if (known !== null && known !== kind)
      return no("invalid-request", "kind", kind, `${name} is a ${known}; give another host name`);
    return this.#give(orders, {
      action: "add",
      function: name,
      kind,
      request,
      ...(deadline === undefined ? {} : { deadline: deadline * 1000 }),
    });
  }

  async remove(given: string, options: RemoveFunctionOptions): Promise<Result<FunctionOperation>> {
    const orders = await this.#parts.orders();
    if (orders === null) return notConfigured();
    const { failed = false, force = false, deadline } = options;
    const name = hostOf(given);
    const known = orders.functionNamed(name)?.kind ?? this.#configured(name)?.kind ?? null;
    if (known !== null && !isDnsKind(known))
      return no(
        "invalid-request",
        "name",
        given,
        `is a ${known}; its users are moved by POST /os-cfs/v1/transfers`,
      );
    const kind = options.kind ?? known;
    if (kind === null) {
      const remedy = "name one of GET /os-cfs/v1/functions, or say what it is: ?kind=I-CSCF or ?kind=CFD";
      return no("unknown-function", "name", given, remedy);
    }
    if (known !== null && kind !== known)
      return no("invalid-request", "kind", kind, `${name} is a ${known}; leave kind out`);
    const checked = checkName(name, orders.subject.zone);
    if (!checked.ok) return checked;
    if (deadline !== undefined && !(deadline > 0 && Number.isFinite(deadline)))
      return no("invalid-request", "deadline", deadline, "give seconds above 0");
    const order: FunctionOrder = {
      action: "remove",
      function: name,
      kind,
      failed,
      force,
      ...(deadline === undefined ? {} : { deadline: deadline * 1000 }),
    };
    const present = orders.operationOf(name);
    const isNew = present === null || isEnded(present) || present.action !== "remove";
    const change = isNew && !force ? await orders.foresee(order) : null;
    if (change?.kind === "impossible")
      return { ok: false, problem: problemOfImpossible(change, orders.subject) };
    return this.#give(orders, order);
  }

  async #give(orders: FunctionOrders, order: FunctionOrder): Promise<Result<FunctionOperation>> {
    const { ordered, row } = await orders.order(order);
    if (ordered) return { ok: true, value: functionOperation(row) };
    const remedy = `wait for the end of ${row.id}, which is to ${row.action} it (GET /os-cfs/v1/function-operations/${row.id})`;
    return no("function-operation-running", "name", row.function, remedy);
  }

  async get(id: string): Promise<Result<FunctionOperation>> {
    const row = (await this.#parts.orders())?.get(id) ?? null;
    if (row !== null) return { ok: true, value: functionOperation(row) };
    return no("unknown-function-operation", "id", id, "old ones are forgotten; give the order again");
  }

  /** What the CFS has done about the records of an I-CSCF or a CFD; null for other kinds, and without `dns`. */
  async inDns({ kind, name }: Pick<CfsFunction, "kind" | "name">): Promise<FunctionInDns | null> {
    const orders = isDnsKind(kind) ? await this.#parts.orders() : null;
    if (orders === null) return null;
    const host = hostOf(name);
    return {
      present: orders.functionNamed(host)?.present ?? null,
      operation: orders.operationOf(host)?.id ?? null,
    };
  }

  /** Functions that came by an order: those in the DNS, and those that are coming or going. */
  async #came(): Promise<readonly CfsFunction[]> {
    const orders = await this.#parts.orders();
    if (orders === null) return [];
    return orders
      .functions()
      .filter(({ name, present }) => {
        const operation = orders.operationOf(name);
        const isUnderWay = operation !== null && !isEnded(operation);
        return this.#configured(name) === null && (present === true || isUnderWay);
      })
      .map(({ kind, name, addresses }) => ({ kind, name, addresses }));
  }

  async list(): Promise<readonly FunctionResource[]> {
    const came = await this.#came();
    return Promise.all(
      came.map(async (entry) => {
        const dns = await this.inDns(entry);
        return { ...entry, users: 0, drain: null, ...(dns === null ? {} : { dns }) };
      }),
    );
  }

  /** One that orders were given for, by its host name; one that has gone, too, since it is asked for when it may be stopped. */
  async find(name: string): Promise<CfsFunction | null> {
    const known = (await this.#parts.orders())?.functionNamed(hostOf(name)) ?? null;
    return known === null ? null : { kind: known.kind, name: known.name, addresses: known.addresses };
  }

  /** An I-CSCF or a CFD may be stopped when nobody can find it any more. */
  async canRemove({ name, kind }: CfsFunction): Promise<CanRemove> {
    const orders = await this.#parts.orders();
    const blockers =
      orders === null || !isDnsKind(kind)
        ? [unknowable(kind)]
        : await blockersOf(orders, { host: hostOf(name), kind }, this.#parts.now());
    return {
      function: name,
      canRemove: blockers.length === 0,
      users: 0,
      dialogs: 0,
      inflow: [],
      drain: null,
      blockers,
    };
  }
}

function unknowable(kind: string): string {
  return `whether a ${kind} can be found is not known: this CFS changes no DNS (dns.update)`;
}

async function blockersOf(
  orders: FunctionOrders,
  { host, kind }: { readonly host: string; readonly kind: DnsFunctionKind },
  now: number,
): Promise<readonly string[]> {
  const row = orders.operationOf(host);
  const remove = `order DELETE /os-cfs/v1/functions/${host} and wait for COMPLETED`;
  const isGone = row?.action === "remove" && orders.functionNamed(host)?.present === false;
  if (isGone && isEnded(row)) {
    // Somebody else may have brought it back: the zone says so.
    const order = { action: "remove", function: host, kind, failed: false, force: true } as const;
    const change = await orders.foresee(order);
    if (change === null)
      return [`it was removed, and ${orders.subject.server} does not say whether it is still gone`];
    return change.kind === "nothing" ? [] : [`it was removed, and is in the DNS again; ${remove}`];
  }
  if (row === null || row.action === "add" || row.state === "failed")
    return [`it may be found by DNS; ${remove}`];
  const what = `its removal ${row.id} is ${states[row.state]}`;
  if (row.waitUntil !== null && row.waitUntil > now)
    return [`${what}: resolvers may know it until ${formatTime(row.waitUntil)}`];
  return [row.problem === null ? what : `${what}: ${row.problem.detail}`];
}
