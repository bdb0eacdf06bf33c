// A subscription as the lab's HSS keeps it, and the profile that an S-CSCF gets of it. TS 29.228 annex B.
import type { ImsSubscription } from "@liquid-ims/diameter/cx/user-data";

export type SubscriberAuthentication =
  | {
      readonly kind: "aka";
      /** 16 bytes. */
      readonly k: Uint8Array;
      /** 16 bytes. */
      readonly opc: Uint8Array;
      /** 2 bytes. */
      readonly amf: Uint8Array;
    }
  | { readonly kind: "digest"; readonly password: string };

/** One IMS subscription with one private identity. */
export interface Subscriber {
  readonly privateIdentity: string;
  /** The implicit registration set, its default identity first. */
  readonly publicIdentities: readonly string[];
  /** S-CSCF names in the order in which the operator wants them tried. */
  readonly preferredServers: readonly string[];
  /** Application servers that get a third-party REGISTER. */
  readonly registerServers: readonly string[];
  /** They are shown the UE's own REGISTER, too. Default true. */
  readonly showsRegister?: boolean;
  readonly authentication: SubscriberAuthentication;
}

/** The profile: every REGISTER is told to every server. */
export function profileOf(subscriber: Subscriber): ImsSubscription {
  const { showsRegister = true } = subscriber;
  return {
    privateIdentity: subscriber.privateIdentity,
    serviceProfiles: [
      {
        publicIdentities: subscriber.publicIdentities.map((identity) => ({ identity })),
        initialFilterCriteria: subscriber.registerServers.map((serverName, priority) => ({
          priority,
          trigger: {
            conjunctive: true,
            servicePointTriggers: [{ groups: [0], condition: { kind: "Method", value: "REGISTER" } }],
          },
          applicationServer: {
            serverName,
            defaultHandling: "SESSION_CONTINUED",
            includeRegisterRequest: showsRegister,
          },
        })),
      },
    ],
  };
}
