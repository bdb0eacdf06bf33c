// cfs keys new [--out FILE]
import { resolve } from "node:path";
import { ProgramError } from "@liquid-ims/program/exit";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import type { Command } from "commander";
import { newKeyText, writeKeyFile } from "./key-file.ts";

interface Parsed {
  readonly out?: string;
}

/** For `--out`. */
const standardOutput = "-";

/** Where the command writes. */
export interface KeysOutput {
  readonly isTerminal: boolean;
  write(text: string): void;
}

/** Adds the command; `run` takes what it does. Relative files count from `folder`. Default output: the process's. */
export function addKeysCommand(
  program: Command,
  run: (act: () => Promise<void>) => void,
  folder: () => string,
  output: KeysOutput = {
    isTerminal: process.stdout.isTTY,
    write: (text) => void process.stdout.write(text),
  },
): void {
  const crypto = new NodejsCrypto();
  const keys = program.command("keys").description("signing keys of the CFS");
  keys
    .command("new")
    .description("make a signing key (a private JWK)")
    .option(
      "--out <file>",
      "write it to a new file that only its owner can read; -, and the default where that is no terminal: standard output",
    )
    .action(({ out }: Parsed) =>
      run(async () => {
        if (out === undefined && output.isTerminal)
          throw new ProgramError(
            2,
            "standard output is a terminal, and the key is private: give --out FILE, or --out - to see it here",
          );
        if (out === undefined || out === standardOutput) {
          output.write(await newKeyText(crypto));
          return;
        }
        const file = resolve(folder(), out);
        const kid = await writeKeyFile(crypto, file);
        output.write(`${file}: key ${kid}; name it in the configuration as keys.file\n`);
      }),
    );
}
