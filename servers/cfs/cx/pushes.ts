// RTR and PPR that come to the CFS because it has written the S-CSCF's name last: passed on to the S-CSCF that serves,
// whose answer goes back. TS 29.228 6.1.3, 6.1.5, 8.1; TS 29.229 6.1.9, 6.1.11.
import {
  type CxCommand,
  type CxOutcome,
  type CxRequest,
  sendCx,
  serveCx,
} from "@liquid-ims/diameter/cx/command";
import { cxResult, isSuccess, success, unableToComply } from "@liquid-ims/diameter/cx/experimental-result";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import type { FieldList, FieldsOf } from "@liquid-ims/diameter/fields";
import type { DiameterNode } from "@liquid-ims/diameter/node";
import { baseResult, type Result } from "@liquid-ims/diameter/result";
import { resultCode } from "@liquid-ims/diameter/result-code";
import { isSameFunction, splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { FunctionName } from "@liquid-ims/location-service/record";
import type { Host } from "@liquid-ims/runtime/host";
import type { CxConfig } from "../config.ts";
import type { CxPush } from "./cx.ts";

type Serving = readonly FunctionName[] | "not now" | null;

/** Who is told of an RTR or PPR. */
export interface PushReceiver {
  /**
   * The S-CSCFs that hold the user's registrations, to which it goes on; empty: nobody holds him. Null: this CFS has
   * never written his S-CSCF's name, and answers for no others. `not now`: it cannot be told; the HSS is to try again.
   */
  serving(push: CxPush): Promise<Serving>;
}

type Pushed<Q extends FieldList, A extends FieldList> = CxRequest<FieldsOf<Q>, FieldsOf<A>>;

/** Shorter than an HSS waits. */
const relayMs = 3_000;

/**
 * What is owed when an S-CSCF has given no answer that could go back. RFC 6733 7.1.3: 3002 makes the HSS, or an agent, try
 * again; where the S-CSCF was only slow, that does no harm.
 */
function owedFor({ kind }: Exclude<CxOutcome<unknown>, { readonly kind: "answer" }>): Result {
  return kind === "malformed" ? unableToComply : baseResult(resultCode.unableToDeliver);
}

/** The Diameter identity of an S-CSCF: as configured, else the host of its Server-Name. */
function identityOf(server: FunctionName, { serving = [] }: CxConfig): string {
  const named = serving.find((one) => isSameFunction(one.server, server));
  return named?.host ?? splitFunctionName(server)?.host ?? server;
}

export class Pushes {
  readonly #host: Host;
  readonly #node: DiameterNode;
  readonly #config: CxConfig;
  readonly #receiver: PushReceiver;

  constructor(host: Host, node: DiameterNode, config: CxConfig, receiver: PushReceiver) {
    this.#host = host;
    this.#node = node;
    this.#config = config;
    this.#receiver = receiver;
    this.#serve(registrationTermination, ({ userName, publicIdentities = [], deregistrationReason }) => {
      const { reasonCode, reasonInfo } = deregistrationReason;
      const info = reasonInfo === undefined ? {} : { info: reasonInfo };
      const reason = String(reasonCode);
      return { command: "RTR", privateIdentity: userName, publicIdentities, reason, ...info };
    });
    this.#serve(pushProfile, ({ userName }) => ({
      ...{ command: "PPR", privateIdentity: userName, publicIdentities: [], reason: null },
    }));
  }

  #serve<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    read: (request: FieldsOf<Q>) => CxPush,
  ): void {
    serveCx(this.#node, command, (received) => {
      const push = read(received.request);
      this.#host.spawn(`${push.command} of the HSS`, () => this.#pushed(command, received, push));
    });
  }

  async #pushed<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    received: Pushed<Q, A>,
    push: CxPush,
  ): Promise<void> {
    const servers = await this.#receiver.serving(push);
    const answers: { result: Result; answer: FieldsOf<A> | undefined }[] = [];
    for (const server of servers === "not now" ? [] : (servers ?? []))
      answers.push(await this.#relay(command, received.request, push, server));
    // Of several devices at several S-CSCFs the first that could not do it counts: the HSS tries again.
    const counts = answers.find(({ result }) => !isSuccess(result)) ?? answers[0];
    const nobody = servers === null || push.command === "PPR" ? cxResult("userUnknown") : success;
    const result = servers === "not now" ? baseResult(resultCode.tooBusy) : (counts?.result ?? nobody);
    this.#note(received, push, servers, result);
    received.answer(result, counts?.answer);
  }

  #relay<Q extends FieldList, A extends FieldList>(
    command: CxCommand<Q, A>,
    request: FieldsOf<Q>,
    push: CxPush,
    server: FunctionName,
  ): Promise<{ result: Result; answer: FieldsOf<A> | undefined }> {
    const destinationHost = identityOf(server, this.#config);
    const { originRealm: destinationRealm } = this.#config;
    return new Promise((resolve) => {
      const to = { destinationRealm, destinationHost, timeoutMs: relayMs };
      sendCx(this.#node, command, to, request, (outcome) => {
        if (outcome.kind === "answer") resolve({ result: outcome.result, answer: outcome.answer });
        else {
          const { command: name, privateIdentity: user } = push;
          this.#host.log.warn("S-CSCF does not take what the HSS pushes", {
            ...{ command: name, user, server, host: destinationHost, why: outcome.kind },
            remedy:
              "name it in cx.serving with its Diameter address, or let an agent of cx.peers route to it",
          });
          resolve({ result: owedFor(outcome), answer: undefined });
        }
      });
    });
  }

  #note({ originHost }: CxRequest<unknown, unknown>, push: CxPush, servers: Serving, result: Result): void {
    const { command, privateIdentity: user, publicIdentities, reason, info } = push;
    const names = servers === "not now" ? [] : (servers ?? []);
    const done = isSuccess(result) ? "done" : "failed";
    const fate =
      servers === null ? "unknown" : servers === "not now" ? "not now" : names.length === 0 ? "nobody" : done;
    const help =
      "RTR and PPR that came because this CFS has written the S-CSCF's name last, and what came of them";
    this.#host.metrics.counter("cfs_cx_pushes_total", { help, labels: { command, fate } }).add();
    this.#host.log.warn("HSS pushes", {
      ...{ command, user, identities: publicIdentities.join(" "), reason, info, from: originHost, fate },
      ...{ servers: names.join(" "), result: `${result.kind} ${result.code}` },
    });
  }
}
