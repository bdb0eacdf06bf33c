// DNS messages as they are sent, any opcode, class and type. RFC 1035 4.1, RFC 3597 4, RFC 2136 2.
// (dns-packet knows neither class NONE nor a record without data in a class that has some.)
import { concatBytes } from "@liquid-ims/runtime/text";
import { decodeName, encodeName, suffixesOf } from "./name.ts";
import { expandRdata } from "./rdata.ts";

/** One entry of the question section, which an UPDATE calls the zone section. */
export interface RawQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** A resource record whose type is a number and whose data is bytes, with no compressed name in them. */
export interface RawRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Uint8Array;
}

export interface RawMessage {
  readonly id: number;
  /** The second 16 bits of the header: QR, opcode, flags and RCODE (RFC 1035 4.1.1). */
  readonly flags: number;
  readonly questions: readonly RawQuestion[];
  readonly answers: readonly RawRecord[];
  readonly authorities: readonly RawRecord[];
  readonly additionals: readonly RawRecord[];
}

/** Where a record of a decoded message begins: what signs a message has to take its last record off. */
export interface DecodedMessage extends RawMessage {
  /** Offset of the last record, of whatever section; the message's length when it has none. */
  readonly lastRecordAt: number;
}

export const flagsOf = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
} as const;

const headerLength = 12;

export function readU16(data: Uint8Array, at: number): number {
  return ((data[at] ?? 0) << 8) | (data[at + 1] ?? 0);
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of((value >> 8) & 0xff, value & 0xff);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
}

/** QR, opcode and RCODE out of the header's flags. */
export function opcodeOf(flags: number): number {
  return (flags >> 11) & 0xf;
}

/**
 * Writes a message; names of owners are compressed (RFC 1035 4.1.4), names in data are not (RFC 3597 4).
 * Throws for a name that cannot be written.
 */
export function encodeMessage(message: RawMessage): Uint8Array {
  const { questions, answers, authorities, additionals } = message;
  const sections = [questions, answers, authorities, additionals];
  const parts = [message.id, message.flags, ...sections.map(({ length }) => length)].map(u16);
  let length = headerLength;
  const known = new Map<string, number>();
  const add = (part: Uint8Array) => {
    parts.push(part);
    length += part.length;
  };
  const addName = (name: string) => {
    const suffixes = suffixesOf(name);
    for (const { key, label } of suffixes) {
      const at = known.get(key);
      if (at !== undefined) return add(u16(0xc000 | at));
      if (length < 0x4000) known.set(key, length);
      add(label);
    }
    add(Uint8Array.of(0));
  };
  for (const question of questions) {
    addName(question.name);
    add(u16(question.type));
    add(u16(question.class));
  }
  for (const record of [...answers, ...authorities, ...additionals]) {
    addName(record.name);
    add(u16(record.type));
    add(u16(record.class));
    add(u32(record.ttl));
    add(u16(record.data.length));
    add(record.data);
  }
  return concatBytes(parts);
}

/** A record as it is sent behind a message that is there already: no name is compressed. */
export function encodeRecord(record: RawRecord): Uint8Array {
  const { name, type, ttl, data } = record;
  return concatBytes([encodeName(name), u16(type), u16(record.class), u32(ttl), u16(data.length), data]);
}

interface Taken<What> {
  readonly value: What;
  readonly next: number;
}

function takeQuestion(data: Uint8Array, at: number): Taken<RawQuestion> | null {
  const name = decodeName(data, at);
  if (name === null || name.next + 4 > data.length) return null;
  const value = {
    name: name.name,
    type: readU16(data, name.next),
    class: readU16(data, name.next + 2),
  };
  return { value, next: name.next + 4 };
}

function takeRecord(data: Uint8Array, at: number): Taken<RawRecord> | null {
  const owner = takeQuestion(data, at);
  if (owner === null || owner.next + 6 > data.length) return null;
  const ttl = readU16(data, owner.next) * 0x10000 + readU16(data, owner.next + 2);
  const begin = owner.next + 6;
  const next = begin + readU16(data, owner.next + 4);
  if (next > data.length) return null;
  const expanded = expandRdata(owner.value.type, data, begin, next);
  return expanded === null ? null : { value: { ...owner.value, ttl, data: expanded }, next };
}

/** Null when the bytes are no DNS message, or when something follows it. */
export function decodeMessage(data: Uint8Array): DecodedMessage | null {
  if (data.length < headerLength) return null;
  let at = headerLength;
  let lastRecordAt = data.length;
  const takeAll = <What>(
    count: number,
    take: (data: Uint8Array, at: number) => Taken<What> | null,
    isRecord: boolean,
  ): What[] | null => {
    const found: What[] = [];
    for (let index = 0; index < count; index++) {
      const taken = take(data, at);
      if (taken === null) return null;
      if (isRecord) lastRecordAt = at;
      at = taken.next;
      found.push(taken.value);
    }
    return found;
  };
  const questions = takeAll(readU16(data, 4), takeQuestion, false);
  const answers = questions && takeAll(readU16(data, 6), takeRecord, true);
  const authorities = answers && takeAll(readU16(data, 8), takeRecord, true);
  const additionals = authorities && takeAll(readU16(data, 10), takeRecord, true);
  if (additionals === null || at !== data.length) return null;
  return {
    id: readU16(data, 0),
    flags: readU16(data, 2),
    questions: questions ?? [],
    answers: answers ?? [],
    authorities: authorities ?? [],
    additionals,
    lastRecordAt,
  };
}
