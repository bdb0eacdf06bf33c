// From the configuration file's words to the CFS's.
import type { CfsConfig } from "./config.ts";
import type { CfsSettings } from "./config-schema.ts";

export function cfsConfigOf(settings: CfsSettings): CfsConfig {
  const { name, listen, location, store, keys, osCfs, dns, admin, log, stop, ...config } = settings;
  return { ...config, listen: listen.map(({ protocol, ...address }) => ({ protocol, address })) };
}
