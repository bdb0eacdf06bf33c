// BIND 9 on a free port of 127.0.0.1 and ::1 with zones that keys may change, and BIND's own tools beside it.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface BindZone {
  readonly name: string;
  /** Lines of the zone file below SOA and NS. */
  readonly records: readonly string[];
  /** Body of update-policy. */
  readonly policy: string;
}

export interface BindOptions {
  readonly folder: string;
  /** `key` statements. */
  readonly keys: string;
  readonly zones: readonly BindZone[];
}

export interface Bind {
  readonly port: number;
  readonly folder: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Feeds nsupdate; what it complains of, nothing when it is content. */
  nsupdate(keyFile: string, ...lines: readonly string[]): string;
  /** Records as `dig +noall +answer` shows them: name, TTL, type, data; sorted. */
  dig(name: string, type: string): string[];
}

export const remedy = "BIND 9 is not installed: apt-get install bind9 bind9-dnsutils (Debian)";

/** A `key` statement as tsig-keygen writes it. */
export function newKey(name: string): string {
  const { error, stdout } = spawnSync("tsig-keygen", [name], { encoding: "utf8" });
  assert.ok(error === undefined, remedy);
  return stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** No change of this zone can be written: its journal's place is taken. */
export function blockJournal(folder: string, zone: string): void {
  mkdirSync(join(folder, `${zone}.jnl`));
}

export function freeJournal(folder: string, zone: string): void {
  rmdirSync(join(folder, `${zone}.jnl`));
}

export async function createBind(context: TestContext, options: BindOptions): Promise<Bind> {
  const { folder, keys, zones } = options;
  const port = await freePort();
  for (const { name, records } of zones)
    writeFileSync(
      join(folder, name),
      ["$TTL 5", "@ SOA ns root 1 3600 600 86400 5", "@ NS ns", "ns A 127.0.0.1", ...records, ""].join("\n"),
    );
  const statements = zones.map(
    ({ name, policy }) => `zone "${name}" { type primary; file "${name}"; update-policy { ${policy} }; };`,
  );
  writeFileSync(
    join(folder, "named.conf"),
    `${keys} controls { }; options { directory "${folder}"; pid-file none; session-keyfile none; recursion no;
dnssec-validation no; listen-on port ${port} { 127.0.0.1; }; listen-on-v6 port ${port} { ::1; }; };\n${statements.join("\n")}\n`,
  );
  let child: ChildProcess | null = null;
  const kill = async () => {
    const ended = child;
    child = null;
    if (ended === null || ended.exitCode !== null || ended.signalCode !== null) return;
    const gone = new Promise((resolve) => ended.once("exit", resolve));
    ended.kill("SIGKILL");
    await gone;
  };
  context.after(kill);
  return {
    port,
    folder,
    kill,
    start() {
      const named = spawn("named", ["-g", "-c", join(folder, "named.conf")], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      child = named;
      return new Promise((resolve, reject) => {
        let said = "";
        named.once("error", () => reject(new Error(remedy)));
        named.once("exit", (code) => reject(new Error(`named ended with ${code}: ${said}`)));
        named.stderr.on("data", (chunk) => {
          said = (said + String(chunk)).slice(-4_000);
          if (/ running$/m.test(said)) resolve();
        });
      });
    },
    nsupdate(keyFile, ...lines) {
      const input = [`server 127.0.0.1 ${port}`, ...lines, "send", ""].join("\n");
      const { error, stderr } = spawnSync("nsupdate", ["-k", keyFile], { input, encoding: "utf8" });
      assert.ok(error === undefined, remedy);
      return stderr;
    },
    dig(name, type) {
      const argv = ["+noall", "+answer", "+tcp", "@127.0.0.1", "-p", String(port), name, type];
      const { error, stdout } = spawnSync("dig", argv, { encoding: "utf8" });
      assert.ok(error === undefined, remedy);
      const lines = stdout.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
      return lines.map((line) => line.replace(/\s+/g, " ").replace(" IN ", " ")).sort();
    },
  };
}
