// AVPs of the Cx application. TS 29.229 6.3.
import type { DataType } from "../data-type/data-type.ts";
import { enumerated } from "../data-type/enumerated.ts";
import { grouped } from "../data-type/grouped.ts";
import { octetString } from "../data-type/octet-string.ts";
import { unsigned32 } from "../data-type/unsigned32.ts";
import { utf8String } from "../data-type/utf8-string.ts";
import { type AvpDefinition, createDictionary } from "../dictionary.ts";
import { anyNumber, atMostOnce, once } from "../fields.ts";
import { baseAvps, userName, vendorId } from "./base.ts";

/** 3GPP. */
export const vendor3gpp = 10415;
export const cxApplicationId = 16777216;

function define<T>(code: number, name: string, type: DataType<T>): AvpDefinition<T> {
  return { code, name, type, vendorId: vendor3gpp, mandatory: true };
}

/** The M bit must not be set for these (TS 29.229 table 6.3.1). */
function optional<T>(code: number, name: string, type: DataType<T>): AvpDefinition<T> {
  return { ...define(code, name, type), mandatory: false };
}

export const visitedNetworkIdentifier = define(600, "Visited-Network-Identifier", octetString);
export const publicIdentity = define(601, "Public-Identity", utf8String);
export const serverName = define(602, "Server-Name", utf8String);
export const mandatoryCapability = define(604, "Mandatory-Capability", unsigned32);
export const optionalCapability = define(605, "Optional-Capability", unsigned32);
export const serverCapabilities = define(
  603,
  "Server-Capabilities",
  grouped({
    mandatoryCapabilities: anyNumber(mandatoryCapability),
    optionalCapabilities: anyNumber(optionalCapability),
    serverNames: anyNumber(serverName),
  }),
);
export const userData = define(606, "User-Data", octetString);
export const sipNumberAuthItems = define(607, "SIP-Number-Auth-Items", unsigned32);
export const sipAuthenticationScheme = define(608, "SIP-Authentication-Scheme", utf8String);
export const sipAuthenticate = define(609, "SIP-Authenticate", octetString);
export const sipAuthorization = define(610, "SIP-Authorization", octetString);
export const sipAuthenticationContext = define(611, "SIP-Authentication-Context", octetString);
export const sipItemNumber = define(613, "SIP-Item-Number", unsigned32);
export const confidentialityKey = define(625, "Confidentiality-Key", octetString);
export const integrityKey = define(626, "Integrity-Key", octetString);
export const digestRealm: AvpDefinition<string> = {
  code: 104,
  name: "Digest-Realm",
  type: utf8String,
  vendorId: null,
  mandatory: true,
};
export const digestQop: AvpDefinition<string> = { ...digestRealm, code: 110, name: "Digest-QoP" };
export const digestAlgorithm: AvpDefinition<string> = { ...digestRealm, code: 111, name: "Digest-Algorithm" };
export const digestHa1: AvpDefinition<string> = { ...digestRealm, code: 121, name: "Digest-HA1" };
export const sipDigestAuthenticate = optional(
  635,
  "SIP-Digest-Authenticate",
  grouped({
    digestRealm: once(digestRealm),
    digestAlgorithm: atMostOnce(digestAlgorithm),
    digestQop: once(digestQop),
    digestHa1: once(digestHa1),
  }),
);
export const sipAuthDataItem = define(
  612,
  "SIP-Auth-Data-Item",
  grouped({
    sipItemNumber: atMostOnce(sipItemNumber),
    sipAuthenticationScheme: atMostOnce(sipAuthenticationScheme),
    sipAuthenticate: atMostOnce(sipAuthenticate),
    sipAuthorization: atMostOnce(sipAuthorization),
    sipAuthenticationContext: atMostOnce(sipAuthenticationContext),
    confidentialityKey: atMostOnce(confidentialityKey),
    integrityKey: atMostOnce(integrityKey),
    sipDigestAuthenticate: atMostOnce(sipDigestAuthenticate),
  }),
);
export const serverAssignmentType = define(
  614,
  "Server-Assignment-Type",
  enumerated({
    NO_ASSIGNMENT: 0,
    REGISTRATION: 1,
    RE_REGISTRATION: 2,
    UNREGISTERED_USER: 3,
    TIMEOUT_DEREGISTRATION: 4,
    USER_DEREGISTRATION: 5,
    TIMEOUT_DEREGISTRATION_STORE_SERVER_NAME: 6,
    USER_DEREGISTRATION_STORE_SERVER_NAME: 7,
    ADMINISTRATIVE_DEREGISTRATION: 8,
    AUTHENTICATION_FAILURE: 9,
    AUTHENTICATION_TIMEOUT: 10,
    DEREGISTRATION_TOO_MUCH_DATA: 11,
    AAA_USER_DATA_REQUEST: 12,
    PGW_UPDATE: 13,
    RESTORATION: 14,
  }),
);
export const reasonCode = define(
  616,
  "Reason-Code",
  enumerated({ PERMANENT_TERMINATION: 0, NEW_SERVER_ASSIGNED: 1, SERVER_CHANGE: 2, REMOVE_S_CSCF: 3 }),
);
export const reasonInfo = define(617, "Reason-Info", utf8String);
export const deregistrationReason = define(
  615,
  "Deregistration-Reason",
  grouped({ reasonCode: once(reasonCode), reasonInfo: atMostOnce(reasonInfo) }),
);
export const primaryEventChargingFunctionName = define(
  619,
  "Primary-Event-Charging-Function-Name",
  utf8String,
);
export const secondaryEventChargingFunctionName = define(
  620,
  "Secondary-Event-Charging-Function-Name",
  utf8String,
);
export const primaryChargingCollectionFunctionName = define(
  621,
  "Primary-Charging-Collection-Function-Name",
  utf8String,
);
export const secondaryChargingCollectionFunctionName = define(
  622,
  "Secondary-Charging-Collection-Function-Name",
  utf8String,
);
export const chargingInformation = define(
  618,
  "Charging-Information",
  grouped({
    primaryEventChargingFunctionName: atMostOnce(primaryEventChargingFunctionName),
    secondaryEventChargingFunctionName: atMostOnce(secondaryEventChargingFunctionName),
    primaryChargingCollectionFunctionName: atMostOnce(primaryChargingCollectionFunctionName),
    secondaryChargingCollectionFunctionName: atMostOnce(secondaryChargingCollectionFunctionName),
  }),
);
export const userAuthorizationType = define(
  623,
  "User-Authorization-Type",
  enumerated({ REGISTRATION: 0, DE_REGISTRATION: 1, REGISTRATION_AND_CAPABILITIES: 2 }),
);
export const userDataAlreadyAvailable = define(
  624,
  "User-Data-Already-Available",
  enumerated({ USER_DATA_NOT_AVAILABLE: 0, USER_DATA_ALREADY_AVAILABLE: 1 }),
);
export const featureListId = optional(629, "Feature-List-ID", unsigned32);
export const featureList = optional(630, "Feature-List", unsigned32);
export const supportedFeatures = optional(
  628,
  "Supported-Features",
  grouped({ vendorId: once(vendorId), featureListId: once(featureListId), featureList: once(featureList) }),
);
export const supportedApplications = optional(631, "Supported-Applications", octetString);
export const associatedIdentities = optional(
  632,
  "Associated-Identities",
  grouped({ userNames: anyNumber(userName) }),
);
export const originatingRequest = define(633, "Originating-Request", enumerated({ ORIGINATING: 0 }));
export const wildcardedPublicIdentity = optional(634, "Wildcarded-Public-Identity", utf8String);
export const uarFlags = optional(637, "UAR-Flags", unsigned32);
export const looseRouteIndication = optional(
  638,
  "Loose-Route-Indication",
  enumerated({ LOOSE_ROUTE_NOT_REQUIRED: 0, LOOSE_ROUTE_REQUIRED: 1 }),
);
/** Path, contacts and subscription of a registration (TS 29.229 6.3.52): kept as bytes. */
export const scscfRestorationInfo = optional(639, "SCSCF-Restoration-Info", octetString);
export const multipleRegistrationIndication = optional(
  648,
  "Multiple-Registration-Indication",
  enumerated({ NOT_MULTIPLE_REGISTRATION: 0, MULTIPLE_REGISTRATION: 1 }),
);
export const sessionPriority = optional(650, "Session-Priority", unsigned32);
export const sarFlags = optional(655, "SAR-Flags", unsigned32);
export const rtrFlags = optional(659, "RTR-Flags", unsigned32);

export const cxAvps: Readonly<Record<string, AvpDefinition<unknown>>> = {
  visitedNetworkIdentifier,
  publicIdentity,
  serverName,
  serverCapabilities,
  mandatoryCapability,
  optionalCapability,
  userData,
  sipNumberAuthItems,
  sipAuthenticationScheme,
  sipAuthenticate,
  sipAuthorization,
  sipAuthenticationContext,
  sipAuthDataItem,
  sipItemNumber,
  serverAssignmentType,
  deregistrationReason,
  reasonCode,
  reasonInfo,
  chargingInformation,
  primaryEventChargingFunctionName,
  secondaryEventChargingFunctionName,
  primaryChargingCollectionFunctionName,
  secondaryChargingCollectionFunctionName,
  userAuthorizationType,
  userDataAlreadyAvailable,
  confidentialityKey,
  integrityKey,
  supportedFeatures,
  featureListId,
  featureList,
  supportedApplications,
  associatedIdentities,
  originatingRequest,
  wildcardedPublicIdentity,
  sipDigestAuthenticate,
  digestRealm,
  digestQop,
  digestAlgorithm,
  digestHa1,
  uarFlags,
  looseRouteIndication,
  scscfRestorationInfo,
  multipleRegistrationIndication,
  sessionPriority,
  sarFlags,
  rtrFlags,
};

// AVPs of others that HSSs put into SIP-Auth-Data-Item with the M bit. RFC 7155 4.4.10.5; ETSI TS 183 033.
const etsi = 13019;
/** Codes from 500 on, in this order. */
const etsiNames = [
  "Line-Identifier",
  "ETSI-SIP-Authenticate",
  "ETSI-SIP-Authorization",
  "ETSI-SIP-Authentication-Info",
  "ETSI-Digest-Realm",
  "ETSI-Digest-Nonce",
  "ETSI-Digest-Domain",
  "ETSI-Digest-Opaque",
  "ETSI-Digest-Stale",
  "ETSI-Digest-Algorithm",
  "ETSI-Digest-QoP",
  "ETSI-Digest-HA1",
  "ETSI-Digest-Auth-Param",
  "ETSI-Digest-Username",
  "ETSI-Digest-URI",
  "ETSI-Digest-Response",
  "ETSI-Digest-CNonce",
  "ETSI-Digest-Nonce-Count",
  "ETSI-Digest-Method",
  "ETSI-Digest-Entity-Body-Hash",
  "ETSI-Digest-Nextnonce",
  "ETSI-Digest-Response-Auth",
] as const;

function asBytes(code: number, name: string, vendor: number | null): AvpDefinition<unknown> {
  return { code, name, type: octetString, vendorId: vendor, mandatory: true };
}

/** Known, so that they are no surprise; kept as bytes. */
export const foreignAvps: Readonly<Record<string, AvpDefinition<unknown>>> = {
  framedIpAddress: asBytes(8, "Framed-IP-Address", null),
  framedInterfaceId: asBytes(96, "Framed-Interface-Id", null),
  framedIpv6Prefix: asBytes(97, "Framed-IPv6-Prefix", null),
  digestAuthParam: asBytes(117, "Digest-Auth-Param", null),
  ...Object.fromEntries(etsiNames.map((name, index) => [name, asBytes(500 + index, name, etsi)])),
};

/** The base protocol, Cx, and what comes along with it. */
export const cxDictionary = createDictionary(baseAvps, cxAvps, foreignAvps);
