// What Kamailio sends passes no tap: dumpcap hears everything on the loopback of the lab's own network, and the lab reads
// along. Messages on TCP are cut out of their streams.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { StreamFramer } from "@liquid-ims/sip/stream-framer";
import type { SentMessage } from "../trace.ts";
import { type CapturedData, PcapReader } from "./pcap-reader.ts";
import { programPath } from "./programs.ts";

export interface CaptureOptions {
  /** A connection to this address is Diameter, not SIP. */
  readonly cx: Address;
  /** TCP of this address is left out. */
  readonly without: Address;
  /** `at`: milliseconds of `performance.now`. */
  heard(at: number, sent: SentMessage): void;
  /** It ended, or cannot be read. */
  failed(error: Error): void;
}

export interface Capture {
  /** Ends it; everything that was on the wire until now has been heard afterwards. Rejects when packets were missed. */
  settle(): Promise<void>;
  close(): void;
}

/** Where nobody listens: the capture's own sign that it has heard what was sent before. */
const marker = { host: "127.0.0.1", port: 9 } as const;
const patienceMs = 15_000;
const lookEveryMs = 10;
/** Packets that wait in the kernel, in MiB. */
const bufferMib = 32;

type Dumpcap = ChildProcessByStdio<null, Readable, Readable>;

function startDumpcap({ without }: CaptureOptions): Dumpcap {
  const filter = `ip and (udp or tcp) and not (tcp and host ${without.host} and port ${without.port})`;
  const argv = ["-i", "lo", "-P", "-B", String(bufferMib), "-w", "-", "-f", filter];
  return spawn("dumpcap", argv, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PATH: programPath() },
    // Ctrl-C is the lab's affair.
    detached: true,
  });
}

/** Resolves when it hears; rejects with what it has said. */
export async function startCapture(options: CaptureOptions): Promise<Capture> {
  const reader = new PcapReader();
  const framers = new Map<string, StreamFramer>();
  const heardMarkers = new Set<string>();
  let markers = 0;
  let said = "";
  let ended = false;
  const child = startDumpcap(options);

  function tell(captured: CapturedData, data: Uint8Array): void {
    const { wall, transport, from, to } = captured;
    options.heard(wall - performance.timeOrigin, { transport, from, to, data });
  }

  function hear(captured: CapturedData): void {
    const { transport, from, to, data } = captured;
    if (to.host === marker.host && to.port === marker.port) {
      heardMarkers.add(Buffer.from(data).toString());
      return;
    }
    const ends = [formatAddress(from), formatAddress(to)];
    if (transport === "udp" || ends.includes(formatAddress(options.cx))) {
      tell(captured, data);
      return;
    }
    const direction = ends.join(" ");
    const framer = framers.get(direction) ?? new StreamFramer();
    framers.set(direction, framer);
    for (const frame of framer.push(data)) if (frame.kind === "message") tell(captured, frame.data);
  }

  const gone = new Promise<void>((resolve) => {
    child.on("close", () => {
      if (!ended) options.failed(new Error(`dumpcap ended by itself: ${said.trim()}`));
      ended = true;
      resolve();
    });
  });
  child.on("error", (error) => {
    said += error.message;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stdout.on("data", (chunk: Buffer) => {
    try {
      for (const captured of reader.push(chunk)) hear(captured);
    } catch (error) {
      options.failed(error instanceof Error ? error : new Error(String(error)));
    }
  });

  async function until(what: string, holds: () => boolean): Promise<void> {
    const limit = performance.now() + patienceMs;
    while (!holds()) {
      if (ended || performance.now() > limit) throw new Error(`dumpcap: ${what}: ${said.trim()}`);
      await sleep(lookEveryMs);
    }
  }

  /** Sends marks, a new one each time, until one is heard. */
  async function awaitMark(): Promise<void> {
    const socket = createSocket("udp4");
    // The kernel says that nobody listens; that is the purpose.
    socket.on("error", () => undefined);
    const first = markers + 1;
    try {
      await until("does not hear the loopback", () => {
        markers += 1;
        socket.send(`mark ${markers}`, marker.port, marker.host);
        return [...heardMarkers].some((mark) => Number(mark.slice(5)) >= first);
      });
    } finally {
      socket.close();
    }
  }

  await awaitMark();
  return {
    async settle() {
      if (ended) return;
      await awaitMark();
      ended = true;
      child.kill("SIGINT");
      await gone;
      // "Packets received/dropped on interface 'Loopback: lo': 57/0 (...)"
      const missed = Number(/received\/dropped on interface .*: \d+\/(\d+)/.exec(said)?.[1] ?? Number.NaN);
      if (Number.isNaN(missed)) throw new Error(`dumpcap does not say what it missed: ${said.trim()}`);
      if (missed > 0) throw new Error(`dumpcap missed ${missed} packets: the trace is not complete`);
    },
    close() {
      ended = true;
      child.kill("SIGKILL");
    },
  };
}
