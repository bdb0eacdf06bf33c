// Every message of every hop, as its sender sent it. Written as JSON lines with --trace, read by the report.
import type { Address } from "@liquid-ims/runtime/network";
import { formatAddress } from "@liquid-ims/runtime/network";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import { decodeText, encodeBase64 } from "@liquid-ims/runtime/text";
import { createDiameterReader } from "./diameter-text.ts";

export type TraceProtocol = "sip/udp" | "sip/tcp" | "cx" | "dns" | "http";

export interface TraceEntry {
  /** Milliseconds of the clock that protocols use; in what `since` gives and in files, since the script's zero. */
  readonly at: number;
  /** Short name of the sender; an address where nobody of the lab has it. */
  readonly from: string;
  readonly to: string;
  readonly protocol: TraceProtocol;
  /** The message as text: a Diameter message by its names, DNS in base64. */
  readonly message: string;
}

export interface TraceNames {
  /** Short names of hosts by IP address, for those that share theirs with nobody. */
  readonly byHost: ReadonlyMap<string, string>;
  /** Short names by `host:port`, where several share an address. Default: none. */
  readonly byAddress?: ReadonlyMap<string, string>;
  /** Ports that are not SIP, as `host:port`. */
  readonly dns: string;
  readonly cx: string;
  /** Default: none. */
  readonly http?: string;
}

/** What a tap has seen. */
export interface SentMessage {
  readonly transport: "udp" | "tcp";
  readonly from: Address;
  readonly to: Address;
  readonly data: Uint8Array;
}

export interface Trace {
  /** What every host is started with; all of them share one clock. */
  readonly tap: NetworkTap;
  /** The same for the host of that short name: what it sends from is its own from then on, whatever the port. */
  tapOf(name: string): NetworkTap;
  /** For what does not cross a tapped socket: os-cfs. */
  add(entry: Omit<TraceEntry, "at">): void;
  /** For what was sent in another process, at `now`'s time there; `sender`: its short name, where that is known. */
  sentAt(at: number, sent: SentMessage, sender?: string): void;
  /** All entries, in the order of their times, with times from `zero` on; what was before it is negative. */
  since(zero: number): TraceEntry[];
}

export interface TraceOptions {
  readonly names: TraceNames;
  /** The clock of the hosts, milliseconds. */
  now(): number;
  /** Hears of each entry as it comes. */
  heard?(entry: TraceEntry): void;
}

export function createTrace(options: TraceOptions): Trace {
  const { names } = options;
  const entries: TraceEntry[] = [];
  const diameter = createDiameterReader();
  /** Ports that the system chose, by who has sent from them. */
  const learned = new Map<string, string>();

  function nameOf(address: Address): string {
    const text = formatAddress(address);
    return names.byAddress?.get(text) ?? names.byHost.get(address.host) ?? learned.get(text) ?? text;
  }

  function protocolOf(transport: "udp" | "tcp", from: Address, to: Address): TraceProtocol {
    const ends = [formatAddress(from), formatAddress(to)];
    if (ends.includes(names.dns)) return "dns";
    if (ends.includes(names.cx)) return "cx";
    if (names.http !== undefined && ends.includes(names.http)) return "http";
    return transport === "udp" ? "sip/udp" : "sip/tcp";
  }

  function messagesOf(protocol: TraceProtocol, from: Address, to: Address, data: Uint8Array): string[] {
    if (protocol === "dns") return [encodeBase64(data)];
    if (protocol === "cx") return diameter.read(`${formatAddress(from)} ${formatAddress(to)}`, data);
    const message = decodeText(data);
    // RFC 5626 keep-alives are no messages.
    return message.trim() === "" ? [] : [message];
  }

  function add(timed: TraceEntry): void {
    entries.push(timed);
    options.heard?.(timed);
  }

  function sentAt(at: number, { transport, from, to, data }: SentMessage, sender?: string): void {
    if (sender !== undefined && !names.byHost.has(from.host)) learned.set(formatAddress(from), sender);
    const protocol = protocolOf(transport, from, to);
    for (const message of messagesOf(protocol, from, to, data))
      add({ at, from: nameOf(from), to: nameOf(to), protocol, message });
  }

  return {
    add: (entry) => add({ at: options.now(), ...entry }),
    sentAt,
    // Whole microseconds: what was due at a full second must not lie a rounding error before it. What came from other
    // processes came late.
    since: (zero) =>
      entries
        .map(({ at, from, to, ...rest }) => ({
          at: Math.round((at - zero) * 1000) / 1000,
          // One process may have answered before another has told of its question.
          from: learned.get(from) ?? from,
          to: learned.get(to) ?? to,
          ...rest,
        }))
        .sort((a, b) => a.at - b.at),
    tap: {
      sent: (transport, from, to, data) => sentAt(options.now(), { transport, from, to, data }),
    },
    tapOf: (name) => ({
      sent: (transport, from, to, data) => sentAt(options.now(), { transport, from, to, data }, name),
    }),
  };
}
