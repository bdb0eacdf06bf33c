// What the next NOTIFY of a dialog has to say, and its message. RFC 6665 4.2.2; cfs-ue 3 and 5.

import { type Command, contentType, type NotifyBody, type Ticket } from "@liquid-ims/reference-points/cfs-ue";
import { sealCommand, sealNotify } from "@liquid-ims/reference-points/cfs-ue-body";
import { cfsUeVersion } from "@liquid-ims/reference-points/version";
import { encodeText } from "@liquid-ims/runtime/text";
import { buildNotify, type NotifierSubscription } from "@liquid-ims/sip/dialog/subscription-notifier";
import type { SipRequest } from "@liquid-ims/sip/message";
import { carrierOf, soleBinding } from "./binding.ts";
import { pendingCommands, ticketSequence, withSigned } from "./commands.ts";
import type { Context } from "./context.ts";
import type { LcfRow, StoredCommand, SubscriptionRow } from "./rows.ts";

/** `retry-after` of a hello whose record never agreed, seconds (cfs-ue 2). */
const probationSeconds = 30;

export interface NotifyContent {
  readonly ticket: boolean;
  readonly commands: readonly StoredCommand[];
  readonly acks: readonly string[];
  /** Its last one: `terminated`. */
  readonly final: boolean;
  /** For the row and the log. */
  readonly why: string;
}

/** The row as RFC 6665's notifier sees it. */
export function notifierOf(row: SubscriptionRow): NotifierSubscription {
  const { dialog, event, expiresAt } = row;
  return { dialog, event, expiresAt, state: row.state === "suspect" ? "active" : row.state };
}

function describe(row: SubscriptionRow, content: Omit<NotifyContent, "why">): string {
  const parts = [
    ...(row.owesNotify ? [row.reason === null ? row.state : `${row.state} ${row.reason}`] : []),
    ...(content.ticket ? ["ticket"] : []),
    ...content.commands.map(({ body }) => `${body.command} ${body.operation}/${body.sequence}`),
    ...content.acks.map((id) => `ack ${id}`),
  ];
  return parts.join(", ");
}

/** Null: nothing is due in this dialog now. */
export function contentOf(
  context: Context,
  row: SubscriptionRow,
  lcf: LcfRow,
  isDelivered: (sequence: number) => boolean,
): NotifyContent | null {
  const now = context.host.clock.wall();
  const isActive = row.state === "active";
  const tag = row.dialog.id.localTag;
  const carrier = isActive ? carrierOf(lcf, now, (other) => context.subscriptions.get(other)) : null;
  const commands = carrier?.dialog.id.localTag === tag ? commandsFor(lcf, now, isDelivered) : [];
  const ticket = isActive && row.owesTicket;
  const acks = row.hello === null ? [] : row.acks;
  const due = row.owesNotify || ticket || commands.length > 0 || (isActive && acks.length > 0);
  if (!due) return null;
  const content = { ticket, commands, acks, final: row.state === "terminated" };
  return { ...content, why: describe(row, content) };
}

function commandsFor(
  lcf: LcfRow,
  now: number,
  isDelivered: (sequence: number) => boolean,
): readonly StoredCommand[] {
  const binding = soleBinding(lcf, now);
  if (binding === null) return [];
  return pendingCommands(lcf, now).filter(
    ({ body, signed }) =>
      !isDelivered(body.sequence) && (signed === null || signed.instance === binding.instance),
  );
}

/** Signs those commands that never were: the row that keeps their texts. */
export async function signCommands(
  context: Context,
  lcf: LcfRow,
  commands: readonly StoredCommand[],
): Promise<LcfRow> {
  const binding = soleBinding(lcf, context.host.clock.wall());
  let signed = lcf;
  for (const { body, signed: already } of commands) {
    if (already !== null || binding === null) continue;
    const { identity, instance } = binding;
    const command: Command = { v: cfsUeVersion, identity, instance, ...body };
    const jws = await sealCommand(context.host.crypto, context.keys.signing, command);
    signed = withSigned(signed, body.sequence, { instance, jws });
  }
  return signed;
}

function ticketFor(context: Context, row: SubscriptionRow, lcf: LcfRow): Ticket | null {
  if (row.hello === null || row.challenge === null) return null;
  const clock = context.host.clock.wall();
  return {
    nonce: row.hello.nonce,
    keys: context.keys.published,
    clock,
    challenge: row.challenge.text,
    addresses: context.directFlow,
    allowed: context.allowed,
    sequence: ticketSequence(lcf, clock),
  };
}

/** The NOTIFY with its CSeq, its body signed where it has something to say. */
export async function notifyRequest(
  context: Context,
  options: {
    readonly row: SubscriptionRow;
    /** With the texts of the commands. */
    readonly lcf: LcfRow;
    readonly content: NotifyContent;
    readonly sequence: number;
  },
): Promise<SipRequest> {
  const { row, lcf, content, sequence } = options;
  const ticket = content.ticket ? ticketFor(context, row, lcf) : null;
  const sent = new Set(content.commands.map(({ body }) => body.sequence));
  const commands = lcf.commands.flatMap(({ body, signed }) =>
    signed !== null && sent.has(body.sequence) ? [signed.jws] : [],
  );
  const body: NotifyBody = {
    v: cfsUeVersion,
    seq: sequence,
    ...(ticket === null ? {} : { ticket }),
    commands,
    acks: content.acks,
  };
  const isEmpty = ticket === null && commands.length === 0 && content.acks.length === 0;
  const { crypto, clock } = context.host;
  const data = isEmpty ? null : encodeText(await sealNotify(crypto, context.keys.signing, body));
  return buildNotify(notifierOf(row), {
    now: clock.wall(),
    sequence,
    ...(row.reason === null ? {} : { reason: row.reason }),
    ...(row.reason === "probation" ? { retryAfter: probationSeconds } : {}),
    body: data === null ? null : { type: contentType, data },
  }).request;
}
