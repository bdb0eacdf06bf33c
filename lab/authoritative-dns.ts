// An authoritative name server for the lab's one zone. RFC 1034 4.3.2, RFC 1035, RFC 2308.
import { decodePacket } from "@liquid-ims/dns/packet";
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address, DatagramSocket, Listener } from "@liquid-ims/runtime/network";
import { concatBytes } from "@liquid-ims/runtime/text";
import { type Answer, type DecodedPacket, encode } from "dns-packet";

interface RecordOf<Type extends string, Data> {
  readonly name: string;
  readonly type: Type;
  /** Seconds. */
  readonly ttl: number;
  readonly data: Data;
}

export type ZoneRecord =
  | RecordOf<"A" | "AAAA" | "CNAME" | "NS", string>
  | RecordOf<"SRV", { priority: number; weight: number; port: number; target: string }>
  | RecordOf<
      "NAPTR",
      {
        order: number;
        preference: number;
        flags: string;
        services: string;
        regexp: string;
        replacement: string;
      }
    >;

export interface AuthoritativeDnsOptions {
  /** Apex of the zone. Default: the shortest name of the records. */
  readonly origin?: string;
  readonly zone: readonly ZoneRecord[];
  readonly listen: Address;
}

export interface AuthoritativeDnsNode {
  /** Rejects with a RuntimeError when its address cannot be had. */
  readonly ready: Promise<void>;
  /** Where it listens, once ready. */
  local(): Address;
  stop(): void;
}

/** RFC 1035 4.2.1: longest answer over UDP without EDNS. */
const longestDatagram = 512;
const authoritative = 0x0400;
const recursionDesired = 0x0100;
const truncated = 0x0200;
const codes = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
const negativeTtl = 5;

type Code = keyof typeof codes;

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
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
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86_400,
      minimum: negativeTtl,
    },
  };

  const apex: readonly Answer[] = [
    soa,
    { name: origin, type: "NS", ttl: soa.data.refresh, data: soa.data.mname },
  ];
  const records: readonly Answer[] = [...options.zone.map((record) => ({ ...record })), ...apex];

  function respond(query: DecodedPacket, code: Code, answers: readonly Answer[]): Uint8Array {
    const negative = answers.length === 0 && (code === "NOERROR" || code === "NXDOMAIN");
    const asked = (query.flags ?? 0) & recursionDesired;
    return encode({
      type: "response",
      id: query.id ?? 0,
      flags: asked | (code === "NOERROR" || code === "NXDOMAIN" ? authoritative : 0) | codes[code],
      questions: query.questions ?? [],
      answers: [...answers],
      authorities: negative ? [soa] : [],
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

  /** Null: no answer is owed. */
  function answer(data: Uint8Array): Uint8Array | null {
    const isResponse = ((data[2] ?? 0) & 0x80) !== 0;
    if (data.length < 12 || isResponse) return null;
    if ((((data[2] ?? 0) >> 3) & 0xf) !== 0) return refuseHeader(data, "NOTIMP");
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
  function fitDatagram(response: Uint8Array, data: Uint8Array): Uint8Array {
    if (response.length <= longestDatagram) return response;
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
        const response = answer(data);
        if (response === null) garbage.add();
        else opened.socket?.send(fitDatagram(response, data), from);
      });
      opened.socket = socket;
      opened.listener = await listenOnTcp(host, socket.local, answer, () => garbage.add());
    }

    const ready = open();
    host.spawn("dns listens", () => ready);
    return {
      ready,
      local: () => opened.socket?.local ?? options.listen,
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
