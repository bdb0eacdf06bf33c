// What is no HTTP, on the port of os-cfs: counted, refused, and the next good request is answered.
import assert from "node:assert/strict";
import { connect } from "node:net";
import test from "node:test";
import { serveOsCfs } from "@liquid-ims/cfs/os-cfs/http";
import { Metrics } from "@liquid-ims/runtime/metrics";
import { scripted } from "./scripted-operations.ts";

/** Sends bytes and ends; what came back. */
function send(port: number, data: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(data));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(received));
  });
}

test("garbage and half requests are counted, get 400, and os-cfs lives", async (context) => {
  const metrics = new Metrics();
  const operations = scripted([], () => ({ ok: true, value: { functions: [] } }));
  const server = await serveOsCfs({ operations, metrics, listen: { host: "127.0.0.1", port: 0 } });
  context.after(() => server.close());
  const count = () => metrics.samples().find(({ name }) => name === "os_cfs_garbage_total")?.value;
  const garbage = [
    "garbage\r\n\r\n",
    Uint8Array.from({ length: 4096 }, (_, index) => (index * 37) % 256),
    "GET /os-cfs/v1/functions HTTP/1.1\r\nHost: x",
    "POST /os-cfs/v1/transfers HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
  ];
  for (const [index, data] of garbage.entries()) {
    const reply = await send(server.local.port, data);
    assert.match(reply, /^HTTP\/1\.1 400 /, `${index}: ${reply}`);
    assert.equal(count(), index + 1);
  }
  const good = await send(
    server.local.port,
    "GET /os-cfs/v1/functions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  );
  assert.match(good, /^HTTP\/1\.1 200 /);
  assert.equal(count(), garbage.length);
});
