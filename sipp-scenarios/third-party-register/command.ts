// third-party-register as a command: what it says, and its exit code.
import type { CommandContext } from "../command-context.ts";
import type { ThirdPartyRegisterOptions } from "./options.ts";
import { formatHeader, formatJson, formatResult, formatTableHead, formatTableRow } from "./report.ts";
import { runThirdPartyRegister } from "./run.ts";

/** Resolves with the exit code. */
export async function runThirdPartyRegisterCommand(
  options: ThirdPartyRegisterOptions,
  { signal, environment, say, complain, progress }: CommandContext,
): Promise<number> {
  const { json, isRamp } = options;
  const result = await runThirdPartyRegister(options, {
    ...{ signal, progress, path: environment["PATH"] },
    onStart: () => {
      if (!json) say(formatHeader(options));
      if (!json && isRamp) say(formatTableHead());
    },
    onStep: (step) => {
      if (!json && isRamp) say(formatTableRow(step));
    },
  });
  if (signal.aborted) return 0;
  say(json ? formatJson(options, result) : formatResult(options, result));
  for (const failure of result.failures) complain(failure);
  return result.failures.length === 0 ? 0 : 1;
}
