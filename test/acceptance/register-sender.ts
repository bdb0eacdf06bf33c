// An S-CSCF as a process of its own that registers many users, retransmits as RFC 3261 17.1.2 says, and keeps what was
// acknowledged. Started by `startSender`; told what to do over IPC.
import { createSocket } from "node:dgram";
import type { Acknowledged, FromSender, SenderOrder } from "./sender.ts";

const T1 = 500;
const T2 = 4_000;
const timerF = 64 * T1;

interface Transaction {
  readonly user: number;
  readonly sequence: number;
  readonly bytes: Buffer;
  readonly sentAt: number;
  nextAt: number;
  interval: number;
}

const socket = createSocket("udp4");
const open = new Map<string, Transaction>();
/** By user number: the highest CSeq that was acknowledged. */
const acknowledged = new Map<number, number>();
const sequences = new Map<number, number>();
const report = emptyReport();
let branches = 0;
let source = 0;
let target = { host: "127.0.0.1", port: 0 };
let isLoading = false;
/** When the present order began. */
let begun = 0;
let nextFresh = 0;

function emptyReport() {
  return {
    sent: 0,
    retransmissions: 0,
    timedOut: 0,
    statuses: {} as Record<string, number>,
    withoutRetryAfter: 0,
    latencies: [] as number[],
    lastAnswerMs: 0,
    accepted: [] as number[],
  };
}

function say(message: FromSender): void {
  // Who started it may be gone: `disconnect` ends this process.
  process.send?.(message, undefined, undefined, () => undefined);
}

function nameOf(user: number): string {
  return `u${String(user).padStart(7, "0")}`;
}

function contactOf(user: number): string {
  return `sip:${nameOf(user)}@127.0.3.1:5060`;
}

/** In the manner of Kamailio: the UE's REGISTER in the body. */
function build(user: number, sequence: number, branch: string): Buffer {
  const name = nameOf(user);
  const impu = `sip:${name}@open-ims.test`;
  const server = "sip:scscf1.open-ims.test:6060";
  const body = [
    "REGISTER sip:open-ims.test SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.3.1:5060;branch=z9hG4bKue${sequence}`,
    `From: <${impu}>;tag=ue`,
    `To: <${impu}>`,
    `Call-ID: reg-${user}@ue`,
    `CSeq: ${sequence} REGISTER`,
    `Contact: <${contactOf(user)}>`,
    "Expires: 600000",
    "Path: <sip:term@pcscf1.open-ims.test:4060;lr>",
    `Authorization: Digest username="${name}@open-ims.test", realm="open-ims.test", uri="sip:x"`,
    "Content-Length: 0",
    "",
    "",
  ].join("\r\n");
  const head = [
    "REGISTER sip:cfd.open-ims.test:7080 SIP/2.0",
    `Via: SIP/2.0/UDP 127.0.0.1:${source};branch=${branch}`,
    `To: <${impu}>`,
    `From: <${server}>;tag=s`,
    `Call-ID: ${branch}@scscf`,
    "CSeq: 10 REGISTER",
    "Max-Forwards: 10",
    "Event: registration",
    "Expires: 600000",
    `Contact: <${server}>`,
    `P-Associated-URI: <${impu}>`,
    "P-Visited-Network-ID: open-ims.test",
    "Content-Type: message/sip",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "",
    "",
  ].join("\r\n");
  return Buffer.from(head + body);
}

function transmit({ bytes }: Transaction): void {
  socket.send(bytes, target.port, target.host);
}

function begin(user: number): void {
  const sequence = (sequences.get(user) ?? 0) + 1;
  sequences.set(user, sequence);
  branches += 1;
  const branch = `z9hG4bK${process.pid}x${branches}`;
  const now = performance.now();
  const transaction = {
    user,
    sequence,
    bytes: build(user, sequence, branch),
    sentAt: now,
    nextAt: now + T1,
    interval: T1,
  };
  open.set(branch, transaction);
  report.sent += 1;
  transmit(transaction);
}

/** Load: half of the REGISTERs are of new users, half are refreshes of those acknowledged before. */
function beginOneMore(): void {
  const known = branches % 2 === 0 ? report.accepted.shift() : undefined;
  if (known === undefined) nextFresh += 1;
  begin(known ?? nextFresh);
}

function receive(data: Buffer): void {
  const text = data.toString("latin1");
  const branch = /branch=(z9hG4bK[^;\s]+)/.exec(text)?.[1] ?? "";
  const status = text.slice(8, 11);
  const transaction = open.get(branch);
  if (transaction === undefined || status < "200") return;
  open.delete(branch);
  report.lastAnswerMs = performance.now() - begun;
  report.statuses[status] = (report.statuses[status] ?? 0) + 1;
  if (status === "503" && !/\r\nRetry-After: \d+/.test(text)) report.withoutRetryAfter += 1;
  if (status === "200") {
    report.latencies.push(performance.now() - transaction.sentAt);
    acknowledged.set(transaction.user, transaction.sequence);
    report.accepted.push(transaction.user);
  }
  if (isLoading) beginOneMore();
}

function tick(): void {
  const now = performance.now();
  for (const [branch, transaction] of open) {
    if (now - transaction.sentAt > timerF) {
      open.delete(branch);
      report.timedOut += 1;
    } else if (now >= transaction.nextAt) {
      report.retransmissions += 1;
      transaction.interval = Math.min(2 * transaction.interval, T2);
      transaction.nextAt = now + transaction.interval;
      transmit(transaction);
    }
  }
}

/** All within `withinMs`, evenly, one datagram after the other. */
function burst(count: number, withinMs: number): void {
  const started = performance.now();
  let sent = 0;
  const some = (): void => {
    const due = Math.min(count, Math.ceil((count * (performance.now() - started + 1)) / withinMs));
    for (; sent < due; sent++) {
      nextFresh += 1;
      begin(nextFresh);
    }
    if (sent < count) setImmediate(some);
    else say({ kind: "sent", ms: performance.now() - started });
  };
  some();
}

function tell(): void {
  const list: Acknowledged[] = [...acknowledged].map(([user, sequence]) => ({
    impu: `sip:${nameOf(user)}@open-ims.test`,
    contact: contactOf(user),
    sequence,
  }));
  const { accepted: _users, ...figures } = report;
  say({ kind: "report", ...figures, open: open.size, acknowledged: list });
}

function progress(): void {
  const refused = report.statuses["503"] ?? 0;
  say({ kind: "progress", acknowledged: report.latencies.length, refused, open: open.size });
}

process.on("message", (message: SenderOrder) => {
  if (message.kind === "stop") {
    isLoading = false;
    if (message.forget) open.clear();
    tell();
    return;
  }
  target = message;
  begun = performance.now();
  isLoading = message.kind === "load";
  if (message.kind === "load") for (let number = 0; number < message.inFlight; number++) beginOneMore();
  else burst(message.count, message.withinMs);
});
process.on("disconnect", () => process.exit(0));
socket.on("message", receive);
socket.bind(0, "127.0.0.1", () => {
  source = socket.address().port;
  socket.setRecvBufferSize(4 * 1024 * 1024);
  setInterval(tick, 20);
  setInterval(progress, 20);
  say({ kind: "ready" });
});
