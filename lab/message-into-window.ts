// A fault on purpose: whoever the CFS has just assigned another S-CSCF gets a MESSAGE, before he has registered there. It
// makes that S-CSCF claim him (trap T3), which the check of server assignments must say. RFC 3428 4; TS 29.228 6.3.
import type { Program } from "@liquid-ims/runtime/host";
import { type Address, type DatagramSocket, formatAddress } from "@liquid-ims/runtime/network";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import { decodeText, encodeHex, encodeText } from "@liquid-ims/runtime/text";
import { createDiameterReader } from "./diameter-text.ts";
import { WrittenNames } from "./report/written-names.ts";

export interface WindowWatchOptions {
  /** Where the CFS calls from; the HSS, and its own interface. */
  readonly cfs: string;
  readonly hss: Address;
  readonly hssInterface: Address;
  /** Called with the public identity when the answer to the CFS leaves the HSS: the name is another one by then. */
  opened(user: string): void;
}

/** Hears of windows the moment they open, while a capture would tell of them later. */
export function watchWindows({ cfs, hss, hssInterface, opened }: WindowWatchOptions): NetworkTap {
  const diameter = createDiameterReader();
  const names = new WrittenNames();

  function read(protocol: "cx" | "http", message: string): void {
    const step = names.read({ protocol, message });
    if (step?.step === "written") opened(step.user);
  }

  return {
    sent(transport, from, to, data) {
      if (transport !== "tcp" || (from.host !== cfs && to.host !== cfs)) return;
      const ends = [formatAddress(from), formatAddress(to)];
      if (ends.includes(formatAddress(hss)))
        for (const message of diameter.read(ends.join(" "), data)) read("cx", message);
      else if (ends.includes(formatAddress(hssInterface))) read("http", decodeText(data));
    },
  };
}

/** Both hear everything. */
export function joinTaps(first: NetworkTap, second: NetworkTap): NetworkTap {
  return {
    sent(transport, from, to, data) {
      first.sent(transport, from, to, data);
      second.sent(transport, from, to, data);
    },
  };
}

export interface Messenger {
  readonly ready: Promise<void>;
  /** A MESSAGE to this public identity, by way of the I-CSCF. What is answered is nobody's concern. */
  send(user: string): void;
}

/** `sender`: the SIP URI that it is from. */
export function createMessenger(listen: Address, sender: string, iCscf: Address): Program<Messenger> {
  return (host) => {
    let socket: DatagramSocket | null = null;
    const opened = host.network
      .udp(listen, () => undefined)
      .then((own) => {
        socket = own;
      });
    host.spawn("messenger listens", () => opened);
    return {
      ready: opened,
      send(user) {
        const id = encodeHex(host.random.bytes(8));
        const lines = [
          `MESSAGE ${user} SIP/2.0`,
          `Via: SIP/2.0/UDP ${formatAddress(listen)};branch=z9hG4bK${id}`,
          "Max-Forwards: 70",
          `From: <${sender}>;tag=${id}`,
          `To: <${user}>`,
          `Call-ID: ${id}@${listen.host}`,
          "CSeq: 1 MESSAGE",
          "Content-Type: text/plain",
          "Content-Length: 2",
          "",
          "hi",
        ];
        socket?.send(encodeText(lines.join("\r\n")), iCscf);
      },
    };
  };
}
