// What the DNS says, with TTLs: the doctor asks each name itself, past every cache of ours. RFC 1035, RFC 2782, RFC 3403.
import { readAnswers, type WireAnswer } from "@liquid-ims/dns/answers";
import { askServer, type Question } from "@liquid-ims/dns/exchange";
import type { NaptrRecord, SrvRecord } from "@liquid-ims/dns/records";
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";

/** `failed`: no server answered. */
export type Looked<Record> =
  | {
      readonly kind: "found";
      readonly records: readonly Record[];
      /** Seconds; of a cache what is left of them. */
      readonly ttl: number;
      /** The zone's own server has answered, so the TTL is the zone's. */
      readonly authoritative: boolean;
    }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly detail: string };

/** What SIP looks for under a name (RFC 3263 4). */
export interface ServiceFacts {
  readonly naptr: Looked<NaptrRecord>;
  readonly srv: { readonly udp: Looked<SrvRecord>; readonly tcp: Looked<SrvRecord> };
  /** Of the name itself. */
  readonly addresses: Looked<string>;
  /** Of each target of the SRV records. */
  readonly targets: ReadonlyMap<string, Looked<string>>;
}

export interface DnsProbe {
  service(name: string): Promise<ServiceFacts>;
  /** A and AAAA. */
  addresses(name: string): Promise<Looked<string>>;
}

const rounds = 2;
const longestAliasChain = 8;
/** RFC 6895 2.1: the bit AA. */
const authoritativeFlag = 0x0400;

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

export function createDnsProbe(host: Host, servers: readonly Address[], timeoutMs: number): DnsProbe {
  async function ask(question: Question): Promise<Looked<WireAnswer> | { readonly alias: string }> {
    let detail = "no DNS server is configured";
    for (let round = 0; round < rounds; round++)
      for (const server of servers) {
        const reply = await askServer(host, server, question, timeoutMs * 2 ** round);
        if (!reply.ok) {
          detail = reply.detail;
          continue;
        }
        const answers = readAnswers(reply.packet, question);
        if ("failed" in answers) {
          detail = `${formatAddress(server)} ${answers.failed}`;
          continue;
        }
        const { values, alias, ttl } = answers;
        if (alias !== null) return { alias };
        if (values.length === 0) return { kind: "none" };
        const authoritative = ((reply.packet.flags ?? 0) & authoritativeFlag) !== 0;
        return { kind: "found", records: values, ttl, authoritative };
      }
    return { kind: "failed", detail };
  }

  async function look<Record>(
    name: string,
    type: Question["type"],
    pick: (answer: WireAnswer) => Record | null,
  ): Promise<Looked<Record>> {
    let wanted = plain(name);
    for (let steps = 0; steps < longestAliasChain; steps++) {
      const answer = await ask({ name: wanted, type });
      if ("alias" in answer) {
        wanted = answer.alias;
        continue;
      }
      if (answer.kind !== "found") return answer;
      return { ...answer, records: answer.records.map(pick).filter((record) => record !== null) };
    }
    return { kind: "failed", detail: `${name}: aliases without end` };
  }

  async function addresses(name: string): Promise<Looked<string>> {
    const [four, six] = await Promise.all([
      look(name, "A", (answer) => (answer.type === "A" ? answer.address : null)),
      look(name, "AAAA", (answer) => (answer.type === "AAAA" ? answer.address : null)),
    ]);
    const found = [four, six].filter((looked) => looked.kind === "found");
    const [first] = found;
    if (first === undefined) return four.kind === "none" ? six : four;
    return {
      kind: "found",
      records: found.flatMap(({ records }) => records),
      ttl: Math.max(...found.map(({ ttl }) => ttl)),
      authoritative: first.authoritative,
    };
  }

  const srv = (name: string) => look(name, "SRV", (answer) => (answer.type === "SRV" ? answer.srv : null));

  return {
    addresses,
    async service(name) {
      const [naptr, udp, tcp, own] = await Promise.all([
        look(name, "NAPTR", (answer) => (answer.type === "NAPTR" ? answer.naptr : null)),
        srv(`_sip._udp.${name}`),
        srv(`_sip._tcp.${name}`),
        addresses(name),
      ]);
      const hosts = [udp, tcp].flatMap((looked) =>
        looked.kind === "found" ? looked.records.map(({ target }) => plain(target)) : [],
      );
      const targets = await Promise.all(
        [...new Set(hosts)]
          .filter((target) => target !== "")
          .map(async (target) => [target, await addresses(target)] as const),
      );
      return { naptr, srv: { udp, tcp }, addresses: own, targets: new Map(targets) };
    },
  };
}
