// `Expires: 0` and its effect on the location records: it may mean one of several contacts. Pure.
import type { LocationRecord } from "@liquid-ims/location-service/record";
import { ageOf, type Changes, type DecisionOptions, isLive, leftRecord } from "./record-change.ts";
import { isSameUri } from "./registration-information.ts";
import type { ShownContact, ThirdPartyRegister } from "./third-party-register.ts";

function removed(contacts: readonly ShownContact[] | "*" | null): readonly ShownContact[] {
  return contacts === null || contacts === "*" ? [] : contacts.filter(({ isRemoved }) => isRemoved);
}

/**
 * The record of a contact that is shown: by its text, else as a URI (RFC 3261 10.3), because a UE may write it in another
 * way when it leaves. The text comes first: registrars may compare texts, and keep two that are one URI.
 */
function recordOf(uri: string, records: readonly LocationRecord[]): LocationRecord | undefined {
  return (
    records.find(({ contact }) => contact === uri) ??
    records.find((record) => isLive(record) && record.contact !== null && isSameUri(record.contact, uri))
  );
}

/** Bindings that the message shows to be removed, whatever its own Expires says. `here`: those that it can be about. */
export function removeShown(
  message: ThirdPartyRegister,
  records: readonly LocationRecord[],
  here: readonly LocationRecord[],
  changes: Changes,
  now: number,
): void {
  for (const contact of removed(message.contacts)) {
    const record = recordOf(contact.uri, records);
    if (record === undefined || !here.includes(record)) changes.outcomes.add("nothing known");
    else if (ageOf(record, message) === "older") changes.outcomes.add("late");
    else {
      changes.write({ ...leftRecord(record, now), order: message.order ?? record.order }, record);
      changes.outcomes.add("removed");
    }
  }
}

/** True when it cannot be told from the record whether its binding is the one that was removed. */
function isInDoubt(record: LocationRecord, now: number): boolean {
  return (
    record.contact === null && (record.ambiguous || record.others.some(({ expiresAt }) => expiresAt > now))
  );
}

/** `Expires: 0`, which may mean one of two contacts (trap T0) or all of them. */
export function deregister(
  message: ThirdPartyRegister,
  records: readonly LocationRecord[],
  changes: Changes,
  options: DecisionOptions,
): void {
  const { now, table } = options;
  const live = records.filter(isLive);
  if (live.length === 0) {
    changes.outcomes.add("nothing known");
    return;
  }
  const here = live.filter((record) => table.isSame(record.sCscf, message.sCscf));
  if (here.length === 0) {
    changes.outcomes.add("from another S-CSCF");
    return;
  }
  if (message.contacts === "*") {
    for (const record of here) {
      if (ageOf(record, message) === "older") changes.outcomes.add("late");
      else {
        changes.write({ ...leftRecord(record, now), order: message.order ?? record.order }, record);
        changes.outcomes.add("removed");
      }
    }
    return;
  }
  // A contact that is shown can only be the unknown one's where no record has it.
  const shown = removed(message.contacts);
  const isMet = shown.some(({ uri }) => recordOf(uri, records) !== undefined);
  if (isMet || (shown.length > 0 && here.every(({ contact }) => contact !== null))) {
    removeShown(message, records, here, changes, now);
    return;
  }
  const only = here.length === 1 ? here[0] : undefined;
  if (only !== undefined && !isInDoubt(only, now)) {
    if (ageOf(only, message) === "older") {
      changes.outcomes.add("late");
      return;
    }
    changes.write({ ...leftRecord(only, now), order: message.order ?? only.order }, only);
    changes.outcomes.add("removed");
    return;
  }
  for (const record of here) {
    const { version: _version, change: _change, ...content } = record;
    if (!record.doubtful) changes.write({ ...content, doubtful: true }, record);
  }
  changes.outcomes.add("doubtful");
}
