// Whom the LCF trusts, and what a command must show before it is obeyed. cfs-ue 6 and 7.
import type {
  AllowedTargets,
  Command,
  DialogDescription,
  MoveContent,
  MoveTarget,
  Policy,
  RefusalReason,
  Ticket,
} from "@liquid-ims/reference-points/cfs-ue";
import { type FunctionAddress, isFunctionAt } from "@liquid-ims/reference-points/function-address";
import type { PublicKey } from "@liquid-ims/runtime/crypto";
import { addressUri } from "@liquid-ims/sip/header/name-address";
import { parseHostPort, parseSipUri } from "@liquid-ims/sip/uri";
import type { PresentRegistration } from "./ue-port.ts";

/** What a ticket has brought. A new registration's ticket always replaces all of it. */
export interface Trust {
  /** By kid. */
  readonly keys: ReadonlyMap<string, PublicKey>;
  readonly allowed: AllowedTargets;
  /** Of the policy that `allowed` came from, 0 for the ticket's own. */
  readonly policySequence: number;
  /** The CFS's wall clock minus this host's, ms. */
  readonly clockOffset: number;
  /** Highest command sequence that had been given when the ticket was written. */
  readonly sequence: number;
}

/** `wall`: this host's clock when the ticket came. */
export function trustOf(ticket: Ticket, keys: ReadonlyMap<string, PublicKey>, wall: number): Trust {
  return {
    keys,
    allowed: ticket.allowed,
    policySequence: 0,
    clockOffset: ticket.clock - wall,
    sequence: ticket.sequence,
  };
}

/** A signed policy counts when it is newer. */
export function withPolicy(trust: Trust, policy: Policy): Trust {
  if (policy.sequence <= trust.policySequence) return trust;
  return { ...trust, allowed: policy.allowed, policySequence: policy.sequence };
}

/** `*.pcscf.home` matches one or more labels in place of the star; letter case is ignored. */
export function matchesPattern(pattern: string, name: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = name.toLowerCase().replace(/\.$/, "");
  if (!wanted.startsWith("*.")) return wanted === given;
  const suffix = wanted.slice(1);
  return given.endsWith(suffix) && given.length > suffix.length && !given.startsWith(".");
}

/** The host of a Server-Name, which is a SIP URI (TS 29.228 6.3.3). */
function serverHost(serverName: string): string {
  return parseSipUri(serverName)?.host ?? serverName;
}

export function isAllowedTarget(allowed: AllowedTargets, target: MoveTarget): boolean {
  if ("pCscf" in target) return allowed.pCscf.some((pattern) => matchesPattern(pattern, target.pCscf.name));
  const host = serverHost(target.sCscf);
  return allowed.sCscf.some((pattern) => matchesPattern(pattern, host));
}

function isAt(expected: FunctionAddress, value: string): boolean {
  const uri = parseSipUri(addressUri(value));
  if (uri !== null) return isFunctionAt(expected, uri.host, uri.port);
  const address = parseHostPort(value);
  return address !== null && isFunctionAt(expected, address.host.replace(/^\[|\]$/g, ""), address.port);
}

/** Whether the present registration goes through the P-CSCF that the command expects. */
export function isServedByPCscf(registration: PresentRegistration, expected: FunctionAddress): boolean {
  return [registration.pCscf, ...registration.path].some((value) => isAt(expected, value));
}

export function isServedBySCscf(registration: PresentRegistration, expected: FunctionAddress): boolean {
  return isAt(expected, registration.serviceRoute.at(-1) ?? registration.sCscf);
}

/** What a command is judged by. */
export interface Circumstances {
  readonly registration: PresentRegistration | null;
  /** The CFS's clock now. */
  readonly now: number;
  readonly allowed: AllowedTargets;
  /** The open operation, null when none is. */
  readonly operation: string | null;
  readonly dialogs: readonly DialogDescription[];
}

export interface Refusal {
  readonly reason: RefusalReason;
  readonly detail: string;
}

function refuse(reason: RefusalReason, detail: string): Refusal {
  return { reason, detail };
}

/** Whom a command is for and how long it holds: judged before its sequence counts. */
export function judgeHead(command: Command, circumstances: Circumstances): Refusal | null {
  const { registration, now } = circumstances;
  if (registration === null) return refuse("not registered", "this UE has no registration");
  const { identity, instance } = registration;
  if (command.identity !== identity)
    return refuse("not for this device", `identity ${command.identity}; here is ${identity}`);
  if ((command.instance ?? null) !== instance)
    return refuse("not for this device", `instance ${command.instance}; here is ${instance}`);
  if (now >= command.expires)
    return refuse("expired", `${Math.round(now - command.expires)} ms too late by the CFS's clock`);
  return null;
}

/** Whether it may be done; null: yes. Called for a command whose head and sequence are in order. */
export function judgeContent(command: Command, circumstances: Circumstances): Refusal | null {
  const { operation } = circumstances;
  switch (command.command) {
    case "query":
      return null;
    case "cancel":
      // Of one that is over nothing is left to undo; but never another one's.
      return operation === null ? null : judgeOperation(command, operation);
    case "replace":
      return judgeOperation(command, operation);
    case "move":
      if (operation !== null && operation !== command.operation)
        return refuse("another operation is open", `${operation} is`);
      return operation === null ? judgeMove(command, circumstances) : judgeTarget(command, circumstances);
  }
}

function judgeOperation(command: Command, open: string | null): Refusal | null {
  if (open === command.operation) return null;
  return refuse("no such operation", `${command.operation} is not open; open is ${open ?? "none"}`);
}

function judgeTarget({ target }: MoveContent, { allowed }: Circumstances): Refusal | null {
  if (isAllowedTarget(allowed, target)) return null;
  const name = "pCscf" in target ? target.pCscf.name : target.sCscf;
  return refuse("target not allowed", `${name} matches none of the allowed targets`);
}

function judgeMove(move: Command & MoveContent, circumstances: Circumstances): Refusal | null {
  const { registration, now, dialogs } = circumstances;
  if (registration === null) return refuse("not registered", "this UE has no registration");
  if (now >= move.deadline) return refuse("expired", "its deadline is over");
  const target = judgeTarget(move, circumstances);
  if (target !== null) return target;
  if (!isServedByPCscf(registration, move.expected.pCscf))
    return refuse("another P-CSCF serves", `${registration.pCscf}, not ${move.expected.pCscf.name}`);
  if (!isServedBySCscf(registration, move.expected.sCscf))
    return refuse("another S-CSCF serves", `${registration.sCscf}, not ${move.expected.sCscf.name}`);
  return judgeDialogs(move, dialogs);
}

function judgeDialogs(move: MoveContent, dialogs: readonly DialogDescription[]): Refusal | null {
  if (dialogs.some(({ emergency }) => emergency))
    return refuse("emergency call", "an emergency call is never moved");
  if (move.if === "always") return null;
  if (move.if === "idle")
    return dialogs.length === 0 ? null : refuse("not idle", `${dialogs.length} dialogs`);
  const blocker = dialogs.find(({ replaceable }) => replaceable !== true);
  if (blocker === undefined) return null;
  return refuse("not replaceable", `${blocker.id}: ${blocker.replaceable}`);
}
