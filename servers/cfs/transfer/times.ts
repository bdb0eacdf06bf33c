// Deadlines and intervals of transfers, in milliseconds.

export interface TransferTimes {
  /** How long nothing new is begun after; a request may say otherwise in seconds. */
  readonly deadline: number;
  /** From a move command to the end of waiting for registration and record; also the LCF's deadline. */
  readonly move: number;
  /** Longer than `move`, for the report of the dialogs. */
  readonly report: number;
  /** Life of one command; an unanswered one is given anew, with a higher sequence, until `move` is over. */
  readonly command: number;
  /** Wait for the answer to a query; then the user is taken without it. */
  readonly query: number;
  /** From a refusal that may pass (a call goes on) to the next try. */
  readonly retry: number;
  /** How long an LCF that cannot be reached for the moment is waited for. */
  readonly reach: number;
  /** How long one end of a call between two moving users waits for the other, before its dialogs are replaced alone. */
  readonly pair: number;
  /** Without record and dialog for so long, a drain is complete. */
  readonly quiet: number;
  /** How often the location service is asked while users are under way. */
  readonly poll: number;
  /** How often it is asked when only standing orders are open. */
  readonly standingPoll: number;
}

export const defaultTimes: TransferTimes = {
  deadline: 600_000,
  move: 30_000,
  report: 5_000,
  command: 10_000,
  query: 2_000,
  retry: 2_000,
  reach: 15_000,
  pair: 5_000,
  quiet: 5_000,
  poll: 20,
  standingPoll: 250,
};
