// Whether the HSS moves users on MAR at all: some answer it with success and keep the old name (PyHSS does).

/** One for each life of the CFS. */
export interface Proof {
  /** It was seen to. False: nobody knows yet. */
  moves: boolean;
}
