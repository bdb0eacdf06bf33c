// Capabilities-Exchange: CER and CEA. RFC 6733 5.3.
import type { Avp } from "../avp.ts";
import { ipAddress } from "../data-type/address.ts";
import * as base from "../dictionary/base.ts";
import { buildDefinedAvp } from "../dictionary.ts";
import { failedAvps } from "../failed-avp.ts";
import { anyNumber, atMostOnce, type FieldsOf, once, readFields, writeFields } from "../fields.ts";
import { buildAnswer, commandFlag, type DiameterMessage } from "../message.ts";
import type { Read, Rejection } from "../rejection.ts";
import { isProtocolError, resultCode } from "../result-code.ts";

export const capabilitiesExchangeCode = 257;

/** An application that a node serves or uses; vendor 0 for one of the IETF. */
export interface Application {
  readonly applicationId: number;
  readonly vendorId: number;
}

/** What this node says of itself. */
export interface LocalCapabilities {
  readonly originHost: string;
  readonly originRealm: string;
  /** Address literals. Empty: see `capabilitiesAt`. */
  readonly hostIpAddresses: readonly string[];
  readonly vendorId: number;
  readonly productName: string;
  readonly originStateId: number;
  readonly applications: readonly Application[];
}

const applicationFields = {
  authApplicationIds: anyNumber(base.authApplicationId),
  acctApplicationIds: anyNumber(base.acctApplicationId),
  vendorSpecificApplicationIds: anyNumber(base.vendorSpecificApplicationId),
} as const;

/** Host-IP-Address is demanded by the RFC, and left out by some senders. */
const capabilityFields = {
  originHost: once(base.originHost),
  originRealm: once(base.originRealm),
  hostIpAddresses: anyNumber(base.hostIpAddress),
  vendorId: once(base.vendorId),
  productName: once(base.productName),
  originStateId: atMostOnce(base.originStateId),
  supportedVendorIds: anyNumber(base.supportedVendorId),
  authApplicationIds: anyNumber(base.authApplicationId),
  inbandSecurityIds: anyNumber(base.inbandSecurityId),
  acctApplicationIds: anyNumber(base.acctApplicationId),
  vendorSpecificApplicationIds: anyNumber(base.vendorSpecificApplicationId),
} as const;

/** What a peer says of itself. */
export type Capabilities = FieldsOf<typeof capabilityFields>;

const answerFields = {
  resultCode: once(base.resultCodeAvp),
  originHost: once(base.originHost),
  originRealm: once(base.originRealm),
  errorMessage: atMostOnce(base.errorMessage),
} as const;

const relayApplication = 0xffffffff;
const noInbandSecurity = 0;

/** What this node says on a connection whose own end has that address (5.3.5). */
export function capabilitiesAt(local: LocalCapabilities, address: string): LocalCapabilities {
  if (local.hostIpAddresses.length > 0) return local;
  // IPv4 on a socket of IPv6, and the zone of a link-local address, are no part of the literal.
  const literal = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return { ...local, hostIpAddresses: [literal] };
}

function capabilityAvps(local: LocalCapabilities): Avp[] {
  const vendors = [...new Set(local.applications.map((one) => one.vendorId).filter((one) => one !== 0))];
  return writeFields(capabilityFields, {
    originHost: local.originHost,
    originRealm: local.originRealm,
    hostIpAddresses: local.hostIpAddresses.map(ipAddress),
    vendorId: local.vendorId,
    productName: local.productName,
    originStateId: local.originStateId,
    supportedVendorIds: vendors,
    authApplicationIds: local.applications
      .filter((one) => one.vendorId === 0)
      .map((one) => one.applicationId),
    vendorSpecificApplicationIds: local.applications
      .filter((one) => one.vendorId !== 0)
      .map(({ vendorId, applicationId }) => ({ vendorId, authApplicationId: applicationId })),
  });
}

/** A CER. */
export function buildCapabilitiesExchangeRequest(
  local: LocalCapabilities,
  ids: { readonly hopByHop: number; readonly endToEnd: number },
): DiameterMessage {
  const { request } = commandFlag;
  return {
    flags: request,
    commandCode: capabilitiesExchangeCode,
    applicationId: 0,
    ...ids,
    avps: capabilityAvps(local),
  };
}

/** The CEA that accepts. */
export function buildCapabilitiesExchangeAnswer(
  local: LocalCapabilities,
  request: DiameterMessage,
): DiameterMessage {
  const result = buildDefinedAvp(base.resultCodeAvp, resultCode.success);
  return buildAnswer(request, false, [result, ...capabilityAvps(local)]);
}

/** The CEA that refuses; the connection is closed behind it. */
export function refuseCapabilities(
  local: LocalCapabilities,
  request: DiameterMessage,
  rejection: Rejection,
): DiameterMessage {
  return buildAnswer(request, isProtocolError(rejection.resultCode), [
    buildDefinedAvp(base.resultCodeAvp, rejection.resultCode),
    ...capabilityAvps(local),
    buildDefinedAvp(base.errorMessage, rejection.detail),
    ...failedAvps(rejection),
  ]);
}

/** All application ids that a peer names, within Vendor-Specific-Application-Id and outside. */
function applicationsOf(
  capabilities: Pick<Capabilities, keyof typeof applicationFields>,
): ReadonlySet<number> {
  return new Set([
    ...(capabilities.authApplicationIds ?? []),
    ...(capabilities.acctApplicationIds ?? []),
    ...(capabilities.vendorSpecificApplicationIds ?? []).flatMap((one) => [
      ...(one.authApplicationId === undefined ? [] : [one.authApplicationId]),
      ...(one.acctApplicationId === undefined ? [] : [one.acctApplicationId]),
    ]),
  ]);
}

function reject(code: number, detail: string): Read<never> {
  return { ok: false, rejection: { resultCode: code, failedAvps: [], detail } };
}

/** What a CER says, or what is owed for it: 5005, 5010, 5017 and so on (RFC 6733 5.3). */
export function readCapabilities(local: LocalCapabilities, request: DiameterMessage): Read<Capabilities> {
  const read = readFields(capabilityFields, request.avps);
  if (!read.ok) return read;
  const { inbandSecurityIds } = read.value;
  if (inbandSecurityIds !== undefined && !inbandSecurityIds.includes(noInbandSecurity))
    return reject(resultCode.noCommonSecurity, "only NO_INBAND_SECURITY is supported");
  return haveCommonApplication(local, applicationsOf(read.value))
    ? read
    : reject(resultCode.noCommonApplication, "no application in common");
}

/** The applications of a CER or CEA; null when they cannot be read. */
export function applicationsIn(message: DiameterMessage): ReadonlySet<number> | null {
  const read = readFields(applicationFields, message.avps);
  return read.ok ? applicationsOf(read.value) : null;
}

/** Whether a node with these applications takes requests of that one: a relay takes all. */
export function takesApplication(applications: ReadonlySet<number>, applicationId: number): boolean {
  return applications.has(applicationId) || applications.has(relayApplication);
}

/** 5.3: without an application in common a connection is of no use. */
export function haveCommonApplication(local: LocalCapabilities, theirs: ReadonlySet<number>): boolean {
  return local.applications.some(
    ({ applicationId }) => applicationId === relayApplication || takesApplication(theirs, applicationId),
  );
}

/** Who has answered a CER, and how. */
export function readCapabilitiesExchangeAnswer(answer: DiameterMessage): Read<FieldsOf<typeof answerFields>> {
  return readFields(answerFields, answer.avps);
}
