// Randomness as a node sees it: a CSPRNG on the real host, a seeded generator in the simulation.

export interface Random {
  /** Uniform in 0 .. 2^32 - 1. */
  u32(): number;
  /** Uniform in [0, 1). */
  float(): number;
  /** Uniform integer in 0 .. below - 1. */
  int(below: number): number;
  bytes(count: number): Uint8Array;
  /** An independent stream: what is drawn from it changes nobody else's draws. */
  fork(name: string): Random;
}
