// Which registrations belong to one IMS subscription: those that share a private or a public identity. Pure.
import {
  type LocationRecord,
  type RegistrationKey,
  registrationKeyOf,
} from "@liquid-ims/location-service/record";

function identitiesOf({ impi, impu, implicitSet }: LocationRecord): string[] {
  return [`impi ${impi}`, ...[impu, ...implicitSet].map((identity) => `impu ${identity}`)];
}

/**
 * The subscription of each registration, named by the least of its private identities. Several private identities may
 * share a public one (TS 23.228 4.3.3.4): the HSS then has one S-CSCF for all.
 */
export function subscriptionsOf(records: readonly LocationRecord[]): ReadonlyMap<RegistrationKey, string> {
  const parents = new Map<string, string>();
  const rootOf = (identity: string): string => {
    const parent = parents.get(identity);
    if (parent === undefined || parent === identity) return identity;
    const root = rootOf(parent);
    parents.set(identity, root);
    return root;
  };
  for (const record of records) {
    const [first = "", ...others] = identitiesOf(record);
    for (const other of others) {
      const [a, b] = [rootOf(first), rootOf(other)];
      // The least private identity is the root, wherever there is one ("impi" sorts before "impu").
      if (a !== b) parents.set(a < b ? b : a, a < b ? a : b);
    }
  }
  return new Map(
    records.map((record) => [registrationKeyOf(record), rootOf(`impi ${record.impi}`).slice("impi ".length)]),
  );
}
