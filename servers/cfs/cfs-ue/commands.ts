// Commands of a registration and what came back, as functions over its row. cfs-ue 5 and 7.
import type { Answer, CommandBody, Report } from "@liquid-ims/reference-points/cfs-ue";
import type { LcfMessage } from "./channel.ts";
import type { LcfRow, StoredCommand, StoredMessage } from "./rows.ts";

/** How long an expired command and its messages are kept when nobody forgets them, ms. */
const forgottenAfter = 3_600_000;

/** Adds a command; the same operation and sequence again changes nothing. */
export function addCommand(lcf: LcfRow, body: CommandBody, now: number): LcfRow {
  const known = lcf.commands.some(
    (command) => command.body.operation === body.operation && command.body.sequence === body.sequence,
  );
  if (known) return lcf;
  const swept = forgetExpired(lcf, now);
  const commands = [...swept.commands, { body, signed: null }].sort(
    (a, b) => a.body.sequence - b.body.sequence,
  );
  return { ...swept, commands, sequence: Math.max(swept.sequence, body.sequence) };
}

function withoutOperations(lcf: LcfRow, operations: ReadonlySet<string>): LcfRow {
  return {
    ...lcf,
    commands: lcf.commands.filter(({ body }) => !operations.has(body.operation)),
    messages: lcf.messages.filter(({ message }) => !operations.has(message.operation)),
  };
}

/** The operation is over for this registration. */
export function forgetOperation(lcf: LcfRow, operation: string): LcfRow {
  const forgotten = withoutOperations(lcf, new Set([operation]));
  const same =
    forgotten.commands.length === lcf.commands.length && forgotten.messages.length === lcf.messages.length;
  return same ? lcf : forgotten;
}

function forgetExpired(lcf: LcfRow, now: number): LcfRow {
  const living = new Set(
    lcf.commands.filter(({ body }) => body.expires + forgottenAfter > now).map(({ body }) => body.operation),
  );
  const over = lcf.commands.map(({ body }) => body.operation).filter((operation) => !living.has(operation));
  return over.length === 0 ? lcf : withoutOperations(lcf, new Set(over));
}

/** Commands that still want an answer, in the order of their sequence. */
export function pendingCommands(lcf: LcfRow, now: number): readonly StoredCommand[] {
  return lcf.commands.filter(({ body }) => body.sequence > lcf.answered && body.expires > now);
}

/**
 * What a ticket says has been given so far: commands above it are new to whoever reads the ticket. Those that still
 * want an answer stay above it, or a restarted LCF would refuse them as old.
 */
export function ticketSequence(lcf: LcfRow, now: number): number {
  const [first] = pendingCommands(lcf, now);
  return first === undefined ? lcf.sequence : first.body.sequence - 1;
}

/** Keeps the signed text of a command. */
export function withSigned(
  lcf: LcfRow,
  sequence: number,
  signed: { readonly instance: string | null; readonly jws: string },
): LcfRow {
  const commands = lcf.commands.map((command) =>
    command.body.sequence === sequence ? { ...command, signed } : command,
  );
  return { ...lcf, commands };
}

export interface TakenMessages {
  readonly lcf: LcfRow;
  /** Those that are new. */
  readonly taken: readonly LcfMessage[];
  /** Ids to be acknowledged: all, also of doubles and of operations that are over. */
  readonly acks: readonly string[];
  /** Doubles. */
  readonly repeated: number;
  /** About operations that this registration has no command of. */
  readonly strange: number;
}

/** Stores answers and reports that are new. An answer ends the sending of its command and of all lower ones. */
export function takeMessages(
  known: LcfRow,
  kid: string,
  said: { readonly answers: readonly Answer[]; readonly reports: readonly Report[] },
): TakenMessages {
  let lcf = known;
  let repeated = 0;
  let strange = 0;
  const taken: LcfMessage[] = [];
  const acks: string[] = [];
  const take = (message: LcfMessage): boolean => {
    acks.push(message.id);
    if (!lcf.commands.some(({ body }) => body.operation === message.operation)) {
      strange += 1;
      return false;
    }
    if (lcf.messages.some((other) => other.kid === kid && other.message.id === message.id)) {
      repeated += 1;
      return false;
    }
    const stored: StoredMessage = { kid, message };
    lcf = { ...lcf, messages: [...lcf.messages, stored] };
    taken.push(message);
    return true;
  };
  for (const answer of said.answers) {
    const isNew = take(answer);
    const wasSent = lcf.commands.some(({ body }) => body.sequence === answer.sequence);
    if (isNew && wasSent && answer.sequence > lcf.answered) lcf = { ...lcf, answered: answer.sequence };
  }
  for (const report of said.reports) take(report);
  return { lcf, taken, acks, repeated, strange };
}
