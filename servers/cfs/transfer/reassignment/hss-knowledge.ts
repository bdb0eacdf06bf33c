// What a transfer of an S-CSCF has found out about the HSS and the S-CSCF that is left: whether names move users at all,
// and whether moving cuts calls. Looked up again after each change of a row, no more often.
import { namesDoNotMove } from "../completion.ts";
import { dangerOf } from "../danger.ts";
import type { Happening } from "../happening.ts";
import type { Ledger } from "../ledger.ts";
import { isMoved, type UserRow } from "../user-row.ts";
import type { Proof } from "./proof.ts";

export interface HssKnowledgeParts {
  readonly ledger: Ledger;
  /** What this life of the CFS knows. */
  readonly proof: Proof;
  /** Configured: the HSS cancels the S-CSCF that a user leaves, which then cuts his calls. Null: to be found out. */
  readonly cancelsOldServer: boolean | null;
  /** All users of the transfer. */
  readonly users: () => readonly UserRow[];
}

export class HssKnowledge {
  readonly #parts: HssKnowledgeParts;
  #lookedAt = -1;
  #kept: Happening | null = null;
  #cutsCalls = false;

  constructor(parts: HssKnowledgeParts) {
    this.#parts = parts;
  }

  #look(): void {
    const { ledger, users } = this.#parts;
    if (ledger.changes === this.#lookedAt) return;
    this.#lookedAt = ledger.changes;
    const rows = users();
    const found = rows.find(({ reason }) => reason === namesDoNotMove);
    if (found !== undefined)
      this.#kept = { event: "name is kept", all: true, reason: namesDoNotMove, detail: found.detail };
    const danger = dangerOf(rows);
    this.#cutsCalls = danger !== null;
    if (danger !== null) noteCuts(this.#parts.proof, rows);
  }

  /** The HSS has moved somebody: in this transfer, or in this life of the CFS. */
  isProven(): boolean {
    const { proof, users } = this.#parts;
    proof.moves ||= users().some(
      ({ state, reassignment }) => isMoved(state) && (reassignment?.reassignedAt ?? null) !== null,
    );
    return proof.moves;
  }

  /** The HSS has been found to move nobody: who has yet to be moved is told why he is not. */
  kept(): Happening | null {
    this.#look();
    return this.#kept;
  }

  /** A move cuts calls: it was configured, or has been seen, in this transfer or certainly in another one. */
  cutsCalls(): boolean {
    const { cancelsOldServer, proof } = this.#parts;
    if (cancelsOldServer === true) return true;
    this.#look();
    return this.#cutsCalls || (cancelsOldServer === null && proof.cuts !== null);
  }
}

/** Keeps in mind that calls were cut in the transfer of these users, where that is certain. */
export function noteCuts(proof: Proof, rows: readonly UserRow[]): void {
  const danger = dangerOf(rows);
  const [first] = rows;
  if (danger?.isCertain === true && first !== undefined) proof.cuts ??= `${danger.seen} (${first.transfer})`;
}

/** What the HSS says of one whose record has shown the target, against it. */
export function isNotHeld({ state, reassignment }: UserRow, { event }: Happening): boolean {
  if (event === "not held" || event === "not held, over") return true;
  return event === "name is old" && state === "registered" && reassignment?.nameDueAt === null;
}
