// An HSS that does not move users on MAR, written to through its own interface instead. The port, and Cx with it.
import type { Cx, CxUser, HeldRegistration, Reassigned, ReassignOptions } from "./cx.ts";

export interface HssAdapter {
  /** Writes the name of the S-CSCF that serves a subscription. Always settles, with a failure in the worst case. */
  assign(user: CxUser, server: string, options: Pick<ReassignOptions, "timeoutMs">): Promise<Reassigned>;
  /** Reads it; changes nothing. */
  registration(user: CxUser): Promise<HeldRegistration>;
}

/**
 * Cx whose names go through the adapter: no MAR is sent, and no UAR for a de-registration, which PyHSS executes. The
 * assigned name is read back by Cx all the same, since that is what an I-CSCF gets.
 */
export function withAdapter(cx: Cx, adapter: HssAdapter): Cx {
  return {
    hasOwnInterface: true,
    reassign: (user, server, options) => adapter.assign(user, server, options),
    assignedServer: (user) => cx.assignedServer(user),
    registration: (user) => adapter.registration(user),
  };
}
