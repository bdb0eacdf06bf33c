// A name server of an empty zone that answers UPDATEs as a test says, over TCP.
import { readMessage, signMessage } from "@liquid-ims/dns/tsig";
import { TsigKey } from "@liquid-ims/dns/tsig-key";
import { updateOpcode } from "@liquid-ims/dns/update";
import { type ResponseCode, responseCodeNumber, type TsigError } from "@liquid-ims/dns/update-codes";
import { encodeMessage, flagsOf, opcodeOf, type RawMessage } from "@liquid-ims/dns/wire";
import type { Host } from "@liquid-ims/runtime/host";
import { concatBytes, decodeBase64 } from "@liquid-ims/runtime/text";
import { secret, server } from "./bench.ts";

export interface ScriptedAnswer {
  readonly code: ResponseCode;
  readonly error?: TsigError;
  /** Default the key of the CFS; "forged": another secret; null: no signature. */
  readonly by?: "forged" | null;
  /** False: queries are answered without authority. */
  readonly knows?: boolean;
}

export interface ScriptedServer {
  /** UPDATEs that came. */
  updates: number;
}

function answerOf(
  request: RawMessage,
  code: ResponseCode,
  authority: number = flagsOf.authoritative,
): Uint8Array {
  return encodeMessage({
    id: request.id,
    flags: flagsOf.response | authority | (request.flags & 0x7800) | responseCodeNumber(code),
    questions: request.questions,
    answers: [],
    authorities: [],
    additionals: [],
  });
}

function respond(
  host: Host,
  data: Uint8Array,
  node: ScriptedServer,
  script: ScriptedAnswer,
): Uint8Array | null {
  const received = readMessage(data);
  if (received.kind === "malformed") return null;
  if (opcodeOf(received.message.flags) !== updateOpcode)
    return answerOf(received.message, "NXDOMAIN", script.knows === false ? 0 : flagsOf.authoritative);
  node.updates += 1;
  const bare = answerOf(received.message, script.code);
  if (received.kind !== "signed" || script.by === null) return bare;
  const bytes = (script.by === "forged" ? null : decodeBase64(secret)) ?? Uint8Array.of(1, 2, 3);
  return signMessage(host.crypto, new TsigKey("cfs-key", "hmac-sha256", bytes), bare, {
    time: host.clock.wall() / 1000,
    requestMac: received.tsig.mac,
    ...(script.error === undefined ? {} : { error: script.error }),
  }).data;
}

/** As a program; every UPDATE is answered like this. */
export function createScriptedServer(script: ScriptedAnswer): (host: Host) => ScriptedServer {
  return (host) => {
    const node: ScriptedServer = { updates: 0 };
    host.spawn("listens", async () => {
      await host.network.listen(server, (stream) => {
        let received: Uint8Array = new Uint8Array(0);
        stream.open({
          data(chunk) {
            received = concatBytes([received, chunk]);
            const length = 2 + (((received[0] ?? 0) << 8) | (received[1] ?? 0));
            if (received.length < 2 || received.length < length) return;
            const answer = respond(host, received.slice(2, length), node, script);
            if (answer === null) return;
            stream.write(concatBytes([Uint8Array.of(answer.length >> 8, answer.length & 0xff), answer]));
          },
          closed: () => undefined,
        });
      });
    });
    return node;
  };
}
