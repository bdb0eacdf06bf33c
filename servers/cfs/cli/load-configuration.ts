// The CFS's configuration file as its program reads it, for those who look at a CFS from outside too.
import { loopbackRule } from "@liquid-ims/program/admin";
import { type LoadResult, loadConfiguration } from "@liquid-ims/program/configuration/load";
import { type LookedInto, lookInto } from "@liquid-ims/program/configuration/look-into";
import { dnsServersOf } from "@liquid-ims/program/machine-dns";
import { callersFolder } from "@liquid-ims/program/run-program";
import type { Address } from "@liquid-ims/runtime/network";
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

/** The file as the program would read it if it was started here. */
export function lookCfsConfiguration(file: string): LookedInto<CfsSettings> {
  return lookInto(loadCfsConfiguration({ file, folder: callersFolder(), environment: process.env }));
}

/** The DNS servers that it asks: the configured ones, else the machine's. */
export function dnsServersOfCfs({ dns }: CfsSettings): readonly Address[] {
  return dnsServersOf(dns.servers);
}
