// Reads what CFD and CFS say of themselves. A member that is not there, or is something else, is not believed.
import type { RegisterSighting, RegistersSeen } from "@liquid-ims/cfd/register-sightings";
import type { SaidCapabilities } from "@liquid-ims/diameter/peer/peer-report";
import type { PeerFacts } from "./cx-peer.ts";

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || isText(value);
}

function isListOf<Item>(value: unknown, is: (item: unknown) => item is Item): value is readonly Item[] {
  return Array.isArray(value) && value.every(is);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || isNumber(value);
}

function isSighting(value: unknown): value is RegisterSighting {
  return (
    isObject(value) &&
    isText(value["sCscf"]) &&
    isText(value["source"]) &&
    isNumber(value["count"]) &&
    isNumber(value["at"]) &&
    isTextOrNull(value["pCscf"]) &&
    isTextOrNull(value["pCscfFrom"]) &&
    isListOf(value["lacks"], isText)
  );
}

function isRefusal(value: unknown): value is RegistersSeen["refused"] {
  return (
    value === null ||
    (isObject(value) &&
      isNumber(value["at"]) &&
      isNumber(value["status"]) &&
      [value["source"], value["reason"], value["detail"]].every(isText))
  );
}

function isRegistersSeen(value: unknown): value is RegistersSeen {
  return isObject(value) && isListOf(value["from"], isSighting) && isRefusal(value["refused"]);
}

function isApplication(value: unknown): value is SaidCapabilities["vendorSpecificApplicationIds"][number] {
  return isObject(value) && isNumber(value["vendorId"]) && isNumber(value["applicationId"]);
}

function isSaid(value: unknown): value is SaidCapabilities {
  if (!isObject(value)) return false;
  const texts = ["originHost", "originRealm", "productName", "errorMessage"];
  const numbers = ["resultCode", "vendorId"];
  const lists = ["supportedVendorIds", "authApplicationIds", "acctApplicationIds", "inbandSecurityIds"];
  return (
    texts.every((name) => isTextOrNull(value[name])) &&
    numbers.every((name) => isNumberOrNull(value[name])) &&
    lists.every((name) => isListOf(value[name], isNumber)) &&
    isListOf(value["hostIpAddresses"], isText) &&
    isListOf(value["vendorSpecificApplicationIds"], isApplication)
  );
}

function isPeer(value: unknown): value is PeerFacts {
  return (
    isObject(value) &&
    isText(value["originHost"]) &&
    isText(value["state"]) &&
    isTextOrNull(value["trouble"]) &&
    (value["said"] === null || isSaid(value["said"]))
  );
}

export interface CfdHealth {
  readonly status: string;
  readonly store: string | null;
  /** Null: it is older than this doctor. */
  readonly registers: RegistersSeen | null;
}

/** Null: this is no CFD; only a CFS looks at a location service. */
export function readCfdHealth(body: unknown): CfdHealth | null {
  if (!isObject(body) || !isText(body["status"]) || "location" in body) return null;
  const { status, store, registers } = body;
  return {
    status,
    store: isText(store) ? store : null,
    registers: isRegistersSeen(registers) ? registers : null,
  };
}

export interface CfsHealth {
  readonly status: string;
  readonly store: string | null;
  readonly location: string | null;
  readonly reachable: number;
  /** `udp:127.0.2.21:7090`, `http:127.0.0.1:8085`. */
  readonly listening: readonly string[];
  /** Null: it has no `cx`. */
  readonly cx: readonly PeerFacts[] | null;
}

/** Null: this is no CFS; only a CFD counts REGISTERs. */
export function readCfsHealth(body: unknown): CfsHealth | null {
  if (!isObject(body) || !isText(body["status"]) || "registers" in body) return null;
  const { status, store, location, reachable, listening, cx } = body;
  return {
    status,
    store: isText(store) ? store : null,
    location: isText(location) ? location : null,
    reachable: isNumber(reachable) ? reachable : 0,
    listening: isListOf(listening, isText) ? listening : [],
    cx: isListOf(cx, isPeer) ? cx : null,
  };
}

/**
 * When a program was started, ms since 1970, from its metrics: whole seconds, rounded. Null: they do not say. The value
 * may have a sign and an exponent (Prometheus' text format).
 */
export function readStart(body: unknown): number | null {
  const value = isText(body) ? /^process_start_time_seconds(?:\{[^}]*\})? (\S+)/m.exec(body)?.[1] : undefined;
  const seconds = Number(value ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : null;
}

/** A registration of `GET /users`. */
export interface UserFacts {
  readonly user: string;
  readonly identities: readonly string[];
  readonly pCscf: string | null;
  readonly sCscf: string;
  readonly contact: string | null;
  readonly expiresAt: number;
  /** Why its LCF cannot be commanded; null: it can. */
  readonly unreachable: string | null;
}

function isUser(value: unknown): value is UserFacts {
  return (
    isObject(value) &&
    isText(value["user"]) &&
    isListOf(value["identities"], isText) &&
    isTextOrNull(value["pCscf"]) &&
    isText(value["sCscf"]) &&
    isTextOrNull(value["contact"]) &&
    isNumber(value["expiresAt"]) &&
    isTextOrNull(value["unreachable"])
  );
}

export interface UsersFacts {
  readonly users: readonly UserFacts[];
  /** LCFs without a location record, with the reason. */
  readonly unknown: readonly { readonly user: string; readonly reason: string }[];
}

/** Null: this is no answer of os-cfs. */
export function readUsers(body: unknown): UsersFacts | null {
  if (!isObject(body) || !isListOf(body["users"], isUser)) return null;
  const unknown = isObject(body["unknown"]) ? body["unknown"]["users"] : null;
  const isUnknown = (value: unknown): value is UsersFacts["unknown"][number] =>
    isObject(value) && isText(value["user"]) && isText(value["reason"]);
  return { users: body["users"], unknown: isListOf(unknown, isUnknown) ? unknown : [] };
}

/** What came of a command to a device of a user. */
export interface QueriedDevice {
  readonly contact: string | null;
  readonly result: string;
  readonly detail: string;
  readonly milliseconds: number | null;
  readonly dialogs: number | null;
}

/** Null: the CFS is older, or has refused to ask. */
export function readQuery(body: unknown): readonly QueriedDevice[] | null {
  const isDevice = (value: unknown): value is QueriedDevice =>
    isObject(value) &&
    [value["result"], value["detail"]].every(isText) &&
    isTextOrNull(value["contact"]) &&
    [value["milliseconds"], value["dialogs"]].every(isNumberOrNull);
  return isObject(body) && isListOf(body["registrations"], isDevice) ? body["registrations"] : null;
}

/** A line of a planned transfer. */
export interface PlannedUser {
  readonly user: string;
  readonly state: string;
  readonly to: string | null;
  readonly reason: string;
}

/** The plan of a dry run; null: os-cfs has refused it. */
export function readPlan(body: unknown): readonly PlannedUser[] | null {
  const isLine = (value: unknown): value is PlannedUser =>
    isObject(value) &&
    [value["user"], value["state"], value["reason"]].every(isText) &&
    isTextOrNull(value["to"]);
  return isObject(body) && isListOf(body["users"], isLine) ? body["users"] : null;
}

/** The text of a problem (RFC 9457). */
export function readProblem(body: unknown): string {
  if (!isObject(body)) return "no answer of os-cfs";
  return [body["title"], body["detail"]].filter(isText).join(": ");
}
