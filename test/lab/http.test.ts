// The lab's small HTTP: messages, server and client on the virtual clock, and the CFS's own client against the server.
import assert from "node:assert/strict";
import test from "node:test";
import { createHttpClient } from "@liquid-ims/lab/http/client";
import { readHttp, writeHttp } from "@liquid-ims/lab/http/message";
import { type HttpCall, serveHttp } from "@liquid-ims/lab/http/server";
import type { HttpReply } from "@liquid-ims/runtime/http";
import { silentLog } from "@liquid-ims/runtime/log";
import type { Listener } from "@liquid-ims/runtime/network";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { fetchHttp } from "@liquid-ims/runtime/nodejs/http";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { decodeText, encodeText } from "@liquid-ims/runtime/text";

const readings: readonly [text: string, found: string][] = [
  ["GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "message"],
  ["PATCH /a HTTP/1.1\r\ncontent-length:  2 \r\n\r\n{}", "message"],
  ["PATCH /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{", "part"],
  ["PATCH /a HTTP/1.1\r\nContent-Length: 2\r\n", "part"],
  ["GET /a HTTP/1.1\r\nno colon\r\n\r\n", "bad"],
  ["POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "bad"],
  ["POST /a HTTP/1.1\r\nContent-Length: 70000\r\n\r\n", "bad"],
  ["POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "bad"],
];

test("RFC 9112 6: a message ends by its Content-Length, and has no body without", () => {
  for (const [text, found] of readings) assert.equal(readHttp(encodeText(text)).kind, found, text);
  const read = readHttp(encodeText("PATCH /a HTTP/1.1\r\nX-One: ü \r\nContent-Length: 4\r\n\r\n{é}more"));
  assert.ok(read.kind === "message");
  assert.deepEqual([read.message.startLine, read.message.body], ["PATCH /a HTTP/1.1", "{é}"]);
  assert.equal(read.message.headers.get("x-one"), "ü");
  assert.equal(readHttp(new Uint8Array(65_537)).kind, "bad");
  const written = decodeText(writeHttp("HTTP/1.1 200 OK", { A: "b" }, "é"));
  assert.equal(written, "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 2\r\nConnection: close\r\n\r\né");
});

const at = { host: "10.0.0.1", port: 8080 };

/** A server that says what it was asked, and keeps silent where the path is /silent. */
async function openServer() {
  const simulation = new Simulation({ seed: 3 });
  const calls: HttpCall[] = [];
  const server = simulation.addHost("server", {
    addresses: [at.host],
    program: (host) => ({
      ready: serveHttp(host, {
        ...{ listen: at, counter: "answers_total" },
        answer(call) {
          calls.push(call);
          return { status: 200, body: `${call.method} ${call.target} ${call.body}` };
        },
      }).then(() => undefined),
    }),
  });
  await simulation.settle(server.node.ready);
  const client = simulation.addHost("client", { addresses: ["10.0.0.2"], program: (host) => host });
  const http = createHttpClient(client.node, "10.0.0.2");
  const ask = (url: string, body: string | null = null): Promise<HttpReply> =>
    simulation.settle(
      http({ method: body === null ? "GET" : "PATCH", url, headers: { "X-Key": "k" }, body, timeoutMs: 500 }),
    );
  return { simulation, calls, server, client, ask };
}

test("a request and its answer; who is not there, and whom nothing is looked up for, cannot be reached", async () => {
  const { calls, ask, server } = await openServer();
  assert.deepEqual(await ask("http://10.0.0.1:8080/a?b=c"), {
    ...{ outcome: "answer", status: 200, body: "GET /a?b=c " },
  });
  assert.deepEqual(await ask("http://10.0.0.1:8080/a", '{"é":1}'), {
    ...{ outcome: "answer", status: 200, body: 'PATCH /a {"é":1}' },
  });
  assert.equal(calls[1]?.headers.get("x-key"), "k");
  assert.equal((await ask("http://10.0.0.1:9999/")).outcome, "unreachable");
  assert.equal((await ask("http://hss.ims.test/")).outcome, "unreachable");
  server.kill();
  assert.notEqual((await ask("http://10.0.0.1:8080/a")).outcome, "answer");
});

test("what is no HTTP gets 400; half a request is dropped after 10 s, and the server goes on", async () => {
  const { simulation, client, calls, ask, server } = await openServer();
  const heard: string[] = [];
  async function send(text: string): Promise<void> {
    const stream = await simulation.settle(client.node.network.connect(at));
    stream.open({
      data: (chunk) => void heard.push(decodeText(chunk).split("\r\n")[0] ?? ""),
      closed: (error) => void heard.push(`closed ${error}`),
    });
    stream.write(encodeText(text));
    await simulation.run({ ms: 100 });
  }
  await send("INVITE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n");
  await send("GET /a HTTP/1.1\r\nwrong\r\n\r\n");
  assert.deepEqual(heard, [
    ...["HTTP/1.1 400 Bad Request", "closed null"],
    ...["HTTP/1.1 400 Bad Request", "closed null"],
  ]);
  await send("GET /a HTTP/1.1\r\n");
  assert.equal(heard.length, 4);
  await simulation.run({ ms: 10_000 });
  assert.equal(heard[4], "closed reset");
  assert.equal(calls.length, 0);
  assert.equal((await ask("http://10.0.0.1:8080/a")).outcome, "answer");
  const [bad] = server.host.metrics.samples().filter(({ labels }) => labels["status"] === "400");
  assert.equal(bad?.value, 2);
});

test("on sockets: the CFS's own client is served", async () => {
  const host = createNodejsHost({
    ...{ name: "server", log: silentLog },
    onCrash: (error) => {
      throw error;
    },
  });
  const listener: Listener = await serveHttp(host, {
    ...{ listen: { host: "127.0.0.1", port: 0 }, counter: "answers_total" },
    answer: ({ method, target, body }) => ({ status: 200, body: `${method} ${target} ${body}` }),
  });
  try {
    const url = `http://127.0.0.1:${listener.local.port}/x`;
    const common = { url, headers: {}, timeoutMs: 5_000 };
    assert.deepEqual(await fetchHttp({ ...common, method: "GET", body: null }), {
      ...{ outcome: "answer", status: 200, body: "GET /x " },
    });
    assert.deepEqual(await fetchHttp({ ...common, method: "PATCH", body: "é" }), {
      ...{ outcome: "answer", status: 200, body: "PATCH /x é" },
    });
  } finally {
    listener.close();
    await host.close();
  }
});
