// What an answer to an UPDATE says, and whether its signature proves it. RFC 2136 2.2, 3.8; RFC 8945 5.3.2, 5.4.
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { readMessage, serverTimeOf, verifyMessage } from "./tsig.ts";
import type { TsigKey } from "./tsig-key.ts";
import { updateOpcode } from "./update.ts";
import { type ResponseCode, responseCodeName, type TsigError, tsigErrorName } from "./update-codes.ts";
import { flagsOf, opcodeOf } from "./wire.ts";

export interface UpdateAnswer {
  /** Null for a code that no UPDATE is answered with. */
  readonly code: ResponseCode | null;
  readonly tsigError: TsigError | null;
  readonly verified: boolean;
  /** What it says can be believed as an error: signed rightly, or an error that is sent unsigned. */
  readonly isError: boolean;
  readonly truncated: boolean;
  /** Seconds since 1970 on the server's clock, in a BADTIME. */
  readonly serverTime: number | null;
  /** For people: `answered REFUSED`. */
  readonly detail: string;
}

export interface AskedUpdate {
  readonly id: number;
  readonly key: TsigKey;
  readonly requestMac: Uint8Array;
  /** Seconds since 1970, of our clock. */
  readonly time: number;
}

/** Null when the bytes are no answer to this update. */
export function readUpdateAnswer(crypto: Crypto, data: Uint8Array, asked: AskedUpdate): UpdateAnswer | null {
  const received = readMessage(data);
  if (received.kind === "malformed") return null;
  const { id, flags } = received.message;
  const isAnswer = (flags & flagsOf.response) !== 0 && opcodeOf(flags) === updateOpcode;
  if (!isAnswer || id !== asked.id) return null;
  const number = flags & 0xf;
  const code = responseCodeName(number);
  const truncated = (flags & flagsOf.truncated) !== 0;
  const answered = `answered ${code ?? `code ${number}`}`;
  const base = { code, truncated, serverTime: null, tsigError: null };
  if (received.kind === "unsigned") {
    // A server that cannot read the signature, or has no updates, answers without one.
    const isError = number !== 0;
    return { ...base, verified: false, isError, detail: `${answered} without a signature` };
  }
  const { tsig } = received;
  const tsigError = tsigErrorName(tsig.error);
  const named = tsig.error === 0 ? answered : `${answered} with ${tsigError ?? `TSIG error ${tsig.error}`}`;
  const { key, requestMac, time } = asked;
  const verdict = verifyMessage(crypto, received, { keys: [key], requestMac, time });
  if (verdict.ok) {
    const serverTime = serverTimeOf(tsig);
    const ahead = serverTime === null ? 0 : Math.round(serverTime - time);
    const skew =
      serverTime === null
        ? ""
        : `: its clock is ${Math.abs(ahead)} s ${ahead < 0 ? "behind" : "ahead of"} ours`;
    return { ...base, tsigError, verified: true, isError: true, serverTime, detail: `${named}${skew}` };
  }
  if (tsig.mac.length === 0 && code === "NOTAUTH" && (tsigError === "BADKEY" || tsigError === "BADSIG"))
    return { ...base, tsigError, verified: false, isError: true, detail: named };
  const why = {
    FORMERR: "a signature of a length that is not allowed",
    BADKEY: `a signature with another key (${tsig.keyName}, ${tsig.algorithmName})`,
    BADSIG: "a wrong signature",
    BADTIME: `a signature of ${Math.round(tsig.timeSigned - time)} s from now, more than its fudge of ${tsig.fudge} s`,
    BADTRUNC: "a signature that was cut",
  }[verdict.error];
  return { ...base, verified: false, isError: false, detail: `${named} with ${why}` };
}
