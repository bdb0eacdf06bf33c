// Cx between the lab's CSCFs and its HSS: the commands and results of TS 29.228 and TS 29.229 as plain data.

/** TS 29.229 6.3.24. */
export type UserAuthorizationType = "REGISTRATION" | "DE_REGISTRATION" | "REGISTRATION_AND_CAPABILITIES";

/** TS 29.229 6.3.15, the types that the lab's S-CSCF sends. */
export type ServerAssignmentType =
  | "REGISTRATION"
  | "RE_REGISTRATION"
  | "UNREGISTERED_USER"
  | "TIMEOUT_DEREGISTRATION"
  | "USER_DEREGISTRATION";

export interface UserAuthorizationRequest {
  readonly command: "User-Authorization";
  readonly userName: string;
  readonly publicIdentity: string;
  readonly visitedNetworkIdentifier: string;
  readonly userAuthorizationType: UserAuthorizationType;
}

export interface MultimediaAuthRequest {
  readonly command: "Multimedia-Auth";
  readonly userName: string;
  readonly publicIdentity: string;
  readonly serverName: string;
  readonly authenticationScheme: "SIP Digest";
}

export interface ServerAssignmentRequest {
  readonly command: "Server-Assignment";
  readonly userName: string | null;
  readonly publicIdentity: string;
  readonly serverName: string;
  readonly serverAssignmentType: ServerAssignmentType;
}

export interface LocationInfoRequest {
  readonly command: "Location-Info";
  readonly publicIdentity: string;
}

export type CxRequest =
  | UserAuthorizationRequest
  | MultimediaAuthRequest
  | ServerAssignmentRequest
  | LocationInfoRequest;

/** Result-Codes of RFC 6733 7.1 and Experimental-Result-Codes of TS 29.229 6.2 are two spaces of numbers. */
export type CxResult =
  | { readonly space: "base"; readonly code: 2001 | 3004 | 5001 | 5012 }
  | {
      readonly space: "3gpp";
      readonly code: 2001 | 2002 | 2003 | 2004 | 5001 | 5002 | 5003 | 5004 | 5005 | 5006;
    };

export const success: CxResult = { space: "base", code: 2001 };
export const tooBusy: CxResult = { space: "base", code: 3004 };
export const unableToComply: CxResult = { space: "base", code: 5012 };
export const firstRegistration: CxResult = { space: "3gpp", code: 2001 };
export const subsequentRegistration: CxResult = { space: "3gpp", code: 2002 };
export const unregisteredService: CxResult = { space: "3gpp", code: 2003 };
export const userUnknown: CxResult = { space: "3gpp", code: 5001 };
export const identitiesDontMatch: CxResult = { space: "3gpp", code: 5002 };
export const identityNotRegistered: CxResult = { space: "3gpp", code: 5003 };
export const identityAlreadyRegistered: CxResult = { space: "3gpp", code: 5005 };

/** The part of a user's profile that the lab's S-CSCF needs (TS 29.228 annex B). */
export interface UserProfile {
  /** The implicit registration set, its default identity first. */
  readonly publicIdentities: readonly string[];
  /** Application servers whose criteria match REGISTER. */
  readonly registerServers: readonly string[];
}

/** SIP-Digest-Authenticate (TS 29.229 6.3.36). */
export interface DigestAuthenticate {
  readonly realm: string;
  /** MD5 of user:realm:password in hexadecimal. */
  readonly ha1: string;
}

export interface CxAnswer {
  readonly result: CxResult;
  readonly serverName?: string;
  /** Server-Capabilities reduced to the operator's preferred S-CSCFs (TS 29.228 6.7). */
  readonly preferredServers?: readonly string[];
  readonly digest?: DigestAuthenticate;
  readonly profile?: UserProfile;
}

/** True for the results with which a procedure goes on. */
export function isSuccess(result: CxResult): boolean {
  return result.code >= 2000 && result.code < 3000;
}
