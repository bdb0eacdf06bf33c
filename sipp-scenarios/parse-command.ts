// A command line read by commander, with what ends it early as a value.
import { type Command, CommanderError } from "commander";

/** What a command line is when it is not to be run: a wish for help, or a mistake in one line. */
export type NoRun =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "usage"; readonly message: string };

/** Null: `command` has its options now. Never throws for what a person typed. */
export function parseCommand(command: Command, argv: readonly string[]): NoRun | null {
  let help = "";
  command.configureOutput({
    writeErr: () => undefined,
    writeOut: (text) => {
      help += text;
    },
  });
  try {
    command.parse([...argv], { from: "user" });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.helpDisplayed") return { kind: "help", text: help };
    return { kind: "usage", message: error.message.replace(/^error: /, "").replace(/\s+/g, " ") };
  }
}
