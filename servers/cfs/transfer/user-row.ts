// One user's part of a transfer as it stands in the store. Times are ms since 1970 by the CFS's wall clock.
import type { FunctionName, RegistrationKey } from "@liquid-ims/location-service/record";
import type {
  CommandContent,
  DialogDescription,
  DialogReport,
  MoveContent,
} from "@liquid-ims/reference-points/cfs-ue";
import type { Codec } from "../store/table.ts";
import { isReason, type Reason } from "./outcome.ts";

/** The states of a user in a change of P-CSCF. `asked` is shown to the outside as planned. */
export const userStates = [
  "planned",
  "asked",
  "commanded",
  "accepted",
  "registered",
  "done",
  "staying",
  "skipped",
  "refused",
  "unreachable",
  "timedOut",
  "superseded",
  "aborted",
  "failed",
] as const;

/** Those of a change of S-CSCF. `restoring` is shown to the outside as rolledBack. */
export const reassignmentStates = [...userStates, "reassigned", "restoring", "rolledBack"] as const;

export type UserState = (typeof reassignmentStates)[number];

/** The newest command: what is sent again after a restart, byte for byte. */
export interface SentCommand {
  readonly sequence: number;
  readonly expires: number;
  readonly content: CommandContent;
}

/** What a change of S-CSCF keeps beside the rest. Times are ms since 1970. */
export interface Reassignment {
  /** The IMS subscription: all its registrations move together. The least of its private identities. */
  readonly subscription: string;
  readonly impi: string;
  /** The P-CSCF that serves. */
  readonly pCscf: FunctionName | null;
  /** The move as it was commanded; null before. */
  readonly move: MoveContent | null;
  /** When the newest armed move was decided. */
  readonly armedAt: number | null;
  /** What is known of the newest MAR that names the target; `lost`: perhaps it never left, or was not executed. */
  readonly mar: "none" | "sent" | "answered" | "lost";
  /** When that MAR was decided, null before. */
  readonly reassignedAt: number | null;
  /** Change of the location service that had been seen then: a record that shows the target since is later than it. */
  readonly seenChange: number;
  /** When the old name is restored, unless the record shows the target before. */
  readonly commitAt: number | null;
  /** When the assigned name is to be read next; null: it need not be. */
  readonly nameDueAt: number | null;
  readonly nameReads: number;
  /** When the MAR that restores the old name is to be sent again; null: it has been answered, or is not needed. */
  readonly restoreDueAt: number | null;
  readonly restores: number;
  /** When restoring is given up. */
  readonly restoreUntil: number | null;
  /** When the LCF had its new registration, by its own word. */
  readonly registeredAt: number | null;
  /** When the HSS is to be asked next whether it holds the registration at the target; null: it need not be. */
  readonly checkDueAt: number | null;
  /** Times that it was asked since the last answer. */
  readonly checks: number;
  /** Times that the user was made to register again because the HSS did not hold him. */
  readonly repairs: number;
  /** When the registration at the S-CSCF that is left expires, by its record; null: not known. */
  readonly oldExpiresAt: number | null;
  /** He was told to move whatever calls he has, though the S-CSCF that he leaves is known to cut them. */
  readonly atRisk: boolean;
}

/** Those that rows of earlier versions do not have. */
const unchecked = { checkDueAt: null, checks: 0, repairs: 0, oldExpiresAt: null, atRisk: false } as const;

export interface UserRow {
  /** The transfer. */
  readonly transfer: string;
  readonly registration: RegistrationKey;
  /** Default public identity. */
  readonly user: string;
  /** P-CSCF or S-CSCF, as the transfer is about. */
  readonly from: FunctionName | null;
  readonly sCscf: FunctionName;
  /** Null: stays. Never changed within a round: nobody is commanded to two targets. */
  readonly target: FunctionName | null;
  /** One of those who were to be moved: counted as moved or left. */
  readonly counted: boolean;
  readonly state: UserState;
  /** Why the state is as it is, or why the user is still waiting. */
  readonly reason: Reason | null;
  /** More about the reason, for people. */
  readonly detail: string;
  /** What the LCF said about its dialogs last; null: never asked, or it did not answer. */
  readonly dialogs: readonly DialogDescription[] | null;
  /** Names of dialogs that it held no more when it accepted, of the last half minute. */
  readonly former: readonly string[];
  readonly command: SentCommand | null;
  /** What the LCF said of commands with a lower sequence is old. */
  readonly since: number;
  /** Each is an operation of its own at the LCF: a failed one is over there. */
  readonly round: number;
  /** Times that a move was commanded in this round and those before. */
  readonly attempts: number;
  /** Not tried before. */
  readonly notBefore: number;
  /** Nothing new is tried after. */
  readonly deadlineAt: number;
  /** When the move of the present round was commanded; null before. */
  readonly commandedAt: number | null;
  /** When the record showed the target. */
  readonly registeredAt: number | null;
  /** When nothing more was to happen; null before. */
  readonly endedAt: number | null;
  /** When it was queried since it last had to wait; null: not yet. */
  readonly askedAt: number | null;
  /** How the last move was to replace; `never`: no report is waited for. */
  readonly replace: "now" | "wait" | "never";
  /** The LCF has nothing more to say, or is not asked for it. */
  readonly reported: boolean;
  readonly results: readonly DialogReport[];
  /** For a move that waits before it replaces: which dialogs were set free. */
  readonly released: "no" | "some" | "all";
  /** When the user came, where that was after the transfer had begun. */
  readonly arrivedAt: number | null;
  /** Null in a change of P-CSCF. */
  readonly reassignment: Reassignment | null;
}

/** What an operation is called at the LCF. */
export function lcfOperation(row: Pick<UserRow, "transfer" | "round">): string {
  return row.round === 1 ? row.transfer : `${row.transfer}.${row.round}`;
}

/** Id of a user's row in its table. */
export function userRowId(transfer: string, registration: RegistrationKey): string {
  return `${transfer}/${registration}`;
}

/** True for the states in which something is still to happen by itself. */
export function isOpen(state: UserState): boolean {
  return (
    state === "planned" ||
    state === "asked" ||
    state === "commanded" ||
    state === "accepted" ||
    state === "reassigned" ||
    state === "restoring" ||
    state === "registered"
  );
}

/** True for a user whose record has shown the target. */
export function isMoved(state: UserState): boolean {
  return state === "registered" || state === "done";
}

/** True while the HSS names an S-CSCF at which the user is not registered, or may: nobody can call him. */
export function isInWindow({ state }: Pick<UserRow, "state">): boolean {
  return state === "reassigned" || state === "restoring";
}

function isUserState(value: unknown): value is UserState {
  return reassignmentStates.some((state) => state === value);
}

/** Own rows only: the state and the reason are checked, since other versions may have had others. */
function isUserRow(value: unknown): value is UserRow {
  if (typeof value !== "object" || value === null) return false;
  if (!("state" in value) || !isUserState(value.state)) return false;
  if (!("reason" in value) || !(value.reason === null || isReason(value.reason))) return false;
  return "transfer" in value && "registration" in value && "results" in value && "round" in value;
}

export const userRowCodec: Codec<UserRow> = {
  encode: (row) => JSON.stringify(row),
  decode(text) {
    const value: unknown = JSON.parse(text);
    // Rows of earlier versions lack these members.
    if (isUserRow(value)) {
      const { reassignment = null, former = [] } = value;
      return {
        ...value,
        former,
        reassignment: reassignment === null ? null : { ...unchecked, ...reassignment },
      };
    }
    throw new Error(`a row of table transfer-user is none: ${text.slice(0, 200)}`);
  },
};
