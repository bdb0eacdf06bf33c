// What the lab's S-CSCF does with RTR and PPR of the HSS. TS 29.228 6.1.3, 6.1.5; TS 24.229 5.4.1.5.
import { cxResult, success } from "@liquid-ims/diameter/cx/experimental-result";
import { pushProfile } from "@liquid-ims/diameter/cx/push-profile";
import { registrationTermination } from "@liquid-ims/diameter/cx/registration-termination";
import type { Host } from "@liquid-ims/runtime/host";
import type { RegisteredUser } from "./bindings.ts";
import type { CxClient } from "./cx-client.ts";
import type { Registrar } from "./registrar.ts";

export interface NetworkDeregistrationOptions {
  registrar(): Registrar;
  /** Longest time from an RTR to the tick at which a registrar like OpenIMSCore's acts on it; null: it acts at once. */
  readonly tickMs: number | null;
}

export interface NetworkDeregistration {
  /** The user has registered anew: what an RTR has ended is no longer his. */
  renewed(user: RegisteredUser): void;
}

/**
 * At once: the registration goes, whatever the reason, and the application servers are told. Sessions stay
 * (5.4.1.5 lets the S-CSCF release none): after NEW_SERVER_ASSIGNED they are on their way to the new S-CSCF. Nobody asks
 * the S-CSCF for a NOTIFY of it. At the tick: it ends like one that has expired.
 */
export function serveNetworkDeregistration(
  host: Host,
  cx: CxClient,
  { registrar, tickMs }: NetworkDeregistrationOptions,
): NetworkDeregistration {
  const random = host.random.fork("registrar tick");
  /** Private identities that the next tick ends. */
  const marked = new Set<string>();
  const terminations = host.metrics.counter("scscf_terminated_total", {
    help: "Registrations that the HSS has ended by RTR",
  });

  function endAtTick(user: RegisteredUser, afterMs: number): void {
    const { privateIdentity } = user;
    if (marked.has(privateIdentity)) return;
    marked.add(privateIdentity);
    const tick = (): void => {
      if (!marked.delete(privateIdentity)) return;
      const present = registrar().findPrivate(privateIdentity, []);
      if (present !== null) registrar().expire(present);
    };
    host.clock.after(random.float() * afterMs, tick, "registrar tick");
  }

  cx.serve(registrationTermination, ({ request, answer }) => {
    const { userName, publicIdentities = [], deregistrationReason } = request;
    const user = registrar().findPrivate(userName, publicIdentities);
    host.log.info("scscf.rtr", {
      user: userName,
      reason: deregistrationReason.reasonCode,
      known: user !== null,
    });
    if (user === null) return answer(cxResult("userUnknown"));
    terminations.add();
    if (tickMs === null) registrar().terminate(user);
    else endAtTick(user, tickMs);
    answer(success);
  });

  cx.serve(pushProfile, ({ request, answer }) => {
    const user = registrar().findPrivate(request.userName, []);
    if (user === null) return answer(cxResult("userUnknown"));
    const { userData } = request;
    const isTaken = userData === undefined || registrar().changeProfile(user, userData);
    answer(isTaken ? success : cxResult("notSupportedUserData"));
  });

  return { renewed: (user) => void marked.delete(user.privateIdentity) };
}
