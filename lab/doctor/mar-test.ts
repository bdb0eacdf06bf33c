// What a MAR with another S-CSCF's name does at this HSS: whether the name is overwritten, and whether the HSS cancels
// the node that wrote it before (RTR). TS 29.228 6.3, 8.1.1. Changes a registration, so the user is named by a person.
import type { CxConfig } from "@liquid-ims/cfs/config";
import { type CxOutcome, sendCx, serveCx } from "@liquid-ims/diameter/cx/command";
import { isSuccess, success } from "@liquid-ims/diameter/cx/experimental-result";
import { multimediaAuth } from "@liquid-ims/diameter/cx/multimedia-auth";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import { userAuthorization } from "@liquid-ims/diameter/cx/user-authorization";
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeText } from "@liquid-ims/runtime/text";
import type { CxProbe } from "./cx-probe.ts";

export interface MarTestSubject {
  readonly config: CxConfig;
  readonly homeDomain: string;
  readonly privateIdentity: string;
  readonly publicIdentity: string;
  /** Server-Names, verbatim. */
  readonly sCscfs: readonly string[];
}

/** What was seen. */
export type MarTestFacts =
  /** Nothing was changed. */
  | { readonly kind: "not begun"; readonly why: string }
  | {
      readonly kind: "done";
      readonly before: string;
      readonly asked: string;
      /** The name after the MAR; null: none. */
      readonly after: string | null;
      /** Why the MAR was not done; null: it was. */
      readonly refused: string | null;
      /** Why the next node's MAR was not done; null: it was, or the first one was not. */
      readonly notTakenOver: string | null;
      /** RTRs that came when the next node's MAR took over from this one. */
      readonly cancelled: number;
      /** The name in the end. */
      readonly restored: string | null;
    };

/** How long an RTR is waited for: it comes with the MAA or right after it. */
const rtrMs = 2_000;

type Answer =
  | { readonly ok: true; readonly server: string | null }
  | { readonly ok: false; readonly why: string };

function whyOf(outcome: CxOutcome<unknown>, command: string): string | null {
  switch (outcome.kind) {
    case "answer":
      return isSuccess(outcome.result)
        ? null
        : `${command} was answered ${outcome.result.kind} ${outcome.result.code}`;
    case "undeliverable":
      return `no peer for ${command}`;
    case "unanswered":
      return `${command} has no answer`;
    case "malformed":
      return `the answer to ${command} cannot be read: ${outcome.detail}`;
  }
}

export async function testMar(host: Host, probe: CxProbe, subject: MarTestSubject): Promise<MarTestFacts> {
  const { config, privateIdentity: userName, publicIdentity, sCscfs } = subject;
  const { destinationRealm, destinationHost } = config;
  const destination = { destinationRealm, ...(destinationHost === undefined ? {} : { destinationHost }) };
  const common = { userName, publicIdentity, supportedFeatures: [] };
  let cancelled = 0;
  serveCx(probe.node, registrationTermination, (request) => {
    if (request.request.userName === userName) cancelled += 1;
    request.answer(success);
  });

  const readName = (): Promise<Answer> =>
    new Promise((resolve) => {
      const request = {
        ...common,
        visitedNetworkIdentifier: encodeText(subject.homeDomain),
        userAuthorizationType: "REGISTRATION",
      } as const;
      sendCx(probe.node, userAuthorization, destination, request, (outcome) => {
        const why = whyOf(outcome, "UAR");
        const server = outcome.kind === "answer" ? (outcome.answer.serverName ?? null) : null;
        resolve(why === null ? { ok: true, server } : { ok: false, why });
      });
    });

  const write = (serverName: string, originHost?: string): Promise<string | null> =>
    new Promise((resolve) => {
      const scheme = config.authenticationScheme ?? "Digest-AKAv1-MD5";
      const request = {
        ...common,
        sipNumberAuthItems: 1,
        sipAuthDataItem: { sipAuthenticationScheme: scheme },
        serverName,
      };
      const to = { ...destination, ...(originHost === undefined ? {} : { originHost }) };
      sendCx(probe.node, multimediaAuth, to, request, (outcome) => resolve(whyOf(outcome, "MAR")));
    });

  const before = await readName();
  if (!before.ok) return { kind: "not begun", why: before.why };
  if (before.server === null)
    return { kind: "not begun", why: `the HSS has no S-CSCF for ${publicIdentity}: register him first` };
  const name = before.server;
  const asked = sCscfs.find((other) => other !== name);
  const owner = splitFunctionName(name)?.host;
  if (asked === undefined || owner === undefined)
    return { kind: "not begun", why: "there is no second S-CSCF in functions whose name could be tried" };
  // From here on the doctor is the node that has written the name last: the one to cancel.
  const refused = await write(asked);
  const after = await readName();
  cancelled = 0;
  // Another node takes over: that of the S-CSCF which is to have the user in the end.
  const notTakenOver = refused === null ? await write(name, owner) : null;
  // An HSS or an agent may let nobody speak as another node: then the doctor gives the name back itself.
  if (notTakenOver !== null) await write(name);
  await host.clock.sleep(rtrMs, "an RTR may come");
  const restored = await readName();
  return {
    kind: "done",
    before: name,
    asked,
    after: after.ok ? after.server : null,
    refused,
    notTakenOver,
    cancelled,
    restored: restored.ok ? restored.server : null,
  };
}
