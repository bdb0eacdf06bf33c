// An HSS that does not move users on MAR, written to through its own interface instead. The port, and Cx with it.
import type { Cx, CxUser, Reassigned, ReassignOptions } from "./cx.ts";

/** Writes the name of the S-CSCF that serves a subscription. Always settles, with a failure in the worst case. */
export interface HssAdapter {
  assign(user: CxUser, server: string, options: Pick<ReassignOptions, "timeoutMs">): Promise<Reassigned>;
}

/** Cx whose names go through the adapter: no MAR is sent. What is read is read by Cx all the same. */
export function withAdapter(cx: Cx, adapter: HssAdapter): Cx {
  return {
    reassign: (user, server, options) => adapter.assign(user, server, options),
    assignedServer: (user) => cx.assignedServer(user),
    registration: (user) => cx.registration(user),
  };
}
