// Changes a zone: one signed UPDATE, its answer verified, the outcome a value. RFC 2136 4, 6; RFC 8945 5.1, 5.4.
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { anyAddress, exchangeOverTcp, isFrom, settleOnce } from "./exchange.ts";
import { signMessage } from "./tsig.ts";
import type { TsigKey } from "./tsig-key.ts";
import { type Change, encodeUpdate, type Prerequisite } from "./update.ts";
import { readUpdateAnswer, type UpdateAnswer } from "./update-answer.ts";
import { prerequisiteCodes, type ResponseCode, type TsigError } from "./update-codes.ts";

export interface UpdaterOptions {
  /** The zone's primary server. */
  readonly server: Address;
  /** Apex of the zone. */
  readonly zone: string;
  readonly key: TsigKey;
  /** `tcp` leaves no doubt about a prerequisite that failed: a datagram may have met its own double. Default `udp`, and TCP for what is long. */
  readonly transport?: "udp" | "tcp";
  /** How long the first copy has for its answer, in ms; twice as long each further one; TCP all together. Default 500. */
  readonly timeoutMs?: number;
  /** Copies sent over UDP at most. Default 4: with 500 ms 7.5 s in all. */
  readonly copies?: number;
  /** Seconds by which the server's clock may differ. Default 300 (RFC 8945 10). */
  readonly fudge?: number;
}

/**
 * How an update ended. `certain` is false when the zone may have been changed all the same: look before trying again.
 *
 * | outcome | when | what then |
 * |---|---|---|
 * | done | NOERROR with a right signature | |
 * | refused: NXDOMAIN, YXDOMAIN, YXRRSET, NXRRSET | a prerequisite did not hold; over UDP maybe because a copy of this update had been carried out | see who has it |
 * | refused: REFUSED | the key may not change this | the server's update policy |
 * | refused: NOTAUTH without a TSIG error, NOTZONE | not the zone's server; a name outside of the zone | configuration |
 * | refused: NOTAUTH, BADKEY | the server has no key of this name and algorithm; never signed | configuration |
 * | refused: NOTAUTH, BADSIG | the secrets differ; never signed | configuration |
 * | refused: NOTAUTH, BADTIME | the clocks differ by more than the fudge; `serverTime` is the server's | set the clock |
 * | refused: FORMERR, NOTIMP | the server does not understand it, or has no updates | |
 * | refused: SERVFAIL | the server could not, for instance write its journal | again, later |
 * | unanswered | nothing came, or no connection | again, later |
 * | unverifiable | an answer came, none that its signature proves | secrets, clocks, or a forger |
 */
export type UpdateOutcome =
  | { readonly kind: "done" }
  | {
      readonly kind: "refused";
      readonly code: Exclude<ResponseCode, "NOERROR">;
      readonly tsigError: TsigError | null;
      /** The answer's signature was right. BADKEY and BADSIG never have one: anybody may have sent them. */
      readonly verified: boolean;
      readonly certain: boolean;
      /** Seconds since 1970 on the server's clock, in a BADTIME. */
      readonly serverTime: number | null;
      readonly detail: string;
    }
  | { readonly kind: "unanswered"; readonly certain: boolean; readonly detail: string }
  | { readonly kind: "unverifiable"; readonly certain: false; readonly detail: string };

export interface ZoneUpdate {
  /** All must hold, else nothing is changed. Default: none. */
  readonly prerequisites?: readonly Prerequisite[];
  /** All are made or none. */
  readonly changes: readonly Change[];
}

export interface Updater {
  /** Never rejects for what a network or a server does; DnsDataError for a name or value that cannot be sent. */
  update(update: ZoneUpdate): Promise<UpdateOutcome>;
}

/** RFC 1035 4.2.1. */
const longestDatagram = 512;

type Attempt = { readonly answer: UpdateAnswer } | { readonly detail: string; readonly sent: boolean };

/** A prerequisite that fails may be the work of this update's own first copy, if the network sent it twice. */
function isPrerequisite(answer: UpdateAnswer): boolean {
  return answer.code !== null && prerequisiteCodes.includes(answer.code);
}

export function createUpdater(host: Host, options: UpdaterOptions): Updater {
  const { server, zone, key, transport = "udp", timeoutMs = 500, copies = 4, fudge = 300 } = options;
  const name = formatAddress(server);
  const patience = timeoutMs * (2 ** copies - 1);
  const counter = (outcome: UpdateOutcome["kind"]) =>
    host.metrics.counter("dns_updates_total", { help: "Updates of a zone, by outcome", labels: { outcome } });
  const forged = host.metrics.counter("dns_update_answers_dropped_total", {
    help: "Answers to an update that belong to none, or that no right signature proves",
  });

  function sign(update: ZoneUpdate) {
    const id = host.random.int(0x10000);
    const { prerequisites = [], changes } = update;
    const message = encodeUpdate(id, { zone, prerequisites, changes });
    const { data, mac } = signMessage(host.crypto, key, message, {
      time: host.clock.wall() / 1000,
      fudge,
    });
    const read = (answer: Uint8Array): UpdateAnswer | null =>
      readUpdateAnswer(host.crypto, answer, {
        id,
        key,
        requestMac: mac,
        time: host.clock.wall() / 1000,
      });
    return { data, read };
  }

  async function overTcp({ data, read }: ReturnType<typeof sign>): Promise<Attempt> {
    const reply = await exchangeOverTcp(host, server, data, patience);
    if (!reply.ok) return { detail: reply.detail, sent: true };
    const answer = read(reply.data);
    return answer === null ? { detail: `${name} answered something else over TCP`, sent: true } : { answer };
  }

  /** All copies are the same bytes, so an answer to any of them is an answer to the update. */
  async function overUdp(
    { data, read }: ReturnType<typeof sign>,
    count: { copies: number },
  ): Promise<Attempt> {
    let receive: (answer: Uint8Array, from: Address) => void = () => undefined;
    const socket = await host.network.udp(anyAddress(server), (answer, from) => receive(answer, from));
    // What came and proves nothing, or not yet: a right answer may still follow (RFC 8945 5.4).
    let doubtful: UpdateAnswer | null = null;
    const doubt = (): Attempt =>
      doubtful === null
        ? { detail: `${name} did not answer in ${patience} ms`, sent: true }
        : { answer: doubtful };
    try {
      while (count.copies < copies && doubtful === null) {
        const settled = await settleOnce<Attempt | null>(
          host,
          timeoutMs * 2 ** count.copies,
          (settle) => {
            receive = (bytes, from) => {
              const answer = isFrom(server, from) ? read(bytes) : null;
              if (answer === null || !answer.verified) forged.add();
              if (answer === null) return;
              if (answer.verified && !isPrerequisite(answer)) settle({ answer });
              else if (doubtful === null || answer.verified) doubtful = answer;
            };
            count.copies += 1;
            socket.send(data, server);
            return () => undefined;
          },
          null,
        );
        if (settled !== null) return settled;
      }
      return doubt();
    } finally {
      socket.close();
    }
  }

  /** `sentCopies`: over UDP, where the network may double one as well. */
  function judge(attempt: Attempt, sentCopies: number): UpdateOutcome {
    if (!("answer" in attempt))
      return { kind: "unanswered", certain: !attempt.sent && sentCopies === 0, detail: attempt.detail };
    const { code, tsigError, verified, serverTime, detail } = attempt.answer;
    const text = `${name} ${detail}`;
    if (verified && code === "NOERROR") return { kind: "done" };
    if (code === null || code === "NOERROR" || !attempt.answer.isError)
      return { kind: "unverifiable", certain: false, detail: text };
    const doubtless = sentCopies === 0 || (sentCopies === 1 && !isPrerequisite(attempt.answer));
    const certain = verified && doubtless;
    return { kind: "refused", code, tsigError, verified, certain, serverTime, detail: text };
  }

  async function send(update: ZoneUpdate): Promise<UpdateOutcome> {
    const signed = sign(update);
    const count = { copies: 0 };
    try {
      if (transport === "udp" && signed.data.length <= longestDatagram) {
        const attempt = await overUdp(signed, count);
        const cut = "answer" in attempt && attempt.answer.truncated && !attempt.answer.verified;
        if (!cut) return judge(attempt, count.copies);
      }
      const attempt = await overTcp(count.copies === 0 ? signed : sign(update));
      return judge(attempt, count.copies);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return judge({ detail: `${name}: ${error.message}`, sent: false }, count.copies);
    }
  }

  return {
    async update(update) {
      const outcome = await send(update);
      counter(outcome.kind).add();
      const fields = { zone, server: name, key: key.name, outcome: outcome.kind };
      if (outcome.kind === "done") host.log.info("dns.updated", fields);
      else if (outcome.kind === "refused")
        host.log.warn("dns.update-failed", {
          ...fields,
          code: outcome.code,
          tsigError: outcome.tsigError,
          detail: outcome.detail,
        });
      else host.log.warn("dns.update-failed", { ...fields, detail: outcome.detail });
      return outcome;
    },
  };
}
