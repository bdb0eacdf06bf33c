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
  /** Change of S-CSCF: how long an armed LCF rests before it registers unless told sooner. */
  readonly armed: number;
  /** From the armed command to the last moment at which its acceptance allows a MAR. */
  readonly acceptance: number;
  /** A MAA that takes longer is late: it is counted, and slows the transfer down. */
  readonly answer: number;
  /** From the MAR to the first reading of the name when no MAA came; the next ones after twice, four times as long. */
  readonly readName: number;
  /** From the MAA to the first reading back of the name, where the record has not come; then after once, twice as long. */
  readonly readBack: number;
  /** From the record to the question whether the HSS holds the new registration. */
  readonly check: number;
  /** From the MAR to the MAR that restores the old name. */
  readonly commit: number;
  /** How long restoring is tried when the HSS does not answer. */
  readonly restore: number;
  /** From the expiry of a moved user's old registration to the question whether the HSS still holds him. */
  readonly careMargin: number;
  /** From a question or a repair that did not succeed to the next; twice as long each time. */
  readonly careRetry: number;
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
  armed: 500,
  acceptance: 250,
  answer: 400,
  readName: 1_000,
  readBack: 300,
  check: 1_000,
  commit: 8_000,
  restore: 60_000,
  careMargin: 15_000,
  careRetry: 5_000,
  poll: 20,
  standingPoll: 250,
};
