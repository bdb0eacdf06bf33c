// Between the per-user table and cfs-ue: moves in the LCF's terms, and what the LCF said as events.
import { isSameFunction, splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { Answer, CommandBody, MoveCondition, MoveContent } from "@liquid-ims/reference-points/cfs-ue";
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { LcfMessage } from "../cfs-ue/channel.ts";
import type { Happening } from "./happening.ts";
import { type Reason, registrationReason, verdictOf } from "./outcome.ts";
import { waitsForCall } from "./policy/order.ts";
import type { TransferTimes } from "./times.ts";
import { lcfOperation, type SentCommand, type UserRow } from "./user-row.ts";

/** Names and addresses of a function, as the LCF compares them with its Path and Service-Route. */
export function functionAddress(
  name: FunctionName,
  addressesOf: (name: FunctionName) => readonly string[],
): FunctionAddress {
  const parts = splitFunctionName(name);
  const addresses = addressesOf(name);
  if (parts === null) return { name, addresses };
  return { name: parts.host, addresses, ...(parts.port === null ? {} : { port: parts.port }) };
}

export interface MoveOptions {
  readonly condition: MoveCondition;
  readonly replace: "now" | "wait";
  readonly addressesOf: (name: FunctionName) => readonly string[];
}

/** The move of a row that has a target; null for one that has none, or whose present P-CSCF is unknown. */
export function moveOf(row: UserRow, options: MoveOptions): Omit<MoveContent, "deadline"> | null {
  const { target, from, sCscf, reassignment } = row;
  const pCscf = reassignment === null ? from : reassignment.pCscf;
  if (target === null || pCscf === null) return null;
  const address = (name: FunctionName) => functionAddress(name, options.addressesOf);
  return {
    command: "move",
    // A Server-Name goes verbatim.
    target: reassignment === null ? { pCscf: address(target) } : { sCscf: target },
    expected: { pCscf: address(pCscf), sCscf: address(sCscf) },
    if: options.condition,
    after: 0,
    replace: options.replace,
  };
}

/** A command of the table in the channel's terms. */
export function commandBody(operation: string, { sequence, expires, content }: SentCommand): CommandBody {
  return { operation, sequence, expires, ...content };
}

/** Wall clock of the CFS, and the intervals that it keeps to. */
export interface Moment {
  readonly at: number;
  readonly times: TransferTimes;
}

/** Moves that are tried when neither a call nor an overloaded core explains the refusals. */
const mostAttempts = 6;

/** Whether a reason is one to try again after, as often as this user has been tried. */
export function mayPass(row: UserRow, reason: Reason): boolean {
  if (!verdictOf(reason).retry) return false;
  return row.attempts < mostAttempts || reason === "registration overloaded" || waitsForCall({ reason });
}

function refusal(
  row: UserRow,
  event: "refused" | "failed",
  rest: Partial<Happening> & { readonly reason: Reason },
): Happening {
  return { event: mayPass(row, rest.reason) ? `${event}, retry` : event, ...rest };
}

/** How long after the armed command the acceptance came decides whether a MAR may follow. */
function acceptedMove(row: UserRow, answer: Answer & { answer: "accepted" }, moment: Moment): Happening {
  const { dialogs, former = [] } = answer;
  if (row.reassignment === null || row.command === null) return { event: "accepted", dialogs, former };
  const isNewest = answer.sequence === row.command.sequence;
  const isInTime = moment.at <= (row.reassignment.armedAt ?? 0) + moment.times.acceptance;
  return { event: isNewest && isInTime ? "accepted" : "accepted late", dialogs, former };
}

/** In a change of S-CSCF: what it says of a registration that another one follows, or of one before the last cancel, is old. */
function isOvertaken(row: UserRow, { answer, sequence }: Answer): boolean {
  const last = row.command;
  if (row.reassignment === null || last === null) return false;
  if (row.state === "rolledBack") return sequence < last.sequence;
  if (answer !== "failed" || row.state !== "reassigned") return false;
  const isArmed = last.content.command === "move" && last.content.after > 0;
  return isArmed || sequence < last.sequence;
}

/** Only the registration at the target closes the time in which the user cannot be called. */
function newRegistration(
  row: UserRow,
  answer: Answer & { answer: "registered" },
  at: number,
): Partial<Happening> {
  const server = answer.serviceRoute.at(-1)?.replace(/^<|>.*$/g, "");
  if (row.reassignment === null || row.target === null || server === undefined) return {};
  return isSameFunction(server, row.target) ? { registeredAt: answer.at ?? at } : {};
}

function answered(row: UserRow, answer: Answer, moment: Moment): Happening | null {
  const last = row.command;
  if (isOvertaken(row, answer)) return null;
  switch (answer.answer) {
    case "accepted":
      if (last?.content.command === "query" && answer.sequence === last.sequence)
        return { event: "query answered", dialogs: answer.dialogs };
      // To a replace or a cancel: the report says what comes of it.
      return last?.content.command === "move" ? acceptedMove(row, answer, moment) : null;
    case "refused": {
      const { reason, detail, dialogs } = answer;
      // A replace that is not obeyed: nothing more will be reported.
      if (last?.content.command === "replace" && answer.sequence === last.sequence)
        return { event: "reported", results: [] };
      // Nothing is to be done about a cancel that is not obeyed: another operation is open by now.
      if (row.reassignment !== null && last?.content.command === "cancel") return null;
      const given = dialogs.length === 0 ? { detail } : { detail, dialogs };
      return answer.sequence === last?.sequence ? refusal(row, "refused", { reason, ...given }) : null;
    }
    case "registered":
      return {
        event: "registered",
        dialogs: answer.dialogs,
        ...newRegistration(row, answer, moment.at),
      };
    case "failed": {
      const statuses = answer.trouble.map(({ status, count }) => `${count} x ${status}`).join(", ");
      const detail = [answer.detail, statuses].filter((part) => part !== "").join(": ");
      return refusal(row, "failed", { reason: registrationReason(answer.trouble), detail });
    }
    case "cancelled":
      return { event: "cancelled" };
  }
}

/** What an LCF's message means for a row; null when it is old, or of another operation. */
export function happeningOf(row: UserRow, message: LcfMessage, moment: Moment): Happening | null {
  if (message.operation !== lcfOperation(row) || message.sequence < row.since) return null;
  if ("answer" in message) return answered(row, message, moment);
  return { event: message.final ? "reported" : "progress", results: message.dialogs };
}
