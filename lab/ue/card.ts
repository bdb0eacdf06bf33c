// A USIM that takes its time, as a card in a telephone does. TS 33.102 6.3.3.
import type { Host } from "@liquid-ims/runtime/host";
import type { AkaAuthenticator } from "@liquid-ims/sip/authentication/aka";
import { createUsim } from "@liquid-ims/sip/authentication/usim";
import type { UeCredentials } from "@liquid-ims/ue-lcf/adapters/sip/ue-credentials";
import type { SubscriberAuthentication } from "../ims-core/subscriber.ts";

/**
 * Milliseconds, less than a card takes. Kamailio's S-CSCF keeps a vector only when its 401 has left: on a machine with much
 * to do, an answer at once finds nothing and gets another 401, again and again.
 */
const authenticationMs = 20;

/** What a UE of that subscriber proves itself with; a password needs no card. */
export function cardOf(host: Host, authentication: SubscriberAuthentication): UeCredentials {
  if (authentication.kind === "digest") return authentication;
  const { k, opc } = authentication;
  const usim = createUsim({ crypto: host.crypto, keys: { k, opc } });
  const card: AkaAuthenticator = {
    async authenticate(rand, autn) {
      await host.clock.sleep(authenticationMs, "the card answers");
      return usim.authenticate(rand, autn);
    },
  };
  return { kind: "card", card };
}
