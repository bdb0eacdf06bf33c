// The tap: every datagram and every write, at the sender, on both kinds of host.
import assert from "node:assert/strict";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import { silentLog } from "@liquid-ims/runtime/log";
import { formatAddress } from "@liquid-ims/runtime/network";
import type { NetworkTap } from "@liquid-ims/runtime/network-tap";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";

interface Seen {
  readonly lines: string[];
  readonly tap: NetworkTap;
}

function record(): Seen {
  const lines: string[] = [];
  return {
    lines,
    tap: {
      sent: (protocol, from, to, data) =>
        lines.push(`${protocol} ${formatAddress(from)}>${formatAddress(to)} ${decodeText(data)}`),
    },
  };
}

/** A host talks to itself; gives the lines that the tap should have seen. */
async function talk({ network }: Host, host: string): Promise<string[]> {
  const listener = await network.listen({ host, port: 0 }, (stream) => {
    stream.open({ data: () => stream.write(encodeText("answer")), closed: () => undefined });
  });
  const stream = await network.connect(listener.local);
  const answered = new Promise<void>((resolve) => {
    stream.open({ data: () => resolve(), closed: () => undefined });
  });
  stream.write(encodeText("q"));
  await answered;
  assert.equal(stream.buffered, 0);
  stream.reset();
  listener.close();
  let heard: () => void = () => undefined;
  const hearing = new Promise<void>((resolve) => {
    heard = resolve;
  });
  const socket = await network.udp({ host, port: 0 }, () => heard());
  socket.send(encodeText("datagram"), socket.local);
  await hearing;
  socket.close();
  const [local, remote] = [formatAddress(stream.local), formatAddress(stream.remote)];
  const own = formatAddress(socket.local);
  return [`tcp ${local}>${remote} q`, `tcp ${remote}>${local} answer`, `udp ${own}>${own} datagram`];
}

test("tap of a simulated host", async () => {
  const { lines, tap } = record();
  const simulation = new Simulation({ seed: 1 });
  const { node } = simulation.addHost("a", { addresses: ["10.0.0.1"], program: (host) => host, tap });
  assert.deepEqual(lines, await simulation.settle(talk(node, "10.0.0.1")));
});

test("tap of a real host", async () => {
  const { lines, tap } = record();
  const host = createNodejsHost({ name: "a", log: silentLog, tap });
  const expected = await talk(host, "127.0.0.1");
  assert.deepEqual(lines, expected);
  await host.close();
});
