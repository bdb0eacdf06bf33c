// What the lab's HSS holds of its subscriptions while it runs. TS 29.228 6.1, 8.1.
import { type CxResultName, cxResult } from "@liquid-ims/diameter/cx/experimental-result";
import type { Result } from "@liquid-ims/diameter/result";
import type { SequenceNumber } from "@liquid-ims/sip/authentication/sequence-number";
import type { Subscriber } from "./subscriber.ts";

/** The lab's subscriptions have one private identity and one implicit set, so that all of it is in one state. */
export interface Registration {
  /** Replaced as a whole when the operator changes the profile. */
  subscriber: Subscriber;
  state: "not registered" | "registered" | "unregistered";
  /** The S-CSCF, as it wrote its name: names are compared byte by byte. */
  serverName: string | null;
  /** Origin-Host of who wrote the name last: RTR and PPR go there (TS 29.228 table 6.1.3.1). */
  diameterHost: string | null;
  authenticationPending: boolean;
  /** The highest SQN that a vector was made with. */
  sequence: SequenceNumber;
}

/** All of them, by public and by private identity. In memory: a restarted HSS knows its users and nothing else. */
export class Registrations {
  readonly #byPublic = new Map<string, Registration>();
  readonly #byPrivate = new Map<string, Registration>();

  /** Throws an Error when two subscribers have an identity in common. */
  constructor(subscribers: readonly Subscriber[]) {
    for (const subscriber of subscribers) {
      const registration: Registration = {
        subscriber,
        state: "not registered",
        serverName: null,
        diameterHost: null,
        authenticationPending: false,
        sequence: 0n,
      };
      const { privateIdentity } = subscriber;
      if (this.#byPrivate.has(privateIdentity))
        throw new Error(`subscribers: "${privateIdentity}" is there twice`);
      this.#byPrivate.set(privateIdentity, registration);
      for (const identity of subscriber.publicIdentities) {
        if (this.#byPublic.has(identity)) throw new Error(`subscribers: "${identity}" is there twice`);
        this.#byPublic.set(identity, registration);
      }
    }
  }

  /** A registration of each subscription, in the order in which they were given. */
  all(): Registration[] {
    return [...this.#byPrivate.values()];
  }

  /** The registration of a public identity. */
  get(publicIdentity: string): Registration | null {
    return this.#byPublic.get(publicIdentity) ?? null;
  }

  /** Both identities must exist and belong together; null stands for one that the request does not name. */
  find(publicIdentity: string | null, privateIdentity: string | null): Registration | Result {
    const byPublic = publicIdentity === null ? null : (this.#byPublic.get(publicIdentity) ?? "unknown");
    const byPrivate = privateIdentity === null ? null : (this.#byPrivate.get(privateIdentity) ?? "unknown");
    const found = byPublic ?? byPrivate;
    if (found === null || byPublic === "unknown" || byPrivate === "unknown" || found === "unknown")
      return refusal("userUnknown");
    if (byPrivate !== null && byPrivate !== found) return refusal("identitiesDontMatch");
    return found;
  }
}

function refusal(name: CxResultName): Result {
  return cxResult(name);
}
