// The operations of os-cfs over the transfer engine and the location service.
import { createFunctionTable } from "@liquid-ims/location-service/function-name";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { registrationKeyOf } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { FunctionResource, TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import type { LcfChannel } from "../cfs-ue/channel.ts";
import { type CfsConfig, type CfsFunction, defaultPace } from "../config.ts";
import type { FunctionOrders } from "../functions/function-orders.ts";
import type { Controller } from "../transfer/controller.ts";
import { pinnedDialogs } from "../transfer/dialogs.ts";
import { forecast } from "../transfer/forecast.ts";
import type { TransferRow } from "../transfer/transfer-row.ts";
import { listAllUsers, registrationLine } from "./all-users.ts";
import { checkRequest } from "./check-request.ts";
import { FunctionOperations } from "./function-operations.ts";
import { LcfQueries } from "./lcf-queries.ts";
import type {
  CanRemove,
  CreateOptions,
  OperationResult,
  Operations,
  RegistrationLine,
  TransferResource,
} from "./operations.ts";
import { type Problem, type ProblemType, problem } from "./problem.ts";
import { transferResource } from "./resources.ts";

export interface OperationsParts {
  readonly host: Host;
  readonly config: CfsConfig;
  readonly location: LocationStore;
  /** There when the node is ready. */
  readonly engine: Promise<{
    readonly controller: Controller;
    readonly channel: LcfChannel;
    /** Null, or absent: no function can be brought into the DNS. */
    readonly orders?: FunctionOrders | null;
  }>;
}

function no(
  type: ProblemType,
  field: string,
  value: unknown,
  remedy: string,
): { ok: false; problem: Problem } {
  return { ok: false, problem: problem(type, { field, value, remedy }) };
}

const listFunctionsRemedy = "name one of GET /os-cfs/v1/functions";

/** Registrations, not records: several records of one registration are one user. */
function countRegistrations(records: readonly LocationRecord[]): number {
  return new Set(records.map(registrationKeyOf)).size;
}

/** The same request again, whatever the order of its members. */
function sameRequest(a: unknown, b: unknown): boolean {
  const canonical = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(canonical);
    if (typeof value !== "object" || value === null) return value;
    return Object.entries(value)
      .sort(([first], [second]) => (first < second ? -1 : 1))
      .map(([name, member]) => [name, canonical(member)]);
  };
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

export function createOperations(parts: OperationsParts): Operations {
  const { config, location, engine } = parts;
  const table = createFunctionTable(config.functions);
  const byDns = new FunctionOperations({
    config,
    orders: async () => (await engine).orders ?? null,
    now: () => parts.host.clock.wall(),
  });

  function find(name: string): CfsFunction | null {
    return (
      config.functions.find((entry) => entry.name === name) ??
      config.functions.find((entry) => table.isSame(entry.name, name)) ??
      null
    );
  }

  /** Of the configuration, or one that came by an order. */
  async function findAny(name: string): Promise<CfsFunction | null> {
    return find(name) ?? (await byDns.find(name));
  }

  function recordsOn({ kind, name }: CfsFunction): Promise<readonly LocationRecord[]> {
    if (kind === "P-CSCF") return location.byFunction({ pCscf: name });
    if (kind === "S-CSCF") return location.byFunction({ sCscf: name });
    return Promise.resolve([]);
  }

  function drainOf(controller: Controller, name: string): FunctionResource["drain"] {
    const row = controller.transferOf(name);
    return row?.standing === true ? { operation: row.id, since: row.startedAt } : null;
  }

  async function functionResource(entry: CfsFunction): Promise<FunctionResource> {
    const { controller } = await engine;
    const { name, kind, addresses } = entry;
    const users = countRegistrations(await recordsOn(entry));
    const dns = await byDns.inDns(entry);
    const drain = drainOf(controller, name);
    return { name, kind, addresses, users, drain, ...(dns === null ? {} : { dns }) };
  }

  async function shown(row: TransferRow): Promise<TransferResource> {
    const { controller } = await engine;
    return transferResource(row, controller.usersOf(row.id), controller.cuts);
  }

  async function found(id: string): Promise<OperationResult<TransferRow>> {
    const { controller } = await engine;
    const row = controller.get(id);
    if (row !== null) return { ok: true, value: row };
    return no("unknown-transfer", "id", id, "look at GET /os-cfs/v1/transfers; old ones are forgotten");
  }

  function running(name: string, row: TransferRow | null) {
    const which = row === null ? "" : ` (${row.id}, ${row.state})`;
    const remedy =
      row?.standing === true
        ? `a drain is a standing order${which}; end it with DELETE /os-cfs/v1/functions/${name}/drain`
        : `wait for the end of the one that is there${which}, or cancel it`;
    return no("transfer-running", "function", name, remedy);
  }

  async function createTransfer(request: TransferRequest, options: CreateOptions = {}) {
    const { controller } = await engine;
    const key = options.idempotencyKey ?? null;
    const known = key === null ? null : controller.byIdempotencyKey(key);
    if (known !== null) {
      if (sameRequest(known.request, request)) return { ok: true as const, value: await shown(known) };
      return no("key-reused", "Idempotency-Key", key, "use a new key for a new request");
    }
    const checked = checkRequest(request, key, {
      find,
      isDrained: (name) => controller.transferOf(name)?.standing === true,
      pace: config.pace ?? defaultPace,
      replaceDialogs: config.replaceDialogs ?? true,
      hasCx: config.cx !== undefined,
    });
    if (!checked.ok) return checked;
    const order = checked.value;
    const present = order.function === null || order.dryRun ? null : controller.transferOf(order.function);
    if (present !== null) return running(present.function ?? "", present);
    const created = await controller.create(order);
    if (!created.created) {
      const again = key === null ? null : controller.byIdempotencyKey(key);
      if (again !== null && sameRequest(again.request, request))
        return { ok: true as const, value: await shown(again) };
      const name = order.function ?? "";
      return running(name, controller.transferOf(name));
    }
    const { id: transfer, function: emptied } = created.row;
    const { reason } = order.request;
    parts.host.log.info("transfer accepted", { transfer, function: emptied, reason, dryRun: order.dryRun });
    const value = await shown(created.row);
    if (!order.dryRun) return { ok: true as const, value };
    const targets = await Promise.all(
      order.targets.map(async ({ function: name }) => {
        const entry = find(name);
        const users = entry === null ? 0 : countRegistrations(await recordsOn(entry));
        return { function: name, users };
      }),
    );
    const expected = forecast({ lines: created.lines, pace: order.pace, present: targets });
    return { ok: true as const, value: { ...value, forecast: expected } };
  }

  async function canRemove(name: string): Promise<OperationResult<CanRemove>> {
    const entry = await findAny(name);
    if (entry === null) return no("unknown-function", "name", name, listFunctionsRemedy);
    if (entry.kind === "I-CSCF" || entry.kind === "CFD")
      return { ok: true, value: await byDns.canRemove(entry) };
    const { controller } = await engine;
    const { users, drain } = await functionResource(entry);
    const transfer = controller.transferOf(entry.name);
    const rows = transfer === null ? [] : controller.usersOf(transfer.id);
    const dialogs = pinnedDialogs(
      rows.flatMap(({ results }) => results),
      parts.host.clock.wall(),
    );
    const inflow = rows.flatMap(({ user, arrivedAt }) =>
      arrivedAt === null ? [] : [{ user, at: arrivedAt }],
    );
    const blockers: string[] = [];
    if (users > 0) blockers.push(`${users} registrations are on it`);
    if (dialogs > 0) blockers.push(`${dialogs} dialogs go on through it`);
    if (drain === null)
      blockers.push("no standing order keeps newcomers off it; begin a transfer with load 0");
    else if (transfer !== null && transfer.state !== "COMPLETED")
      blockers.push(`its drain is ${transfer.state}`);
    return {
      ok: true,
      value: {
        function: entry.name,
        canRemove: blockers.length === 0,
        users,
        dialogs,
        inflow,
        drain,
        blockers,
      },
    };
  }

  async function listUsers(name: string): Promise<OperationResult<{ users: readonly RegistrationLine[] }>> {
    const entry = await findAny(name);
    if (entry === null) return no("unknown-function", "name", name, listFunctionsRemedy);
    const { channel } = await engine;
    const users = (await recordsOn(entry)).map((record) => registrationLine(record, channel));
    return { ok: true, value: { users } };
  }

  const queries = engine.then(
    ({ controller, channel }) =>
      new LcfQueries({
        ...{ host: parts.host, location, channel },
        isCommanded: (registration) => controller.holds(registration),
      }),
  );
  // Whoever asks is told of a failed start, too.
  queries.catch(() => undefined);

  return {
    createTransfer,
    canRemove,
    putFunction: (name, request) => byDns.put(name, request),
    removeFunction: (name, options = {}) => byDns.remove(name, options),
    getFunctionOperation: (id) => byDns.get(id),
    listUsers,
    async queryUser(user) {
      const registrations = await (await queries).ask(user);
      if (registrations.length > 0) return { ok: true, value: { registrations } };
      return no("unknown-user", "user", user, "name an identity of GET /os-cfs/v1/users");
    },
    async listAllUsers() {
      const { channel } = await engine;
      return { ok: true, value: await listAllUsers(location, channel) };
    },
    async getTransfer(id) {
      const row = await found(id);
      return row.ok ? { ok: true, value: await shown(row.value) } : row;
    },
    async listTransfers() {
      const { controller } = await engine;
      const transfers = controller.list().map((row) => {
        const resource = transferResource(row, controller.usersOf(row.id), controller.cuts);
        return { ...resource, users: [] };
      });
      return { ok: true, value: { transfers } };
    },
    async cancelTransfer(id) {
      const row = await found(id);
      if (!row.ok) return row;
      if (row.value.state !== "PROCESSING") {
        const remedy = row.value.standing
          ? "only its standing order goes on; end that with DELETE /os-cfs/v1/functions/{name}/drain"
          : `it is ${row.value.state}; nothing of it goes on`;
        return no("transfer-ended", "id", id, remedy);
      }
      const { controller } = await engine;
      const stopped = await controller.cancel(id, "cancelled by the OSS/BSS");
      return { ok: true, value: await shown(stopped ?? row.value) };
    },
    async endDrain(name) {
      const entry = find(name);
      if (entry === null) return no("unknown-function", "name", name, listFunctionsRemedy);
      const { controller } = await engine;
      const row = controller.transferOf(entry.name);
      if (row === null || !row.standing)
        return no("no-drain", "name", name, "begin one with a transfer of load 0; nothing needs to be ended");
      return { ok: true, value: await shown((await controller.endDrain(row.id)) ?? row) };
    },
    async listFunctions() {
      const configured = await Promise.all(config.functions.map(functionResource));
      return { ok: true, value: { functions: [...configured, ...(await byDns.list())] } };
    },
    async getFunction(name) {
      const entry = await findAny(name);
      if (entry === null) return no("unknown-function", "name", name, listFunctionsRemedy);
      return { ok: true, value: await functionResource(entry) };
    },
  };
}
