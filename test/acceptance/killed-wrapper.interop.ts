// What a SIGKILL of the command leaves: no server without a wrapper, and a store that the next one can have.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import test from "node:test";
import { cfdBin, cfsBin, newFolder, sCscfs, startServer, writeConfig } from "./run-server.ts";

/** More attempts than an answering port takes in 20 s; each one ends by an event. */
const mostAttempts = 1_000_000;

async function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    assert.match(String(error), /ECONNREFUSED|ECONNRESET/);
    return false;
  } finally {
    socket.destroy();
  }
}

/** Connects until nobody listens; gives how long that took, ms. */
async function untilFree(admin: string): Promise<number> {
  const from = performance.now();
  for (let attempt = 0; attempt < mostAttempts; attempt++) {
    if (!(await answers(`http://${admin}`))) return performance.now() - from;
    assert.ok(performance.now() - from < 20_000, `${admin} is still taken`);
  }
  throw new Error(`${admin} is still taken`);
}

for (const [name, command, added] of [
  ["cfd", cfdBin, sCscfs],
  ["cfs", cfsBin, "osCfs: { port: 0 }\nlocation: { kind: memory }\n"],
] as const)
  test(`SIGKILL of the command ${name}: its server stops in good order, and the ports are free`, async (context) => {
    const file = writeConfig(newFolder(context), `${name}.yaml`, added);
    const server = startServer(context, command("--config", file));
    const { pid } = await server.line("ready");
    const { admin } = await server.line("starting");
    assert.notEqual(pid, server.child.pid);
    server.child.kill("SIGKILL");
    const took = await untilFree(String(admin));
    context.diagnostic(`${name}: ports free after ${Math.round(took)} ms`);
    await server.exit;
    assert.deepEqual(server.lines.map(({ event }) => event).slice(-2), ["stopping", "stopped"]);
  });

test("a second CFS on the same store is refused in one line; after kill -9 of the server the next one has it", async (context) => {
  const folder = newFolder(context);
  const yaml = "osCfs: { port: 0 }\nlocation: { kind: memory }\n";
  const file = writeConfig(folder, "cfs.yaml", yaml);
  const first = startServer(context, cfsBin("--config", file));
  const { pid } = await first.line("ready");
  const second = startServer(context, cfsBin("--config", file));
  assert.equal(await second.exit, 3);
  assert.match(second.errors(), /^cfs: \S+cfs\.db: another CFS runs on this file, [^\n]*store\.file\n$/);
  process.kill(Number(pid), "SIGKILL");
  await first.exit;
  const third = startServer(context, cfsBin("--config", file));
  await third.line("ready");
});
