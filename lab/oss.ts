// The lab's OSS/BSS: asks the CFS for transfers over os-cfs and waits for their end.

import type { TransferOperation, TransferRequest } from "@liquid-ims/reference-points/os-cfs";
import type { Host } from "@liquid-ims/runtime/host";
import type { Trace } from "./trace.ts";

/** What crosses os-cfs, whatever carries it. */
export interface OsCfsExchange {
  readonly method: "GET" | "POST" | "DELETE";
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
  /** Asks until the operation has ended, calling `seen` with each state on the way. */
  awaitEnd(host: Host, id: string, seen: (operation: TransferOperation) => void): Promise<TransferOperation>;
}

const ends = new Set(["COMPLETED", "FAILED_TEMP", "FAILED", "ROLLED_BACK"]);
const askEveryMs = 100;

function isOperation(body: unknown): body is TransferOperation {
  return typeof body === "object" && body !== null && "id" in body && "state" in body && "users" in body;
}

interface UserList {
  readonly users: readonly { readonly unreachable: string | null }[];
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

  const getTransfer = (id: string) => operation({ method: "GET", path: `/transfers/${id}`, body: null }, 200);
  return {
    startTransfer: (request) => operation({ method: "POST", path: "/transfers", body: request }, 202),
    getTransfer,
    async countReachable(functions) {
      let reachable = 0;
      for (const name of functions) {
        const path = `/functions/${encodeURIComponent(name)}/users`;
        const { users } = await ask({ method: "GET", path, body: null }, 200, isUserList);
        reachable += users.filter((user) => user.unreachable === null).length;
      }
      return reachable;
    },
    async awaitEnd(host, id, seen) {
      for (;;) {
        const present = await getTransfer(id);
        seen(present);
        if (ends.has(present.state)) return present;
        await host.clock.sleep(askEveryMs, "oss asks again");
      }
    },
  };
}
