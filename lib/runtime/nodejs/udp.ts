// Datagram sockets of the real host.
import type { Socket } from "node:dgram";
import { createSocket } from "node:dgram";
import type { Address, DatagramSocket } from "../network.ts";
import { formatAddress } from "../network.ts";
import { RuntimeError } from "../runtime-error.ts";
import { asRuntimeError } from "./errors.ts";
import type { SocketOwner } from "./sockets.ts";
import { familyOf } from "./sockets.ts";

/** A burst of a thousand users fits in here; the system may give less (net.core.rmem_max). */
const receiveBufferBytes = 4 * 1024 * 1024;

type Receive = (data: Uint8Array, from: Address) => void;

export function bindDatagrams(owner: SocketOwner, local: Address, receive: Receive): Promise<DatagramSocket> {
  return new Promise((resolve, reject) => {
    const family = familyOf(local);
    const socket = createSocket({ type: family === 4 ? "udp4" : "udp6", ipv6Only: family === 6 });
    let bound = false;
    let closed = false;
    const close = () =>
      new Promise<void>((done) => {
        owner.open.delete(close);
        if (closed) {
          done();
          return;
        }
        closed = true;
        socket.close(() => done());
      });
    owner.open.add(close);
    socket.on("error", (error) => {
      if (bound) return;
      void close();
      if (owner.alive) reject(asRuntimeError("udp bind", local, error));
    });
    socket.bind({ address: local.host, port: local.port, exclusive: true }, () => {
      if (closed) return;
      bound = true;
      const address = { host: local.host, port: socket.address().port };
      reportBuffer(owner, socket, address);
      socket.on("message", (data, from) => {
        if (closed) return;
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        owner.enter(`udp ${formatAddress(address)}`, () =>
          receive(bytes, { host: from.address, port: from.port }),
        );
      });
      resolve({
        local: address,
        send: (data, to) => {
          if (!closed) send(owner, socket, family, data, to);
        },
        close: () => {
          void close();
        },
      });
    });
  });
}

function reportBuffer(owner: SocketOwner, socket: Socket, address: Address): void {
  socket.setRecvBufferSize(receiveBufferBytes);
  // Linux counts its own administration in and gives twice what it grants.
  const given = socket.getRecvBufferSize();
  owner.metrics.gauge(
    "network_receive_buffer_bytes",
    { help: "Receive buffer that the system gave to a socket", labels: { socket: formatAddress(address) } },
    () => given,
  );
}

function send(owner: SocketOwner, socket: Socket, family: 4 | 6, data: Uint8Array, to: Address): void {
  const unsent = () =>
    owner.metrics
      .counter("network_datagrams_unsent_total", { help: "Datagrams that the host could not send" })
      .add();
  try {
    if (familyOf(to) !== family || to.port === 0) {
      unsent();
      return;
    }
    socket.send(new Uint8Array(data), to.port, to.host, (error) => {
      if (error !== null) unsent();
    });
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    unsent();
  }
}
