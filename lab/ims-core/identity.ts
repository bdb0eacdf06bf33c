// The private identity in a REGISTER. TS 24.229 5.4.1.1, TS 23.003 13.3.
import { parseCredentials } from "@liquid-ims/sip/header/credentials";
import type { SipRequest } from "@liquid-ims/sip/message";

/** From Authorization; a REGISTER without one has the public identity's own name (TS 24.229 5.1.1.2.1). */
export function privateIdentityOf(request: SipRequest, publicIdentity: string): string {
  const credentials = parseCredentials(request.headers.get("Authorization") ?? "");
  const userName = credentials?.parameters.get("username") ?? null;
  return userName === null ? publicIdentity.replace(/^sips?:/, "") : userName;
}
