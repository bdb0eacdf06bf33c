// Response context: a request forwarded to several places, and what comes back. RFC 3261 16.7 to 16.10, RFC 6026 8.
import type { Timer } from "@liquid-ims/runtime/clock";
import { addressUri } from "../header/name-address.ts";
import { buildResponse, copyRequest, copyResponse, type SipRequest, type SipResponse } from "../message.ts";
import { makesDialog } from "../method.ts";
import type { SipStack } from "../stack.ts";
import { timerC } from "../timers.ts";
import type { ClientFailure, ClientTransaction, ServerTransaction } from "../transaction-user.ts";
import { parseSipUri } from "../uri.ts";
import { addChallenges, bestResponse } from "./best-response.ts";
import type { Branch, ForwardOptions } from "./forwarding.ts";

const initialMaxForwards = 70;

/** A Route or Record-Route value of a loose router. */
function routeValue(uri: string): string {
  const bare = addressUri(uri);
  return parseSipUri(bare)?.parameters.has("lr") === true ? `<${bare}>` : `<${bare};lr>`;
}

/** The copy that goes to one branch, and the URI whose server gets it (16.6 steps 1 to 7). */
export function outgoingCopy(
  request: SipRequest,
  branch: Branch,
  recordRoute?: string,
): { copy: SipRequest; nextHop: string | null } {
  let copy = copyRequest(request, branch.uri === undefined ? {} : { uri: branch.uri });
  const left = Number(copy.headers.get("Max-Forwards") ?? initialMaxForwards + 1);
  copy.headers.set("Max-Forwards", String(Math.max(0, left - 1)));
  if (recordRoute !== undefined && (makesDialog(copy.method) || copy.method === "NOTIFY"))
    copy.headers.prepend("Record-Route", routeValue(recordRoute));
  for (const route of [...(branch.routes ?? [])].reverse()) copy.headers.prepend("Route", route);
  branch.onRequest?.(copy);
  const first = copy.headers.values("Route")[0];
  if (first === undefined || parseSipUri(addressUri(first))?.parameters.has("lr") !== false)
    return { copy, nextHop: null };
  // A strict router (step 6): it takes the Request-URI for itself and finds the real one behind all routes.
  copy.headers.removeFirst("Route");
  copy.headers.add("Route", `<${copy.uri}>`);
  copy = { ...copy, uri: addressUri(first) };
  return { copy, nextHop: copy.uri };
}

interface OpenBranch {
  readonly client: ClientTransaction;
  final: SipResponse | null;
  timer: Timer | null;
}

/** One forwarded request (16.2: the response context). */
export class ResponseContext {
  readonly #stack: SipStack;
  readonly #transaction: ServerTransaction;
  readonly #options: ForwardOptions;
  readonly #isInvite: boolean;
  readonly #branches: OpenBranch[] = [];
  #answered = false;

  constructor(stack: SipStack, transaction: ServerTransaction, request: SipRequest, options: ForwardOptions) {
    this.#stack = stack;
    this.#transaction = transaction;
    this.#options = options;
    this.#isInvite = request.method === "INVITE";
    if (transaction.cancelled) {
      this.#answer(this.#own(487));
      return;
    }
    transaction.onCancel = () => this.cancel();
    for (const branch of options.branches) this.#branches.push(this.#open(request, branch));
    // 16.5: nobody to forward to.
    if (this.#branches.length === 0) this.#answer(this.#own(480));
  }

  /** 16.10: every branch that has no final response; the best of what then comes goes upstream. */
  cancel(): void {
    if (!this.#isInvite) return;
    for (const branch of this.#branches) if (branch.final === null) branch.client.cancel();
  }

  #open(request: SipRequest, to: Branch): OpenBranch {
    const { copy, nextHop } = outgoingCopy(request, to, this.#options.recordRoute);
    const handlers = {
      response: (response: SipResponse) => this.#receive(branch, response),
      failed: (cause: ClientFailure) => this.#receiveFinal(branch, this.#own(this.#statusOf(cause))),
    };
    const client = this.#stack.request(copy, {
      handlers,
      ...(to.target === undefined ? {} : { target: to.target }),
      ...(nextHop === null ? {} : { nextHop }),
      ...(to.from === undefined ? {} : { from: to.from }),
    });
    const branch: OpenBranch = { client, final: null, timer: null };
    if (this.#isInvite) this.#startTimerC(branch);
    return branch;
  }

  #startTimerC(branch: OpenBranch): void {
    branch.timer?.cancel();
    const wait = this.#options.timerC ?? timerC;
    // 16.8. An INVITE that rang for so long is cancelled; without any answer timer B has ended it before.
    branch.timer = this.#stack.host.clock.after(wait, () => branch.client.cancel(), "sip timerC");
  }

  #receive(branch: OpenBranch, received: SipResponse): void {
    const response = copyResponse(received);
    response.headers.removeFirst("Via");
    if (!response.headers.has("Via")) return;
    if (response.status >= 200) {
      this.#receiveFinal(branch, response);
      return;
    }
    if (response.status === 100 || branch.final !== null) return;
    if (this.#isInvite) this.#startTimerC(branch);
    if (!this.#answered) this.#send(response);
  }

  #receiveFinal(branch: OpenBranch, response: SipResponse): void {
    branch.timer?.cancel();
    const first = branch.final === null;
    branch.final ??= response;
    if (response.status < 300) this.#receiveSuccess(response);
    else if (first) {
      if (response.status >= 600) this.cancel();
      this.#answerBest();
    }
  }

  /** Every 2xx to an INVITE goes upstream at once, also after another final response (16.7 step 5). */
  #receiveSuccess(response: SipResponse): void {
    if (!this.#answered) {
      this.#answer(response);
      this.cancel();
      return;
    }
    if (!this.#isInvite) return;
    if (this.#transaction.state === "Accepted") this.#send(response);
    else {
      this.#options.onResponse?.(response);
      this.#stack.sendResponse(response);
    }
  }

  /** 16.7 step 6, once all branches have ended. */
  #answerBest(): void {
    if (this.#answered || this.#branches.length < this.#options.branches.length) return;
    const finals: SipResponse[] = [];
    for (const { final } of this.#branches) {
      if (final === null) return;
      finals.push(final);
    }
    const best = bestResponse(finals);
    if (best === null) return;
    addChallenges(best, finals);
    // A 503 would make the caller avoid this proxy, which is not what failed.
    this.#answer(best.status === 503 && this.#options.keep503 !== true ? this.#own(500) : best);
  }

  #answer(response: SipResponse): void {
    this.#answered = true;
    this.#send(response);
    this.#options.onFinal?.(response);
  }

  #send(response: SipResponse): void {
    this.#options.onResponse?.(response);
    this.#transaction.respond(response);
  }

  #own(status: number): SipResponse {
    const toTag = this.#stack.newTag();
    return buildResponse(this.#transaction.request, status, { toTag });
  }

  /** 16.7 step 6, 16.9: what a branch that gave no answer counts as. */
  #statusOf(cause: ClientFailure): number {
    return this.#options.statusOf?.(cause) ?? (cause === "timeout" ? 408 : 503);
  }
}
