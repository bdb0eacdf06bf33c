// The command line of a server program.
import { Command, CommanderError } from "commander";

export type ProgramRequest =
  | {
      readonly kind: "run" | "print" | "check";
      /** Null: environment and defaults alone. */
      readonly config: string | null;
    }
  | { readonly kind: "command"; readonly run: () => Promise<void> }
  /** `usage` is said by the caller, `done` (help, version) has been. */
  | { readonly kind: "usage"; readonly message: string }
  | { readonly kind: "done" };

export interface ArgumentsOptions {
  readonly name: string;
  readonly summary: string;
  readonly version: string;
  readonly prefix: string;
  /** Adds sub-commands; each calls `run` with what it does. Default none. */
  readonly extend?: (command: Command, run: (act: () => Promise<void>) => void) => void;
  /** Default: standard output. */
  readonly write?: (text: string) => void;
}

function start(): ProgramRequest {
  return { kind: "done" };
}

interface Parsed {
  readonly config?: string;
  readonly printConfig: boolean;
  readonly check: boolean;
}

/** Reads the command line; never throws for what a person typed. */
export function readArguments(argv: readonly string[], options: ArgumentsOptions): ProgramRequest {
  const { name, summary, version, prefix, extend, write } = options;
  let request = start();
  const quiet = { writeErr: () => undefined, ...(write === undefined ? {} : { writeOut: write }) };
  const command = new Command(name)
    .description(summary)
    .version(`${name} ${version}`, "--version", "say the version and end")
    .option("--config <file>", `the YAML file; every key can also be given as ${prefix}...`)
    .option(
      "--print-config",
      "say the effective configuration as YAML, with where each value came from",
      false,
    )
    .option("--check", "check the configuration and the files that it names, and end", false)
    .exitOverride()
    .configureOutput(quiet)
    .allowExcessArguments(false)
    .action((parsed: Parsed) => {
      const kind = parsed.printConfig ? "print" : parsed.check ? "check" : "run";
      request = { kind, config: parsed.config ?? null };
    });
  extend?.(command, (run) => {
    request = { kind: "command", run };
  });
  for (const inner of command.commands) inner.exitOverride().configureOutput(quiet);
  try {
    command.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "done" };
    const text = error.message.replace(/^error: /, "").replace(/\n\((.*)\)$/, "; $1");
    return { kind: "usage", message: error.code === "commander.help" ? "a command is missing" : text };
  }
  if (request.kind !== "command") return request;
  const [given] = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === "cli",
  );
  if (given === undefined) return request;
  return { kind: "usage", message: `option '${given.long}' has no effect on this command; leave it out` };
}
