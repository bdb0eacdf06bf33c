// What a transfer request asks for, checked against the functions of the network.
import type {
  FunctionKind,
  Pace,
  TransferRequest,
  TransferTarget,
} from "@liquid-ims/reference-points/os-cfs";
import type { CfsFunction } from "../config.ts";
import type { TransferOrder } from "../transfer/new-transfer.ts";
import type { PlanTarget } from "../transfer/plan.ts";
import { type Problem, problem } from "./problem.ts";

export interface CheckOptions {
  /** Finds a function by any of its names. */
  readonly find: (name: string) => CfsFunction | null;
  /** True for a function that is being emptied. */
  readonly isDrained: (name: string) => boolean;
  readonly pace: Pace;
  readonly replaceDialogs: boolean;
  /** There is Cx to the HSS. */
  readonly hasCx: boolean;
}

type Checked<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem };

function bad(
  field: string,
  value: unknown,
  remedy: string,
): { readonly ok: false; readonly problem: Problem } {
  return { ok: false, problem: problem("invalid-request", { field, value, remedy }) };
}

const movable: ReadonlySet<FunctionKind> = new Set(["P-CSCF", "S-CSCF"]);

/** Users in flight where a request for a change of S-CSCF says nothing: none of them can be called meanwhile. */
const defaultReassignments = 10;

/** Users can be moved between P-CSCFs and between S-CSCFs. */
function checkFunction(name: string, options: CheckOptions): Checked<CfsFunction> {
  const found = options.find(name);
  if (found === null) {
    const remedy = "name one of GET /os-cfs/v1/functions";
    return { ok: false, problem: problem("unknown-function", { field: "function", value: name, remedy }) };
  }
  if (!movable.has(found.kind))
    return bad(
      "function",
      name,
      `is of kind ${found.kind}; users can be moved from P-CSCFs and S-CSCFs only`,
    );
  return { ok: true, value: found };
}

interface TargetOptions {
  readonly affected: CfsFunction | null;
  /** What all targets have to be; null: none that users can be moved to. */
  readonly kind: "P-CSCF" | "S-CSCF" | null;
}

/** That of the affected function; for named users, of the first target that is known. */
function kindOf(
  affected: CfsFunction | null,
  targets: readonly TransferTarget[],
  options: CheckOptions,
): TargetOptions["kind"] {
  const known =
    affected ?? targets.map(({ function: name }) => options.find(name)).find((entry) => entry !== null);
  if (known === undefined) return "P-CSCF";
  return known.kind === "P-CSCF" || known.kind === "S-CSCF" ? known.kind : null;
}

/** Why a target cannot be used; null when it can. */
function flawOf(
  { function: name, weight = 1 }: TransferTarget,
  { affected, kind }: TargetOptions,
  options: CheckOptions,
): string | null {
  const found = options.find(name);
  if (found === null) return "is unknown; name one of GET /os-cfs/v1/functions";
  if (kind === null) return `is of kind ${found.kind}; name P-CSCFs or S-CSCFs`;
  if (found.kind !== kind) return `is of kind ${found.kind}; name a ${kind}`;
  if (found.name === affected?.name) return "is the affected function itself; name another one";
  if (options.isDrained(found.name)) return "is being emptied itself; end its drain or name another one";
  return Number.isFinite(weight) && weight > 0 ? null : "has a weight that is not above 0";
}

function checkTargets(
  targets: readonly TransferTarget[],
  wanted: TargetOptions,
  options: CheckOptions,
): Checked<readonly PlanTarget[]> {
  const flaws = targets.map((target) => flawOf(target, wanted, options));
  const index = flaws.findIndex((flaw) => flaw !== null);
  if (targets.length === 0 || index >= 0) {
    const field = targets.length === 0 ? "targets" : `targets[${index}].function`;
    const value = targets[index]?.function ?? targets;
    const remedy = flaws[index] ?? `name at least one ${wanted.kind ?? "CSCF"} that is to take the users`;
    return { ok: false, problem: problem("no-usable-target", { field, value, remedy }) };
  }
  const named = targets.map(({ function: name, weight = 1 }) => ({
    function: options.find(name)?.name ?? name,
    weight,
  }));
  const twice = named.find(
    (target, at) => named.findIndex((other) => other.function === target.function) !== at,
  );
  if (twice !== undefined)
    return bad("targets", twice.function, "is named twice; name it once, with a weight");
  return { ok: true, value: named };
}

function checkPace({ mode, usersPerSecond, usersInFlight }: Pace): Problem | null {
  const wrong = (field: string, value: unknown, remedy: string) =>
    problem("invalid-request", { field: `pace.${field}`, value, remedy });
  if (mode !== "parallel" && mode !== "fixed") return wrong("mode", mode, 'is "parallel" or "fixed"');
  if (usersPerSecond !== undefined && !(usersPerSecond > 0 && Number.isFinite(usersPerSecond)))
    return wrong("usersPerSecond", usersPerSecond, "must be above 0");
  if (usersInFlight !== undefined && !(Number.isInteger(usersInFlight) && usersInFlight > 0))
    return wrong("usersInFlight", usersInFlight, "must be a whole number above 0");
  return null;
}

/** The order that a request means, or the problem that its sender is owed. */
export function checkRequest(
  request: TransferRequest,
  idempotencyKey: string | null,
  options: CheckOptions,
): Checked<TransferOrder> {
  let affected: CfsFunction | null = null;
  if ("load" in request) {
    const checked = checkFunction(request.function, options);
    if (!checked.ok) return checked;
    affected = checked.value;
    if (!(request.load >= 0 && request.load <= 1))
      return bad("load", request.load, "give a share from 0 to 1");
  } else if (request.users.length === 0) return bad("users", request.users, "name at least one user");
  const { deadline } = request;
  if (deadline !== undefined && !(deadline > 0 && Number.isFinite(deadline)))
    return bad("deadline", deadline, "give seconds above 0");
  const asked = request.pace ?? options.pace;
  const flaw = checkPace(asked);
  if (flaw !== null) return { ok: false, problem: flaw };
  const kind = kindOf(affected, request.targets, options);
  const targets = checkTargets(request.targets, { affected, kind }, options);
  if (!targets.ok) return targets;
  const procedure = kind === "S-CSCF" ? "S" : "P";
  if (procedure === "S" && !options.hasCx)
    return bad("cx", null, "only the HSS changes the S-CSCF of a user; configure `cx` of this CFS");
  const pace = procedure === "S" ? { usersInFlight: defaultReassignments, ...asked } : asked;
  return {
    ok: true,
    value: {
      request,
      procedure,
      function: affected?.name ?? null,
      targets: targets.value,
      pace,
      replaceDialogs: options.replaceDialogs,
      dryRun: request.dryRun ?? false,
      idempotencyKey,
    },
  };
}
