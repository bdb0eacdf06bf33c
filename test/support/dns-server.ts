// A DNS server that says what a test wants it to say.
import type { Answer, Packet, Question } from "@liquid-ims/dns/packet";
import { decodePacket, encodePacket } from "@liquid-ims/dns/packet";
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { concatBytes } from "@liquid-ims/runtime/text";

export type Script = (question: Question, over: "udp" | "tcp", count: number) => Packet | Uint8Array | null;

export interface ScriptedDns {
  readonly host: Host;
  readonly ready: Promise<void>;
  /** What was asked: `udp A name`. */
  readonly asked: string[];
}

export const codes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
export const truncated = 0x0200;

export function soa(minimum: number, ttl = 3600): Answer {
  return {
    type: "SOA",
    name: "test",
    ttl,
    data: { mname: "ns.test", rname: "admin.test", serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
  };
}

/** Answers with what the script gives, id and question filled in where it gives none; null is silence. */
export function createScriptedDns(listen: Address, script: Script): Program<ScriptedDns> {
  return (host) => {
    const asked: string[] = [];
    const respond = (data: Uint8Array, over: "udp" | "tcp"): Uint8Array | null => {
      const query = decodePacket(data);
      const [question] = query?.questions ?? [];
      if (query === null || question === undefined) return null;
      asked.push(`${over} ${question.type} ${question.name}`);
      const response = script(question, over, asked.length);
      if (response === null || response instanceof Uint8Array) return response;
      return encodePacket({ type: "response", id: query.id ?? 0, questions: [question], ...response });
    };
    const open = async () => {
      const socket = await host.network.udp(listen, (data, from) => {
        const response = respond(data, "udp");
        if (response !== null) socket.send(response, from);
      });
      await host.network.listen(listen, (stream) => {
        let received = new Uint8Array(0);
        stream.open({
          data(chunk) {
            received = new Uint8Array(concatBytes([received, chunk]));
            const length = 2 + (((received[0] ?? 0) << 8) | (received[1] ?? 0));
            if (received.length < 2 || received.length < length) return;
            const response = respond(received.subarray(2, length), "tcp");
            if (response === null) return;
            stream.write(Uint8Array.of(response.length >> 8, response.length & 0xff));
            stream.write(response);
          },
          closed: () => undefined,
        });
      });
    };
    return { host, ready: open(), asked };
  };
}
