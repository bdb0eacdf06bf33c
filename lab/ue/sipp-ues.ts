// UEs without an LCF: SIPp registers them by the scenario ue-register, as `npm run sipp` does.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Address, formatAddress } from "@liquid-ims/runtime/network";
import { RuntimeError } from "@liquid-ims/runtime/runtime-error";
import { formatSubscribers } from "../hss/subscriber-csv.ts";
import type { Subscriber } from "../ims-core/subscriber.ts";

const program = join(import.meta.dirname, "../../sipp-scenarios/run.ts");
/** Registrations a second. */
const rate = 10;

/** Registers them through a P-CSCF, each from an address of its own; rejects when one of them could not. */
export async function registerSippUes(subscribers: readonly Subscriber[], pCscf: Address): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-ues-"));
  try {
    const users = join(folder, "users.csv");
    writeFileSync(users, formatSubscribers(subscribers));
    const count = String(subscribers.length);
    const child = spawn(
      process.execPath,
      [
        ...[program, "ue-register", "--proxy", formatAddress(pCscf), "--users", users],
        ...["--count", count, "--rate", String(rate)],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (exitCode === 3) throw new RuntimeError("unreachable", said.trim().replace(/^sipp: /, ""));
    if (exitCode !== 0) throw new Error(`SIPp could not register ${count} UEs: ${said.trim()}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
