// Whether this kernel lets the lab have a machine of its own, and which of its settings forbids it. namespaces(7),
// user_namespaces(7).
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { programPath } from "./programs.ts";

/** `command` is one process that ends as unshare: it dies with the lab that started it, and everything inside with it. */
export function enterNamespaces(command: readonly string[]): string[] {
  return ["setpriv", "--pdeathsig", "KILL", ...command];
}

const unprivileged = ["--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"];
/** Root needs no user namespace. */
const privileged = unprivileged.slice(2);

/** Names that the lab's programs are asked for by themselves. */
export const resolverFile = "/etc/resolv.conf";

/** What is asked of a machine. */
export interface NamespaceMachine {
  readonly isRoot: boolean;
  /** Tries it with these options of unshare, as the lab does it; null when it works, else what was said. */
  attempt(options: readonly string[]): string | null;
  /** A setting of the kernel, as sysctl names it; null where it has none. */
  setting(name: string): string | null;
  /** Whether it has a resolv.conf, over which the lab's own can be laid. */
  readonly hasResolverFile: boolean;
}

export type NamespaceFinding =
  | { readonly allowed: true; readonly options: readonly string[] }
  | { readonly allowed: false; readonly reason: string };

function attempt(options: readonly string[]): string | null {
  // Bound over itself, the file stays what it is.
  const script = `ip link set lo up && mount --bind "$1" "$1"`;
  const file = realpathSync(resolverFile);
  const [program = "", ...argv] = enterNamespaces([
    ...["unshare", ...options, "sh", "-c", script, "sh", file],
  ]);
  const env = { ...process.env, PATH: programPath() };
  const { status, stderr, error } = spawnSync(program, argv, { env, encoding: "utf8" });
  if (error !== undefined) return error.message;
  return status === 0 ? null : stderr.trim().replaceAll("\n", "; ") || `exit ${status}`;
}

export const thisMachine: NamespaceMachine = {
  isRoot: process.getuid?.() === 0,
  hasResolverFile: existsSync(resolverFile),
  attempt,
  setting(name) {
    try {
      return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim();
    } catch {
      return null;
    }
  },
};

/** Settings with the value that forbids and one that allows. */
const settings = [
  { name: "kernel.unprivileged_userns_clone", forbids: "0", allows: "1" },
  { name: "kernel.apparmor_restrict_unprivileged_userns", forbids: "1", allows: "0" },
  { name: "user.max_user_namespaces", forbids: "0", allows: "10000" },
  { name: "user.max_net_namespaces", forbids: "0", allows: "10000" },
  { name: "user.max_mnt_namespaces", forbids: "0", allows: "10000" },
  { name: "user.max_pid_namespaces", forbids: "0", allows: "10000" },
] as const;

/** The options of unshare that are allowed; else the reason and what can be done, in one line. */
export function findNamespaces(machine: NamespaceMachine = thisMachine): NamespaceFinding {
  if (!machine.hasResolverFile) {
    const reason = `${resolverFile} is not there, and Kamailio is told of the lab's name server by one that is laid over it: touch ${resolverFile}`;
    return { allowed: false, reason };
  }
  const refused = machine.attempt(unprivileged);
  if (refused === null) return { allowed: true, options: unprivileged };
  if (machine.isRoot && machine.attempt(privileged) === null) return { allowed: true, options: privileged };
  const forbidding = settings.filter(({ name, forbids }) => machine.setting(name) === forbids);
  const remedies = forbidding.map(
    ({ name, forbids, allows }) => `${name} is ${forbids}: sysctl -w ${name}=${allows}`,
  );
  const container =
    "none of the kernel's settings forbids it, so it is a container: give it CAP_SYS_ADMIN and CAP_NET_ADMIN and no " +
    "seccomp filter (docker run --privileged)";
  const remedy = remedies.length > 0 ? remedies.join("; ") : container;
  const reason =
    `this kernel forbids namespaces of one's own (${refused}), which --core kamailio runs in; ${remedy}; ` +
    `${machine.isRoot ? "" : "or run it as root; "}--core embedded needs none`;
  return { allowed: false, reason };
}
