// The lab's OSS/BSS: asks the CFS over os-cfs for transfers, and for functions to come and go; waits for their end.

import type { TransferOperation, TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import type {
  FunctionOperation,
  FunctionRequest,
  RemoveFunctionOptions,
} from "@liquid-ims/reference-points/os-cfs-functions";
import type { Host } from "@liquid-ims/runtime/host";
import type { Trace } from "./trace.ts";

/** What crosses os-cfs, whatever carries it. */
export interface OsCfsExchange {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the root: `/transfers`. */
  readonly path: string;
  readonly body: unknown;
}

export interface OsCfsReply {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}

/** Carries one exchange: HTTP on real sockets, a delayed call on the virtual clock. */
export type OsCfsCarrier = (exchange: OsCfsExchange) => Promise<OsCfsReply>;

export interface Oss {
  /** Starts a transfer; rejects with the problem's text when it was refused. */
  startTransfer(request: TransferRequest): Promise<TransferOperation>;
  getTransfer(id: string): Promise<TransferOperation>;
  /** Registrations on these functions whose LCF can be commanded now. */
  countReachable(functions: readonly string[]): Promise<number>;
  /** Registrations of a P-CSCF or S-CSCF, as the location service knows them. */
  listUsers(name: string): Promise<readonly OssUser[]>;
  /** Asks until the operation has ended, or `isEnough` of its state, calling `seen` with each state on the way. */
  awaitEnd(
    host: Host,
    id: string,
    seen: (operation: TransferOperation) => void,
    isEnough: (operation: TransferOperation) => boolean,
  ): Promise<TransferOperation>;
  /** Brings an I-CSCF or a CFD into the DNS; rejects with the problem's text when it was refused. */
  putFunction(name: string, request: FunctionRequest): Promise<FunctionOperation>;
  /** Takes it out; may be stopped when the operation is COMPLETED. */
  removeFunction(name: string, options?: RemoveFunctionOptions): Promise<FunctionOperation>;
  getFunctionOperation(id: string): Promise<FunctionOperation>;
  /** Asks until it is COMPLETED or FAILED, or not tried again any more, calling `seen` with each state on the way. */
  awaitFunctionEnd(
    host: Host,
    id: string,
    seen: (operation: FunctionOperation) => void,
  ): Promise<FunctionOperation>;
}

const ends = new Set(["COMPLETED", "FAILED_TEMP", "FAILED", "ROLLED_BACK"]);
const askEveryMs = 100;

function isOperation(body: unknown): body is TransferOperation {
  return typeof body === "object" && body !== null && "id" in body && "state" in body && "users" in body;
}

function isFunctionOperation(body: unknown): body is FunctionOperation {
  return typeof body === "object" && body !== null && "action" in body && "state" in body && "step" in body;
}

/** `?failed=true&force=true`; empty where nothing is asked for. */
function queryOf(options: RemoveFunctionOptions): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(options)) query.set(name, String(value));
  return query.size === 0 ? "" : `?${query}`;
}

/** A registration as os-cfs lists it, as far as the lab looks at it. */
export interface OssUser {
  /** Default public identity. */
  readonly user: string;
  readonly pCscf: string | null;
  readonly sCscf: string;
  /** Why its LCF cannot be reached; null when it can. */
  readonly unreachable: string | null;
}

interface UserList {
  readonly users: readonly OssUser[];
}

function isUserList(body: unknown): body is UserList {
  return typeof body === "object" && body !== null && "users" in body && Array.isArray(body.users);
}

export function createOss(carry: OsCfsCarrier, trace: Trace): Oss {
  async function ask<Body>(
    exchange: OsCfsExchange,
    expected: number,
    isBody: (body: unknown) => body is Body,
  ): Promise<Body> {
    trace.add({ from: "oss", to: "cfs", protocol: "http", message: JSON.stringify(exchange) });
    const reply = await carry(exchange);
    trace.add({ from: "cfs", to: "oss", protocol: "http", message: JSON.stringify(reply) });
    if (reply.status !== expected || !isBody(reply.body)) {
      throw new Error(
        `os-cfs ${exchange.method} ${exchange.path}: ${reply.status} ${JSON.stringify(reply.body)}`,
      );
    }
    return reply.body;
  }

  const operation = (exchange: OsCfsExchange, expected: number) => ask(exchange, expected, isOperation);

  const functionOperation = (exchange: OsCfsExchange, expected: number) =>
    ask(exchange, expected, isFunctionOperation);
  const getFunctionOperation = (id: string) =>
    functionOperation({ method: "GET", path: `/function-operations/${id}`, body: null }, 200);
  const pathOf = (name: string) => `/functions/${encodeURIComponent(name)}`;

  async function listUsers(name: string): Promise<readonly OssUser[]> {
    const exchange = { method: "GET", path: `${pathOf(name)}/users`, body: null } as const;
    return (await ask(exchange, 200, isUserList)).users;
  }

  const getTransfer = (id: string) => operation({ method: "GET", path: `/transfers/${id}`, body: null }, 200);
  return {
    startTransfer: (request) => operation({ method: "POST", path: "/transfers", body: request }, 202),
    getTransfer,
    listUsers,
    async countReachable(functions) {
      let reachable = 0;
      for (const name of functions)
        reachable += (await listUsers(name)).filter((user) => user.unreachable === null).length;
      return reachable;
    },
    async awaitEnd(host, id, seen, isEnough) {
      for (;;) {
        const present = await getTransfer(id);
        seen(present);
        if (ends.has(present.state) || isEnough(present)) return present;
        await host.clock.sleep(askEveryMs, "oss asks again");
      }
    },
    putFunction: (name, request) =>
      functionOperation({ method: "PUT", path: pathOf(name), body: request }, 202),
    removeFunction: (name, options = {}) =>
      functionOperation({ method: "DELETE", path: `${pathOf(name)}${queryOf(options)}`, body: null }, 202),
    getFunctionOperation,
    async awaitFunctionEnd(host, id, seen) {
      for (;;) {
        const present = await getFunctionOperation(id);
        seen(present);
        const isOver = present.state === "FAILED_TEMP" && present.retryAt === null;
        if (present.state === "COMPLETED" || present.state === "FAILED" || isOver) return present;
        await host.clock.sleep(askEveryMs, "oss asks again");
      }
    },
  };
}
