// The doctor as a Diameter node: CER to each configured peer, and questions to the HSS. RFC 6733 5.3, TS 29.229.
import type { CxConfig } from "@liquid-ims/cfs/config";
import { cxApplicationId, cxDictionary, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import { DiameterNode } from "@liquid-ims/diameter/node";
import type { Host } from "@liquid-ims/runtime/host";
import type { PeerFacts } from "./cx-peer.ts";

export interface CxProbe {
  readonly node: DiameterNode;
  /** In the order of `cx.peers`. */
  readonly peers: readonly PeerFacts[];
  /** Some peer takes requests. */
  readonly isOpen: boolean;
  /** Says goodbye to them. */
  stop(): Promise<void>;
}

/** Long enough for a slow HSS, short for a person who waits. */
const exchangeMs = 5_000;
const answerMs = 5_000;

/** Calls every peer as `identity`; resolves when each is open, or is known not to be. */
export async function openCxProbe(host: Host, config: CxConfig, identity: string): Promise<CxProbe> {
  const node = new DiameterNode(host, {
    originHost: identity,
    originRealm: config.originRealm,
    peers: config.peers.map(({ host: originHost, address, localHost }) => ({
      originHost,
      address,
      realms: ["*"],
      ...(localHost === undefined ? {} : { localHost }),
    })),
    applications: [{ applicationId: cxApplicationId, vendorId: vendor3gpp }],
    dictionary: cxDictionary,
    productName: "liquid-ims doctor",
    exchangeMs,
    requestMs: answerMs,
  });
  const isSettled = () =>
    node.peers.every(({ state, trouble }) => state.endsWith("-Open") || trouble !== null);
  const settled = new Promise<void>((resolve) => {
    const timer = host.clock.after(2 * exchangeMs, resolve, "the peers are called");
    node.watchPeers(() => {
      if (!isSettled()) return;
      timer.cancel();
      resolve();
    });
  });
  await node.start();
  await settled;
  return {
    node,
    get peers() {
      return node.peers;
    },
    get isOpen() {
      return node.peers.some(({ state }) => state.endsWith("-Open"));
    },
    stop: () => new Promise((resolve) => node.stop("DO_NOT_WANT_TO_TALK_TO_YOU", resolve)),
  };
}
