// Runs a scenario with UEs: beside the core that is there, or beside one that is started for it.
import { type CoreDescription, describedCore } from "@liquid-ims/lab/standing-core/description";
import type { CommandContext } from "../command-context.ts";
import { runBesideCore } from "../lab-core.ts";
import { MachineError } from "../machine-error.ts";
import type { UeOptions } from "./options.ts";
import {
  formatUeHeader,
  formatUeJson,
  formatUeResult,
  formatUeTableHead,
  formatUeTableRow,
} from "./report.ts";
import { describedPlaces, runUes, type UeCore } from "./run.ts";

function foreignPlaces(options: UeOptions): UeCore | null {
  const { proxy, secondProxy, usersFile } = options;
  if (proxy === null || usersFile === null) return null;
  return { first: proxy, second: secondProxy, callees: proxy, records: null, usersFile };
}

function nameOf(described: CoreDescription | null, options: UeOptions): string {
  if (described === null || options.proxy !== null) return "a core that is there";
  return `the lab's ${described.core} core`;
}

/** Resolves with the exit code. */
export async function runUeCommand(options: UeOptions, context: CommandContext): Promise<number> {
  const { say, complain, signal, environment, progress } = context;
  const { json, isRamp } = options;
  const described = describedCore(environment);
  if (options.proxy === null && described === null) {
    const { callers, callees, authentication } = options;
    const users = options.usersFile ?? { count: callers + callees, authentication };
    return runBesideCore({ core: options.core ?? "embedded", users }, context.argv);
  }
  const core = foreignPlaces(options) ?? (described === null ? null : describedPlaces(described, options));
  if (core === null) throw new MachineError("no core is known");
  if (!json) say(formatUeHeader(options, core, nameOf(described, options)));
  if (!json && isRamp) say(formatUeTableHead());
  const result = await runUes(options, core, {
    ...{ signal, progress, path: environment["PATH"] },
    onStep: (step) => {
      if (!json && isRamp) say(formatUeTableRow(step));
    },
  });
  say(json ? formatUeJson(options, result) : formatUeResult(options, result));
  for (const failure of result.failures) complain(failure);
  return result.failures.length === 0 ? 0 : 1;
}
