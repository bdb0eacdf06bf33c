// The programs of the real core, Kamailio's modules among them, and the Debian packages that they come from.
import { accessSync, constants, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface NeededProgram {
  readonly program: string;
  readonly package: string;
}

const needed: readonly NeededProgram[] = [
  { program: "kamailio", package: "kamailio" },
  { program: "kamcmd", package: "kamailio" },
  { program: "named", package: "bind9" },
  { program: "dumpcap", package: "wireshark-common" },
  { program: "ip", package: "iproute2" },
  { program: "unshare", package: "util-linux" },
  { program: "setpriv", package: "util-linux" },
  { program: "flock", package: "util-linux" },
  { program: "mount", package: "mount" },
];
const systemFolders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const moduleFolders = [
  "/usr/lib/x86_64-linux-gnu/kamailio/modules",
  "/usr/lib/aarch64-linux-gnu/kamailio/modules",
  "/usr/lib64/kamailio/modules",
  "/usr/lib/kamailio/modules",
];

/** Where a module comes from, by its name: Debian 12 and 13. */
function packageOf(module: string): string {
  if (/^(ims_|cdp)/.test(module)) return "kamailio-ims-modules";
  return module === "presence" ? "kamailio-presence-modules" : "kamailio";
}

/** The modules that the templates load. */
export function neededModules(): NeededProgram[] {
  const folder = new URL("./templates/", import.meta.url);
  const modules = readdirSync(folder)
    .filter((name) => name.endsWith(".cfg"))
    .flatMap((name) => [...readFileSync(new URL(name, folder), "utf8").matchAll(/^loadmodule "(\w+)"/gm)])
    .map(([, module = ""]) => module);
  return [...new Set(modules)].map((module) => ({ program: `${module}.so`, package: packageOf(module) }));
}

function isIn(folders: readonly string[], name: string, mode: number): boolean {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), mode);
      return true;
    } catch {
      return false;
    }
  });
}

/** Programs that an ordinary user's PATH may leave out. */
export function programPath(): string {
  const own = process.env["PATH"]?.split(delimiter) ?? [];
  return [...new Set([...own, ...systemFolders])].join(delimiter);
}

/** Programs and modules that this machine lacks. */
export function missingPrograms(): NeededProgram[] {
  const folders = programPath().split(delimiter);
  return [
    ...needed.filter(({ program }) => !isIn(folders, program, constants.X_OK)),
    ...neededModules().filter(({ program }) => !isIn(moduleFolders, program, constants.R_OK)),
  ];
}

/** What to type, for the packages of these. */
export function installLine(missing: readonly NeededProgram[]): string {
  const packages = [...new Set(missing.map((one) => one.package))].join(" ");
  return `apt-get install -y --no-install-recommends ${packages}`;
}
