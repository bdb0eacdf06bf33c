// Every message of every hop, as its sender sent it. Written as JSON lines with --trace, read by the report.
import type { Address } from "@liquid-ims/runtime/network";
import { formatAddress } from "@liquid-ims/runtime/network";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import { decodeText, encodeBase64 } from "@liquid-ims/runtime/text";

export type TraceProtocol = "sip/udp" | "sip/tcp" | "cx" | "dns" | "http";

export interface TraceEntry {
  /** Milliseconds since the script's zero, of the clock that protocols use. */
  readonly at: number;
  /** Short name of the sender; an address where nobody of the lab has it. */
  readonly from: string;
  readonly to: string;
  readonly protocol: TraceProtocol;
  /** The message as text; DNS messages in base64. */
  readonly message: string;
}

export interface TraceNames {
  /** Short names of hosts by IP address. */
  readonly byHost: ReadonlyMap<string, string>;
  /** Ports that are not SIP, as `host:port`. */
  readonly dns: string;
  readonly cx: string;
}

export interface Trace {
  readonly entries: readonly TraceEntry[];
  /** What a host is started with. */
  tapFor(now: () => number): NetworkTap;
  /** For what does not cross a tapped socket: os-cfs. */
  add(entry: TraceEntry): void;
}

export function createTrace(names: TraceNames, heard: (entry: TraceEntry) => void): Trace {
  const entries: TraceEntry[] = [];

  function nameOf(address: Address): string {
    return names.byHost.get(address.host) ?? formatAddress(address);
  }

  function protocolOf(transport: "udp" | "tcp", from: Address, to: Address): TraceProtocol {
    const ends = [formatAddress(from), formatAddress(to)];
    if (ends.includes(names.dns)) return "dns";
    if (ends.includes(names.cx)) return "cx";
    return transport === "udp" ? "sip/udp" : "sip/tcp";
  }

  function add(entry: TraceEntry): void {
    entries.push(entry);
    heard(entry);
  }

  return {
    entries,
    add,
    tapFor: (now) => ({
      sent(transport, from, to, data) {
        const protocol = protocolOf(transport, from, to);
        const message = protocol === "dns" ? encodeBase64(data) : decodeText(data);
        // RFC 5626 keep-alives are no messages.
        if (message.trim() === "") return;
        add({ at: now(), from: nameOf(from), to: nameOf(to), protocol, message });
      },
    }),
  };
}
