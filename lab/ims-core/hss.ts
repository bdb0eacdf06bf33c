// Home Subscriber Server of the lab: Cx over Diameter on TCP. TS 29.228 6.1, 6.3; TS 29.229. It keeps everything but
// its users in memory.

import { avpFlag } from "@liquid-ims/diameter/avp";
import { type CxCommand, type CxRequest, serveCx } from "@liquid-ims/diameter/cx/command";
import { cxResult } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import { formatFeatures } from "@liquid-ims/diameter/cx/supported-features";
import { userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { isAvp } from "@liquid-ims/diameter/dictionary";
import { cxDictionary, supportedFeatures } from "@liquid-ims/diameter/dictionary/cx";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import { DiameterNode } from "@liquid-ims/diameter/node";
import { resultCode } from "@liquid-ims/diameter/result-code";
import type { Program } from "@liquid-ims/runtime/host";
import type { Address, Listener } from "@liquid-ims/runtime/network";
import { type HttpCall, serveHttp } from "../http/server.ts";
import { cxApplication } from "./cx-client.ts";
import { createAuthenticator } from "./hss-authentication.ts";
import { type HssBehaviour, type HssRules, hssRules } from "./hss-behaviour.ts";
import * as procedures from "./hss-procedures.ts";
import { createPushes, type PushOutcome, type TerminationReason } from "./hss-pushes.ts";
import { Registrations } from "./hss-registration.ts";
import { PyHssInterface } from "./pyhss-interface.ts";
import { type Capacity, createServiceQueue } from "./service-time.ts";
import type { Subscriber } from "./subscriber.ts";

export interface HssOptions {
  readonly listen: Address;
  /** DiameterIdentities of this node and of its realm. */
  readonly originHost: string;
  readonly originRealm: string;
  /** Who may call: I-CSCFs, S-CSCFs, the CFS. Nobody else is let in. */
  readonly peers: readonly {
    readonly originHost: string;
    /** Address literals from which it may call. Default: any. */
    readonly from?: readonly string[];
  }[];
  /** Realm of SIP Digest. */
  readonly digestRealm: string;
  readonly subscribers: readonly Subscriber[];
  readonly capacity: Capacity;
  /** What it does with a change of S-CSCF. Default "specification". */
  readonly behaviour?: HssBehaviour;
  /** Where PyHSS's REST interface is offered. Default: nowhere. */
  readonly pyHssInterface?: Address;
}

export interface HssNode {
  /** Rejects with the RuntimeError of the address that cannot be had. */
  readonly ready: Promise<void>;
  /** Where it listens, with the port that the system chose. */
  readonly local: Address | null;
  /** Name and state of a public identity, for those who compare at the end. */
  assignment(
    publicIdentity: string,
  ): { state: string; serverName: string | null; authenticationPending: boolean } | null;
  /** Origin-Host of who wrote the name last, where RTR and PPR go; null: nobody, or the HSS sends none. */
  diameterHost(publicIdentity: string): string | null;
  /**
   * Sets the stored name as a person would through the HSS's own interface: no RTR, no authentication-pending. False for
   * an identity that nobody has.
   */
  assign(publicIdentity: string, serverName: string): boolean;
  /** Ends a registration by RTR, as a person would there. Null for an identity that nobody has. */
  terminate(publicIdentity: string, reason: TerminationReason): Promise<PushOutcome | null>;
  /** Gives a subscription other application servers and tells it by PPR. Null for an identity that nobody has. */
  changeProfile(publicIdentity: string, registerServers: readonly string[]): Promise<PushOutcome | null>;
  /** Says goodbye to its peers. */
  stop(): Promise<void>;
}

/** Throws an Error when two subscribers, or two peers, are the same. */
export function createHss(options: HssOptions): Program<HssNode> {
  return (host) => {
    const registrations = new Registrations(options.subscribers);
    const rules: HssRules = hssRules[options.behaviour ?? "specification"];
    const authenticator = createAuthenticator(host, options.digestRealm, rules);
    const queue = createServiceQueue(host, options.capacity);
    const node = new DiameterNode(host, {
      originHost: options.originHost,
      originRealm: options.originRealm,
      listen: options.listen,
      peers: options.peers,
      applications: [cxApplication],
      dictionary: cxDictionary,
    });

    const pushes = createPushes(host, node, {
      realm: options.originRealm,
      peers: options.peers.map((peer) => peer.originHost),
    });

    function serve<Q extends FieldList, A extends FieldList>(
      command: CxCommand<Q, A>,
      own: FieldsOf<A>,
      execute: (request: FieldsOf<Q>, originHost: string) => procedures.HssAnswer<FieldsOf<A>>,
    ): void {
      serveCx(node, command, (received) => {
        const run = (): void => {
          if (asksForFeatures(received)) received.answer(cxResult("featureUnsupported"), own);
          else {
            const { result, answer } = execute(received.request, received.originHost);
            received.answer(result, answer);
          }
        };
        if (queue.admit(run, "hss serves")) return;
        received.reject({ resultCode: resultCode.tooBusy, failedAvps: [], detail: "the queue is full" });
      });
    }

    serve(userAuthorization, noFeatures, (request) =>
      procedures.userAuthorization(registrations, request, rules),
    );
    serve(multimediaAuth, noFeatures, (request, originHost) => {
      const answered = authenticator.multimediaAuth(registrations, request, originHost);
      const { cancelled = null } = answered;
      if (cancelled !== null)
        host.spawn("hss cancels", async () => {
          await pushes.cancel(cancelled.registration, cancelled.server);
        });
      return answered;
    });
    serve(serverAssignment, noFeatures, (request, originHost) =>
      procedures.serverAssignment(registrations, request, originHost, rules),
    );
    serve(locationInfo, noFeatures, (request) => procedures.locationInfo(registrations, request, rules));

    async function start(): Promise<void> {
      await node.start();
      const { pyHssInterface: listen } = options;
      if (listen === undefined) return;
      const own = new PyHssInterface(registrations, options.originRealm);
      const answer = (call: HttpCall) => own.answer(call);
      httpInterface = await serveHttp(host, { listen, counter: "hss_interface_requests_total", answer });
    }

    let httpInterface: Listener | null = null;
    const ready = start();
    host.spawn("hss listens", () => ready);
    return {
      ready,
      get local() {
        return node.local;
      },
      assignment(publicIdentity) {
        const found = registrations.get(publicIdentity);
        if (found === null) return null;
        const { state, serverName, authenticationPending } = found;
        return { state, serverName, authenticationPending };
      },
      diameterHost: (publicIdentity) => registrations.get(publicIdentity)?.diameterHost ?? null,
      async terminate(publicIdentity, reason) {
        const found = registrations.get(publicIdentity);
        return found === null ? null : pushes.terminate(found, reason);
      },
      async changeProfile(publicIdentity, registerServers) {
        const found = registrations.get(publicIdentity);
        if (found === null) return null;
        found.subscriber = { ...found.subscriber, registerServers };
        return pushes.pushProfile(found);
      },
      assign(publicIdentity, serverName) {
        const found = registrations.get(publicIdentity);
        if (found === null) return false;
        found.serverName = serverName;
        return true;
      },
      stop() {
        httpInterface?.close();
        return new Promise((resolve) => node.stop("REBOOTING", resolve));
      },
    };
  };
}

/** TS 29.229 7.2.1: what a refusal of features says: those that this HSS has. */
const noFeatures = { supportedFeatures: [formatFeatures([])] } as const;

/** TS 29.229 7.2.1: features that the sender cannot do without. This HSS has none. */
function asksForFeatures({ message }: CxRequest<unknown, unknown>): boolean {
  return message.avps.some((avp) => isAvp(avp, supportedFeatures) && (avp.flags & avpFlag.mandatory) !== 0);
}
