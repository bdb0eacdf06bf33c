// The P-CSCF of a binding whose contact nobody shows. Two devices behind different P-CSCFs look like one that goes to
// and fro: such a record is called ambiguous and keeps its P-CSCF instead of following each refresh.
import type { FunctionName, OtherPCscf } from "@liquid-ims/location-service/record";

/** Coming back so often within the life of a registration is taken for two devices: one may be moved and undone. */
const returnsOfOneDevice = 2;

export interface Sightings {
  readonly pCscf: FunctionName;
  /** Others whose registrations have not run out; the present one too while ambiguous. */
  readonly others: readonly OtherPCscf[];
  readonly ambiguous: boolean;
}

/** The record after a registration through `seen` that lasts until `expiresAt` (ms since 1970). */
export function sightPCscf(
  old: Sightings & { readonly expiresAt: number },
  seen: { readonly pCscf: FunctionName; readonly expiresAt: number },
  now: number,
  isSame: (a: FunctionName, b: FunctionName) => boolean,
): Sightings {
  const live = old.others.filter(({ expiresAt }) => expiresAt > now);
  const entry = live.find(({ pCscf }) => isSame(pCscf, seen.pCscf));
  const beside = live.filter(({ pCscf }) => !isSame(pCscf, seen.pCscf) && !isSame(pCscf, old.pCscf));
  if (isSame(seen.pCscf, old.pCscf)) {
    const ambiguous = old.ambiguous && beside.length > 0;
    const present = { pCscf: seen.pCscf, expiresAt: seen.expiresAt, returns: entry?.returns ?? 0 };
    return { pCscf: old.pCscf, others: ambiguous ? [...beside, present] : beside, ambiguous };
  }
  const returns = entry === undefined ? 0 : entry.returns + 1;
  const present = old.ambiguous
    ? live.find(({ pCscf }) => isSame(pCscf, old.pCscf))
    : { pCscf: old.pCscf, expiresAt: old.expiresAt };
  const stays = present !== undefined && present.expiresAt > now ? [{ ...present, returns }] : [];
  const ambiguous = stays.length > 0 && (old.ambiguous || returns > returnsOfOneDevice);
  if (!ambiguous) return { pCscf: seen.pCscf, others: [...beside, ...stays], ambiguous };
  return { pCscf: old.pCscf, others: [...beside, { ...seen, returns }, ...stays], ambiguous };
}
