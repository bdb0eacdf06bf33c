// A machine of its own for a lab with the real core: the lab runs itself again in user, network, mount and process
// namespaces, which end with it, however it ends. namespaces(7).
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { programPath } from "./programs.ts";

/** Set in the environment of what runs inside. */
const sign = "LIQUID_IMS_LAB_NAMESPACES";

export function isInside(): boolean {
  return process.env[sign] !== undefined;
}

/** unshare dies with the lab that started it, and everything inside dies with unshare. */
const enter = ["setpriv", "--pdeathsig", "KILL", "unshare"];
const unprivileged = ["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"];
/** Root needs no user namespace. */
const privileged = unprivileged.slice(2);

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: programPath() };
}

function tryNamespaces(kinds: readonly string[]): string | null {
  const [program = "", ...argv] = [...enter, ...kinds, "ip", "link", "set", "lo", "up"];
  const { status, stderr, error } = spawnSync(program, argv, { env: environment(), encoding: "utf8" });
  if (error !== undefined) return error.message;
  return status === 0 ? null : stderr.trim().replaceAll("\n", "; ") || `exit ${status}`;
}

/** The options of unshare that this kernel allows; else the reason and what can be done, in one line. */
export function findNamespaces():
  | { readonly allowed: true; readonly options: readonly string[] }
  | { readonly allowed: false; readonly reason: string } {
  const refused = tryNamespaces(unprivileged);
  if (refused === null) return { allowed: true, options: unprivileged };
  if (process.getuid?.() === 0 && tryNamespaces(privileged) === null)
    return { allowed: true, options: privileged };
  const reason =
    `this kernel forbids namespaces of one's own (${refused}), which --core kamailio runs in: ` +
    "allow them (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0, " +
    "user.max_user_namespaces above 0; a container needs CAP_SYS_ADMIN) or run it as root on a machine of its own; " +
    "--core embedded needs none";
  return { allowed: false, reason };
}

/** Runs this program with the same arguments inside; resolves with its exit code. */
export function runInside(options: readonly string[], argv: readonly string[]): Promise<number> {
  const [program = "", ...rest] = [...enter, ...options, process.execPath, ...process.execArgv];
  const script = process.argv[1] ?? "";
  const child = spawn(program, [...rest, script, ...argv], {
    stdio: "inherit",
    env: { ...environment(), [sign]: "1" },
  });
  return new Promise((resolve, rejectPromise) => {
    let ended = 0;
    const end = (code: number) => () => {
      ended = code;
      // unshare waits for its child whatever it is told, but for this.
      child.kill("SIGKILL");
    };
    process.once("SIGINT", end(130));
    process.once("SIGTERM", end(143));
    process.once("SIGHUP", end(129));
    child.once("error", rejectPromise);
    child.once("close", (code) => resolve(ended > 0 ? ended : (code ?? 1)));
  });
}

function run(program: string, ...argv: string[]): void {
  const { status, stderr, error } = spawnSync(program, argv, { env: environment(), encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${argv.join(" ")}: ${stderr.trim() || `exit ${status}`}`);
}

/**
 * Inside: the loopback with these addresses, and a resolv.conf that names the lab's name server (port 53). The folder is
 * emptied.
 */
export function furnish(folder: string, addresses: readonly string[], nameServer: string): void {
  run("ip", "link", "set", "lo", "up");
  for (const address of addresses) run("ip", "address", "add", `${address}/8`, "dev", "lo");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const own = join(folder, "resolv.conf");
  writeFileSync(own, `nameserver ${nameServer}\noptions timeout:1 attempts:1\n`);
  run("mount", "--bind", own, realpathSync("/etc/resolv.conf"));
}
