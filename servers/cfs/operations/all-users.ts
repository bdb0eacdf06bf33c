// All registrations that the CFS knows, and those it knows of only from their LCFs: after the loss of the location
// service nobody can be moved whom no record names, and the operator is owed the number and the reason.
import { type LocationRecord, registrationKeyOf } from "@liquid-ims/location-service/record";
import type { LocationStore } from "@liquid-ims/location-service/store";
import { formatTime } from "@liquid-ims/reference-points/time";
import type { KnownLcf, LcfChannel } from "../cfs-ue/channel.ts";
import type { RegistrationLine, UserList } from "./operations.ts";

/** A registration as os-cfs shows it. */
export function registrationLine(record: LocationRecord, channel: LcfChannel): RegistrationLine {
  const { impu, implicitSet, pCscf, sCscf, contact, expiresAt } = record;
  const lcf = channel.state(registrationKeyOf(record));
  const unreachable = lcf.reachable ? null : lcf.reason;
  return { user: impu, identities: implicitSet, pCscf, sCscf, contact, expiresAt, unreachable };
}

const remedy = "none needed: it is recorded at its next re-registration";

function reasonOf({ since, registration }: KnownLcf, createdAt: number | null): string {
  if (createdAt !== null && since < createdAt)
    return `no record since the location store was made at ${formatTime(createdAt)}`;
  return registration === null
    ? "its LCF has subscribed, but no record agrees with what it says"
    : "no record: it has left, or its registration was never told to a CFD";
}

/** Everybody, from the location service and from the LCFs. */
export async function listAllUsers(location: LocationStore, channel: LcfChannel): Promise<UserList> {
  const records = await location.byFunction({});
  const createdAt = (await location.about?.())?.createdAt ?? null;
  const recorded = new Set(records.map(registrationKeyOf));
  const identities = new Set(records.flatMap(({ impu, implicitSet }) => [impu, ...implicitSet]));
  const unknown = channel
    .known()
    .filter(({ registration, identity }) =>
      registration === null ? !identities.has(identity) : !recorded.has(registration),
    )
    .map((lcf) => ({ user: lcf.identity, registration: lcf.registration, reason: reasonOf(lcf, createdAt) }));
  const reasons = new Map<string, number>();
  for (const { reason } of unknown) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  return {
    users: records.map((record) => registrationLine(record, channel)),
    location: { createdAt },
    unknown: {
      count: unknown.length,
      reasons: [...reasons].map(([reason, count]) => ({ reason, count, remedy })),
      users: unknown,
    },
  };
}
