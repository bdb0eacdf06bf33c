// The UE as its LCF sees it, over lib/sip. The port is ue-port.ts.
import type { DialogDescription, DialogReport } from "@liquid-ims/reference-points/cfs-ue";
import type { FunctionAddress } from "@liquid-ims/reference-points/function-address";
import type { Host } from "@liquid-ims/runtime/host";
import type { SubscriptionHandlers } from "@liquid-ims/sip/dialog/subscription";
import type { UserAgent } from "@liquid-ims/sip/user-agent";
import type {
  PresentRegistration,
  RegisterResult,
  SubscribeNames,
  SubscribeRequest,
  SubscriptionPort,
  UePort,
  UePortHandlers,
} from "../../ue-port.ts";
import type { UeCall } from "./ue-call.ts";
import type { UeRegistration } from "./ue-registration.ts";

/** A device that has had more calls in half a minute names the newest: an answer has to pass as one message. */
const mostFormer = 100;

export interface UeLcfPortParts {
  readonly agent: UserAgent;
  registration(): UeRegistration | null;
  calls(): readonly UeCall[];
  /** What waited, or was held back, goes on. */
  hold(isHeld: boolean): void;
}

function described(calls: readonly UeCall[]): readonly DialogDescription[] {
  return calls.map((call) => call.describe()).filter((description) => description !== null);
}

export class UeLcfPort implements UePort {
  handlers: UePortHandlers | null = null;
  readonly #host: Host;
  readonly #parts: UeLcfPortParts;
  #isHolding = false;
  #mayReplace = true;

  constructor(host: Host, parts: UeLcfPortParts) {
    this.#host = host;
    this.#parts = parts;
  }

  get isHolding(): boolean {
    return this.#isHolding;
  }

  get mayReplace(): boolean {
    return this.#mayReplace;
  }

  registration(): PresentRegistration | null {
    return this.#parts.registration()?.present ?? null;
  }

  register(
    through: FunctionAddress | null,
    done: (result: RegisterResult) => void,
    options: { readonly isOldDead: boolean } = { isOldDead: false },
  ): void {
    this.#parts.registration()?.move(through, done, options);
  }

  newSubscribe(): SubscribeNames {
    return { callId: this.#parts.agent.newCallId(), fromTag: this.#parts.agent.newTag() };
  }

  subscribe(request: SubscribeRequest, handlers: SubscriptionHandlers): SubscriptionPort {
    const { names, uri, event, accept, expires, body } = request;
    const subscription = this.#parts.agent.subscribe(
      {
        uri,
        callId: names.callId,
        localTag: names.fromTag,
        event,
        accept,
        expires,
        body,
        lenientTermination: true,
      },
      handlers,
    );
    return {
      get isBusy() {
        return subscription.isBusy;
      },
      refresh: (options) => {
        subscription.refresh(options);
      },
      abandon: () => subscription.abandon(),
    };
  }

  dialogs(): readonly DialogDescription[] {
    return described(this.#parts.calls());
  }

  staleDialogs(): readonly DialogDescription[] {
    const key = this.#parts.registration()?.key ?? null;
    return described(this.#parts.calls().filter((call) => key === null || call.standsElsewhere(key)));
  }

  formerDialogs(): readonly string[] {
    const names = this.#parts.calls().flatMap((call) => call.formerNames());
    return names.slice(-mostFormer);
  }

  replace(when: "now" | "wait" | "never", dialogs: "all" | readonly string[] = "all"): void {
    if (when !== "never" && dialogs === "all") this.#mayReplace = when === "now";
    for (const call of this.#parts.calls()) {
      const { chain } = call;
      if (chain === null || (dialogs !== "all" && !dialogs.includes(call.describe()?.id ?? ""))) continue;
      if (when === "never") chain.apply({ type: "deadline" });
      else chain.apply({ type: "replace", allowed: when === "now" });
    }
  }

  holdNewRequests(hold: boolean): void {
    if (this.#isHolding === hold) return;
    this.#isHolding = hold;
    this.#parts.hold(hold);
  }

  // From the UE.

  registered(registration: PresentRegistration): void {
    this.handlers?.registered(registration);
  }

  unregistered(): void {
    this.handlers?.unregistered();
  }

  emergency(): void {
    this.handlers?.emergency();
  }

  /** Later, because the LCF's own call may have caused it. */
  report(report: DialogReport): void {
    this.#host.clock.after(0, () => this.handlers?.dialog(report), "LCF hears of a dialog");
  }
}
