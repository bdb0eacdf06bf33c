// The CFD's configuration file as its program reads it, for those who look at a CFD from outside too.
import { loopbackRule } from "@liquid-ims/program/admin";
import { type LoadResult, loadConfiguration } from "@liquid-ims/program/configuration/load";
import { type LookedInto, lookInto } from "@liquid-ims/program/configuration/look-into";
import { callersFolder } from "@liquid-ims/program/run-program";
import { cfdRules } from "../config-rules.ts";
import { type CfdSettings, cfdPrefix, cfdSchema } from "../config-schema.ts";

/** Never throws for what a person wrote. */
export function loadCfdConfiguration(request: {
  readonly file: string | null;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): LoadResult<CfdSettings> {
  return loadConfiguration({
    ...request,
    schema: cfdSchema,
    prefix: cfdPrefix,
    rules: (settings) => [...loopbackRule("admin", settings.admin), ...cfdRules(settings)],
  });
}

/** The file as the program would read it if it was started here. */
export function lookCfdConfiguration(file: string): LookedInto<CfdSettings> {
  return lookInto(loadCfdConfiguration({ file, folder: callersFolder(), environment: process.env }));
}
