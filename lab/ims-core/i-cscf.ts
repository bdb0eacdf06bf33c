// Interrogating-CSCF of the lab: asks the HSS which S-CSCF serves a user. TS 24.229 5.3.
import type { Host, Program } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { addressUri } from "@liquid-ims/sip/header/name-address";
import type { SipRequest } from "@liquid-ims/sip/message";
import { forward } from "@liquid-ims/sip/proxy";
import type { ServerTransaction, SipStack } from "@liquid-ims/sip/stack";
import { addressOfRecord, type CscfNode, type CscfOptions, reject, runCscf, watchCancel } from "./cscf.ts";
import { type CxAnswer, isSuccess } from "./cx.ts";
import { type CxClient, openCxClient } from "./cx-link.ts";
import { privateIdentityOf } from "./identity.ts";

export interface ICscfOptions extends CscfOptions {
  readonly hss: Address;
}

/** 5.3.1.2: the assigned S-CSCF, else the first that the operator prefers. */
function chooseServer(answer: CxAnswer): string | null {
  return answer.serverName ?? answer.preferredServers?.[0] ?? null;
}

/** 5.3.1.3 and 5.3.2.1: what a failed look-up is to the UE. 500 is what overload looks like on real cores. */
function statusOf(answer: CxAnswer): number {
  const { space, code } = answer.result;
  if (space === "base") return code === 5001 ? 403 : 500;
  if (code === 5001) return 404;
  return code === 5003 ? 480 : 403;
}

export function createICscf(options: ICscfOptions): Program<CscfNode> {
  return (host) => {
    const cx = openCxClient(host, options.hss);
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
      ready: node.ready,
      async stop() {
        cx.close();
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
  const answer = await cx.request({
    command: "User-Authorization",
    userName: privateIdentityOf(request, publicIdentity),
    publicIdentity,
    visitedNetworkIdentifier: request.headers.get("P-Visited-Network-ID") ?? "",
    userAuthorizationType: leaves ? "DE_REGISTRATION" : "REGISTRATION",
  });
  const server = chooseServer(answer);
  if (!isSuccess(answer.result) || server === null) {
    const status = statusOf(answer);
    return reject(transaction, { status: status === 404 ? 403 : status });
  }
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
  const answer = await cx.request({ command: "Location-Info", publicIdentity });
  if (isCancelled()) return;
  const server = chooseServer(answer);
  if (!isSuccess(answer.result) || server === null) {
    host.log.info("icscf.nobody", { identity: publicIdentity, code: answer.result.code });
    return reject(transaction, { status: statusOf(answer) });
  }
  forward(stack, transaction, request, { branches: [{ routes: [`<${server};lr>`] }] });
}
