// A UE over lib/sip: what an application uses. With an LCF inside, or plain. RFC 3261, TS 24.229 5.1.
import type { Program } from "@liquid-ims/runtime/host";
import type { Ue } from "./ue-api.ts";
import { UeNode } from "./ue-node.ts";
import type { UeOptions } from "./ue-options.ts";

export type {
  Call,
  CallEnd,
  CallHandlers,
  CallState,
  DeregisterOutcome,
  RegisterFailure,
  RegisterOutcome,
  Ue,
} from "./ue-api.ts";
export type { UeOptions } from "./ue-options.ts";

/** A UE as a program of a host. */
export function createUe(options: UeOptions): Program<Ue> {
  return (host) => new UeNode(host, options);
}
