// Sequence numbers. TS 33.102 annex C, 6.3.5. SQN is written SEQ/IND here.
import assert from "node:assert/strict";
import test from "node:test";
import { encodeHex } from "@liquid-ims/runtime/text";
import {
  acceptSequenceNumber,
  freshSequenceState,
  highestAccepted,
  indexOf,
  nextSequenceNumber,
  resynchronise,
  type SequenceLimits,
  type SequenceState,
  sequenceNumber,
  sequenceOf,
  sqnBytes,
  sqnOfBytes,
} from "@liquid-ims/sip/authentication/sequence-number";

function sqn(text: string): bigint {
  const [sequence = "", index = ""] = text.split("/");
  return sequenceNumber(BigInt(sequence), Number(index));
}

function written(value: bigint): string {
  return `${sequenceOf(value)}/${indexOf(value)}`;
}

/** Gives them in turn; says which were taken. */
function give(texts: readonly string[], limits: SequenceLimits = {}, from = freshSequenceState) {
  let state: SequenceState = from;
  const taken: boolean[] = [];
  for (const text of texts) {
    const result = acceptSequenceNumber(state, sqn(text), limits);
    if (!result.accepted) assert.equal(result.state, state);
    taken.push(result.accepted);
    state = result.state;
  }
  return { taken, state };
}

test("C.1.1.1: 43 bits of SEQ, then 5 of IND, in 6 bytes", () => {
  assert.equal(sqn("1/0"), 32n);
  assert.equal(sqn("1/31"), 63n);
  assert.equal(encodeHex(sqnBytes(sqn("1/1"))), "000000000021");
  assert.equal(encodeHex(sqnBytes(0xff9bb4d0b607n)), "ff9bb4d0b607");
  assert.equal(written(0xff9bb4d0b607n), "8782631830960/7");
  assert.equal(sqnOfBytes(sqnBytes(0xff9bb4d0b607n)), 0xff9bb4d0b607n);
  assert.throws(() => sqnOfBytes(new Uint8Array(5)), /SQN has 5 bytes: give 6/);
});

test("C.1.2: the next number has the next SEQ and the next IND, in a circle of 32, or the IND that is asked for", () => {
  assert.equal(written(nextSequenceNumber(0n)), "1/1");
  assert.equal(written(nextSequenceNumber(sqn("7/30"))), "8/31");
  assert.equal(written(nextSequenceNumber(sqn("8/31"))), "9/0");
  assert.equal(written(nextSequenceNumber(sqn("9/0"), 5)), "10/5");
  const last = sqn(`${(1n << 43n) - 1n}/31`);
  assert.equal(encodeHex(sqnBytes(last)), "ffffffffffff");
  assert.equal(written(nextSequenceNumber(last)), "0/0");
});

test("C.2.2: a number is taken once only, and none of its IND that is older", () => {
  assert.deepEqual(give(["1/1", "1/1", "2/1", "1/1", "2/1", "3/1"]).taken, [
    ...[true, false, true, false, false, true],
  ]);
  assert.deepEqual(give(["0/0", "0/3"]).taken, [false, false]);
});

test("C.2.2: an older number of another IND is taken: vectors may come out of order", () => {
  const { taken, state } = give(["5/5", "3/3", "4/4", "3/3", "6/3", "5/3"]);
  assert.deepEqual(taken, [true, true, true, false, true, false]);
  assert.deepEqual(state.accepted.slice(0, 7), [0n, 0n, 0n, 6n, 4n, 5n, 0n]);
  assert.equal(written(highestAccepted(state)), "6/3");
});

test("C.2.1: a leap of 2^28 is taken, one more is not; whatever the IND", () => {
  const leap = 1n << 28n;
  assert.deepEqual(give([`${leap}/1`]).taken, [true]);
  assert.deepEqual(give([`${leap + 1n}/1`]).taken, [false]);
  assert.deepEqual(give(["10/1", `${leap + 11n}/2`, `${leap + 10n}/2`]).taken, [true, false, true]);
  assert.deepEqual(give(["10/1", "21/2", "20/2"], { delta: 10n }).taken, [true, false, true]);
});

test("C.2.2: with an age limit L a number must lag less than L behind the highest one", () => {
  const given = ["100/1", "90/2", "91/2", "91/3"];
  assert.deepEqual(give(given, { limit: 10n }).taken, [true, false, true, true]);
  assert.deepEqual(give(given).taken, [true, true, true, true]);
});

test("C.2.2: all 32 entries are kept apart", () => {
  const forward = Array.from({ length: 32 }, (_, index) => `${100 + index}/${index}`);
  const { taken, state } = give(forward);
  assert.ok(taken.every(Boolean));
  assert.deepEqual(
    state.accepted,
    Array.from({ length: 32 }, (_, index) => BigInt(100 + index)),
  );
  assert.ok(give(forward, {}, state).taken.every((one) => !one));
  assert.equal(written(highestAccepted(state)), "131/31");
});

test("6.3.5: after a re-synchronisation the network goes on from the USIM's number", () => {
  assert.equal(written(resynchronise(sqn("3/3"), sqn("900/4"))), "900/4");
  assert.equal(written(nextSequenceNumber(resynchronise(sqn("3/3"), sqn("900/4")))), "901/5");
});

test("6.3.5: where the USIM would take the next number anyway the network's stays", () => {
  assert.equal(written(resynchronise(sqn("900/4"), sqn("900/9"))), "900/4");
  assert.equal(written(resynchronise(sqn("899/4"), sqn("900/9"))), "900/9");
  assert.equal(written(resynchronise(sqn("950/4"), sqn("900/9"))), "950/4");
});

test("6.3.5: a network that is further ahead than the USIM can leap goes back", () => {
  const leap = 1n << 28n;
  assert.equal(written(resynchronise(sqn(`${leap + 8n}/1`), sqn("9/2"))), `${leap + 8n}/1`);
  assert.equal(written(resynchronise(sqn(`${leap + 9n}/1`), sqn("9/2"))), "9/2");
  assert.equal(written(resynchronise(sqn("20/1"), sqn("9/2"), 5n)), "9/2");
});
