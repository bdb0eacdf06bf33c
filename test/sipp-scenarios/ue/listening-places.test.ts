// Whether SIPp is ready, by the kernel's tables of sockets. proc(5).
import assert from "node:assert/strict";
import { endianness } from "node:os";
import test from "node:test";
import { notInSocketTable } from "@liquid-ims/sipp-scenarios/ue/listening-places";

/** As a kernel of this machine's byte order writes it. */
const address = (bigEndian: string) =>
  endianness() === "BE" ? bigEndian : (bigEndian.match(/../g) ?? []).reverse().join("");
const line = (number: number, local: string, state: string) =>
  `  ${number}: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1207 1 0 100 0 0 10 0`;
const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const places = [1, 2, 3].map((last) => ({ host: `127.8.0.${last}`, port: 5060 }));
const table = [
  head,
  line(0, `${address("7F080001")}:13C4`, "0A"),
  line(1, `${address("7F080002")}:13C4`, "01"),
  line(2, `${address("7F080003")}:13C5`, "0A"),
  "",
].join("\n");

test("TCP: a connection from the address, or another port, is nobody who listens there", () => {
  assert.deepEqual(notInSocketTable(table, "tcp", places), places.slice(1));
});

test("UDP: a socket is enough", () => {
  assert.deepEqual(notInSocketTable(table, "udp", places), places.slice(2));
  assert.deepEqual(notInSocketTable(head, "udp", places), places);
});
