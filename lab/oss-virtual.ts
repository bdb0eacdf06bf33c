// os-cfs on the virtual clock: the CFS's operations are called after a link's delay, with copies of what crosses it.
import type { OperationResult, Operations } from "@liquid-ims/cfs/operations/operations";
import { osCfsRoot, type TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import type { FunctionRequest, RemoveFunctionOptions } from "@liquid-ims/reference-points/os-cfs-functions";
import type { Host } from "@liquid-ims/runtime/host";
import type { OsCfsCarrier, OsCfsExchange, OsCfsReply } from "./oss.ts";

const delayMs = 1;

function copy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value));
}

/** The query of a DELETE as the HTTP adapter reads it. */
function removeOptions(query: string): RemoveFunctionOptions {
  const given = new URLSearchParams(query);
  const kind = given.get("kind");
  const deadline = given.get("deadline");
  return {
    ...(kind === "I-CSCF" || kind === "CFD" ? { kind } : {}),
    failed: given.get("failed") === "true",
    force: given.get("force") === "true",
    ...(deadline === null ? {} : { deadline: Number(deadline) }),
  };
}

async function callFunction(
  operations: Operations,
  { method, path, body }: OsCfsExchange,
): Promise<OsCfsReply> {
  const [resource = "", query = ""] = path.split("?");
  const name = decodeURIComponent(resource.split("/")[2] ?? "");
  if (method === "GET") return reply(await operations.listUsers(name), 200, null);
  const result =
    method === "PUT"
      ? await operations.putFunction(name, copy(body) as FunctionRequest)
      : await operations.removeFunction(name, removeOptions(query));
  return reply(result, 202, result.ok ? `${osCfsRoot}/function-operations/${result.value.id}` : null);
}

async function call(operations: Operations, exchange: OsCfsExchange): Promise<OsCfsReply> {
  const { method, path, body } = exchange;
  const [, collection, id = ""] = path.split("/");
  if (collection === "functions") return callFunction(operations, exchange);
  if (collection === "function-operations")
    return reply(await operations.getFunctionOperation(id), 200, null);
  if (collection !== "transfers") throw new Error(`the virtual OSS knows no ${path}`);
  if (method === "POST") {
    // The HTTP adapter validates what a person sends; the lab's own script is typed.
    const created = await operations.createTransfer(copy(body) as TransferRequest);
    return reply(created, 202, created.ok ? `${osCfsRoot}/transfers/${created.value.id}` : null);
  }
  return reply(await operations.getTransfer(id), 200, null);
}

function reply(result: OperationResult<unknown>, status: number, location: string | null): OsCfsReply {
  if (!result.ok) return { status: result.problem.status, location: null, body: copy(result.problem) };
  return { status, location, body: copy(result.value) };
}

export function createVirtualCarrier(host: Host, operations: Operations): OsCfsCarrier {
  return async (exchange) => {
    await host.clock.sleep(delayMs, "os-cfs request");
    const answer = await call(operations, exchange);
    await host.clock.sleep(delayMs, "os-cfs reply");
    return answer;
  };
}
