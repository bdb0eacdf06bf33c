// What a DNS response says to one question. RFC 1035 4.1, RFC 2308 5.
import type { Answer, DecodedPacket } from "dns-packet";
import type { Question } from "./exchange.ts";
import type { NaptrRecord, SrvRecord } from "./records.ts";

export type WireAnswer =
  | { readonly type: "A" | "AAAA"; readonly address: string }
  | { readonly type: "SRV"; readonly srv: SrvRecord }
  | { readonly type: "NAPTR"; readonly naptr: NaptrRecord };

export interface Answers {
  readonly values: readonly WireAnswer[];
  /** Where the name's alias chain leads when the response does not follow it to its end. */
  readonly alias: string | null;
  /** Seconds for which this may be believed; of the SOA for a negative answer. */
  readonly ttl: number;
}

/** Believed for so many seconds when a negative answer has no SOA. */
const negativeTtl = 5;

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

function readAnswer(answer: Answer): WireAnswer | null {
  switch (answer.type) {
    case "A":
    case "AAAA":
      return { type: answer.type, address: answer.data };
    case "SRV": {
      // A target of "." says that the service is decidedly not offered (RFC 2782): the asker has to see it.
      const { priority = 0, weight = 0, port, target } = answer.data;
      return { type: "SRV", srv: { priority, weight, port, target } };
    }
    case "NAPTR": {
      const { order, preference, flags, services, regexp, replacement } = answer.data;
      return { type: "NAPTR", naptr: { order, preference, flags, service: services, regexp, replacement } };
    }
    default:
      return null;
  }
}

function negativeAnswerTtl(packet: DecodedPacket): number {
  for (const authority of packet.authorities ?? []) {
    if (authority.type === "SOA") return Math.min(authority.ttl ?? 0, authority.data.minimum ?? 0);
  }
  return negativeTtl;
}

/** Reads a response to this question; `failed` when the server could not or would not say. */
export function readAnswers(
  packet: DecodedPacket,
  question: Question,
): Answers | { readonly failed: string } {
  // dns-packet names the code but types it loosely.
  const code = "rcode" in packet ? String(packet.rcode) : "NOERROR";
  if (code !== "NOERROR" && code !== "NXDOMAIN") return { failed: `answered ${code}` };
  const answers = packet.answers ?? [];
  let name = question.name;
  let ttl = Number.POSITIVE_INFINITY;
  // Each alias is followed once at most, so a loop ends.
  for (let steps = 0; steps <= answers.length; steps++) {
    const matching = answers.filter(
      (answer) => plainName(answer.name) === name && answer.type === question.type,
    );
    for (const answer of matching) if ("ttl" in answer) ttl = Math.min(ttl, answer.ttl ?? 0);
    const values = matching.map(readAnswer).filter((value) => value !== null);
    if (matching.length > 0) return { values, alias: null, ttl };
    const alias = answers.find((answer) => plainName(answer.name) === name && answer.type === "CNAME");
    if (alias === undefined || alias.type !== "CNAME") break;
    ttl = Math.min(ttl, alias.ttl ?? 0);
    name = plainName(alias.data);
  }
  if (name !== question.name && code !== "NXDOMAIN") return { values: [], alias: name, ttl };
  return { values: [], alias: null, ttl: negativeAnswerTtl(packet) };
}
