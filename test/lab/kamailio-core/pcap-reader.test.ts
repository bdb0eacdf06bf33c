// Datagrams and streams out of a capture. RFC 768, RFC 9293 3.4.
import assert from "node:assert/strict";
import test from "node:test";
import { PcapReader } from "@liquid-ims/lab/kamailio-core/pcap-reader";

const fileHeader = Buffer.from("d4c3b2a1020004000000000000000000000004000100000000", "hex").subarray(0, 24);

function packet(protocol: 6 | 17, transport: Buffer): Buffer {
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(20 + transport.length, 2);
  ip.writeUInt8(protocol, 9);
  ip.set([127, 0, 3, 2, 127, 0, 1, 1], 12);
  const ethernet = Buffer.alloc(14);
  ethernet.writeUInt16BE(0x0800, 12);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(1_700_000_000, 0);
  header.writeUInt32LE(1_500, 4);
  header.writeUInt32LE(34 + transport.length, 8);
  header.writeUInt32LE(34 + transport.length, 12);
  return Buffer.concat([header, ethernet, ip, transport]);
}

function datagram(text: string): Buffer {
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(5060, 0);
  udp.writeUInt16BE(4060, 2);
  udp.writeUInt16BE(8 + text.length, 4);
  return packet(17, Buffer.concat([udp, Buffer.from(text)]));
}

function segment(sequence: number, text: string, flags = 0x18): Buffer {
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(5060, 0);
  tcp.writeUInt16BE(4060, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt8(0x50, 12);
  tcp.writeUInt8(flags, 13);
  return packet(6, Buffer.concat([tcp, Buffer.from(text)]));
}

function texts(reader: PcapReader, ...packets: Buffer[]): string[] {
  return reader.push(Buffer.concat(packets)).map(({ data }) => Buffer.from(data).toString());
}

test("RFC 768: a datagram with its addresses and its time, whatever pieces the capture comes in", () => {
  const reader = new PcapReader();
  const bytes = Buffer.concat([fileHeader, datagram("OPTIONS")]);
  assert.deepEqual(reader.push(bytes.subarray(0, 50)), []);
  assert.deepEqual(reader.push(bytes.subarray(50)), [
    {
      wall: 1_700_000_000_001.5,
      transport: "udp",
      from: { host: "127.0.3.2", port: 5060 },
      to: { host: "127.0.1.1", port: 4060 },
      data: new Uint8Array(Buffer.from("OPTIONS")),
    },
  ]);
});

test("RFC 9293 3.4: a stream's bytes in order and once, over the end of the sequence numbers", () => {
  const reader = new PcapReader();
  const start = 0xffff_fffd;
  assert.deepEqual(texts(reader, fileHeader, segment(start - 1, "", 0x02), segment(start, "ab")), ["ab"]);
  assert.deepEqual(texts(reader, segment(1, "ef")), []);
  assert.deepEqual(texts(reader, segment(start, "ab"), segment(start, "abcd")), ["cd", "ef"]);
});

test("a capture of something else is refused", () => {
  assert.throws(() => new PcapReader().push(Buffer.alloc(24)), /not of the loopback/);
});
