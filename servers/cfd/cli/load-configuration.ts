// The CFD's configuration file as its program reads it, for those who look at a CFD from outside too.
import { loopbackRule } from "@liquid-ims/program/admin";
import { type LoadResult, loadConfiguration } from "@liquid-ims/program/configuration/load";
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
    rules: ({ admin }) => loopbackRule("admin", admin),
  });
}
