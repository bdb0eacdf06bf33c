// A user of real Kamailio CSCFs whose S-CSCF's name the CFS has written: the HSS's PPR and RTR go to the CFS, which passes
// them on to Kamailio. Prints one JSON line with what came back. `node pushes-on-kamailio.ts <folder>` runs itself in
// namespaces of its own.
import { join, resolve } from "node:path";
import { CxNode } from "@liquid-ims/cfs/cx/cx-node";
import type { PushOutcome } from "@liquid-ims/lab/ims-core/hss-pushes";
import { furnish, isInside, runInside } from "@liquid-ims/lab/kamailio-core/namespace";
import { findNamespaces } from "@liquid-ims/lab/kamailio-core/namespace-probe";
import { pushesOf, startNetwork } from "@liquid-ims/lab/network";
import { InProcessPlacement } from "@liquid-ims/lab/placement-in-process";
import { createKamailioPlacement } from "@liquid-ims/lab/placement-kamailio";
import { createRealPlatform } from "@liquid-ims/lab/platform-real";
import { createTopology, homeDomain } from "@liquid-ims/lab/topology";
import { createSubscribers } from "@liquid-ims/lab/ue/subscribers";
import { createLineLog } from "@liquid-ims/runtime/nodejs";
import { createUe } from "@liquid-ims/ue-lcf/adapters/sip/ue";

/** What is printed. */
export interface SeenPushes {
  /** State of the S-CSCF's connection to the CFS. */
  readonly peer: string;
  readonly mar: boolean;
  /** Where the HSS sends RTR and PPR after the MAR. */
  readonly diameterHost: string | null;
  readonly profile: PushOutcome | null;
  readonly termination: PushOutcome | null;
  /** Of the user at the HSS in the end. */
  readonly state: string;
}

async function main(folder: string): Promise<void> {
  const topology = createTopology({ dnsPort: 53 });
  const [sCscf, other] = topology.sCscfs;
  const [subscriber] = createSubscribers({
    count: 1,
    preferredServers: topology.sCscfs.map(({ uri }) => uri),
    registerServers: [`sip:${topology.cfd.fqdn}`],
  });
  if (subscriber === undefined || sCscf === undefined || other === undefined)
    throw new Error("one subscriber and two S-CSCFs were asked for");
  const [publicIdentity = ""] = subscriber.publicIdentities;
  const platform = createRealPlatform({
    tap: { sent: () => undefined },
    log: createLineLog({ level: "error", write: (line) => void process.stderr.write(line) }),
  });
  const own = new InProcessPlacement(platform);
  const kamailio = createKamailioPlacement({
    ...{ topology, folder, own, trace: null, debug: false },
    crashed: platform.crash,
  });
  const placement: typeof kamailio = {
    ...kamailio,
    // Its Diameter node alone plays the CFS here.
    place: async (kind, element, spec) =>
      kind === "cfs" ? { kill: () => undefined } : kamailio.place(kind, element, spec),
  };
  try {
    await platform.run(async (host) => {
      const network = await startNetwork({
        ...{ topology, placement, osCfs: null, replaceDialogs: true, relaysPushes: true, hss: "fhoss" },
        subscribers: [subscriber],
        capacity: { msPerMessage: 0, queueMs: 0 },
        pace: { mode: "fixed", usersPerSecond: 5 },
      });
      const { node: cx } = await platform.start("cfs", [topology.cfs.address.host], (owner) => {
        const node = new CxNode(owner, {
          config: {
            originHost: topology.cfs.fqdn,
            originRealm: homeDomain,
            destinationRealm: homeDomain,
            peers: [
              {
                host: topology.hss.fqdn,
                address: topology.hss.address,
                localHost: topology.cfs.address.host,
              },
            ],
            ...pushesOf(topology),
          },
          homeDomain,
          serving: () => Promise.resolve([sCscf.uri]),
        });
        return { cx: node, ready: node.start() };
      });
      const listen = topology.ue(1);
      const { node: ue } = await platform.start("ue1", [listen.host], (owner) =>
        createUe({
          ...{ publicIdentity, privateIdentity: subscriber.privateIdentity, listen, lcf: null },
          credentials: subscriber.authentication,
          lookup: network.lookup(owner),
          pCscf: topology.pCscfs[0]?.uri ?? "",
        })(owner),
      );
      const registered = await ue.register();
      if (registered.outcome !== "registered") throw new Error(JSON.stringify(registered));
      const isOpen = () => cx.cx.peers.find(({ originHost }) => originHost === sCscf.fqdn)?.state ?? "none";
      // Kamailio calls every 5 s.
      for (let waited = 0; waited < 20_000 && !isOpen().endsWith("Open"); waited += 100)
        await host.clock.sleep(100, "the S-CSCF calls");
      const hss = own.node("hss", "hss");
      const user = { privateIdentity: subscriber.privateIdentity, publicIdentity };
      const mar = await cx.cx.reassign(user, other.uri, { timeoutMs: 5_000, previous: sCscf.uri });
      const seen: SeenPushes = {
        peer: isOpen(),
        mar: mar.ok,
        diameterHost: hss.diameterHost(publicIdentity),
        profile: await hss.changeProfile(publicIdentity, []),
        termination: await hss.terminate(publicIdentity, "PERMANENT_TERMINATION"),
        state: hss.assignment(publicIdentity)?.state ?? "none",
      };
      process.stdout.write(`${JSON.stringify(seen)}\n`);
    });
  } finally {
    await placement.close();
    await platform.close();
  }
}

const [folder = "."] = process.argv.slice(2);
const files = join(resolve(folder), "kamailio");
if (isInside()) {
  furnish(files, ["127.0.1.53"], "127.0.1.53");
  await main(files);
} else {
  const namespaces = findNamespaces();
  if (!namespaces.allowed) throw new Error(namespaces.reason);
  process.exitCode = await runInside(files, namespaces.options, [folder]);
}
