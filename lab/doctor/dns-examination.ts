// Looks up every name that the core must find: the home domain, the CFS, the CFD, the functions. RFC 3263 4.
import type { CfdSettings } from "@liquid-ims/cfd/config-schema";
import type { CfsConfig } from "@liquid-ims/cfs/config";
import type { CfsSettings } from "@liquid-ims/cfs/config-schema";
import { splitFunctionName } from "@liquid-ims/location-service/function-name";
import type { Host } from "@liquid-ims/runtime/host";
import type { Address } from "@liquid-ims/runtime/network";
import { createDnsProbe, type DnsProbe } from "./dns-facts.ts";
import { judgeFixed } from "./dns-fixed.ts";
import { judgeHost, judgeService, type ServiceSubject } from "./dns-service.ts";
import { type Finding, flaw, remedy } from "./finding.ts";
import type { Configured } from "./programs.ts";

export interface DnsSubject {
  readonly cfs: Configured<CfsSettings>;
  readonly cfd: Configured<CfdSettings> | null;
  readonly config: CfsConfig;
  /** Under which UEs subscribe. */
  readonly cfsUri: string;
  /** AS name of the filter criteria: the CFD's URI. */
  readonly uri: string;
  readonly dnsServers: readonly Address[];
}

function hostOf(uri: string): string {
  return splitFunctionName(uri)?.host ?? uri;
}

function isLiteral(host: string): boolean {
  return host.includes(":") || /^[\d.]+$/.test(host);
}

function homeSubject({ cfs: { place }, config }: DnsSubject): ServiceSubject {
  return {
    what: "the I-CSCFs",
    name: config.dns?.iCscfService ?? config.homeDomain,
    place: place("homeDomain"),
    listeners: null,
    listenPlace: place("homeDomain"),
    purpose: "P-CSCFs find no I-CSCF",
    changes: true,
  };
}

function cfsSubject({ cfs: { place }, config, cfsUri }: DnsSubject): ServiceSubject {
  return {
    what: "the CFS",
    name: hostOf(cfsUri),
    place: place("contact"),
    listeners: config.listen,
    listenPlace: place("listen"),
    purpose: "the LCFs' SUBSCRIBEs find no CFS",
    changes: false,
  };
}

function cfdSubject({ cfd, cfs, uri }: DnsSubject): ServiceSubject {
  const listen = cfd?.settings.listen.map(({ protocol, ...address }) => ({ protocol, address })) ?? null;
  return {
    what: "the CFD",
    name: hostOf(uri),
    place: "filter criteria",
    listeners: listen,
    listenPlace: (cfd ?? cfs).place("listen"),
    purpose: "S-CSCFs find no CFD",
    changes: true,
  };
}

/** A port or an address in the URI leaves nothing to SRV records (RFC 3263 4.2). */
async function examineUri(probe: DnsProbe, uri: string, subject: ServiceSubject): Promise<Finding[]> {
  const { host, port } = splitFunctionName(uri) ?? { host: uri, port: null };
  if (port === null && !isLiteral(host)) return judgeService(subject, await probe.service(host));
  const looked = isLiteral(host)
    ? ({ kind: "found", records: [host], ttl: 0, authoritative: true } as const)
    : await probe.addresses(host);
  return judgeFixed({ ...subject, uri, port, isLiteral: isLiteral(host) }, looked);
}

async function examineHosts(probe: DnsProbe, { cfs, config }: DnsSubject): Promise<Finding[]> {
  const purposes = {
    "P-CSCF": "S-CSCFs cannot reach its users",
    "S-CSCF": "I-CSCFs and P-CSCFs cannot reach it",
  };
  const findings = await Promise.all(
    config.functions.map(async ({ kind, name, addresses }, index) => {
      const host = splitFunctionName(name)?.host ?? null;
      if (host === null || isLiteral(host) || (kind !== "P-CSCF" && kind !== "S-CSCF")) return null;
      const place = cfs.place(`functions[${index}].addresses`);
      const subject = { kind, function: name, host, addresses, place, purpose: purposes[kind] };
      return judgeHost(subject, await probe.addresses(host));
    }),
  );
  return findings.filter((finding) => finding !== null);
}

/** Everything that DNS servers say of the names of a configuration. */
export async function examineDns(host: Host, subject: DnsSubject): Promise<Finding[]> {
  const { cfs, dnsServers } = subject;
  const servers = cfs.place("dns.servers");
  if (dnsServers.length === 0) {
    const fact = "no DNS server is configured: names cannot be looked at";
    return [flaw("DNS", "warn", fact, remedy(servers, "servers: [{ host: <the core's name server> }]"))];
  }
  const probe = createDnsProbe(host, dnsServers, cfs.settings.dns.timeoutMs);
  const home = homeSubject(subject);
  const first = await probe.service(home.name);
  if (first.naptr.kind === "failed" && first.srv.udp.kind === "failed") {
    const fact = `${home.name} cannot be looked up: ${first.srv.udp.detail}`;
    const change = "a server that has the zone, or knows who has";
    return [flaw("DNS", "wrong", fact, remedy(servers, change))];
  }
  return [
    ...judgeService(home, first),
    ...(await examineUri(probe, subject.cfsUri, cfsSubject(subject))),
    ...(await examineUri(probe, subject.uri, cfdSubject(subject))),
    ...(await examineHosts(probe, subject)),
  ];
}
