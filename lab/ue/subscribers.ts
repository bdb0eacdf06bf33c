// The lab's subscribers: names, passwords and identities that anybody can guess.
import type { Subscriber } from "../ims-core/hss.ts";
import { homeDomain } from "../topology.ts";

export interface SubscriberOptions {
  readonly count: number;
  /** S-CSCF names in the order in which they are to be assigned. */
  readonly preferredServers: readonly string[];
  /** Application servers that hear of registrations. */
  readonly registerServers: readonly string[];
}

/** `sip:user001@open-ims.test` and so on. */
export function createSubscribers(options: SubscriberOptions): Subscriber[] {
  return Array.from({ length: options.count }, (_, index) => {
    const user = `user${String(index + 1).padStart(3, "0")}`;
    return {
      privateIdentity: `${user}@${homeDomain}`,
      password: `secret-of-${user}`,
      publicIdentities: [`sip:${user}@${homeDomain}`],
      preferredServers: options.preferredServers,
      registerServers: options.registerServers,
    };
  });
}
