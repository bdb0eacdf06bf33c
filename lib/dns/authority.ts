// Reads sets of records where they are changed: at the zone's own name server, past every cache, over TCP, which loses
// and cuts nothing. RFC 1035 4.1, 7.1; RFC 2181 5; RFC 2308 2.
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { exchangeOverTcp } from "./exchange.ts";
import { plainName } from "./name.ts";
import { decodeRdata, type RecordData, type TypeName, typeNumber, typeNumbers } from "./rdata.ts";
import { classNumbers } from "./update.ts";
import { responseCodeName } from "./update-codes.ts";
import { decodeMessage, encodeMessage, flagsOf, type RawMessage } from "./wire.ts";

export interface AuthorityOptions {
  /** The zone's name server. */
  readonly server: Address;
  /** For one answer, connection included, in ms. Default 5,000. */
  readonly timeoutMs?: number;
}

/** All records of one name and type, as the zone has them. */
export type SetReading =
  /** TTL in seconds. */
  | { readonly kind: "found"; readonly ttl: number; readonly records: readonly RecordData[] }
  /** `nameInUse`: the name has other records, or names below it. */
  | { readonly kind: "none"; readonly nameInUse: boolean }
  /** The name is another one's alias. */
  | { readonly kind: "alias"; readonly target: string }
  /** `code`: what the server answered, or `noAuthority`; null when nothing that could be read came. */
  | { readonly kind: "failed"; readonly code: string | null; readonly detail: string };

/** In place of a response code: what came is somebody else's knowledge of the zone. */
export const noAuthority = "no authority";

export interface Authority {
  /** Never rejects for what a network or a server does; DnsDataError for a name that cannot be asked for. */
  read(name: string, type: TypeName): Promise<SetReading>;
}

const rcodeMask = 0xf;

function readAnswer(answer: RawMessage, name: string, type: TypeName, server: string): SetReading {
  const code = responseCodeName(answer.flags & rcodeMask) ?? `code ${answer.flags & rcodeMask}`;
  if (code !== "NOERROR" && code !== "NXDOMAIN")
    return { kind: "failed", code, detail: `${server} answered ${code} to a query for ${name} ${type}` };
  if ((answer.flags & flagsOf.authoritative) === 0) {
    const detail = `${server} answered without authority for ${name}: it is not a name server of its zone`;
    return { kind: "failed", code: noAuthority, detail };
  }
  const here = answer.answers.filter((record) => plainName(record.name) === plainName(name));
  const alias = here.find((record) => record.type === typeNumbers.CNAME);
  if (alias !== undefined && type !== "CNAME") {
    const target = decodeRdata(alias.type, alias.data);
    return { kind: "alias", target: target.type === "CNAME" ? target.data : "" };
  }
  const found = here.filter((record) => record.type === typeNumber(type) && record.data.length > 0);
  if (found.length === 0) return { kind: "none", nameInUse: code === "NOERROR" };
  return {
    kind: "found",
    ttl: Math.max(...found.map(({ ttl }) => ttl)),
    records: found.map((record) => decodeRdata(record.type, record.data)),
  };
}

export function createAuthority(host: Host, { server, timeoutMs = 5_000 }: AuthorityOptions): Authority {
  const shownServer = formatAddress(server);
  const asked = host.metrics.counter("dns_queries_total", { help: "Questions sent to DNS servers" });

  async function ask(name: string, type: TypeName): Promise<SetReading> {
    const id = host.random.int(0x10000);
    const query = encodeMessage({
      id,
      flags: 0,
      questions: [{ name, type: typeNumber(type), class: classNumbers.IN }],
      answers: [],
      authorities: [],
      additionals: [],
    });
    asked.add();
    const reply = await exchangeOverTcp(host, server, query, timeoutMs);
    if (!reply.ok) return { kind: "failed", code: null, detail: reply.detail };
    const answer = decodeMessage(reply.data);
    const [question] = answer?.questions ?? [];
    const isAnswer =
      answer !== null &&
      answer.id === id &&
      (answer.flags & flagsOf.response) !== 0 &&
      question !== undefined;
    if (!isAnswer || question.type !== typeNumber(type) || plainName(question.name) !== plainName(name))
      return { kind: "failed", code: null, detail: `${shownServer} answered another question` };
    return readAnswer(answer, name, type, shownServer);
  }

  return {
    async read(name, type) {
      try {
        return await ask(name, type);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        return { kind: "failed", code: null, detail: `${shownServer}: ${error.message}` };
      }
    },
  };
}
