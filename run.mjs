// Runs a program of this repository on a Node that can run it, and installs the dependencies first when
// they are missing or older than package-lock.json. Understood by any Node from 18 on: no syntax newer than that here.
//
//   node run.mjs <file or option of node> [arguments]
//
// LIQUID_IMS_NODE=<path> chooses another Node (tests on the next release use it).
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));

function fail(message) {
  process.stderr.write(`liquid-ims: ${message}\n`);
  process.exit(3);
}

/** Installed packages by path with their version, without what npm leaves out for this platform. */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages ?? {};
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

function isInstalled() {
  const wanted = packagesOf(join(root, "package-lock.json"));
  if (wanted === null) fail(`package-lock.json is missing in ${root}: take a complete checkout`);
  const present = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (present === null) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    // The commands of our own packages, which an install before they had any lacks.
    if (!path.includes("node_modules/"))
      return Object.keys(entry.bin ?? {}).every((name) =>
        existsSync(join(root, "node_modules", ".bin", name)),
      );
    if (!path.startsWith("node_modules/") || entry.optional) return true;
    const found = present[path];
    return found !== undefined && (entry.link ? found.link : found.version === entry.version);
  });
}

function install() {
  process.stderr.write("liquid-ims: installing the dependencies (npm ci) ...\n");
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  // npm's own variables of an outer "npm test" would change what the inner one does.
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(config|package|lifecycle)_/.test(name)),
  );
  const result = spawnSync(command, [...first, "ci", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    env: environment,
  });
  if (result.error) fail(`npm could not be started (${result.error.message}): install npm 10 or newer`);
  if (result.status !== 0) fail("npm ci failed, see above; nothing was started");
}

function chooseNode() {
  const chosen = process.env.LIQUID_IMS_NODE;
  if (chosen) {
    if (!existsSync(chosen)) fail(`LIQUID_IMS_NODE=${chosen}: no such file`);
    return chosen;
  }
  const own = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (existsSync(own)) return own;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  return fail(
    `no Node for ${process.platform}-${process.arch} comes with the repository and ${process.version} is too old: ` +
      "install Node 22.18 or newer and try again",
  );
}

if (process.argv.length < 3) fail("usage: node run.mjs <program> [arguments]");
if (!isInstalled()) install();

// Where the person stands, which files are named from: npm goes to the root before it runs a script.
const byNpm = Boolean(process.env.npm_lifecycle_event) && process.cwd() === root;
const folder = (byNpm && process.env.INIT_CWD) || process.cwd();
// SIGKILL of this process cannot be passed on: the program looks itself whether this one is still there.
const guard = pathToFileURL(join(root, "run-guard.mjs")).href;
const child = spawn(chooseNode(), ["--import", guard, ...process.argv.slice(2)], {
  stdio: "inherit",
  cwd: root,
  env: { ...process.env, LIQUID_IMS_FOLDER: folder, LIQUID_IMS_RUN_PID: String(process.pid) },
});
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) {
  // A terminal sends Ctrl-C to the whole group: the child has it already, and decides when to end.
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on("error", (error) => fail(`${error.path ?? "node"} could not be started: ${error.message}`));
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, signal);
});
