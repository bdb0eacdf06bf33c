// Signatures at a name server: requests verified, answers signed, errors as BIND gives them. RFC 8945 5.2, 5.3.
import {
  appendUnsignedError,
  type Received,
  serverTimeData,
  signMessage,
  type Verified,
  verifyMessage,
} from "@liquid-ims/dns/tsig";
import type { TsigKey } from "@liquid-ims/dns/tsig-key";
import { type ResponseCode, responseCodeNumber } from "@liquid-ims/dns/update-codes";
import { type DecodedMessage, encodeMessage, flagsOf } from "@liquid-ims/dns/wire";
import type { Host } from "@liquid-ims/runtime/host";

/** An answer with a code and the question, and nothing else. RFC 2136 3.8. */
export function answerWithCode(message: DecodedMessage, code: ResponseCode): Uint8Array {
  const opcodeAndRecursion = message.flags & 0x7900;
  return encodeMessage({
    id: message.id,
    flags: flagsOf.response | opcodeAndRecursion | responseCodeNumber(code),
    questions: message.questions,
    answers: [],
    authorities: [],
    additionals: [],
  });
}

/** Wrong signatures get their error; to the others `answer` gives the answer, which is signed when the request was. */
export function answerSigned(
  host: Host,
  keys: readonly TsigKey[],
  received: Received & { kind: "signed" },
  answer: (bare: Uint8Array, key: TsigKey) => Uint8Array | null,
): Uint8Array | null {
  const { tsig, message } = received;
  const time = host.clock.wall() / 1000;
  const verified: Verified = verifyMessage(host.crypto, received, { keys, time });
  if (verified.ok) {
    const response = answer(received.bare, verified.key);
    if (response === null) return null;
    return signMessage(host.crypto, verified.key, response, { time, requestMac: tsig.mac }).data;
  }
  host.log.warn("dns.signature", { key: tsig.keyName, error: verified.error });
  const refusal = answerWithCode(message, verified.error === "FORMERR" ? "FORMERR" : "NOTAUTH");
  if (verified.error === "FORMERR") return refusal;
  if (!("key" in verified)) return appendUnsignedError(refusal, tsig, verified.error, time);
  // The client's own time comes back, so that the answer does not fail for the same reason (RFC 8945 5.2.3).
  return signMessage(host.crypto, verified.key, refusal, {
    time: verified.error === "BADTIME" ? tsig.timeSigned : time,
    fudge: tsig.fudge,
    requestMac: tsig.mac,
    error: verified.error,
    otherData: verified.error === "BADTIME" ? serverTimeData(time) : new Uint8Array(0),
  }).data;
}
