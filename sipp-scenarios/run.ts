// Load scenarios with the real SIPp: `npm run sipp -- <scenario>`. Exit codes: 0 as it should be, 1 not so, 2 usage,
// 3 the machine, 130 Ctrl-C.

import { endProcess, exitCodeOf, onEndSignal } from "@liquid-ims/runtime/nodejs/end-signals";
import { runCallLoadCommand } from "./call-load/command.ts";
import { MachineError } from "./machine-error.ts";
import { readOptions, scenarios } from "./options.ts";
import { runThirdPartyRegisterCommand } from "./third-party-register/command.ts";
import { UsersFileError } from "./third-party-register/load-users.ts";
import { runUeCommand } from "./ue/command.ts";
import { UnfitUserError } from "./ue/injection-file.ts";
import { writeUsers } from "./users-command.ts";

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
function explain(error: unknown, usersFile: string | null = null): number {
  if (error instanceof UsersFileError) {
    complain(`option '--users ${usersFile}': ${error.message}`);
    return 2;
  }
  if (error instanceof UnfitUserError) {
    complain(error.message);
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

/** Runs `run` until a signal comes; whatever it does then, the exit code is the signal's. */
async function untilSignal(
  run: (signal: AbortSignal) => Promise<number>,
  usersFile: string | null = null,
): Promise<number> {
  const abort = new AbortController();
  let exitCode = 0;
  onEndSignal({
    first(signal) {
      exitCode = exitCodeOf(signal);
      abort.abort();
    },
  });
  try {
    const ended = await run(abort.signal);
    return abort.signal.aborted ? exitCode : ended;
  } catch (error) {
    if (abort.signal.aborted) return exitCode;
    return explain(error, usersFile);
  }
}

function progress(line: string): void {
  if (process.stderr.isTTY) complain(line);
}

async function main(argv: readonly string[]): Promise<number> {
  const request = readOptions(argv);
  const context = { argv, say, complain, progress, environment: process.env };
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
    case "third-party-register": {
      const { options } = request;
      return untilSignal(
        (signal) => runThirdPartyRegisterCommand(options, { ...context, signal }),
        options.usersFile,
      );
    }
    case "users": {
      const { options } = request;
      return untilSignal(async () => {
        writeUsers(options, say);
        return 0;
      });
    }
    case "call-load":
      return untilSignal((signal) => runCallLoadCommand(request, { ...context, signal }));
    case "ue": {
      const { options } = request;
      return untilSignal((signal) => runUeCommand(options, { ...context, signal }));
    }
  }
}

endProcess(await main(process.argv.slice(2)));
