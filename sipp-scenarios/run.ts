// Load scenarios with the real SIPp: `npm run sipp -- <scenario>`. Exit codes: 0 as it should be, 1 not so, 2 usage,
// 3 the machine, 130 Ctrl-C.
import { runThirdPartyRegister } from "./load-run.ts";
import { UsersFileError } from "./load-users.ts";
import { MachineError } from "./machine-error.ts";
import { readOptions, scenarios, type ThirdPartyRegisterOptions } from "./options.ts";
import { formatHeader, formatJson, formatResult, formatTableHead, formatTableRow } from "./report.ts";

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`sipp: ${text}\n`);
}

function listScenarios(): void {
  say("Scenarios (npm run sipp -- <name> [options]; <name> --help shows the options):");
  for (const { name, summary } of scenarios) say(`  ${name.padEnd(22)} ${summary}`);
}

/** What a person can mend gets one line; a fault of ours keeps its stack. */
function explain(error: unknown, options: ThirdPartyRegisterOptions): number {
  if (error instanceof UsersFileError) {
    complain(`option '--users ${options.usersFile}': ${error.message}`);
    return 2;
  }
  if (error instanceof MachineError) {
    complain(error.message);
    return 3;
  }
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "EACCES" || code === "ENOSPC" || code === "EROFS" || code === "ENOENT") {
    complain(error instanceof Error ? error.message : String(error));
    return 3;
  }
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
}

async function runScenario(options: ThirdPartyRegisterOptions): Promise<number> {
  const { json, isRamp } = options;
  const abort = new AbortController();
  let exitCode = 0;
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)
    process.on(signal, () => {
      exitCode = code;
      abort.abort();
    });
  try {
    const result = await runThirdPartyRegister(options, {
      signal: abort.signal,
      path: process.env["PATH"],
      onStart: () => {
        if (!json) say(formatHeader(options));
        if (!json && isRamp) say(formatTableHead());
      },
      progress: (line) => {
        if (process.stderr.isTTY) complain(line);
      },
      onStep: (step) => {
        if (!json && isRamp) say(formatTableRow(step));
      },
    });
    if (abort.signal.aborted) return exitCode;
    say(json ? formatJson(options, result) : formatResult(options, result));
    for (const failure of result.failures) complain(failure);
    return result.failures.length === 0 ? 0 : 1;
  } catch (error) {
    if (abort.signal.aborted) return exitCode;
    return explain(error, options);
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const request = readOptions(argv);
  switch (request.kind) {
    case "list":
      listScenarios();
      return 0;
    case "help":
      say(request.text.trimEnd());
      return 0;
    case "usage":
      complain(`${request.message} (--help shows all options)`);
      return 2;
    case "third-party-register":
      return runScenario(request.options);
  }
}

process.exitCode = await main(process.argv.slice(2));
