// Loads a configuration from a text, as a file in a folder of its own.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type CfdSettings, cfdPrefix, cfdSchema } from "@liquid-ims/cfd/config-schema";
import { formatConfigurationError } from "@liquid-ims/program/configuration/given";
import { type LoadResult, loadConfiguration } from "@liquid-ims/program/configuration/load";

export function newFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "liquid-ims-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The text as `cfd.yaml`, with the CFD's schema. */
export function loadCfd(
  context: TestContext,
  text: string | null,
  environment: Readonly<Record<string, string>> = {},
): LoadResult<CfdSettings> & { readonly folder: string } {
  const folder = newFolder(context);
  if (text !== null) writeFileSync(join(folder, "cfd.yaml"), text);
  const file = text === null ? null : "cfd.yaml";
  return {
    ...loadConfiguration({ schema: cfdSchema, file, folder, environment, prefix: cfdPrefix }),
    folder,
  };
}

/** The errors as a person reads them; none when it loads. */
export function linesOf(result: LoadResult<unknown>): string[] {
  return result.ok ? [] : result.errors.map(formatConfigurationError);
}
