// What this life of the CFS knows of the HSS and of the S-CSCFs: whether MAR moves users at all (some HSSs answer it with
// success and keep the old name, PyHSS does), and whether that cuts their calls.

/** One for each life of the CFS. */
export interface Proof {
  /** It was seen to. False: nobody knows yet. */
  moves: boolean;
  /** Calls that were certainly cut, for people, with the transfer in which that was seen; null: none. */
  cuts: string | null;
}
