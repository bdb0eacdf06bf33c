// An authoritative name server for the lab's one zone. RFC 1034 4.3.2, RFC 1035, RFC 2308, RFC 2136 3.
import { plainName } from "@liquid-ims/dns/name";
import { decodePacket } from "@liquid-ims/dns/packet";
import { readMessage } from "@liquid-ims/dns/tsig";
import { parseTsigKeyFile, type TsigKey } from "@liquid-ims/dns/tsig-key";
import { decodeUpdate, updateOpcode } from "@liquid-ims/dns/update";
import type { ResponseCode } from "@liquid-ims/dns/update-codes";
import type { DecodedMessage } from "@liquid-ims/dns/wire";
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address, DatagramSocket, Listener } from "@liquid-ims/runtime/network";
import { concatBytes } from "@liquid-ims/runtime/text";
import { type Answer, type DecodedPacket, encode } from "dns-packet";
import { answerSigned, answerWithCode } from "./signed-dns.ts";
import { changeEntries, failedPrerequisite, type ZoneEntry } from "./zone-contents.ts";
import { toAnswer, toEntry, type ZoneRecord } from "./zone-records.ts";

export type { ZoneRecord } from "./zone-records.ts";

export interface AuthoritativeDnsOptions {
  /** Apex of the zone. Default: the shortest name of the records. */
  readonly origin?: string;
  readonly zone: readonly ZoneRecord[];
  readonly listen: Address;
  /** Keys as the text of a key file, for signed requests. Default: none, and every UPDATE is refused. */
  readonly keys?: string;
  /** Names of the keys that may change the zone. Default: all. */
  readonly updaters?: readonly string[];
}

export interface AuthoritativeDnsNode {
  /** Rejects with a RuntimeError when its address cannot be had. */
  readonly ready: Promise<void>;
  /** Where it listens, once ready. */
  local(): Address;
  /** The zone as it is now, with the NS record of its own; without the SOA. */
  records(): readonly ZoneEntry[];
  /** Of the SOA: raised by each UPDATE that changes something. */
  serial(): number;
  stop(): void;
}

/** RFC 1035 4.2.1: longest answer over UDP without EDNS. */
const longestDatagram = 512;
/** Room kept for a TSIG record, whose key's name and algorithm may be long. */
const longestSignature = 200;
const authoritative = 0x0400;
const recursionDesired = 0x0100;
const truncated = 0x0200;
const codes = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const negativeTtl = 5;

type Code = keyof typeof codes;

/** Throws for a key file that cannot be read: whoever starts the lab wrote it. */
function readKeys(text: string | undefined): readonly TsigKey[] {
  if (text === undefined) return [];
  const read = parseTsigKeyFile(text);
  if (!read.ok) throw new Error(`keys of the zone, line ${read.line}: ${read.detail}`);
  return read.keys;
}

function shortestName(zone: readonly ZoneRecord[]): string {
  const [shortest] = zone.map((record) => plainName(record.name)).sort((a, b) => a.length - b.length);
  return shortest ?? "";
}

export function createAuthoritativeDns(options: AuthoritativeDnsOptions): Program<AuthoritativeDnsNode> {
  const origin = plainName(options.origin ?? shortestName(options.zone));
  const soa = {
    name: origin,
    type: "SOA" as const,
    ttl: negativeTtl,
    data: {
      mname: `ns.${origin}`,
      rname: `hostmaster.${origin}`,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: negativeTtl,
    },
  };

  const keys = readKeys(options.keys);
  const updaters = options.updaters?.map(plainName) ?? keys.map(({ name }) => name);
  // Of the factory, not of a life of its host: a name server, too, has its changes on disk.
  let serial = 1;
  let entries: readonly ZoneEntry[] = [];
  let records: readonly Answer[] = [];

  function setEntries(changed: readonly ZoneEntry[]): void {
    const soaNow: Answer = { ...soa, data: { ...soa.data, serial } };
    entries = changed;
    records = changed
      .map((entry) => (entry.record.type === "SOA" ? soaNow : toAnswer(entry)))
      .filter((record) => record !== null);
  }
  setEntries([
    ...options.zone.map(toEntry),
    // It stands for `soa`: the apex is a name in use, with such a record.
    { name: origin, ttl: negativeTtl, record: { type: "SOA", data: "" } },
    { name: origin, ttl: soa.data.refresh, record: { type: "NS", data: soa.data.mname } },
  ]);

  function respond(query: DecodedPacket, code: Code, answers: readonly Answer[]): Uint8Array {
    const negative = answers.length === 0 && (code === "NOERROR" || code === "NXDOMAIN");
    const asked = (query.flags ?? 0) & recursionDesired;
    return encode({
      type: "response",
      id: query.id ?? 0,
      flags: asked | (code === "NOERROR" || code === "NXDOMAIN" ? authoritative : 0) | codes[code],
      questions: query.questions ?? [],
      answers: [...answers],
      authorities: negative ? records.filter(({ type }) => type === "SOA") : [],
    });
  }

  /** RFC 1035 4.1.1: what could not be read has no question to repeat. */
  function refuseHeader(data: Uint8Array, code: Code): Uint8Array {
    const header = data.slice(0, 12);
    header.set([0x80 | ((data[2] ?? 0) & 0x79), codes[code], 0, 0, 0, 0, 0, 0, 0, 0], 2);
    return header;
  }

  function find(name: string, type: string): Answer[] {
    const found: Answer[] = [];
    let wanted = name;
    // An alias is followed inside the zone; each record is used once at most.
    for (let steps = 0; steps <= records.length; steps++) {
      const here = records.filter((record) => plainName(record.name) === wanted);
      const matching = type === "ANY" ? here : here.filter((record) => record.type === type);
      found.push(...matching);
      const alias = here.find((record) => record.type === "CNAME");
      if (matching.length > 0 || alias === undefined || alias.type !== "CNAME") break;
      found.push(alias);
      wanted = plainName(alias.data);
    }
    return found;
  }

  /** The order is BIND's: may it, then the prerequisites, then the changes, all or none. RFC 2136 3. */
  function update(host: Host, message: DecodedMessage, key: TsigKey | null): ResponseCode {
    const decoded = decodeUpdate(message);
    const zoneName = decoded.ok ? decoded.update.zone : decoded.zone;
    if (!decoded.ok && (decoded.code !== "NOTZONE" || zoneName === null)) return decoded.code;
    if (plainName(zoneName ?? "") !== origin) return "NOTAUTH";
    if (key === null || !updaters.includes(key.name)) return "REFUSED";
    if (!decoded.ok) return decoded.code;
    const failed = failedPrerequisite(entries, decoded.update.prerequisites);
    if (failed !== null) return failed;
    const changed = changeEntries(entries, decoded.update.changes, origin);
    if (changed === null) return "NOERROR";
    // What could be stored and not served would be a record that nobody finds.
    if (changed.some((entry) => entry.record.type !== "SOA" && toAnswer(entry) === null)) return "REFUSED";
    serial = (serial + 1) >>> 0 || 1;
    setEntries(changed);
    host.log.info("dns.zone-changed", { zone: origin, serial, key: key.name });
    return "NOERROR";
  }

  /** Null: no answer is owed. `longest`: of an answer, in bytes. */
  function respondTo(host: Host, data: Uint8Array, longest: number): Uint8Array | null {
    const isResponse = ((data[2] ?? 0) & 0x80) !== 0;
    if (data.length < 12 || isResponse) return null;
    const opcode = ((data[2] ?? 0) >> 3) & 0xf;
    if (opcode !== 0 && opcode !== updateOpcode) return refuseHeader(data, "NOTIMP");
    const received = readMessage(data);
    const answerTo = (bare: Uint8Array, key: TsigKey | null, room: number) => {
      if (opcode === 0) return fitDatagram(answer(bare), bare, room);
      if (received.kind === "malformed") return refuseHeader(bare, "FORMERR");
      return answerWithCode(received.message, update(host, received.message, key));
    };
    if (received.kind !== "signed") return answerTo(data, null, longest);
    return answerSigned(host, keys, received, (bare, key) => answerTo(bare, key, longest - longestSignature));
  }

  function answer(data: Uint8Array): Uint8Array {
    const query = decodePacket(data);
    const [question, ...others] = query?.questions ?? [];
    if (query === null || question === undefined || others.length > 0) return refuseHeader(data, "FORMERR");
    const name = plainName(question.name);
    if (question.class !== "IN" && question.class !== "ANY") return respond(query, "REFUSED", []);
    if (name !== origin && !name.endsWith(`.${origin}`)) return respond(query, "REFUSED", []);
    const found = find(name, question.type);
    if (found.length > 0) return respond(query, "NOERROR", found);
    const exists = records.some(
      (record) => plainName(record.name) === name || plainName(record.name).endsWith(`.${name}`),
    );
    return respond(query, exists ? "NOERROR" : "NXDOMAIN", []);
  }

  /** RFC 2181 9: a cut answer is sent without records, so that nobody takes half of a set for all of it. */
  function fitDatagram(response: Uint8Array, data: Uint8Array, longest: number): Uint8Array {
    if (response.length <= longest) return response;
    const query = decodePacket(data);
    return encode({
      type: "response",
      id: query?.id ?? 0,
      flags: ((query?.flags ?? 0) & recursionDesired) | authoritative | truncated,
      questions: query?.questions ?? [],
    });
  }

  return (host) => {
    const opened: { socket: DatagramSocket | null; listener: Listener | null } = {
      socket: null,
      listener: null,
    };
    const garbage = host.metrics.counter("dns_garbage_total", {
      help: "Datagrams and streams that were no DNS",
    });

    async function open(): Promise<void> {
      const socket = await host.network.udp(options.listen, (data, from) => {
        const response = respondTo(host, data, longestDatagram);
        if (response === null) garbage.add();
        else opened.socket?.send(response, from);
      });
      opened.socket = socket;
      const respondOverTcp = (data: Uint8Array) => respondTo(host, data, Number.POSITIVE_INFINITY);
      opened.listener = await listenOnTcp(host, socket.local, respondOverTcp, () => garbage.add());
    }

    const ready = open();
    host.spawn("dns listens", () => ready);
    return {
      ready,
      local: () => opened.socket?.local ?? options.listen,
      records: () => entries.filter(({ record }) => record.type !== "SOA"),
      serial: () => serial,
      stop() {
        opened.socket?.close();
        opened.listener?.close();
      },
    };
  };
}

/** RFC 1035 4.2.2: two bytes of length before each message. */
function listenOnTcp(
  host: Host,
  local: Address,
  answer: (data: Uint8Array) => Uint8Array | null,
  garbage: () => void,
): Promise<Listener> {
  return host.network.listen(local, (stream) => {
    let received: Uint8Array = new Uint8Array(0);
    stream.open({
      data(chunk) {
        received = concatBytes([received, chunk]);
        for (;;) {
          const length = ((received[0] ?? 0) << 8) | (received[1] ?? 0);
          if (received.length < 2 || received.length < length + 2) return;
          const response = answer(received.slice(2, length + 2));
          received = received.slice(length + 2);
          if (response === null) {
            garbage();
            stream.reset();
            return;
          }
          stream.write(concatBytes([Uint8Array.of(response.length >> 8, response.length & 0xff), response]));
        }
      },
      closed: () => undefined,
    });
  });
}
