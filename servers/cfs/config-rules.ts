// What one key of the CFS's configuration asks of another.
import { sameIdentity } from "@liquid-ims/diameter/data-type/diameter-identity";
import { isSameFunction, splitFunctionName } from "@liquid-ims/location-service/function-name";
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
  if (settings.cx !== undefined) broken.push(...cxRules(settings.cx, settings.functions));
  return broken;
}

type CxSettings = NonNullable<CfsSettings["cx"]>;

function cxRules(cx: CxSettings, functions: CfsSettings["functions"]): Broken[] {
  const { peers, serving, originHost, listen } = cx;
  const broken: Broken[] = [];
  const nodes = [
    ...peers.map(({ host }, index) => ({ host, path: `cx.peers[${index}].host`, what: "HSS's" })),
    ...serving.map(({ server, host }, index) => ({
      host: host ?? splitFunctionName(server)?.host ?? server,
      path: `cx.serving[${index}].${host === undefined ? "server" : "host"}`,
      what: "S-CSCF's",
    })),
  ];
  for (const [index, { host, path, what }] of nodes.entries()) {
    if (sameIdentity(host, originHost))
      broken.push({ path, message: `${host} is this CFS itself (cx.originHost); give the ${what} identity` });
    if (nodes.findIndex((node) => sameIdentity(node.host, host)) < index)
      broken.push({ path, message: `${host} is there already; give each peer once` });
  }
  const servers = functions.flatMap(({ kind, name }) => (kind === "S-CSCF" ? name : []));
  for (const [index, { server, address }] of serving.entries()) {
    // A record has another name then, and nothing would ever go to this one.
    if (!servers.some((name) => isSameFunction(name, server)))
      broken.push({
        path: `cx.serving[${index}].server`,
        message: `${server} is no S-CSCF of functions; give one of ${servers.join(", ") || "them, which has none"}`,
      });
    if (address === undefined && listen === undefined)
      broken.push({
        path: `cx.serving[${index}]`,
        message: `${server} can neither be called nor call; give cx.serving[${index}].address, or cx.listen`,
      });
  }
  return broken;
}
