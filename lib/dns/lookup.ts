// A stub resolver over the host's network. RFC 1035 7, RFC 2308 (negative answers), RFC 2782, RFC 3403.
import type { Host } from "@liquid-ims/runtime/host";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { type Answers, readAnswers, type WireAnswer } from "./answers.ts";
import { askServer, type Question } from "./exchange.ts";
import type { NaptrRecord, SrvRecord } from "./records.ts";

/** `none`: the name has no such record. `failed`: nobody could say. */
export type LookupResult<Record> =
  | { readonly kind: "found"; readonly records: readonly Record[] }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly detail: string };

/** The directory as SIP needs it; the same shape as lib/sip's port. The promises never reject. */
export interface DnsLookup {
  a(name: string): Promise<LookupResult<string>>;
  aaaa(name: string): Promise<LookupResult<string>>;
  srv(name: string): Promise<LookupResult<SrvRecord>>;
  naptr(name: string): Promise<LookupResult<NaptrRecord>>;
}

export interface DnsLookupOptions {
  /** Asked in this order, one after the other, as long as none answers. */
  readonly servers: readonly Address[];
  /** How long one server has for its first answer, in ms; twice as long in each further round. Default 500. */
  readonly timeoutMs?: number;
  /** How often the list of servers is gone through. Default 4: names are asked for once, and much hangs on them. */
  readonly rounds?: number;
  /** Longest time in the cache, in seconds, whatever the TTL says. Default 3,600. */
  readonly maximumTtl?: number;
  /** Entries of the cache; the oldest goes. Default 10,000. */
  readonly cacheSize?: number;
}

/** Followed at most so far (a chain of aliases that is longer is a mistake in the zone). */
const longestAliasChain = 8;

type Resolved =
  | { readonly kind: "found"; readonly values: readonly WireAnswer[] }
  | { readonly kind: "none" }
  | { readonly kind: "failed"; readonly detail: string };

interface Cached {
  readonly resolved: Resolved;
  /** host.clock time. */
  readonly until: number;
}

export function createDnsLookup(host: Host, options: DnsLookupOptions): DnsLookup {
  const { servers, timeoutMs = 500, rounds = 4, maximumTtl = 3600, cacheSize = 10_000 } = options;
  const cache = new Map<string, Cached>();
  const pending = new Map<string, Promise<Resolved>>();
  const asked = host.metrics.counter("dns_queries_total", { help: "Questions sent to DNS servers" });
  const failed = host.metrics.counter("dns_failures_total", { help: "Questions that no server answered" });

  function remember(key: string, resolved: Resolved, ttl: number): Resolved {
    const seconds = Math.min(ttl, maximumTtl);
    if (seconds > 0) {
      if (cache.size >= cacheSize) {
        const oldest = cache.keys().next();
        if (!oldest.done) cache.delete(oldest.value);
      }
      cache.set(key, { resolved, until: host.clock.now() + seconds * 1000 });
    }
    return resolved;
  }

  async function askAll(question: Question): Promise<Answers | { readonly failed: string }> {
    let detail = "no DNS server is configured";
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) {
        asked.add();
        const reply = await askServer(host, server, question, timeoutMs * 2 ** round);
        if (!reply.ok) {
          detail = reply.detail;
          continue;
        }
        const answers = readAnswers(reply.packet, question);
        if (!("failed" in answers)) return answers;
        detail = `${formatAddress(server)} ${answers.failed}`;
      }
    }
    return { failed: detail };
  }

  async function ask(question: Question, key: string): Promise<Resolved> {
    let name = question.name;
    let ttl = Number.POSITIVE_INFINITY;
    for (let steps = 0; steps < longestAliasChain; steps++) {
      const answers = await askAll({ ...question, name });
      if ("failed" in answers) {
        failed.add();
        host.log.warn("dns.failed", { name, type: question.type, detail: answers.failed });
        return { kind: "failed", detail: `${question.type} of ${name}: ${answers.failed}` };
      }
      ttl = Math.min(ttl, answers.ttl);
      if (answers.values.length > 0) return remember(key, { kind: "found", values: answers.values }, ttl);
      if (answers.alias === null) return remember(key, { kind: "none" }, ttl);
      name = answers.alias;
    }
    return { kind: "failed", detail: `${question.type} of ${question.name}: aliases without end` };
  }

  function resolve(question: Question): Promise<Resolved> {
    const key = `${question.type} ${question.name}`;
    const known = cache.get(key);
    if (known !== undefined && known.until > host.clock.now()) return Promise.resolve(known.resolved);
    cache.delete(key);
    const underway = pending.get(key);
    if (underway !== undefined) return underway;
    const answer = ask(question, key).finally(() => pending.delete(key));
    pending.set(key, answer);
    return answer;
  }

  async function lookup<Record>(
    name: string,
    type: Question["type"],
    pick: (answer: WireAnswer) => Record | null,
  ): Promise<LookupResult<Record>> {
    const resolved = await resolve({ name: name.toLowerCase().replace(/\.$/, ""), type });
    if (resolved.kind !== "found") return resolved;
    const records = resolved.values.map(pick).filter((record) => record !== null);
    return records.length === 0 ? { kind: "none" } : { kind: "found", records };
  }

  return {
    a: (name) => lookup(name, "A", (answer) => (answer.type === "A" ? answer.address : null)),
    aaaa: (name) => lookup(name, "AAAA", (answer) => (answer.type === "AAAA" ? answer.address : null)),
    srv: (name) => lookup(name, "SRV", (answer) => (answer.type === "SRV" ? answer.srv : null)),
    naptr: (name) => lookup(name, "NAPTR", (answer) => (answer.type === "NAPTR" ? answer.naptr : null)),
  };
}
