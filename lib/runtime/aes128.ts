// One block of AES-128, enciphering only. FIPS 197 5.1, 5.2. Synchronous and the same on every host: browsers have no
// such thing, and node:crypto takes twenty times as long to set a cipher up for one block. Looks tables up by secret
// bytes, as most software does: whoever can time it on the same processor learns of the key.

/** Doubles in GF(2^8) (4.2.1). */
function double(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff;
}

/** The S-box (5.1.1): inverses walked along the powers of 3, each with the affine transformation. */
function computeSubstitution(): Uint8Array {
  const box = new Uint8Array(256);
  let power = 1;
  let inverse = 1;
  do {
    power ^= double(power);
    // Divides by 3.
    inverse ^= inverse << 1;
    inverse ^= inverse << 2;
    inverse ^= inverse << 4;
    inverse = (inverse ^ (inverse & 0x80 ? 0x09 : 0)) & 0xff;
    let value = inverse ^ 0x63;
    for (let turn = 1; turn <= 4; turn++) value ^= (inverse << turn) | (inverse >> (8 - turn));
    box[power] = value;
  } while (power !== 1);
  box[0] = 0x63;
  return box;
}

const substitution = computeSubstitution();

/** SubBytes and MixColumns of one byte (5.1.1, 5.1.3) as a column; the others are its rotations. */
const columns = Uint32Array.from(substitution, (s) => {
  const twice = double(s);
  return ((twice << 24) | (s << 16) | (s << 8) | (twice ^ s)) >>> 0;
});

function rotateRight(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

/** Of the byte of `word` that is `shift` bits up. */
function substituted(word: number, shift: number): number {
  return substitution[(word >>> shift) & 0xff] as number;
}

function substitutedWord(a: number, b: number, c: number, d: number): number {
  return (
    (substituted(a, 24) << 24) | (substituted(b, 16) << 16) | (substituted(c, 8) << 8) | substituted(d, 0)
  );
}

/** 5.1: SubBytes, ShiftRows and MixColumns of one column of the next state. */
function mixed(a: number, b: number, c: number, d: number): number {
  return (
    (columns[a >>> 24] as number) ^
    rotateRight(columns[(b >>> 16) & 0xff] as number, 8) ^
    rotateRight(columns[(c >>> 8) & 0xff] as number, 16) ^
    rotateRight(columns[d & 0xff] as number, 24)
  );
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** One block of AES-128 in ECB. Throws RangeError for a key or block of another length than 16 bytes. */
export function aes128(key: Uint8Array, block: Uint8Array): Uint8Array {
  if (block.length !== 16) throw new RangeError(`AES block of ${block.length} bytes: give 16`);
  if (key.length !== 16) throw new RangeError(`AES-128 key of ${key.length} bytes: give 16`);
  let k0 = wordAt(key, 0);
  let k1 = wordAt(key, 4);
  let k2 = wordAt(key, 8);
  let k3 = wordAt(key, 12);
  let s0 = wordAt(block, 0) ^ k0;
  let s1 = wordAt(block, 4) ^ k1;
  let s2 = wordAt(block, 8) ^ k2;
  let s3 = wordAt(block, 12) ^ k3;
  let roundConstant = 1;
  for (let round = 1; round <= 10; round++) {
    // 5.2: the key of this round.
    const turned = (k3 << 8) | (k3 >>> 24);
    k0 ^= substitutedWord(turned, turned, turned, turned) ^ (roundConstant << 24);
    k1 ^= k0;
    k2 ^= k1;
    k3 ^= k2;
    roundConstant = double(roundConstant);
    const last = round === 10;
    const t0 = last ? substitutedWord(s0, s1, s2, s3) : mixed(s0, s1, s2, s3);
    const t1 = last ? substitutedWord(s1, s2, s3, s0) : mixed(s1, s2, s3, s0);
    const t2 = last ? substitutedWord(s2, s3, s0, s1) : mixed(s2, s3, s0, s1);
    const t3 = last ? substitutedWord(s3, s0, s1, s2) : mixed(s3, s0, s1, s2);
    s0 = t0 ^ k0;
    s1 = t1 ^ k1;
    s2 = t2 ^ k2;
    s3 = t3 ^ k3;
  }
  const out = new Uint8Array(16);
  for (const [index, word] of [s0, s1, s2, s3].entries())
    for (let byte = 0; byte < 4; byte++) out[4 * index + byte] = word >>> (24 - 8 * byte);
  return out;
}
