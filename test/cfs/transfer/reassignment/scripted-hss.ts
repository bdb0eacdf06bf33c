// An HSS as a script plays it: names of S-CSCFs, the flag for pending authentication, late and lost answers. It outlives
// the CFS: what was asked of it is done, whether the asker lives or not. TS 29.228 6.1.1, 6.1.2, 6.3.1.
import type {
  AssignedServer,
  Cx,
  CxFailure,
  CxFailureReason,
  CxUser,
  HeldRegistration,
  Reassigned,
} from "@liquid-ims/cfs/cx/cx";
import type { Host } from "@liquid-ims/runtime/host";

export interface Subscription {
  server: string | null;
  /** Set by MAR, cleared by a registration. */
  pending: boolean;
  /** Looked after, but not registered. */
  unregistered: boolean;
}

/** How it treats MARs; what is not said is that of a good one. */
export interface HssBehaviour {
  /** From the request to its execution, ms. Default 1. */
  readonly executeMs?: number;
  /** From the execution to the answer's arrival, ms; null: no answer comes. Default 1. */
  readonly answerMs?: number | null;
  /** From the execution to when the I-CSCF sees the new name, ms. Default 0. */
  readonly visibleMs?: number;
  /** It answers this, and does nothing. */
  readonly refuses?: CxFailureReason;
  /** Answers success, and keeps the old name (as an HSS that ignores Server-Name does). */
  readonly ignores?: boolean;
  /** Does it for these Server-Names only; others get the default. */
  readonly only?: string;
}

export class ScriptedHss {
  readonly subscriptions = new Map<string, Subscription>();
  /** Every MAR that was executed, in that order. */
  readonly mars: { readonly at: number; readonly impi: string; readonly server: string }[] = [];
  /** UARs of the CFS. */
  readonly reads: { readonly at: number; readonly impi: string }[] = [];
  /** Questions of the CFS whether a registration is held. */
  readonly checks: { readonly at: number; readonly impi: string }[] = [];
  behaviour: HssBehaviour = {};
  /** Down: nothing reaches it. */
  isDown = false;
  /** UARs do not wait for MARs that came before. */
  readsOvertake = true;
  /** Called when a name was overwritten. */
  overwritten: (impi: string, server: string) => void = () => undefined;
  /** Called when a registration was accepted. */
  registered: (impi: string) => void = () => undefined;
  readonly #world: Host;
  /** When the last request about a subscription is executed: one after the other, in order of arrival. */
  readonly #busyUntil = new Map<string, number>();

  constructor(world: Host) {
    this.#world = world;
  }

  of(impi: string): Subscription {
    const known = this.subscriptions.get(impi) ?? { server: null, pending: false, unregistered: false };
    this.subscriptions.set(impi, known);
    return known;
  }

  /** SAR of an S-CSCF that the I-CSCF has sent the user to. False: the name is another's. */
  register(impi: string, server: string): boolean {
    const subscription = this.of(impi);
    if (subscription.server !== null && subscription.server !== server) return false;
    subscription.server = server;
    subscription.pending = false;
    subscription.unregistered = false;
    this.registered(impi);
    return true;
  }

  #after(ms: number, run: () => void): void {
    this.#world.clock.after(ms, run, "HSS");
  }

  /** Runs it after the MARs that came before about the same subscription. */
  #inTurn(impi: string, ms: number, run: () => void): void {
    const now = this.#world.clock.now();
    const at = Math.max(now + ms, this.#busyUntil.get(impi) ?? 0);
    this.#busyUntil.set(impi, at);
    this.#after(at - now, run);
  }

  #execute(impi: string, server: string, visibleMs: number): void {
    this.mars.push({ at: this.#world.clock.now(), impi, server });
    const show = () => {
      const subscription = this.of(impi);
      // A MAR that names the present S-CSCF leaves the flag alone (6.3.1).
      if (subscription.server === server) return;
      this.overwritten(impi, server);
      subscription.server = server;
      subscription.pending = true;
    };
    if (visibleMs === 0) show();
    else this.#after(visibleMs, show);
  }

  #reassign(user: CxUser, server: string, timeoutMs: number): Promise<Reassigned> {
    const { only } = this.behaviour;
    const behaviour = only === undefined || only === server ? this.behaviour : {};
    const { executeMs = 1, answerMs = 1, visibleMs = 0, refuses, ignores = false } = behaviour;
    return new Promise((resolve) => {
      let isOpen = true;
      const settle = (result: Reassigned) => {
        if (isOpen) resolve(result);
        isOpen = false;
      };
      if (this.isDown) {
        this.#after(1, () => settle(failure("HSS cannot be reached")));
        return;
      }
      this.#after(timeoutMs, () => settle(failure("HSS does not answer")));
      this.#inTurn(user.privateIdentity, executeMs, () => {
        if (refuses === undefined && !ignores) this.#execute(user.privateIdentity, server, visibleMs);
        const answer = refuses === undefined ? ({ ok: true } as const) : failure(refuses);
        if (answerMs !== null) this.#after(answerMs, () => settle(answer));
      });
    });
  }

  #read(user: CxUser): Promise<AssignedServer> {
    return new Promise((resolve) => {
      if (this.isDown) {
        this.#after(1, () => resolve(failure("HSS cannot be reached")));
        return;
      }
      const when = this.readsOvertake ? 0 : (this.#busyUntil.get(user.privateIdentity) ?? 0);
      this.#after(Math.max(1, when - this.#world.clock.now()), () => {
        this.reads.push({ at: this.#world.clock.now(), impi: user.privateIdentity });
        const { server } = this.of(user.privateIdentity);
        this.#after(1, () => resolve({ ok: true, server }));
      });
    });
  }

  #held(user: CxUser): Promise<HeldRegistration> {
    return new Promise((resolve) => {
      if (this.isDown) {
        this.#after(1, () => resolve(failure("HSS cannot be reached")));
        return;
      }
      this.#after(1, () => {
        this.checks.push({ at: this.#world.clock.now(), impi: user.privateIdentity });
        const { server, unregistered } = this.of(user.privateIdentity);
        this.#after(1, () => resolve({ ok: true, server, registered: server !== null && !unregistered }));
      });
    });
  }

  /** The HSS as one life of the CFS has it. */
  cx(host: Host): Cx {
    const alive = <Value>(answer: Promise<Value>): Promise<Value> =>
      new Promise((resolve) => {
        void answer.then((value) => {
          if (host.alive) resolve(value);
        });
      });
    return {
      reassign: (user, server, { timeoutMs }) => alive(this.#reassign(user, server, timeoutMs)),
      assignedServer: (user) => alive(this.#read(user)),
      registration: (user) => alive(this.#held(user)),
    };
  }
}

function failure(reason: CxFailureReason): CxFailure {
  return { ok: false, reason, mayBeDone: reason === "HSS does not answer", detail: "by the script" };
}
