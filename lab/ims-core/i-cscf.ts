// Interrogating-CSCF of the lab: asks the HSS which S-CSCF serves a user. TS 24.229 5.3.
import { isCxResult, isSuccess } from "@liquid-ims/diameter/cx/experimental-result";
import { locationInfo } from "@liquid-ims/diameter/cx/location-info";
import { userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { resultCode } from "@liquid-ims/diameter/result-code";
import type { Host, Program } from "@liquid-ims/runtime/host";
import { encodeText } from "@liquid-ims/runtime/text";
import { addressUri } from "@liquid-ims/sip/header/name-address";
import type { SipRequest } from "@liquid-ims/sip/message";
import { forward } from "@liquid-ims/sip/proxy";
import type { SipStack } from "@liquid-ims/sip/stack";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { addressOfRecord, type CscfNode, type CscfOptions, reject, runCscf, watchCancel } from "./cscf.ts";
import { type CxClient, type CxReply, type HssPeer, openCxClient } from "./cx-client.ts";
import { privateIdentityOf } from "./identity.ts";

export interface ICscfOptions extends CscfOptions {
  readonly hss: HssPeer;
}

/** What UAA and LIA have in common. */
type ServerReply = CxReply<{
  readonly serverName?: string | undefined;
  readonly serverCapabilities?: { readonly serverNames?: readonly string[] | undefined } | undefined;
}>;

/** 5.3.1.2: the assigned S-CSCF, else the first that the operator prefers; null when the HSS names none. */
function chooseServer(reply: ServerReply): string | null {
  if (reply.kind !== "answer" || !isSuccess(reply.result)) return null;
  const { serverName, serverCapabilities } = reply.answer;
  return serverName ?? serverCapabilities?.serverNames?.[0] ?? null;
}

/**
 * 5.3.1.3 and 5.3.2.2: what a look-up without an S-CSCF is to the UE. No answer: 480. An HSS that is too busy or
 * unable: 500, which is what overload looks like on real cores.
 */
function statusOf(reply: ServerReply, refused: 403 | 404): number {
  if (reply.kind !== "answer" || isSuccess(reply.result)) return 480;
  const { result } = reply;
  if (result.kind === "Result-Code") return result.code === resultCode.authorizationRejected ? 403 : 500;
  return isCxResult(result, "identityNotRegistered") && refused === 404 ? 480 : refused;
}

export function createICscf(options: ICscfOptions): Program<CscfNode> {
  return (host) => {
    const cx = openCxClient(host, {
      originHost: options.fqdn,
      realm: options.homeDomain,
      localHost: options.listen.host,
      hss: options.hss,
    });
    const node = runCscf(host, options, (stack) => ({
      request(transaction, { request }) {
        host.spawn("icscf asks the HSS", () =>
          request.method === "REGISTER"
            ? register(cx, stack(), transaction, request)
            : terminate(host, cx, stack(), transaction, request),
        );
      },
    }));
    return {
      ready: Promise.all([node.ready, cx.ready]).then(() => undefined),
      async stop() {
        await cx.stop();
        await node.stop();
      },
    };
  };
}

async function register(
  cx: CxClient,
  stack: SipStack,
  transaction: ServerTransaction,
  request: SipRequest,
): Promise<void> {
  const publicIdentity = addressOfRecord(addressUri(request.headers.get("To") ?? ""));
  if (publicIdentity === null) return reject(transaction, { status: 400, reason: "To names no identity" });
  const leaves =
    request.headers.get("Expires") === "0" || /;\s*expires=0\b/.test(request.headers.get("Contact") ?? "");
  const reply = await cx.ask(userAuthorization, {
    userName: privateIdentityOf(request, publicIdentity),
    publicIdentity,
    visitedNetworkIdentifier: encodeText(request.headers.get("P-Visited-Network-ID") ?? ""),
    userAuthorizationType: leaves ? "DE_REGISTRATION" : "REGISTRATION",
  });
  const server = chooseServer(reply);
  if (server === null) return reject(transaction, { status: statusOf(reply, 403) });
  forward(stack, transaction, request, { branches: [{ uri: server }] });
}

async function terminate(
  host: Host,
  cx: CxClient,
  stack: SipStack,
  transaction: ServerTransaction,
  request: SipRequest,
): Promise<void> {
  const isCancelled = watchCancel(transaction);
  const publicIdentity = addressOfRecord(request.uri);
  if (publicIdentity === null) return reject(transaction, { status: 404 });
  const reply = await cx.ask(locationInfo, { publicIdentity });
  if (isCancelled()) return;
  const server = chooseServer(reply);
  if (server === null) {
    const code = reply.kind === "answer" ? reply.result.code : null;
    host.log.info("icscf.nobody", { identity: publicIdentity, code });
    return reject(transaction, { status: statusOf(reply, 404) });
  }
  forward(stack, transaction, request, { branches: [{ routes: [`<${server};lr>`] }] });
}
