// What every network of a host owes its programs, whichever host it is: asked of the simulated and the real one.
import assert from "node:assert/strict";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import type { Address, ByteStream } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { concatBytes, decodeText, encodeText } from "@liquid-ims/runtime/text";

/** Runs `script` on two hosts with the given addresses, and lets time pass until it is done. */
export type RunOnHosts = (script: (server: Host, client: Host) => Promise<void>) => Promise<void>;

export interface NetworkUnderTest {
  readonly name: string;
  /** Addresses of the two hosts, in one family each. */
  readonly ipv4: { readonly server: string; readonly client: string };
  readonly ipv6: { readonly server: string; readonly client: string };
  readonly run: RunOnHosts;
}

interface Mailbox<T> {
  put(value: T): void;
  take(): Promise<T>;
}

function mailbox<T>(): Mailbox<T> {
  const values: T[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    put(value) {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    take() {
      const value = values.shift();
      return value === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(value);
    },
  };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "fulfilled";
  } catch (error) {
    assert.ok(error instanceof RuntimeError, String(error));
    return error.code;
  }
}

type Ending = "reset" | "timed-out" | null | "open";

/** Collects what arrives; `ended` settles with how it ended. */
function read(stream: ByteStream): {
  text(): string;
  ended: Promise<Ending>;
  until(length: number): Promise<string>;
} {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let wanted: { length: number; resolve: (text: string) => void } | null = null;
  const text = () => decodeText(concatBytes(chunks));
  const ended = new Promise<Ending>((resolve) => {
    stream.open({
      data(chunk) {
        chunks.push(chunk.slice());
        length += chunk.length;
        if (wanted !== null && length >= wanted.length) wanted.resolve(text());
      },
      closed: resolve,
    });
  });
  return {
    text,
    ended,
    until: (count) =>
      length >= count
        ? Promise.resolve(text())
        : new Promise((resolve) => {
            wanted = { length: count, resolve };
          }),
  };
}

async function echoDatagrams(server: Host, client: Host, at: string, from: string): Promise<void> {
  const socket = await server.network.udp({ host: at, port: 0 }, (data, source) => socket.send(data, source));
  const answers = mailbox<{ text: string; from: Address }>();
  const asking = await client.network.udp({ host: from, port: 0 }, (data, source) =>
    answers.put({ text: decodeText(data), from: source }),
  );
  assert.notEqual(socket.local.port, 0);
  asking.send(encodeText("één"), socket.local);
  assert.deepEqual(await answers.take(), { text: "één", from: socket.local });
  // A Buffer, whose slice is no copy.
  const reused = Buffer.from("before");
  asking.send(reused, socket.local);
  reused.fill(0x20);
  assert.equal((await answers.take()).text, "before", "the sender may use its bytes again at once");
  asking.send(encodeText("x"), { host: "no address", port: 1 });
  asking.send(new Uint8Array(70_000), socket.local);
  asking.send(encodeText("last"), socket.local);
  assert.equal((await answers.take()).text, "last");
  socket.close();
  asking.close();
  asking.send(encodeText("closed"), socket.local);
}

async function echoStream(server: Host, client: Host, at: string): Promise<void> {
  const accepted = mailbox<ByteStream>();
  const listener = await server.network.listen({ host: at, port: 0 }, (stream) => {
    stream.open({
      data(chunk) {
        stream.write(chunk);
      },
      closed() {
        accepted.put(stream);
      },
    });
  });
  const stream = await client.network.connect(listener.local);
  assert.deepEqual(stream.remote, listener.local);
  const answer = read(stream);
  const text = "abc".repeat(50_000);
  for (let index = 0; index < text.length; index += 10_000) {
    const reused = Buffer.from(text.slice(index, index + 10_000));
    stream.write(reused);
    reused.fill(0);
  }
  assert.equal(await answer.until(text.length), text);
  stream.end();
  assert.equal(await answer.ended, null);
  const other = await accepted.take();
  assert.deepEqual(other.remote, stream.local);
  assert.equal(other.write(encodeText("late")), false);
  listener.close();
}

/** The tests themselves. */
export function testNetwork({ name, ipv4, ipv6, run }: NetworkUnderTest): void {
  test(`${name}: a datagram comes back, and what cannot be sent is lost in silence`, () =>
    run((server, client) => echoDatagrams(server, client, ipv4.server, ipv4.client)));

  test(`${name}: a datagram comes back over IPv6`, () =>
    run((server, client) => echoDatagrams(server, client, ipv6.server, ipv6.client)));

  test(`${name}: a stream gives back 150,000 bytes in order, and ends`, () =>
    run((server, client) => echoStream(server, client, ipv4.server)));

  test(`${name}: a stream gives back its bytes over IPv6`, () =>
    run((server, client) => echoStream(server, client, ipv6.server)));

  test(`${name}: nobody listens: refused for a stream, silence for a datagram`, () =>
    run(async (server, client) => {
      const listener = await server.network.listen({ host: ipv4.server, port: 0 }, (stream) =>
        stream.reset(),
      );
      listener.close();
      assert.equal(await codeOf(client.network.connect(listener.local)), "refused");
      const socket = await client.network.udp({ host: ipv4.client, port: 0 }, () => assert.fail("answered"));
      socket.send(encodeText("x"), listener.local);
      await client.clock.sleep(20, "silence");
      socket.close();
    }));

  test(`${name}: a port in use, an address of somebody else, no address at all`, () =>
    run(async (server) => {
      const { network } = server;
      const socket = await network.udp({ host: ipv4.server, port: 0 }, () => undefined);
      const listener = await network.listen({ host: ipv4.server, port: 0 }, (stream) => stream.reset());
      assert.equal(await codeOf(network.udp(socket.local, () => undefined)), "address-in-use");
      assert.equal(await codeOf(network.listen(listener.local, () => undefined)), "address-in-use");
      const foreign = { host: "192.0.2.1", port: 0 };
      assert.equal(await codeOf(network.udp(foreign, () => undefined)), "bad-address");
      assert.equal(await codeOf(network.listen(foreign, () => undefined)), "bad-address");
      for (const host of ["localhost", "[::1]", ""])
        assert.equal(await codeOf(network.udp({ host, port: 0 }, () => undefined)), "bad-address", host);
      assert.equal(await codeOf(network.connect({ host: "localhost", port: 1 })), "bad-address");
      socket.close();
      listener.close();
      const again = await network.udp(socket.local, () => undefined);
      again.close();
    }));

  test(`${name}: a socket on every address receives at each, and sends from one of them`, () =>
    run(async (server, client) => {
      const received = mailbox<Address>();
      const socket = await server.network.udp({ host: "0.0.0.0", port: 0 }, (_data, from) =>
        received.put(from),
      );
      const asking = await client.network.udp({ host: "0.0.0.0", port: 0 }, () => undefined);
      asking.send(encodeText("x"), { host: ipv4.server, port: socket.local.port });
      const from = await received.take();
      assert.equal(from.port, asking.local.port);
      assert.notEqual(from.host, "0.0.0.0");
      const taken = { host: ipv4.server, port: socket.local.port };
      assert.equal(await codeOf(server.network.udp(taken, () => undefined)), "address-in-use");
      const listener = await server.network.listen({ host: "0.0.0.0", port: 0 }, (stream) => {
        stream.open({ data: () => undefined, closed: () => undefined });
        stream.end();
      });
      const remote = { host: ipv4.server, port: listener.local.port };
      const stream = await client.network.connect(remote, { local: { host: "0.0.0.0", port: 0 } });
      assert.deepEqual(stream.remote, remote);
      assert.equal(await read(stream).ended, null);
      for (const closing of [socket, asking, listener]) closing.close();
    }));

  test(`${name}: a closed socket frees its port at once`, () =>
    run(async (server) => {
      const first = await server.network.udp({ host: ipv4.server, port: 0 }, () => undefined);
      first.close();
      const second = await server.network.udp(first.local, () => undefined);
      assert.deepEqual(second.local, first.local);
      second.close();
    }));

  test(`${name}: a reset is told as one, and the side that resets hears nothing more`, () =>
    run(async (server, client) => {
      const accepted = mailbox<ByteStream>();
      const listener = await server.network.listen({ host: ipv4.server, port: 0 }, (stream) => {
        stream.open({ data: () => accepted.put(stream), closed: () => assert.fail("told of its own reset") });
      });
      const stream = await client.network.connect(listener.local);
      const reading = read(stream);
      stream.write(encodeText("x"));
      (await accepted.take()).reset();
      assert.equal(await reading.ended, "reset");
      listener.close();
    }));

  test(`${name}: what was written before the end arrives before it`, () =>
    run(async (server, client) => {
      const listener = await server.network.listen({ host: ipv4.server, port: 0 }, (stream) => {
        stream.open({ data: () => undefined, closed: () => undefined });
        stream.write(encodeText("one,"));
        stream.write(encodeText("two"));
        stream.end();
        stream.write(encodeText("after the end"));
      });
      const reading = read(await client.network.connect(listener.local));
      assert.equal(await reading.ended, null);
      assert.equal(reading.text(), "one,two");
      listener.close();
    }));

  test(`${name}: a reader that does not read slows the writer down`, () =>
    run(async (server, client) => {
      const accepted = mailbox<ByteStream>();
      const listener = await server.network.listen({ host: ipv4.server, port: 0 }, (stream) =>
        accepted.put(stream),
      );
      const stream = await client.network.connect(listener.local);
      const reading = read(stream);
      const slow = await accepted.take();
      let room = true;
      let written = 0;
      const block = new Uint8Array(65_536).fill(0x61);
      while (room && written < 64 * 1024 * 1024) {
        room = stream.write(block);
        written += block.length;
      }
      assert.equal(room, false);
      assert.ok(stream.buffered > 0);
      const late = read(slow);
      assert.equal((await late.until(written)).length, written);
      slow.end();
      assert.equal(await reading.ended, null);
      listener.close();
    }));

  test(`${name}: a connection leaves from the address it is told`, () =>
    run(async (server, client) => {
      const accepted = mailbox<ByteStream>();
      const listener = await server.network.listen({ host: ipv4.server, port: 0 }, (stream) => {
        stream.open({ data: () => undefined, closed: () => undefined });
        accepted.put(stream);
      });
      const local = { host: ipv4.client, port: 0 };
      const stream = await client.network.connect(listener.local, { local });
      assert.equal(stream.local.host, ipv4.client);
      assert.deepEqual((await accepted.take()).remote, stream.local);
      stream.open({ data: () => undefined, closed: () => undefined });
      stream.reset();
      listener.close();
    }));
}
