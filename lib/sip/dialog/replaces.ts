// Which dialog a Replaces header names, and what the INVITE is owed. RFC 3891 3.
import { parseReplaces, type Replaces } from "../header/replaces.ts";
import type { SipRequest } from "../message.ts";
import { type Rejection, reject } from "../rejection.ts";
import type { DialogId } from "./dialog.ts";

/** What is needed of a dialog made by INVITE to judge a Replaces against it. */
export interface ReplaceableDialog {
  readonly id: DialogId;
  readonly role: "uac" | "uas";
  readonly state: "early" | "confirmed" | "terminated";
}

/** The Replaces of a request: null without one, else its value or the 400 owed (3, first and second paragraph). */
export function readReplaces(
  request: SipRequest,
): { readonly replaces: Replaces | null } | { readonly rejection: Rejection } {
  const values = request.headers.all("Replaces");
  const [first] = values;
  if (first === undefined) return { replaces: null };
  if (request.method !== "INVITE")
    return { rejection: reject(400, `Replaces in ${request.method}: only INVITE may have it`) };
  if (values.length > 1)
    return { rejection: reject(400, `${values.length} Replaces fields: only one is allowed`) };
  if (request.headers.has("Join"))
    return { rejection: reject(400, "Replaces and Join in one INVITE contradict each other") };
  const replaces = parseReplaces(first);
  return replaces === null ? { rejection: reject(400, `Replaces ${first} cannot be read`) } : { replaces };
}

/** "0" stands for the tag that an RFC 2543 peer did not send (3). */
function equalTags(inHeader: string, inDialog: string): boolean {
  return inHeader === inDialog || (inHeader === "0" && inDialog === "");
}

/** True when Call-ID, to-tag (local) and from-tag (remote) are those of the dialog. */
export function namesDialog(replaces: Replaces, id: DialogId): boolean {
  return (
    replaces.callId === id.callId &&
    equalTags(replaces.toTag, id.localTag) &&
    equalTags(replaces.fromTag, id.remoteTag)
  );
}

/** The dialog named; null for none, and for several, which count as none. */
export function matchReplaces<D extends { readonly id: DialogId }>(
  replaces: Replaces,
  dialogs: Iterable<D>,
): D | null {
  let match: D | null = null;
  for (const dialog of dialogs) {
    if (!namesDialog(replaces, dialog.id)) continue;
    if (match !== null) return null;
    match = dialog;
  }
  return match;
}

/** The answer owed to an INVITE with this Replaces and this match; null: it may be accepted. */
export function judgeReplaces(replaces: Replaces, match: ReplaceableDialog | null): Rejection | null {
  if (match === null) return reject(481, `no dialog ${replaces.callId} with these tags is here`);
  switch (match.state) {
    case "terminated":
      return reject(603, "the dialog is over");
    case "confirmed":
      return replaces.earlyOnly ? reject(486, "the dialog is confirmed, and Replaces says early-only") : null;
    case "early":
      return match.role === "uac" ? null : reject(481, "an early dialog that this end did not start");
  }
}
