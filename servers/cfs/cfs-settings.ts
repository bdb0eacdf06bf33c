// From the configuration file's words to the CFS's.
import type { TsigKey } from "@liquid-ims/dns/tsig-key";
import type { CfsConfig } from "./config.ts";
import type { CfsSettings } from "./config-schema.ts";
import { dnsConfigOf } from "./dns-settings.ts";

/** `zoneKey`: that of dns.update.keyFile, which the program reads; without it such a CFS changes no zone. */
export function cfsConfigOf(settings: CfsSettings, zoneKey: TsigKey | null = null): CfsConfig {
  const { name, listen, location, store, keys, osCfs, dns, admin, log, stop, ...config } = settings;
  const update = dnsConfigOf(dns.update, config.homeDomain, zoneKey);
  return {
    ...config,
    listen: listen.map(({ protocol, ...address }) => ({ protocol, address })),
    ...(update === null ? {} : { dns: update }),
  };
}
