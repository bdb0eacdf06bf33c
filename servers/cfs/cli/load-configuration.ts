// The CFS's configuration file as its program reads it, for those who look at a CFS from outside too.
import { loopbackRule } from "@liquid-ims/program/admin";
import { type LoadResult, loadConfiguration } from "@liquid-ims/program/configuration/load";
import { cfsRules } from "../config-rules.ts";
import { type CfsSettings, cfsPrefix, cfsSchema } from "../config-schema.ts";

/** Never throws for what a person wrote. */
export function loadCfsConfiguration(request: {
  readonly file: string | null;
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): LoadResult<CfsSettings> {
  return loadConfiguration({
    ...request,
    schema: cfsSchema,
    prefix: cfsPrefix,
    rules: (settings) => [
      ...loopbackRule("admin", settings.admin),
      ...loopbackRule("osCfs", settings.osCfs),
      ...cfsRules(settings),
    ],
  });
}
