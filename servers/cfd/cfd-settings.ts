// From the configuration file's words to the CFD's.
import type { CfdConfig } from "./cfd-config.ts";
import type { CfdSettings } from "./config-schema.ts";

export function cfdConfigOf(settings: CfdSettings): CfdConfig {
  const { name, listen, store, dns, admin, log, stop, ...config } = settings;
  return { ...config, listen: listen.map(({ protocol, ...address }) => ({ protocol, address })) };
}
