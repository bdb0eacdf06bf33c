// Hosts on the virtual clock for tests that play the program themselves.
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream } from "@liquid-ims/runtime/network";
import type { SimulatedHost, Simulation } from "@liquid-ims/runtime/simulation";
import { concatBytes, decodeText } from "@liquid-ims/runtime/text";

/** A host whose handle is the host itself. */
export function addBareHost(
  simulation: Simulation,
  name: string,
  ...addresses: string[]
): SimulatedHost<Host> {
  return simulation.addHost(name, { addresses, program: (host) => host });
}

export interface Received {
  /** Virtual time of the clock of the receiving host. */
  readonly time: number;
  readonly text: string;
}

/** A UDP socket that writes down what it receives. */
export async function receiveDatagrams(host: Host, local: Address): Promise<readonly Received[]> {
  const received: Received[] = [];
  await host.network.udp(local, (data) => received.push({ time: host.clock.now(), text: decodeText(data) }));
  return received;
}

export interface StreamRecord {
  readonly stream: ByteStream;
  /** Each read of the socket. */
  readonly reads: string[];
  /** "open" until it was told otherwise. */
  ending: "open" | "reset" | "timed-out" | null;
  /** When the ending came, on the virtual clock. */
  endedAt: number;
  text(): string;
}

/** Opens a stream and writes down what comes. */
export function recordStream(host: Host, stream: ByteStream): StreamRecord {
  const chunks: Uint8Array[] = [];
  const record: StreamRecord = {
    stream,
    reads: [],
    ending: "open",
    endedAt: Number.NaN,
    text: () => decodeText(concatBytes(chunks)),
  };
  stream.open({
    data(chunk) {
      chunks.push(chunk);
      record.reads.push(decodeText(chunk));
    },
    closed(error) {
      record.ending = error;
      record.endedAt = host.clock.now();
    },
  });
  return record;
}

/** A connection between two hosts, written down at both ends. */
export async function connectHosts(
  simulation: Simulation,
  server: Host,
  client: Host,
  at: Address,
): Promise<{ readonly server: StreamRecord; readonly client: StreamRecord }> {
  let accepted: StreamRecord | null = null;
  await simulation.settle(
    server.network.listen(at, (stream) => {
      accepted = recordStream(server, stream);
    }),
  );
  const stream = await simulation.settle(client.network.connect(at));
  const record = recordStream(client, stream);
  await simulation.run({ when: () => accepted !== null });
  if (accepted === null) throw new Error("not accepted");
  return { server: accepted, client: record };
}
