// The file of the CFS's signing key: a private JWK that only its owner can read.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { ProgramError, systemCodeOf } from "@liquid-ims/program/exit";
import type { Crypto } from "@liquid-ims/runtime/crypto";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { encodeText } from "@liquid-ims/runtime/text";
import { type CfsKeys, cfsKeys, exportSigningKey, generateSigningKey, importSigningKey } from "../keys.ts";

/** Makes a key and gives its text and its name (RFC 7638 thumbprint). */
async function newKey(crypto: Crypto): Promise<{ readonly text: string; readonly kid: string }> {
  const pair = await generateSigningKey(crypto);
  return { text: `${await exportSigningKey(crypto, pair)}\n`, kid: cfsKeys(crypto, pair).signing.kid };
}

/** Writes a new key to a new file of mode 0600; gives its name. Never writes over a file: a key lost is lost. */
export async function writeKeyFile(crypto: Crypto, file: string): Promise<string> {
  const { text, kid } = await newKey(crypto);
  try {
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (systemCodeOf(error) !== "EEXIST") throw error;
    throw new ProgramError(2, `${file}: is there already and is not written over; give another --out`);
  }
  return kid;
}

/** A new key as text. */
export async function newKeyText(crypto: Crypto): Promise<string> {
  return (await newKey(crypto)).text;
}

/** The key of the configuration's keys.file. */
export async function readKeyFile(crypto: Crypto, file: string): Promise<CfsKeys> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCodeOf(error) ?? String(error);
    const remedy = code === "ENOENT" ? `make it with: cfs keys new --out ${file}` : "it cannot be read";
    throw new ProgramError(2, `keys.file: ${file}: ${code}: ${remedy}`, { cause: error });
  }
  if ((statSync(file).mode & 0o077) !== 0)
    throw new ProgramError(2, `keys.file: ${file}: others may read it; chmod 600 ${file}`);
  try {
    const pair = await importSigningKey(crypto, text);
    // The halves of a damaged file need not belong together, and no LCF would believe what is signed.
    const probe = encodeText("liquid-ims");
    if (!(await crypto.verify(pair.publicKey, probe, await crypto.sign(pair.privateKey, probe))))
      throw new RuntimeError(
        "bad-key",
        "its private and public members do not belong together; make one anew",
      );
    return cfsKeys(crypto, pair);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    throw new ProgramError(2, `keys.file: ${file}: ${error.message}`, { cause: error });
  }
}
