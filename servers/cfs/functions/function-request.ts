// What a request to bring a function into the DNS, or to take it out, asks for: checked, and compared with another one.
import { readAddress } from "@liquid-ims/dns/ip";
import { isDomainName, isInZone, plainName } from "@liquid-ims/dns/name";
import type { FunctionRequest } from "@liquid-ims/reference-points/os-cfs-functions";
import { type Problem, problem } from "../operations/problem.ts";
import { functionTransports } from "./zone-view.ts";

const hostName = /^(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)*[a-z\d](?:[a-z\d-]*[a-z\d])?$/;

type CheckedName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly problem: Problem };

/** The host name in lower case, when it is one below the zone's apex. */
export function checkName(given: string, zone: string): CheckedName {
  const name = plainName(given);
  if (hostName.test(name) && isDomainName(name) && isInZone(name, zone) && name !== plainName(zone))
    return { ok: true, name };
  const remedy = given.includes(":")
    ? `give the host name alone, such as icscf2.${zone}; the port stands in the body`
    : `give a host name of the zone ${zone}, such as icscf2.${zone}`;
  return { ok: false, problem: problem("invalid-request", { field: "name", value: given, remedy }) };
}

function isPort(value: number | undefined, least: number): boolean {
  return value === undefined || (Number.isInteger(value) && value >= least && value <= 0xffff);
}

/** What a schema cannot see; null when nothing is wrong. */
export function flawOf(request: FunctionRequest): Problem | null {
  const bad = (field: string, value: unknown, remedy: string) =>
    problem("invalid-request", { field, value, remedy });
  const { addresses, transports, port, priority, weight, deadline } = request;
  if (addresses.length === 0) return bad("addresses", addresses, "give at least one address");
  for (const [index, address] of addresses.entries()) {
    const own = readAddress(address)?.address;
    if (own === undefined)
      return bad(`addresses[${index}]`, address, "give an IPv4 or IPv6 address without brackets");
    const same = addresses.findIndex((other) => readAddress(other)?.address === own);
    if (same < index) return bad(`addresses[${index}]`, address, "is there already; give each address once");
  }
  if (transports?.length === 0) return bad("transports", transports, "give udp, tcp or both");
  if (!isPort(port, 1)) return bad("port", port, "give a whole number from 1 to 65535");
  if (!isPort(priority, 0)) return bad("priority", priority, "give a whole number from 0 to 65535");
  if (!isPort(weight, 0)) return bad("weight", weight, "give a whole number from 0 to 65535");
  if (deadline !== undefined && !(deadline > 0 && Number.isFinite(deadline)))
    return bad("deadline", deadline, "give seconds above 0");
  return null;
}

/** The request with its defaults; addresses in one spelling and order, without the deadline. */
export function completed(request: FunctionRequest): Required<Omit<FunctionRequest, "deadline">> {
  const { kind, addresses, port = 5060, transports = functionTransports } = request;
  const { priority = 10, weight = 10 } = request;
  const spelled = addresses.map((address) => readAddress(address)?.address ?? address);
  return {
    kind,
    addresses: spelled.sort(),
    port,
    transports: functionTransports.filter((transport) => transports.includes(transport)),
    priority,
    weight,
  };
}

/** They ask for the same records. */
export function isSameRequest(a: FunctionRequest, b: FunctionRequest): boolean {
  return JSON.stringify(completed(a)) === JSON.stringify(completed(b));
}
