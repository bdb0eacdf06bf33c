// Sequence numbers of AKA: how the network makes them and what the USIM accepts. TS 33.102 annex C (C.1.2, C.2.2,
// C.2.3; profile 2 of C.3.2: not from time), 6.3.5.

/** SEQ (43 bits), then IND (5 bits): 48 bits in all. */
export type SequenceNumber = bigint;

const indexBits = 5n;
const indexMask = (1n << indexBits) - 1n;
const allBits = (1n << 48n) - 1n;

/** Entries of the USIM's array. */
export const arraySize = 32;

/** SEQ. */
export function sequenceOf(sqn: SequenceNumber): bigint {
  return sqn >> indexBits;
}

/** IND, 0 to 31. */
export function indexOf(sqn: SequenceNumber): number {
  return Number(sqn & indexMask);
}

export function sequenceNumber(sequence: bigint, index: number): SequenceNumber {
  return ((sequence << indexBits) | (BigInt(index) & indexMask)) & allBits;
}

/** As 6 bytes, the most significant first. */
export function sqnBytes(sqn: SequenceNumber): Uint8Array {
  return Uint8Array.from({ length: 6 }, (_, at) => Number((sqn >> BigInt(8 * (5 - at))) & 0xffn));
}

/** Of 6 bytes. */
export function sqnOfBytes(bytes: Uint8Array): SequenceNumber {
  if (bytes.length !== 6) throw new RangeError(`SQN has ${bytes.length} bytes: give 6`);
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * The number after the highest one used so far: SEQ goes up by one, so does IND, in a circle, unless it is given
 * (C.3.4: a range of its own for each kind of network).
 */
export function nextSequenceNumber(highest: SequenceNumber, index?: number): SequenceNumber {
  return sequenceNumber(sequenceOf(highest) + 1n, index ?? (indexOf(highest) + 1) % arraySize);
}

/** What a USIM remembers: the highest SEQ it accepted for each IND; 32 of them. */
export interface SequenceState {
  readonly accepted: readonly bigint[];
}

export interface SequenceLimits {
  /** How far SEQ may leap ahead of the highest one accepted (C.2.1); default 2^28 (C.3.2). */
  readonly delta?: bigint;
  /** L: SEQ must lag less than this behind the highest one accepted (C.2.2); default null: any age. */
  readonly limit?: bigint | null;
}

const defaultDelta = 1n << 28n;

/** A USIM that has accepted nothing yet. */
export const freshSequenceState: SequenceState = { accepted: new Array<bigint>(arraySize).fill(0n) };

/** SQN_MS: the highest number that was accepted, with its IND. */
export function highestAccepted({ accepted }: SequenceState): SequenceNumber {
  let highest = 0;
  for (const [index, sequence] of accepted.entries())
    if (sequence > (accepted[highest] ?? 0n)) highest = index;
  return sequenceNumber(accepted[highest] ?? 0n, highest);
}

/** C.2.2: fresh when it is neither too far ahead nor too old nor used before; only then the state changes. */
export function acceptSequenceNumber(
  state: SequenceState,
  sqn: SequenceNumber,
  limits: SequenceLimits = {},
): { readonly accepted: boolean; readonly state: SequenceState } {
  const { delta = defaultDelta, limit = null } = limits;
  const sequence = sequenceOf(sqn);
  const highest = sequenceOf(highestAccepted(state));
  const isFresh =
    sequence - highest <= delta &&
    (limit === null || highest - sequence < limit) &&
    sequence > (state.accepted[indexOf(sqn)] ?? 0n);
  if (!isFresh) return { accepted: false, state };
  const accepted = state.accepted.map((old, index) => (index === indexOf(sqn) ? sequence : old));
  return { accepted: true, state: { accepted } };
}

/**
 * 6.3.5: the highest number used, after a re-synchronisation that was proved: as before when the USIM would take
 * the next one anyway (another run has met it meanwhile), else what the USIM said.
 */
export function resynchronise(
  highest: SequenceNumber,
  usim: SequenceNumber,
  delta: bigint = defaultDelta,
): SequenceNumber {
  const ahead = sequenceOf(nextSequenceNumber(highest)) - sequenceOf(usim);
  return ahead > 0n && ahead <= delta ? highest : usim;
}
