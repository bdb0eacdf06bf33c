// Milenage, the algorithm set of AKA. TS 35.206 4.1 with the constants of 5.2 and 5.3.
import type { Crypto } from "@liquid-ims/runtime/crypto";

/** What subscriber and home network share; 16 bytes each. */
export interface MilenageKeys {
  readonly k: Uint8Array;
  /** OP with K folded in, see `computeOpc`. */
  readonly opc: Uint8Array;
}

/** Input of f1 and f1*. */
export interface MacInput {
  /** 16 bytes. */
  readonly rand: Uint8Array;
  /** 6 bytes. */
  readonly sqn: Uint8Array;
  /** 2 bytes. */
  readonly amf: Uint8Array;
}

/** Rotations r1 to r5 in bytes, and the last byte of c1 to c5, whose others are 0. */
const outputs = [
  { rotation: 8, constant: 0 },
  { rotation: 0, constant: 1 },
  { rotation: 4, constant: 2 },
  { rotation: 8, constant: 4 },
  { rotation: 12, constant: 8 },
] as const;

/** Throws RangeError for a field of another length: our own fault, what comes from peers is checked before. */
export function checkLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${name} has ${bytes.length} bytes: give ${length}`);
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0));
}

/** Towards the most significant byte. */
function rotate(block: Uint8Array, bytes: number): Uint8Array {
  return block.map((_, index) => block[(index + bytes) % 16] ?? 0);
}

/** The value that all five outputs begin with. */
function startOf(crypto: Crypto, { k, opc }: MilenageKeys, rand: Uint8Array): Uint8Array {
  checkLength("K", k, 16);
  checkLength("OPc", opc, 16);
  checkLength("RAND", rand, 16);
  return crypto.aes128(k, xor(rand, opc));
}

/** OUT2 to OUT5. */
function out(crypto: Crypto, { k, opc }: MilenageKeys, start: Uint8Array, number: 2 | 3 | 4 | 5): Uint8Array {
  const { rotation, constant } = outputs[number - 1] ?? outputs[1];
  const block = rotate(xor(start, opc), rotation);
  block[15] = (block[15] ?? 0) ^ constant;
  return xor(crypto.aes128(k, block), opc);
}

/** OUT1: MAC-A, then MAC-S. */
function out1(crypto: Crypto, keys: MilenageKeys, { rand, sqn, amf }: MacInput): Uint8Array {
  checkLength("SQN", sqn, 6);
  checkLength("AMF", amf, 2);
  const twice = new Uint8Array(16);
  for (const at of [0, 8]) {
    twice.set(sqn, at);
    twice.set(amf, at + 6);
  }
  const start = startOf(crypto, keys, rand);
  const block = xor(start, rotate(xor(twice, keys.opc), outputs[0].rotation));
  return xor(crypto.aes128(keys.k, block), keys.opc);
}

/** OPc of this K and the operator's OP (TS 35.206 4.1); 16 bytes each. */
export function computeOpc(crypto: Crypto, k: Uint8Array, op: Uint8Array): Uint8Array {
  checkLength("K", k, 16);
  checkLength("OP", op, 16);
  return xor(crypto.aes128(k, op), op);
}

/** MAC-A, 8 bytes: the network proves itself with it. */
export function f1(crypto: Crypto, keys: MilenageKeys, input: MacInput): Uint8Array {
  return out1(crypto, keys, input).slice(0, 8);
}

/** MAC-S, 8 bytes: the subscriber proves with it that it asks for a re-synchronisation. */
export function f1star(crypto: Crypto, keys: MilenageKeys, input: MacInput): Uint8Array {
  return out1(crypto, keys, input).slice(8);
}

/** The response and the keys that come with it. */
export interface MilenageAnswer {
  /** f2, 8 bytes. */
  readonly res: Uint8Array;
  /** f3, 16 bytes. */
  readonly ck: Uint8Array;
  /** f4, 16 bytes. */
  readonly ik: Uint8Array;
  /** f5, 6 bytes: hides SQN. */
  readonly ak: Uint8Array;
}

export function f2345(crypto: Crypto, keys: MilenageKeys, rand: Uint8Array): MilenageAnswer {
  const start = startOf(crypto, keys, rand);
  const out2 = out(crypto, keys, start, 2);
  return {
    res: out2.slice(8),
    ck: out(crypto, keys, start, 3),
    ik: out(crypto, keys, start, 4),
    ak: out2.slice(0, 6),
  };
}

/** AK of a re-synchronisation, 6 bytes. */
export function f5star(crypto: Crypto, keys: MilenageKeys, rand: Uint8Array): Uint8Array {
  return out(crypto, keys, startOf(crypto, keys, rand), 5).slice(0, 6);
}
