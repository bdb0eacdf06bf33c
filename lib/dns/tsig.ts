// Signatures over DNS messages with a shared key. RFC 8945 4, 5.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { concatBytes, equalBytes } from "@liquid-ims/runtime/text";
import { decodeName, encodeCanonicalName, encodeName, plainName } from "./name.ts";
import { typeNumbers } from "./rdata.ts";
import { type TsigKey, tsigAlgorithm } from "./tsig-key.ts";
import { type TsigError, tsigErrorName, tsigErrorNumber } from "./update-codes.ts";
import { type DecodedMessage, decodeMessage, encodeRecord, readU16, u16 } from "./wire.ts";

/** What a TSIG record says. */
export interface Tsig {
  readonly keyName: string;
  readonly algorithmName: string;
  /** Seconds since 1970 of the signer's clock. */
  readonly timeSigned: number;
  /** Seconds by which the two clocks may differ. */
  readonly fudge: number;
  /** Empty in an error that cannot be signed. */
  readonly mac: Uint8Array;
  /** The message's id when it was signed: a forwarder may have changed it. */
  readonly originalId: number;
  /** 0: none. */
  readonly error: number;
  readonly otherData: Uint8Array;
}

const classAny = 255;

function u48(seconds: number): Uint8Array {
  const whole = Math.floor(seconds);
  return concatBytes([u16(Math.floor(whole / 0x1_0000_0000)), u16(Math.floor(whole / 0x10000)), u16(whole)]);
}

function readU48(data: Uint8Array, at: number): number {
  return readU16(data, at) * 0x1_0000_0000 + readU16(data, at + 2) * 0x10000 + readU16(data, at + 4);
}

/** RFC 8945 4.3: the request's MAC, the message as it was without the record, and what the record says. */
function signedData(message: Uint8Array, tsig: Omit<Tsig, "mac">, requestMac: Uint8Array): Uint8Array {
  const prefix = requestMac.length === 0 ? [] : [u16(requestMac.length), requestMac];
  return concatBytes([
    ...prefix,
    message,
    encodeCanonicalName(tsig.keyName),
    u16(classAny),
    u16(0),
    u16(0),
    encodeCanonicalName(tsig.algorithmName),
    u48(tsig.timeSigned),
    u16(tsig.fudge),
    u16(tsig.error),
    u16(tsig.otherData.length),
    tsig.otherData,
  ]);
}

/** Puts the record behind the message and counts it. */
function append(message: Uint8Array, tsig: Tsig): Uint8Array {
  const record = encodeRecord({
    name: tsig.keyName,
    type: typeNumbers.TSIG,
    class: classAny,
    ttl: 0,
    data: concatBytes([
      encodeName(tsig.algorithmName),
      u48(tsig.timeSigned),
      u16(tsig.fudge),
      u16(tsig.mac.length),
      tsig.mac,
      u16(tsig.originalId),
      u16(tsig.error),
      u16(tsig.otherData.length),
      tsig.otherData,
    ]),
  });
  const signed = concatBytes([message, record]);
  signed.set(u16(readU16(message, 10) + 1), 10);
  return signed;
}

export interface SignOptions {
  /** Seconds since 1970. */
  readonly time: number;
  /** Seconds; default 300, as RFC 8945 10 recommends. */
  readonly fudge?: number;
  /** In an answer: the MAC of the request. */
  readonly requestMac?: Uint8Array;
  readonly error?: TsigError;
  readonly otherData?: Uint8Array;
  /** Bytes of the MAC that are sent (RFC 8945 5.2.2.1); default: all. */
  readonly macLength?: number;
}

/** The message with its signature; `mac` is what the answer's signature covers, too. RFC 8945 5.1, 5.3. */
export function signMessage(
  crypto: Crypto,
  key: TsigKey,
  message: Uint8Array,
  options: SignOptions,
): { readonly data: Uint8Array; readonly mac: Uint8Array } {
  const tsig = {
    keyName: key.name,
    algorithmName: key.algorithm,
    timeSigned: Math.floor(options.time),
    fudge: options.fudge ?? 300,
    originalId: readU16(message, 0),
    error: options.error === undefined ? 0 : tsigErrorNumber(options.error),
    otherData: options.otherData ?? new Uint8Array(0),
  };
  const whole = key.mac(crypto, signedData(message, tsig, options.requestMac ?? new Uint8Array(0)));
  const mac = whole.slice(0, options.macLength ?? whole.length);
  return { data: append(message, { ...tsig, mac }), mac };
}

/** RFC 8945 5.3.2: an error that cannot be signed, because the key or the MAC was wrong. */
export function appendUnsignedError(
  message: Uint8Array,
  request: Tsig,
  error: "BADKEY" | "BADSIG",
  time: number,
): Uint8Array {
  return append(message, {
    ...request,
    timeSigned: time,
    mac: new Uint8Array(0),
    error: tsigErrorNumber(error),
    otherData: new Uint8Array(0),
  });
}

function readTsig(name: string, data: Uint8Array): Tsig | null {
  const algorithm = decodeName(data, 0);
  if (algorithm === null) return null;
  const at = algorithm.next;
  const macEnd = at + 10 + readU16(data, at + 8);
  const otherEnd = macEnd + 6 + readU16(data, macEnd + 4);
  if (macEnd + 6 > data.length || otherEnd !== data.length) return null;
  return {
    keyName: plainName(name),
    algorithmName: plainName(algorithm.name),
    timeSigned: readU48(data, at),
    fudge: readU16(data, at + 6),
    mac: data.slice(at + 10, macEnd),
    originalId: readU16(data, macEnd),
    error: readU16(data, macEnd + 2),
    otherData: data.slice(macEnd + 6),
  };
}

/** A message and its signature, not yet verified. */
export type Received =
  /** No DNS message, or a signature that is not the one last record (RFC 8945 5.2: FORMERR). */
  | { readonly kind: "malformed"; readonly detail: string }
  | { readonly kind: "unsigned"; readonly message: DecodedMessage }
  | {
      readonly kind: "signed";
      readonly message: DecodedMessage;
      readonly tsig: Tsig;
      /** The bytes that were signed: without the record, with the original id. */
      readonly bare: Uint8Array;
    };

export function readMessage(data: Uint8Array): Received {
  const message = decodeMessage(data);
  if (message === null) return { kind: "malformed", detail: "no DNS message" };
  const { answers, authorities, additionals } = message;
  const signatures = [...answers, ...authorities, ...additionals].filter(
    ({ type }) => type === typeNumbers.TSIG,
  );
  const last = additionals.at(-1);
  if (signatures.length === 0 || last === undefined)
    return signatures.length === 0
      ? { kind: "unsigned", message }
      : { kind: "malformed", detail: "a TSIG record in another section than the last" };
  if (signatures.length > 1 || last.type !== typeNumbers.TSIG)
    return { kind: "malformed", detail: "a TSIG record that is not the one last record" };
  const tsig = last.class === classAny && last.ttl === 0 ? readTsig(last.name, last.data) : null;
  if (tsig === null) return { kind: "malformed", detail: "a TSIG record that cannot be read" };
  const bare = data.slice(0, message.lastRecordAt);
  bare.set(u16(tsig.originalId), 0);
  bare.set(u16(additionals.length - 1), 10);
  return { kind: "signed", message: { ...message, additionals: additionals.slice(0, -1) }, tsig, bare };
}

export type Verified =
  | { readonly ok: true; readonly key: TsigKey }
  /** `FORMERR`: a MAC of a length that nobody may send (RFC 8945 5.2.2.1). */
  | { readonly ok: false; readonly error: "FORMERR" | "BADKEY" | "BADSIG" }
  /** The MAC is right, so the answer is signed with `key` (RFC 8945 5.3.2). */
  | { readonly ok: false; readonly error: "BADTIME" | "BADTRUNC"; readonly key: TsigKey };

export interface VerifyOptions {
  readonly keys: readonly TsigKey[];
  /** Seconds since 1970, of the verifier's clock. */
  readonly time: number;
  /** In an answer: the MAC of the request as it was sent. */
  readonly requestMac?: Uint8Array;
  /** Shortest MAC taken, in bytes; default: the whole one. It can be cut to half and to 10 bytes at most. */
  readonly shortestMac?: number;
}

/** RFC 8945 5.2: the key, then the MAC, then the time, then the rule about cut MACs. */
export function verifyMessage(
  crypto: Crypto,
  received: Received & { kind: "signed" },
  options: VerifyOptions,
): Verified {
  const { tsig, bare } = received;
  const algorithm = tsigAlgorithm(tsig.algorithmName);
  const key = options.keys.find(({ name }) => name === tsig.keyName);
  if (key === undefined || key.algorithm !== algorithm) return { ok: false, error: "BADKEY" };
  const { length } = tsig.mac;
  if (length === 0) return { ok: false, error: "BADSIG" };
  if (length > key.macLength || length < Math.max(10, key.macLength / 2))
    return { ok: false, error: "FORMERR" };
  const whole = key.mac(crypto, signedData(bare, tsig, options.requestMac ?? new Uint8Array(0)));
  if (!equalBytes(whole.subarray(0, length), tsig.mac)) return { ok: false, error: "BADSIG" };
  if (Math.abs(options.time - tsig.timeSigned) > tsig.fudge) return { ok: false, error: "BADTIME", key };
  if (length < (options.shortestMac ?? key.macLength)) return { ok: false, error: "BADTRUNC", key };
  return { ok: true, key };
}

/** The server's clock in a BADTIME error, in seconds since 1970; null in all others. RFC 8945 5.2.3. */
export function serverTimeOf(tsig: Tsig): number | null {
  return tsigErrorName(tsig.error) === "BADTIME" && tsig.otherData.length === 6
    ? readU48(tsig.otherData, 0)
    : null;
}

/** The other data of a BADTIME error. */
export function serverTimeData(seconds: number): Uint8Array {
  return u48(seconds);
}
