// Features of Cx as bits of Feature-List. TS 29.229 6.3.29, 7.1.1.
import { vendor3gpp } from "../dictionary/cx.ts";

/** Bit numbers of Feature-List-ID 1. */
const bits = { SiFC: 0, AliasInd: 1, IMSRestorationInd: 2, "P-CSCF-Restoration-mechanism": 3 } as const;

export type CxFeature = keyof typeof bits;

/** One Supported-Features AVP. */
export interface SupportedFeatures {
  readonly vendorId: number;
  readonly featureListId: number;
  readonly featureList: number;
}

const listId = 1;

/** The AVP's value that names these features. */
export function formatFeatures(features: readonly CxFeature[]): SupportedFeatures {
  let featureList = 0;
  for (const feature of features) featureList |= 1 << bits[feature];
  return { vendorId: vendor3gpp, featureListId: listId, featureList };
}

/** The features that both know: those of the AVPs that are known here. */
export function readFeatures(avps: readonly SupportedFeatures[] | undefined): readonly CxFeature[] {
  const lists = (avps ?? []).filter((one) => one.vendorId === vendor3gpp && one.featureListId === listId);
  const names = Object.keys(bits) as CxFeature[];
  return names.filter((name) => lists.some((list) => ((list.featureList >>> bits[name]) & 1) === 1));
}
