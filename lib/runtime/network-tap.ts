// Shows somebody what a node sends, without a change to the node: the lab's trace.
import type { Address, ByteStream, Network } from "./network.ts";

export interface NetworkTap {
  /** Called for each datagram and each write to a stream, at the sender, before it is sent. */
  sent(protocol: "udp" | "tcp", from: Address, to: Address, data: Uint8Array): void;
}

function tapStream(stream: ByteStream, tap: NetworkTap): ByteStream {
  return {
    local: stream.local,
    remote: stream.remote,
    open: (handlers) => stream.open(handlers),
    write(data) {
      tap.sent("tcp", stream.local, stream.remote, data);
      return stream.write(data);
    },
    get buffered() {
      return stream.buffered;
    },
    end: () => stream.end(),
    reset: () => stream.reset(),
  };
}

/** The same network, with a tap on everything that leaves through it. */
export function tapNetwork(network: Network, tap: NetworkTap): Network {
  return {
    async udp(local, receive) {
      const socket = await network.udp(local, receive);
      return {
        local: socket.local,
        send(data, to) {
          tap.sent("udp", socket.local, to, data);
          socket.send(data, to);
        },
        close: () => socket.close(),
      };
    },
    async connect(remote, options) {
      return tapStream(await network.connect(remote, options), tap);
    },
    listen(local, accept) {
      return network.listen(local, (stream) => accept(tapStream(stream, tap)));
    },
  };
}
