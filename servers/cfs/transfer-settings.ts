// Settings of transfers: deadlines, intervals, guard. Defaults are those of transfer/.
import { milliseconds } from "@liquid-ims/program/settings";
import { Type } from "typebox";
import { defaultLimits, type Limit } from "./transfer/guard.ts";
import { defaultTimes } from "./transfer/times.ts";

export const timesSetting = Type.Object(
  {
    deadline: milliseconds(
      "How long nothing new is begun after; a request may say otherwise",
      defaultTimes.deadline,
    ),
    move: milliseconds(
      "From a move command to the end of waiting for registration and record",
      defaultTimes.move,
    ),
    report: milliseconds("Longer than move, for the report of the dialogs", defaultTimes.report),
    command: milliseconds(
      "Life of one command; an unanswered one is given anew until move is over",
      defaultTimes.command,
    ),
    query: milliseconds(
      "Wait for the answer to a query; then the user is taken without it",
      defaultTimes.query,
    ),
    retry: milliseconds("From a refusal that may pass (a call goes on) to the next try", defaultTimes.retry),
    reach: milliseconds(
      "How long an LCF that cannot be reached for the moment is waited for",
      defaultTimes.reach,
    ),
    pair: milliseconds(
      "How long one end of a call between two moving users waits for the other",
      defaultTimes.pair,
    ),
    quiet: milliseconds("Without record and dialog for so long, a drain is complete", defaultTimes.quiet),
    armed: milliseconds(
      "Change of S-CSCF: how long an armed LCF rests before it registers unless told sooner",
      500,
    ),
    acceptance: milliseconds(
      "From the armed command to the last moment at which its acceptance allows a MAR",
      250,
    ),
    answer: milliseconds("A MAA that takes longer is late: it is counted, and slows the transfer down", 400),
    readName: milliseconds(
      "From the MAR to the first reading of the name when no MAA came; the next after twice, four times as long",
      1_000,
    ),
    readBack: milliseconds(
      "From the MAA to the first reading back of the name, where the record has not come; then after once, twice as long",
      300,
    ),
    check: milliseconds(
      "From the record to the question whether the HSS holds the new registration (LIR, UAR)",
      1_000,
    ),
    commit: milliseconds("From the MAR to the MAR that restores the old name", 8_000),
    restore: milliseconds("How long restoring is tried when the HSS does not answer", 60_000),
    careMargin: milliseconds(
      "From the expiry of a moved user's old registration to the question whether the HSS still holds him; asked again after eight times as long",
      15_000,
    ),
    careRetry: milliseconds(
      "From a question of the aftercare, or a repair, that did not succeed to the next; twice as long each time",
      5_000,
    ),
    poll: milliseconds(
      "How often the location service is asked while users are under way",
      defaultTimes.poll,
    ),
    standingPoll: milliseconds(
      "How often it is asked when only standing orders are open",
      defaultTimes.standingPoll,
    ),
  },
  {
    additionalProperties: false,
    description: "Deadlines and intervals of transfers",
    examples: [{ move: 30_000 }],
  },
);

function limit(description: string, value: Limit) {
  return Type.Object(
    {
      least: Type.Integer({
        description: "So many at least",
        minimum: 1,
        default: value.least,
        examples: [value.least],
      }),
      share: Type.Number({
        description: "And more than this share of what was tried, 0 to 1",
        minimum: 0,
        maximum: 1,
        default: value.share,
        examples: [value.share],
      }),
    },
    { additionalProperties: false, description, examples: [value] },
  );
}

export const guardSetting = Type.Object(
  {
    failures: limit("Users whose move failed or timed out, of those commanded", defaultLimits.failures),
    lostDialogs: limit("Lost dialogs, of those reported", defaultLimits.lostDialogs),
  },
  {
    additionalProperties: false,
    description: "When a transfer is stopped because going on would do harm",
    examples: [{ failures: { least: 3, share: 0.1 } }],
  },
);
