// CSeq: orders the requests of a dialog. RFC 3261 8.1.1.5, 20.16.
import { Scanner } from "./scanner.ts";

/** A sequence number below 2^31 and the method. */
export interface CSeq {
  readonly sequence: number;
  readonly method: string;
}

/** Null when it is none, or the number is 2^31 or more. */
export function parseCSeq(text: string): CSeq | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const digits = scanner.digits();
  if (digits === "" || !scanner.skipSpace()) return null;
  const sequence = Number(digits);
  const method = scanner.token();
  scanner.skipSpace();
  return sequence >= 2 ** 31 || method === "" || !scanner.done ? null : { sequence, method };
}

/** As it is written. */
export function formatCSeq(cseq: CSeq): string {
  return `${cseq.sequence} ${cseq.method}`;
}
