// Which S-CSCF is stored, and the Diameter host that wrote it: what MAR and SAR change, by the rules of a behaviour.
// TS 29.228 6.1.2.1, 6.3.1 step 5, 8.1.
import { sameIdentity } from "@liquid-ims/diameter/data-type/diameter-identity";
import type { HssRules } from "./hss-behaviour.ts";
import type { Registration } from "./hss-registration.ts";

/** Who asks: the name of the S-CSCF in the request, and the node that sent it. */
export interface AssignmentRequest {
  readonly serverName: string;
  readonly originHost: string;
}

/** An S-CSCF that is to be told by RTR that it serves a user no longer. */
export interface CancelledServer {
  readonly serverName: string;
  readonly diameterHost: string;
}

/**
 * MAR: who is registered under the same name stays as he is. Gives the S-CSCF that is to be cancelled (8.1.1): the
 * stored one of a user who has a registration or services, unless its own node has sent the MAR.
 */
export function assignByMultimediaAuth(
  registration: Registration,
  { serverName, originHost }: AssignmentRequest,
  rules: HssRules,
): CancelledServer | null {
  if (rules.multimediaAuth === "ignored") return null;
  const { state, serverName: oldName, diameterHost: oldHost } = registration;
  // The same name is no update of it.
  if (rules.diameterHost === "of MAR and SAR" && oldName !== serverName)
    registration.diameterHost = originHost;
  if (state === "registered" && oldName === serverName) return null;
  registration.serverName = serverName;
  registration.authenticationPending = rules.setsAuthenticationPending;
  if (!rules.cancelsOldServer || state === "not registered" || oldName === serverName) return null;
  if (oldName === null || oldHost === null || sameIdentity(oldHost, originHost)) return null;
  return { serverName: oldName, diameterHost: oldHost };
}

/** SAR that assigns; the caller has found out that it is allowed. */
export function assignByServerAssignment(
  registration: Registration,
  { serverName, originHost }: AssignmentRequest,
  state: "registered" | "unregistered",
  rules: HssRules,
): void {
  registration.state = state;
  registration.serverName = serverName;
  registration.authenticationPending = false;
  if (rules.diameterHost !== "none") registration.diameterHost = originHost;
}

/** SAR that ends the registration, and its name with it where the HSS forgets names. */
export function endAssignment(registration: Registration, rules: HssRules): void {
  registration.state = "not registered";
  registration.authenticationPending = false;
  if (!rules.forgetsName) return;
  registration.serverName = null;
  registration.diameterHost = null;
}
