// AVPs of the base protocol. RFC 6733 4.5.
import { address } from "../data-type/address.ts";
import type { DataType } from "../data-type/data-type.ts";
import { diameterIdentity } from "../data-type/diameter-identity.ts";
import { enumerated } from "../data-type/enumerated.ts";
import { grouped } from "../data-type/grouped.ts";
import { octetString } from "../data-type/octet-string.ts";
import { time } from "../data-type/time.ts";
import { unsigned32 } from "../data-type/unsigned32.ts";
import { unsigned64 } from "../data-type/unsigned64.ts";
import { utf8String } from "../data-type/utf8-string.ts";
import type { AvpDefinition } from "../dictionary.ts";
import { atMostOnce, once } from "../fields.ts";

function define<T>(code: number, name: string, type: DataType<T>): AvpDefinition<T> {
  return { code, name, type, vendorId: null, mandatory: true };
}

/** The M bit is not set for these (RFC 6733 4.5). */
function optional<T>(code: number, name: string, type: DataType<T>): AvpDefinition<T> {
  return { ...define(code, name, type), mandatory: false };
}

export const userName = define(1, "User-Name", utf8String);
export const proxyState = define(33, "Proxy-State", octetString);
export const hostIpAddress = define(257, "Host-IP-Address", address);
export const authApplicationId = define(258, "Auth-Application-Id", unsigned32);
export const acctApplicationId = define(259, "Acct-Application-Id", unsigned32);
export const vendorId = define(266, "Vendor-Id", unsigned32);
/** Acct-Application-Id alone is legal too, so neither is demanded here (RFC 6733 6.11). */
export const vendorSpecificApplicationId = define(
  260,
  "Vendor-Specific-Application-Id",
  grouped({
    vendorId: once(vendorId),
    authApplicationId: atMostOnce(authApplicationId),
    acctApplicationId: atMostOnce(acctApplicationId),
  }),
);
export const sessionId = define(263, "Session-Id", utf8String);
export const originHost = define(264, "Origin-Host", diameterIdentity);
export const supportedVendorId = define(265, "Supported-Vendor-Id", unsigned32);
export const firmwareRevision = optional(267, "Firmware-Revision", unsigned32);
export const resultCodeAvp = define(268, "Result-Code", unsigned32);
export const productName = optional(269, "Product-Name", utf8String);
export const disconnectCause = define(
  273,
  "Disconnect-Cause",
  enumerated({ REBOOTING: 0, BUSY: 1, DO_NOT_WANT_TO_TALK_TO_YOU: 2 }),
);
export const authSessionState = define(
  277,
  "Auth-Session-State",
  enumerated({ STATE_MAINTAINED: 0, NO_STATE_MAINTAINED: 1 }),
);
export const originStateId = define(278, "Origin-State-Id", unsigned32);
/** Holds whatever was wrong: bytes, since any AVP may stand in it. */
export const failedAvp = define(279, "Failed-AVP", octetString);
export const proxyHost = define(280, "Proxy-Host", diameterIdentity);
export const errorMessage = optional(281, "Error-Message", utf8String);
export const routeRecord = define(282, "Route-Record", diameterIdentity);
export const destinationRealm = define(283, "Destination-Realm", diameterIdentity);
/** Goes back to the proxy as it came (RFC 6733 6.2): bytes. */
export const proxyInfo = define(284, "Proxy-Info", octetString);
export const destinationHost = define(293, "Destination-Host", diameterIdentity);
export const errorReportingHost = optional(294, "Error-Reporting-Host", diameterIdentity);
export const originRealm = define(296, "Origin-Realm", diameterIdentity);
export const experimentalResultCode = define(298, "Experimental-Result-Code", unsigned32);
export const experimentalResult = define(
  297,
  "Experimental-Result",
  grouped({ vendorId: once(vendorId), experimentalResultCode: once(experimentalResultCode) }),
);
export const inbandSecurityId = define(299, "Inband-Security-Id", unsigned32);

/** All of the above, and those that are only known by name: an M bit on them is no surprise. */
export const baseAvps: Readonly<Record<string, AvpDefinition<unknown>>> = {
  userName,
  proxyState,
  hostIpAddress,
  authApplicationId,
  acctApplicationId,
  vendorSpecificApplicationId,
  sessionId,
  originHost,
  supportedVendorId,
  vendorId,
  firmwareRevision,
  resultCodeAvp,
  productName,
  disconnectCause,
  authSessionState,
  originStateId,
  failedAvp,
  proxyHost,
  errorMessage,
  routeRecord,
  destinationRealm,
  proxyInfo,
  destinationHost,
  errorReportingHost,
  originRealm,
  experimentalResult,
  experimentalResultCode,
  inbandSecurityId,
  classAvp: define(25, "Class", octetString),
  sessionTimeout: define(27, "Session-Timeout", unsigned32),
  acctSessionId: define(44, "Acct-Session-Id", octetString),
  acctMultiSessionId: define(50, "Acct-Multi-Session-Id", utf8String),
  eventTimestamp: define(55, "Event-Timestamp", time),
  acctInterimInterval: define(85, "Acct-Interim-Interval", unsigned32),
  redirectHostUsage: define(261, "Redirect-Host-Usage", unsigned32),
  redirectMaxCacheTime: define(262, "Redirect-Max-Cache-Time", unsigned32),
  sessionBinding: define(270, "Session-Binding", unsigned32),
  sessionServerFailover: define(271, "Session-Server-Failover", unsigned32),
  multiRoundTimeOut: define(272, "Multi-Round-Time-Out", unsigned32),
  authRequestType: define(274, "Auth-Request-Type", unsigned32),
  authGracePeriod: define(276, "Auth-Grace-Period", unsigned32),
  reAuthRequestType: define(285, "Re-Auth-Request-Type", unsigned32),
  accountingSubSessionId: define(287, "Accounting-Sub-Session-Id", unsigned64),
  authorizationLifetime: define(291, "Authorization-Lifetime", unsigned32),
  redirectHost: define(292, "Redirect-Host", utf8String),
  terminationCause: define(295, "Termination-Cause", unsigned32),
  accountingRealtimeRequired: define(483, "Accounting-Realtime-Required", unsigned32),
  accountingRecordType: define(480, "Accounting-Record-Type", unsigned32),
  accountingRecordNumber: define(485, "Accounting-Record-Number", unsigned32),
};
