// What one key of the CFS's configuration asks of another.
import type { CfsSettings } from "./config-schema.ts";

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
  const peers = settings.cx?.peers ?? [];
  for (const [index, { host }] of peers.entries()) {
    const path = `cx.peers[${index}].host`;
    if (host === settings.cx?.originHost)
      broken.push({ path, message: `${host} is this CFS itself (cx.originHost); give the HSS's identity` });
    if (peers.findIndex((peer) => peer.host === host) < index)
      broken.push({ path, message: `${host} is there already; give each peer once` });
  }
  return broken;
}
