// Visited P-CSCFs: the first home user behind one is news for the home CFS, which then asks the visited network for
// its state. The reference point that carries it is not here.
import type { FunctionName, LocationContent } from "@liquid-ims/location-service/record";

export interface VisitedPCscf {
  readonly pCscf: FunctionName;
  readonly network: string;
}

export interface VisitedPCscfs {
  /** The P-CSCF when the record shows one of another network for the first time, else null. */
  note(record: LocationContent): VisitedPCscf | null;
}

/** Networks compare without regard to letter case. Without a home domain nobody is visited. */
export function createVisitedPCscfs(homeDomain: string | null): VisitedPCscfs {
  const seen = new Set<string>();
  return {
    note({ pCscf, visitedNetwork, state }) {
      if (homeDomain === null || pCscf === null || visitedNetwork === null || state === "left") return null;
      if (visitedNetwork.toLowerCase() === homeDomain.toLowerCase() || seen.has(pCscf)) return null;
      seen.add(pCscf);
      return { pCscf, network: visitedNetwork };
    },
  };
}
