// The CFS as a program with nsupdate's key file: I-CSCFs come and go in BIND 9's zone. RFC 2136, RFC 8945. Fails without BIND.
import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { FunctionOperation } from "@liquid-ims/reference-points/os-cfs-functions";
import { silentLog } from "@liquid-ims/runtime/log";
import { createNodejsHost } from "@liquid-ims/runtime/nodejs";
import { i1, i2, isDone, recordsOf, second, startBind, ttl, type World, zone } from "./home-zone.ts";
import { cfsBin, newFolder, startServer, writeConfig } from "./run-server.ts";

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly body: FunctionOperation;
}

interface Program {
  send(path: string, method: string, body?: unknown): Promise<Answer>;
  until(id: string, wanted: (operation: FunctionOperation) => boolean): Promise<FunctionOperation>;
  /** SIGKILL of the server itself. */
  kill(): Promise<void>;
}

/** The CFS as a process, its store in a file, its key in nsupdate's file. */
async function startProgram(
  context: TestContext,
  { bind, keyFile }: World,
  folder: string,
): Promise<Program> {
  const host = createNodejsHost({ name: "oss", log: silentLog });
  context.after(() => host.close());
  const file = writeConfig(folder, "cfs.yaml", "location: { kind: memory }\nosCfs: { port: 0 }\n");
  const update = `{ server: { host: 127.0.0.1, port: ${bind.port} }, keyFile: ${keyFile}, ttl: ${ttl} }`;
  const server = startServer(context, cfsBin("--config", file), {
    environment: { LIQUID_IMS_CFS_DNS_UPDATE: update },
  });
  const { listening, pid } = await server.line("ready");
  const root = `http://${/http:([\d.]+:\d+)/.exec(String(listening))?.[1]}/os-cfs/v1`;
  const send: Program["send"] = async (path, method, body) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(root + path, {
      method,
      ...(body === undefined ? {} : { headers, body: JSON.stringify(body) }),
    });
    const json: unknown = await response.json();
    return {
      status: response.status,
      location: response.headers.get("location"),
      body: json as FunctionOperation,
    };
  };
  return {
    send,
    async until(id, wanted) {
      for (;;) {
        const { body } = await send(`/function-operations/${id}`, "GET");
        if (wanted(body)) return body;
        assert.ok(body.state !== "FAILED" && body.state !== "COMPLETED", JSON.stringify(body));
        await host.clock.sleep(50, "asks again");
      }
    },
    async kill() {
      process.kill(Number(pid), "SIGKILL");
      await server.exit;
    },
  };
}

test("npm run cfs with nsupdate's key file: a second I-CSCF comes; the first goes after its TTL, though the CFS is killed", async (context) => {
  const world = await startBind(context);
  const { bind } = world;
  const folder = newFolder(context);
  const cfs = await startProgram(context, world, folder);
  const before = recordsOf(bind);
  const put = await cfs.send(`/functions/${i2}`, "PUT", second);
  assert.equal(put.status, 202, JSON.stringify(put.body));
  assert.equal(put.location, `/os-cfs/v1/function-operations/${put.body.id}`);
  await cfs.until(put.body.id, isDone);
  const after = recordsOf(bind);
  assert.deepEqual(after.filter((line) => !before.includes(line)).sort(), [
    `_sip._tcp.${zone}. ${ttl} SRV 10 30 5060 ${i2}.`,
    `_sip._udp.${zone}. ${ttl} SRV 10 30 5060 ${i2}.`,
    `${i2}. ${ttl} A 127.0.1.11`,
    `${i2}. ${ttl} AAAA 2001:db8::11`,
  ]);
  assert.equal(after.length, before.length + 4);

  const removal = await cfs.send(`/functions/${i1}?kind=I-CSCF`, "DELETE");
  assert.equal(removal.status, 202, JSON.stringify(removal.body));
  await cfs.until(removal.body.id, ({ step }) => step === "waiting");
  await cfs.kill();
  const next = await startProgram(context, world, folder);
  const removed = await next.until(removal.body.id, isDone);
  assert.deepEqual([removed.updates, removed.mayBeStopped], [1, true]);
  assert.ok((removed.endedAt ?? 0) - (removed.changedAt ?? Number.NaN) >= ttl * 1000);
  assert.ok(!recordsOf(bind).some((line) => line.includes("icscf1")), recordsOf(bind).join("\n"));
  assert.equal(bind.dig(zone, "NAPTR").length, 2, "kept while one is left");
  const last = await next.send(`/functions/${i2}`, "DELETE");
  assert.equal(last.status, 409);
  assert.match(JSON.stringify(last.body), /is the only I-CSCF .*force=true/);
  const wrong = await next.send(`/functions/${i2}?force=yes`, "DELETE");
  assert.equal(wrong.status, 422, JSON.stringify(wrong.body));
});
