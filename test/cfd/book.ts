// Location records without a server: messages go in by hand, at times given by hand.
import { decideChanges } from "@liquid-ims/cfd/decide-changes";
import type { Outcome } from "@liquid-ims/cfd/record-change";
import { LocationRows } from "@liquid-ims/location-service/memory-rows";
import type { LocationRecord } from "@liquid-ims/location-service/record";
import type { SipRequest } from "@liquid-ims/sip/message";
import { read, table } from "./messages.ts";

export class Book {
  readonly rows = new LocationRows();

  /** Takes a message at `now` (s) and gives what came of it. */
  take(request: SipRequest, now: number): Outcome {
    const message = read(request);
    const records = this.of(message.implicitSet[0] ?? message.identity, message.identity);
    const decision = decideChanges(message, records, {
      now: now * 1000,
      table,
      impiOf: (impu) => impu.replace("sip:", ""),
    });
    if (this.rows.upsert(decision.changes) !== "done") throw new Error("the versions of one reading hold");
    return decision.outcome;
  }

  of(...identities: readonly string[]): LocationRecord[] {
    const found = new Map<string, LocationRecord>();
    for (const identity of identities)
      for (const record of this.rows.get(identity)) found.set(`${record.impu} ${record.contact}`, record);
    return [...found.values()];
  }

  /** Alice's records as short lines: contact, P-CSCF, state with doubt, expiry in s. */
  lines(impu = "sip:alice@open-ims.test"): string[] {
    return this.of(impu)
      .map((record) => {
        const state = record.state === "left" ? "left" : record.doubtful ? "doubtful" : "registered";
        const pCscf = record.pCscf?.replace(".open-ims.test:4060", "") ?? "unknown";
        const contact = record.contact?.replace(/^.*@(127\.0\.)?/, "") ?? "*";
        return `${contact} ${pCscf}${record.ambiguous ? "?" : ""} ${state} ${record.expiresAt / 1000}`;
      })
      .sort();
  }
}
