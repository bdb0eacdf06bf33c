// cfs keys new [--out FILE]
import { resolve } from "node:path";
import { NodejsCrypto } from "@liquid-ims/runtime/nodejs/crypto";
import type { Command } from "commander";
import { newKeyText, writeKeyFile } from "./key-file.ts";

interface Parsed {
  readonly out?: string;
}

/** Adds the command; `run` takes what it does. Relative files count from `folder`. */
export function addKeysCommand(
  program: Command,
  run: (act: () => Promise<void>) => void,
  folder: () => string,
): void {
  const crypto = new NodejsCrypto();
  const keys = program.command("keys").description("signing keys of the CFS");
  keys
    .command("new")
    .description("make a signing key (a private JWK)")
    .option("--out <file>", "write it to a new file that only its owner can read; default: standard output")
    .action(({ out }: Parsed) =>
      run(async () => {
        if (out === undefined) {
          process.stdout.write(await newKeyText(crypto));
          return;
        }
        const file = resolve(folder(), out);
        const kid = await writeKeyFile(crypto, file);
        process.stdout.write(`${file}: key ${kid}; name it in the configuration as keys.file\n`);
      }),
    );
}
