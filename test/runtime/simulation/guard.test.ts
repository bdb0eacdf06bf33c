// The guard: programs on simulated hosts that would not repeat are found.
import assert from "node:assert/strict";
import { randomFill } from "node:crypto";
import { stat } from "node:fs/promises";
import test from "node:test";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { installGuard } from "@liquid-ims/runtime/simulation/guard";
import { addBareHost } from "../../support/virtual-hosts.ts";

async function runGuarded(use: (host: Host) => unknown, late: boolean): Promise<void> {
  const guard = installGuard();
  try {
    const simulation = new Simulation({ seed: 1 });
    const host = addBareHost(simulation, "a", "10.0.0.1").node;
    host.clock.after(
      1,
      () =>
        host.spawn("task", async () => {
          if (late) await host.clock.sleep(3, "sleep");
          use(host);
        }),
      "the culprit",
    );
    await simulation.run({ ms: 20 });
  } finally {
    guard.release();
  }
}

/** As a program would that finds it by name. */
function startTimer(name: "setTimeout" | "setInterval", run: () => void): unknown {
  return globalThis[name](run, 0);
}

const culprits: Record<string, (host: Host) => unknown> = {
  "Date.now": () => Date.now(),
  "new Date\\(\\)": () => new Date(),
  "Math.random": () => Math.random(),
  "performance.now": () => performance.now(),
  "process.hrtime": () => process.hrtime(),
  setTimeout: () => startTimer("setTimeout", () => undefined),
  setInterval: () => startTimer("setInterval", () => undefined),
  setImmediate: () => setImmediate(() => undefined),
  "crypto.randomUUID": () => crypto.randomUUID(),
  "crypto.getRandomValues": () => crypto.getRandomValues(new Uint8Array(1)),
  "asynchronous resource RANDOMBYTESREQUEST": () => randomFill(new Uint8Array(1), () => undefined),
  "asynchronous resource FSREQPROMISE": () => stat("/"),
  "asynchronous resource \\w+": () => crypto.subtle.digest("SHA-256", new Uint8Array(1)),
};

for (const [what, use] of Object.entries(culprits))
  for (const late of [false, true])
    test(`${what}${late ? " after an await" : ""} is found, with the host and the event that began it`, async () => {
      await assert.rejects(runGuarded(use, late), (error: Error) => {
        assert.equal(error.name, "GuardError");
        assert.match(error.message, new RegExp(`^a#0, "the culprit": ${what} is not repeatable`));
        return true;
      });
    });

test("a program that swallows the complaint is found all the same", async () => {
  await assert.rejects(
    runGuarded(() => {
      try {
        Date.now();
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }, false),
    { name: "GuardError" },
  );
});

test("what ports do, promises, nextticks and given dates are allowed", async () => {
  await runGuarded((host) => {
    host.spawn("allowed", async () => {
      const pair = await host.crypto.generateKey("EdDSA");
      await host.crypto.sign(pair.privateKey, new Uint8Array(1));
      await host.network.udp({ host: "10.0.0.1", port: 5 }, () => undefined);
      await host.network.connect({ host: "10.0.0.1", port: 6 }).catch(() => undefined);
      await new Promise<void>((resolve) => process.nextTick(resolve));
      await Promise.all([host.clock.sleep(1, "sleep"), null]);
      assert.equal(new Date(host.clock.wall()).toISOString().slice(0, 4), "2026");
      assert.ok(new Date(0) instanceof Date);
      host.random.bytes(3);
    });
  }, true);
});

test("code around the simulation is free, and everything is as before afterwards", async () => {
  const before = [Date, Date.now, Math.random, setTimeout, performance.now];
  const [first, second] = [installGuard(), installGuard()];
  assert.equal(typeof Date.now(), "number");
  await new Promise<void>((resolve) => startTimer("setTimeout", resolve));
  first.release();
  first.release();
  assert.notEqual(Date, before[0]);
  second.release();
  assert.deepEqual([Date, Date.now, Math.random, setTimeout, performance.now], before);
});
