// What a peer has said of itself, and why it is not open, for whoever sets up a network. RFC 6733 5.3, 5.6.
import type { Avp } from "../avp.ts";
import * as base from "../dictionary/base.ts";
import { type AvpDefinition, isAvp } from "../dictionary.ts";
import type { DiameterMessage } from "../message.ts";
import type { PeerEvent, PeerState } from "./peer-state.ts";

/** The fields of a CER or CEA as far as they can be read: null or empty where one is missing. */
export interface SaidCapabilities {
  /** Null in a CER. */
  readonly resultCode: number | null;
  readonly originHost: string | null;
  readonly originRealm: string | null;
  readonly hostIpAddresses: readonly string[];
  readonly vendorId: number | null;
  readonly productName: string | null;
  readonly supportedVendorIds: readonly number[];
  readonly authApplicationIds: readonly number[];
  readonly acctApplicationIds: readonly number[];
  readonly vendorSpecificApplicationIds: readonly {
    readonly vendorId: number;
    readonly applicationId: number;
  }[];
  readonly inbandSecurityIds: readonly number[];
  readonly errorMessage: string | null;
}

function valuesOf<T>(avps: readonly Avp[], definition: AvpDefinition<T>): T[] {
  return avps
    .filter((avp) => isAvp(avp, definition))
    .map((avp) => definition.type.decode(avp.data))
    .flatMap((read) => (read.ok ? [read.value] : []));
}

/** Reads a CER or CEA, whatever is wrong with it. */
export function saidIn({ avps }: DiameterMessage): SaidCapabilities {
  const first = <T>(definition: AvpDefinition<T>): T | null => valuesOf(avps, definition)[0] ?? null;
  return {
    resultCode: first(base.resultCodeAvp),
    originHost: first(base.originHost),
    originRealm: first(base.originRealm),
    hostIpAddresses: valuesOf(avps, base.hostIpAddress).map(({ text }) => text),
    vendorId: first(base.vendorId),
    productName: first(base.productName),
    supportedVendorIds: valuesOf(avps, base.supportedVendorId),
    authApplicationIds: valuesOf(avps, base.authApplicationId),
    acctApplicationIds: valuesOf(avps, base.acctApplicationId),
    vendorSpecificApplicationIds: valuesOf(avps, base.vendorSpecificApplicationId).flatMap((group) =>
      [group.authApplicationId, group.acctApplicationId]
        .filter((one) => one !== undefined)
        .map((applicationId) => ({ vendorId: group.vendorId, applicationId })),
    ),
    inbandSecurityIds: valuesOf(avps, base.inbandSecurityId),
    errorMessage: first(base.errorMessage),
  };
}

/** Why a step of the peer machine led to no open connection; null when it is no such step. */
export function troubleOf(before: PeerState, event: PeerEvent): string | null {
  const isAwaited = before === "Wait-I-CEA" || before === "Wait-Returns";
  if (event === "I-Peer-Disc" && isAwaited) return "it closed the connection without a CEA";
  if (event === "Timeout" && isAwaited) return "it did not answer the CER";
  if (event === "Timeout" && before === "Wait-Conn-Ack") return "the connection was not accepted in time";
  return event === "I-Rcv-Non-CEA" ? "its answer to the CER is no CEA that can be accepted" : null;
}
