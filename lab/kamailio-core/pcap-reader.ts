// Reads a capture as dumpcap writes it to a pipe: datagrams and pieces of TCP streams, as their senders sent them.
// draft-ietf-opsawg-pcap 4, 5; RFC 791 3.1; RFC 768; RFC 9293 3.1.
import type { Address } from "@liquid-ims/runtime/network";

export interface CapturedData {
  /** Milliseconds since 1970, with fractions. */
  readonly wall: number;
  readonly transport: "udp" | "tcp";
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
}

const fileHeaderLength = 24;
const packetHeaderLength = 16;
/** Byte order of the machine, times in microseconds; and its link type of the loopback. */
const magic = 0xa1b2c3d4;
const ethernet = 1;
const ethernetLength = 14;
const etherTypeIpv4 = 0x0800;
const protocols = { 6: "tcp", 17: "udp" } as const;
const flags = { syn: 0x02 } as const;

interface Segment {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** One direction of one connection: its bytes in order, each once. */
class StreamOrder {
  /** Sequence number of the next byte; null before the connection began. */
  #next: number | null = null;
  #waiting: Segment[] = [];

  begin(sequence: number): void {
    this.#next = (sequence + 1) >>> 0;
    this.#waiting = [];
  }

  /** What can be given now. */
  take(segment: Segment): Uint8Array[] {
    this.#next ??= segment.sequence;
    this.#waiting.push(segment);
    const given: Uint8Array[] = [];
    for (let next = this.#pull(); next !== null; next = this.#pull()) given.push(next);
    return given;
  }

  #pull(): Uint8Array | null {
    const expected = this.#next ?? 0;
    // RFC 9293 3.4: numbers are compared modulo 2^32.
    const offset = (one: Segment): number => (expected - one.sequence) | 0;
    this.#waiting = this.#waiting.filter((one) => offset(one) < one.data.length);
    const index = this.#waiting.findIndex((one) => offset(one) >= 0);
    const [found] = index < 0 ? [] : this.#waiting.splice(index, 1);
    if (found === undefined) return null;
    this.#next = (found.sequence + found.data.length) >>> 0;
    return found.data.subarray(offset(found));
  }
}

export class PcapReader {
  #buffer: Buffer = Buffer.alloc(0);
  #begun = false;
  readonly #streams = new Map<string, StreamOrder>();

  /** What is complete with these bytes. Throws an Error when they are no capture of a loopback. */
  push(chunk: Uint8Array): CapturedData[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#begun) {
      if (this.#buffer.length < fileHeaderLength) return [];
      this.#begin(this.#buffer);
    }
    const captured: CapturedData[] = [];
    let at = 0;
    while (this.#buffer.length - at >= packetHeaderLength) {
      const length = this.#buffer.readUInt32LE(at + 8);
      const end = at + packetHeaderLength + length;
      if (end > this.#buffer.length) break;
      const wall = this.#buffer.readUInt32LE(at) * 1000 + this.#buffer.readUInt32LE(at + 4) / 1000;
      captured.push(...this.#readFrame(wall, this.#buffer.subarray(at + packetHeaderLength, end)));
      at = end;
    }
    this.#buffer = this.#buffer.subarray(at);
    return captured;
  }

  #begin(header: Buffer): void {
    if (header.readUInt32LE(0) !== magic || header.readUInt32LE(20) !== ethernet)
      throw new Error(
        `a capture begins with ${header.toString("hex", 0, fileHeaderLength)}: not of the loopback`,
      );
    this.#begun = true;
    this.#buffer = header.subarray(fileHeaderLength);
  }

  #readFrame(wall: number, frame: Buffer): CapturedData[] {
    if (frame.length < ethernetLength + 20 || frame.readUInt16BE(12) !== etherTypeIpv4) return [];
    const ip = frame.subarray(ethernetLength);
    const headerLength = (ip.readUInt8(0) & 0x0f) * 4;
    const protocol = ip.readUInt8(9);
    if (protocol !== 6 && protocol !== 17) return [];
    const payload = ip.subarray(headerLength, ip.readUInt16BE(2));
    const host = (offset: number): string => [...ip.subarray(offset, offset + 4)].join(".");
    const from = { host: host(12), port: payload.readUInt16BE(0) };
    const to = { host: host(16), port: payload.readUInt16BE(2) };
    const pieces = protocol === 17 ? [payload.subarray(8)] : this.#inOrder(from, to, payload);
    return pieces.map((data) => ({
      wall,
      transport: protocols[protocol],
      from,
      to,
      data: new Uint8Array(data),
    }));
  }

  #inOrder(from: Address, to: Address, segment: Buffer): Uint8Array[] {
    const key = `${from.host}:${from.port} ${to.host}:${to.port}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = new StreamOrder();
      this.#streams.set(key, stream);
    }
    const sequence = segment.readUInt32BE(4);
    if ((segment.readUInt8(13) & flags.syn) !== 0) {
      stream.begin(sequence);
      return [];
    }
    const data = segment.subarray((segment.readUInt8(12) >> 4) * 4);
    return data.length === 0 ? [] : stream.take({ sequence, data });
  }
}
