// A CSCF's side of Cx: asks the HSS, and gives up after a while. TS 29.228 5, 6; TS 29.229 5.
import { type CxCommand, type CxRequest, sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { sameIdentity } from "@liquid-ims/diameter/data-type/diameter-identity";
import { cxApplicationId, cxDictionary, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import { DiameterNode } from "@liquid-ims/diameter/node";
import type { Result } from "@liquid-ims/diameter/result";
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";

/** Cx, as a node advertises it. */
export const cxApplication = { applicationId: cxApplicationId, vendorId: vendor3gpp } as const;

/** Where the HSS is. */
export interface HssPeer {
  /** DiameterIdentity. */
  readonly originHost: string;
  readonly address: Address;
}

export interface CxClientOptions {
  /** DiameterIdentity of the CSCF. */
  readonly originHost: string;
  /** Own realm, also the HSS's. */
  readonly realm: string;
  /** Address literal from which the HSS is called. */
  readonly localHost: string;
  readonly hss: HssPeer;
  /** CFSs that pass on RTR and PPR; nothing is asked of them. Default none. */
  readonly controllers?: readonly HssPeer[];
}

/** An answer, or none: the HSS is out of reach, silent, or cannot be understood. */
export type CxReply<A> =
  | { readonly kind: "answer"; readonly result: Result; readonly answer: A }
  | { readonly kind: "no answer" };

export interface CxClient {
  /** The HSS has been reached, or could not be. */
  readonly ready: Promise<void>;
  /** Always settles, after 4 s at the latest. */
  ask<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
  ): Promise<CxReply<FieldsOf<A>>>;
  /** Serves what the HSS sends over the same connection; to be called before anything has come. */
  serve<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    handler: (request: CxRequest<FieldsOf<Q>, FieldsOf<A>>) => void,
  ): void;
  stop(): Promise<void>;
}

/** A UE's REGISTER must have its answer before the transactions of the P-CSCF run out. */
const answerMs = 4_000;
/** Tc, shorter than the usual 30 s: who restarts the lab's HSS does not want to wait. */
const reconnectMs = 5_000;

export function openCxClient(host: Host, options: CxClientOptions): CxClient {
  const { originHost, realm, localHost, hss, controllers = [] } = options;
  const unanswered = host.metrics.counter("cx_requests_unanswered_total", {
    help: "Cx requests without answer",
  });
  const node = new DiameterNode(host, {
    originHost,
    originRealm: realm,
    hostIpAddresses: [localHost],
    peers: [
      { originHost: hss.originHost, address: hss.address, localHost },
      ...controllers.map((peer) => ({ ...peer, localHost, realms: [] })),
    ],
    applications: [cxApplication],
    dictionary: cxDictionary,
    reconnectMs,
    requestMs: answerMs,
  });
  const ready = new Promise<void>((resolve) => {
    node.watchPeers((peer) => {
      if (sameIdentity(peer.originHost, hss.originHost)) resolve();
    });
  });
  host.spawn("cx client", () => node.start());
  return {
    ready,
    ask(command, request) {
      return new Promise((resolve) => {
        sendCx(node, command, { destinationRealm: realm }, request, (outcome) => {
          if (outcome.kind === "answer") {
            const { result, answer } = outcome;
            resolve({ kind: "answer", result, answer });
            return;
          }
          unanswered.add();
          host.log.warn("cx.no-answer", { command: command.name, why: outcome.kind });
          resolve({ kind: "no answer" });
        });
      });
    },
    serve: (command, handler) => serveCx(node, command, handler),
    stop: () => new Promise((resolve) => node.stop("REBOOTING", resolve)),
  };
}
