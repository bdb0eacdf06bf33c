// RTR and PPR for a user of a change of S-CSCF: what they mean for him, and which S-CSCFs they go on to. TS 29.228 6.1.3.
import type { FunctionName, LocationRecord } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import type { CxPush } from "../../cx/cx.ts";
import { LocationDown } from "../../store/guarded-location.ts";
import { isOpen, type UserRow } from "../user-row.ts";

export interface ReceivedPushParts {
  /** Users of transfers whom it is about, for whom a MAR was sent. */
  readonly rows: readonly UserRow[];
  readonly location: LocationStore;
  readonly isSame: (a: FunctionName, b: FunctionName) => boolean;
  /** The move of that user is over. */
  terminate(row: UserRow): void;
}

/**
 * The S-CSCFs of the records. What says that another S-CSCF was assigned is not for the one that the CFS has assigned,
 * or that a user has just moved to: it goes to those that he has left, or to nobody. `not now`: who serves cannot be read.
 */
export async function receivePush(
  push: CxPush,
  { rows, location, isSame, terminate }: ReceivedPushParts,
): Promise<readonly FunctionName[] | "not now" | null> {
  if (rows.length === 0) return null;
  const isNewServer = push.reason === "NEW_SERVER_ASSIGNED";
  if (push.command === "RTR" && !isNewServer) for (const row of rows) if (isOpen(row.state)) terminate(row);
  const targets = isNewServer ? rows.flatMap(({ target }) => target ?? []) : [];
  const servers: FunctionName[] = [];
  for (const user of new Set(rows.map((row) => row.user))) {
    const records = await recordsOf(user, location);
    if (records === null) return "not now";
    for (const { state, sCscf } of records) {
      const isKnown = [...servers, ...targets].some((one) => isSame(one, sCscf));
      if (state === "registered" && !isKnown) servers.push(sCscf);
    }
  }
  return servers;
}

/** Null: the location service does not answer. */
async function recordsOf(user: string, location: LocationStore): Promise<readonly LocationRecord[] | null> {
  try {
    return await location.get(user);
  } catch (error) {
    if (error instanceof LocationDown) return null;
    throw error;
  }
}
