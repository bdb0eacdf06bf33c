// Errors of the operating system in the words of the ports.
import type { Address } from "../network.ts";
import { formatAddress } from "../network.ts";
import type { RuntimeErrorCode } from "../runtime-error.ts";
import { RuntimeError } from "../runtime-error.ts";

const codes: ReadonlyMap<string, RuntimeErrorCode> = new Map([
  ["EADDRINUSE", "address-in-use"],
  ["EACCES", "no-permission"],
  ["EPERM", "no-permission"],
  ["EADDRNOTAVAIL", "bad-address"],
  ["EAFNOSUPPORT", "bad-address"],
  ["EINVAL", "bad-address"],
  ["ENOTFOUND", "bad-address"],
  ["ERR_SOCKET_BAD_PORT", "bad-address"],
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "refused"],
  ["ETIMEDOUT", "timed-out"],
  ["EHOSTUNREACH", "unreachable"],
  ["ENETUNREACH", "unreachable"],
  ["EHOSTDOWN", "unreachable"],
]);

const remedies: Partial<Record<RuntimeErrorCode, string>> = {
  "address-in-use": "another program has it; end that one or choose another port",
  "no-permission": "ports below 1024 need a privilege; choose a higher one",
  "bad-address": "this machine has no such address",
  refused: "nobody listens there",
};

/** The operating system's name of an error (`EADDRINUSE`), "" where there is none. */
export function systemCodeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** `what` is what was tried: "udp bind", "tcp connect". */
export function asRuntimeError(what: string, address: Address, error: unknown): RuntimeError {
  const system = systemCodeOf(error);
  const code = codes.get(system) ?? "unreachable";
  const remedy = remedies[code];
  const detail = `${what} ${formatAddress(address)}: ${system === "" ? String(error) : system}`;
  return new RuntimeError(code, remedy === undefined ? detail : `${detail}: ${remedy}`, { cause: error });
}
