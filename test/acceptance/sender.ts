// The sender of REGISTERs as its test sees it.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A REGISTER that was answered 200: it must never be lost. */
export interface Acknowledged {
  readonly impu: string;
  readonly contact: string;
  /** CSeq of the UE's REGISTER. */
  readonly sequence: number;
}

export type SenderOrder =
  | { readonly kind: "load"; readonly host: string; readonly port: number; readonly inFlight: number }
  | {
      readonly kind: "burst";
      readonly host: string;
      readonly port: number;
      readonly count: number;
      readonly withinMs: number;
    }
  | { readonly kind: "stop"; readonly forget: boolean };

export interface SenderReport {
  readonly kind: "report";
  /** Transactions begun. */
  readonly sent: number;
  readonly retransmissions: number;
  readonly timedOut: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** 503 without Retry-After. */
  readonly withoutRetryAfter: number;
  /** From the first datagram to the 200, ms. */
  readonly latencies: readonly number[];
  /** From the order to the last answer. */
  readonly lastAnswerMs: number;
  /** Not answered yet. */
  readonly open: number;
  readonly acknowledged: readonly Acknowledged[];
}

/** What it tells its test. */
export type FromSender =
  | SenderReport
  | { readonly kind: "ready" }
  | { readonly kind: "sent"; readonly ms: number }
  | {
      readonly kind: "progress";
      readonly acknowledged: number;
      readonly refused: number;
      readonly open: number;
    };

export class Sender {
  readonly #child: ChildProcess;
  #progress = { acknowledged: 0, refused: 0, open: 0 };
  #waiting: { readonly kind: FromSender["kind"]; readonly take: (message: FromSender) => void }[] = [];

  constructor() {
    this.#child = fork(join(import.meta.dirname, "register-sender.ts"), { execArgv: [] });
    this.#child.on("message", (message: FromSender) => {
      if (message.kind === "progress") this.#progress = message;
      const now = this.#waiting.filter(({ kind }) => kind === message.kind);
      this.#waiting = this.#waiting.filter(({ kind }) => kind !== message.kind);
      for (const { take } of now) take(message);
    });
  }

  next<Kind extends FromSender["kind"]>(kind: Kind): Promise<Extract<FromSender, { kind: Kind }>> {
    return new Promise((resolve) => {
      this.#waiting.push({
        kind,
        take: (message) => resolve(message as Extract<FromSender, { kind: Kind }>),
      });
    });
  }

  order(order: SenderOrder): void {
    this.#child.send(order);
  }

  /** Stops sending; `forget`: what is open is given up. */
  stop(forget: boolean): Promise<SenderReport> {
    const report = this.next("report");
    this.order({ kind: "stop", forget });
    return report;
  }

  /** Answers 200 and 503 so far, and what is open. */
  get progress(): { readonly acknowledged: number; readonly refused: number; readonly open: number } {
    return this.#progress;
  }

  async end(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.disconnect();
    await exited;
  }
}

export async function startSender(): Promise<Sender> {
  const sender = new Sender();
  await sender.next("ready");
  return sender;
}
