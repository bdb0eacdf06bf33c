// A machine of its own for a lab with the real core: the lab runs itself again in user, network, mount and process
// namespaces, which end with it, however it ends. namespaces(7).
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type EndSignal, exitCodeOf, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
import { makeFolder } from "../make-folder.ts";
import { enterNamespaces, resolverFile } from "./namespace-probe.ts";
import { programPath } from "./programs.ts";

/** What is said of a run folder that is not a lab's. */
export class RunFolderError extends Error {
  override readonly name = "RunFolderError";
}

/** Set in the environment of what runs inside. */
const sign = "LIQUID_IMS_LAB_NAMESPACES";

export function isInside(): boolean {
  return process.env[sign] !== undefined;
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: programPath() };
}

/** Exit code of flock for a folder that another lab has; no program inside uses it. */
const takenCode = 75;

/**
 * Runs this program with the same arguments inside; resolves with its exit code. While it runs it has what is above the run
 * folder for itself; rejects with a RunFolderError when another lab has that.
 */
export function runInside(
  runFolder: string,
  options: readonly string[],
  argv: readonly string[],
): Promise<number> {
  const above = dirname(runFolder);
  makeFolder(above);
  const [program = "", ...rest] = enterNamespaces([
    ...["flock", "--no-fork", "--nonblock", "--conflict-exit-code", String(takenCode), above],
    ...["unshare", ...options, process.execPath, ...process.execArgv],
  ]);
  const script = process.argv[1] ?? "";
  const child = spawn(program, [...rest, script, ...argv], {
    stdio: "inherit",
    env: { ...environment(), [sign]: "1" },
  });
  return new Promise((resolve, rejectPromise) => {
    let ended = 0;
    const end = (signal: EndSignal) => {
      ended = exitCodeOf(signal);
      // unshare waits for its child whatever it is told, but for this.
      child.kill("SIGKILL");
    };
    onEndSignal({ first: end });
    child.once("error", rejectPromise);
    child.once("close", (code) => {
      if (ended > 0) resolve(ended);
      else if (code === takenCode)
        rejectPromise(new RunFolderError(`another lab writes to ${above}: give another folder by --out`));
      else resolve(code ?? 1);
    });
  });
}

function run(program: string, ...argv: string[]): void {
  const { status, stderr, error } = spawnSync(program, argv, { env: environment(), encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${argv.join(" ")}: ${stderr.trim() || `exit ${status}`}`);
}

/** Written first into a run folder: whatever lies beside it is the lab's. */
const ownResolver = "resolv.conf";
const ownResolverOptions = "options timeout:1 attempts:1";

function isOfALab(folder: string): boolean {
  try {
    return readFileSync(join(folder, ownResolver), "utf8").endsWith(`\n${ownResolverOptions}\n`);
  } catch {
    return false;
  }
}

/** Makes the folder, or empties what an earlier run has left there. Throws a RunFolderError for one of somebody else. */
export function emptyRunFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0 && !isOfALab(folder))
    throw new RunFolderError(
      `${folder} holds what no earlier run has written, and would be emptied: give another folder by --out, or move it away`,
    );
  rmSync(folder, { recursive: true, force: true });
  makeFolder(folder);
}

/**
 * Inside: the loopback with these addresses, and a resolv.conf that names the lab's name server (port 53). The folder is
 * emptied when it is an earlier run's.
 */
export function furnish(folder: string, addresses: readonly string[], nameServer: string): void {
  emptyRunFolder(folder);
  const own = join(folder, ownResolver);
  writeFileSync(own, `nameserver ${nameServer}\n${ownResolverOptions}\n`);
  run("ip", "link", "set", "lo", "up");
  for (const address of addresses) run("ip", "address", "add", `${address}/8`, "dev", "lo");
  run("mount", "--bind", own, realpathSync(resolverFile));
}

/**
 * Inside: from now on the ports that the system chooses have four digits. Kamailio 5.6.3's P-CSCF reads the port in an
 * alias into five bytes and their end from what lies behind them: of five digits it makes another number in some runs, and
 * does not know the UE then.
 */
export function useShortPorts(): void {
  const setting = "/proc/sys/net/ipv4/ip_local_port_range";
  try {
    writeFileSync(setting, "7200 9999");
  } catch (cause) {
    throw new Error(`${setting} cannot be written, which --add-contact-alias needs here`, { cause });
  }
}

/** Where programs write that know no other place. */
const temporary = "/tmp";

/**
 * /tmp is replaced by an empty one in memory; the folder stays where it is, even when that was below /tmp (the source is
 * its descriptor, whose path must not be looked up again).
 */
const hideTemporary = `
  folder=$1; shift
  exec 3< "$folder" || exit 1
  mount -t tmpfs -o size=16m liquid-ims ${temporary} || exit 1
  mkdir -p "$folder" || exit 1
  mount --no-canonicalize --bind /proc/self/fd/3 "$folder" || exit 1
  exec 3<&-
  cd "$folder" && exec "$@"`;

/** A program in a mount namespace of its own, in which /tmp is empty and its own: cdp's FIFOs have fixed names there. */
export function withOwnTemporary(
  folder: string,
  program: string,
  argv: readonly string[],
): { readonly program: string; readonly argv: readonly string[] } {
  return { program: "unshare", argv: ["--mount", "sh", "-c", hideTemporary, "sh", folder, program, ...argv] };
}
