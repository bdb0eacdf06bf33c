// What one key of the CFS's configuration asks of another.
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { CfsSettings } from "./config-schema.ts";
import { dnsUpdateRules } from "./dns-settings.ts";

interface Broken {
  readonly path: string;
  readonly message: string;
}

export function cfsRules(settings: CfsSettings): readonly Broken[] {
  const { lcf, location, store, directFlow } = settings;
  const broken: Broken[] = [];
  if (lcf.shortestExpires > lcf.longestExpires)
    broken.push({
      path: "lcf.shortestExpires",
      message: `${lcf.shortestExpires} is longer than lcf.longestExpires (${lcf.longestExpires}); give less`,
    });
  if (location.kind === "sqlite" && store.kind === "sqlite" && location.file === store.file)
    broken.push({
      path: "store.file",
      message: `${store.file} is the location service's file already; give another one`,
    });
  for (const [index, { transport, fingerprint }] of directFlow.entries())
    if (transport !== "tcp" && fingerprint === undefined)
      broken.push({
        path: `directFlow[${index}]`,
        message: `${transport} needs the fingerprint of the server's key; give directFlow[${index}].fingerprint`,
      });
  if (settings.dns.update !== undefined)
    broken.push(...dnsUpdateRules(settings.dns.update, settings.homeDomain));
  const { peers = [], serving = [], originHost } = settings.cx ?? {};
  const nodes = [
    ...peers.map(({ host }, index) => ({ host, path: `cx.peers[${index}].host`, what: "HSS's" })),
    ...serving.map(({ server, host }, index) => ({
      host: host ?? splitFunctionName(server)?.host ?? server,
      path: `cx.serving[${index}].${host === undefined ? "server" : "host"}`,
      what: "S-CSCF's",
    })),
  ];
  for (const [index, { host, path, what }] of nodes.entries()) {
    if (host === originHost)
      broken.push({ path, message: `${host} is this CFS itself (cx.originHost); give the ${what} identity` });
    if (nodes.findIndex((node) => node.host === host) < index)
      broken.push({ path, message: `${host} is there already; give each peer once` });
  }
  return broken;
}
