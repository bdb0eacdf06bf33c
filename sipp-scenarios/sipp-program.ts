// The program SIPp: where it is, and what its error log says.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { MachineError } from "./machine-error.ts";

/** The SIPp of PATH; throws a `MachineError` that says how to install it. */
export function findSipp(path: string | undefined): string {
  for (const folder of (path ?? "").split(delimiter)) {
    if (folder === "") continue;
    const file = join(folder, "sipp");
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
  throw new MachineError(
    "SIPp is not installed (no program sipp in PATH): apt-get install -y --no-install-recommends sip-tester",
  );
}

/** What SIPp writes there when nothing is wrong. Nobody here uses its remote control, without which it goes on. */
const noise = [
  /^(The following events|Resolving remote host|Failed to shutdown)/,
  /^Maximum number of open sockets \(\d+\) plus/,
  /^Unable to bind remote control socket \(tried/,
];

/** The entries of SIPp's error log, which stand behind their times, not on lines. */
export function complaintsIn(text: string): readonly string[] {
  return text
    .split(/\d{4}-\d\d-\d\d\t[\d:.]+\t[\d.]+: /)
    .map((entry) => entry.split("\n")[0]?.trim() ?? "")
    .filter((entry) => entry !== "" && !noise.some((one) => one.test(entry)))
    .slice(0, 3);
}
