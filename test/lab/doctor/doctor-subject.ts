// The documentation's examples as the doctor gets them, changed where a test wants it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { loadCfdConfiguration } from "@liquid-ims/cfd/cli/load-configuration";
import type { CfdSettings } from "@liquid-ims/cfd/config-schema";
import { loadCfsConfiguration } from "@liquid-ims/cfs/cli/load-configuration";
import type { CfsSettings } from "@liquid-ims/cfs/config-schema";
import type { Finding, Level } from "@liquid-ims/lab/doctor/finding";
import type { Configured } from "@liquid-ims/lab/doctor/programs";
import { type LookedInto, lookInto } from "@liquid-ims/program/configuration/look-into";
import { newFolder } from "../../program/load-text.ts";

const examples = join(import.meta.dirname, "../../../docs/examples");

/** Each text is replaced by the other. */
export type Replacements = Readonly<Record<string, string>>;

function write(context: TestContext, name: string, replacements: Replacements): string {
  let text = readFileSync(join(examples, name), "utf8");
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${name} has no "${from}"`);
    text = text.replace(from, to);
  }
  const folder = newFolder(context);
  writeFileSync(join(folder, name), text);
  return folder;
}

function opened<Settings>(file: string, looked: LookedInto<Settings>): Configured<Settings> {
  if (!looked.ok) throw new Error(looked.lines.join("\n"));
  return { file, settings: looked.value, place: looked.place, writtenAt: 0 };
}

export function cfsOf(context: TestContext, replacements: Replacements = {}): Configured<CfsSettings> {
  const folder = write(context, "cfs.yaml", replacements);
  return opened("cfs.yaml", lookInto(loadCfsConfiguration({ file: "cfs.yaml", folder, environment: {} })));
}

export function cfdOf(context: TestContext, replacements: Replacements = {}): Configured<CfdSettings> {
  const folder = write(context, "cfd.yaml", replacements);
  return opened("cfd.yaml", lookInto(loadCfdConfiguration({ file: "cfd.yaml", folder, environment: {} })));
}

/** `cfs.yaml:30`, of the first line of the example that has this text. */
export function lineAt(name: "cfs.yaml" | "cfd.yaml", text: string): string {
  const lines = readFileSync(join(examples, name), "utf8").split("\n");
  const index = lines.findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`${name} has no "${text}"`);
  return `${name}:${index + 1}`;
}

/** Facts of one level. */
export function factsOf(findings: readonly Finding[], level: Level): string[] {
  return findings.filter((finding) => finding.level === level).map(({ fact }) => fact);
}

/** `where: change` of every remedy. */
export function remediesOf(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ remedies }) => remedies.map(({ where, change }) => `${where}: ${change}`));
}
