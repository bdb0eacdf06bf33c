// What an HSS has answered to the CER, field by field, against what is configured. RFC 6733 5.3, TS 29.229 5.6. Pure.
import type { CxConfig } from "@liquid-ims/cfs/config";
import { cxApplicationId, vendor3gpp } from "@liquid-ims/diameter/dictionary/cx";
import type { SaidCapabilities } from "@liquid-ims/diameter/peer/peer-report";
import { formatAddress } from "@liquid-ims/runtime/network";
import { type Finding, flaw, note, ok, type Place, type Remedy, remedy } from "./finding.ts";

/** A peer as a Diameter node reports it. */
export interface PeerFacts {
  readonly originHost: string;
  /** RFC 6733 5.6. */
  readonly state: string;
  readonly said: SaidCapabilities | null;
  readonly trouble: string | null;
}

export interface CxSubject {
  readonly config: CxConfig;
  readonly place: Place;
  /** Origin-Host with which it was asked. */
  readonly identity: string;
  readonly by: "the running CFS" | "the doctor";
}

type ConfiguredPeer = CxConfig["peers"][number];

const success = 2001;
const unknownPeer = 3010;
const noCommonApplication = 5010;
const relayApplication = 0xffff_ffff;

/** How each HSS is told of a peer. */
export function peerLines(identity: string, realm: string, address: string): readonly [Remedy, ...Remedy[]] {
  return [
    remedy(
      "FHoSS DiameterPeerHSS.xml",
      `<Peer FQDN="${identity}" Realm="${realm}" port="3868"/> (or AcceptUnknownPeers="1")`,
    ),
    remedy(
      "Open5GS freeDiameter/hss.conf",
      `ConnectPeer = "${identity}" { ConnectTo = "${address}"; No_TLS; };`,
    ),
    remedy("PyHSS", "it takes every peer: see that this one reaches it, and its log"),
    remedy("lab/hss", `--peer ${identity}`),
  ];
}

/** Where each HSS says where it listens. */
function listenLines(peer: ConfiguredPeer): readonly Remedy[] {
  const { host, port } = peer.address;
  return [
    remedy("FHoSS DiameterPeerHSS.xml", `<Acceptor port="${port}" bind="${host}"/>`),
    remedy("Open5GS freeDiameter/hss.conf", `ListenOn = "${host}"; Port = ${port};`),
    remedy("PyHSS config.yaml", `hss: bind_ip: ["${host}"], bind_port: ${port}`),
    remedy("lab/hss", `--listen ${formatAddress(peer.address)}`),
  ];
}

/** A running CFS has called the address that stood in its file when it was started. */
function placeOf({ host, address }: ConfiguredPeer, { by }: CxSubject): string {
  return by === "the doctor" ? `${host} at ${formatAddress(address)}` : host;
}

function judgeSilence(facts: PeerFacts, peer: ConfiguredPeer, at: string, subject: CxSubject): Finding {
  const { config, place, identity } = subject;
  const why = facts.trouble ?? "no answer to the CER yet";
  const fact = `${placeOf(peer, subject)}: ${why}`;
  if (/without a CEA|did not answer the CER/.test(why)) {
    const [first, ...others] = peerLines(
      identity,
      config.originRealm,
      peer.localHost ?? "<address of the CFS>",
    );
    const other = remedy(place(`${at}.address`), "where the HSS listens, if that is something else");
    const twice = remedy(
      place("cx.originHost"),
      `if another node is connected as ${identity}: end it, or give the doctor an identity of its own (--identity)`,
    );
    return flaw(
      "Cx",
      "wrong",
      `${fact}: it does not know ${identity}, or has it already, or is no Diameter node that works`,
      first,
      ...others,
      twice,
      other,
    );
  }
  return flaw(
    "Cx",
    "wrong",
    fact,
    remedy(place(`${at}.address`), "where the HSS listens (TCP)"),
    ...listenLines(peer),
  );
}

function judgeResult(said: SaidCapabilities, peer: ConfiguredPeer, subject: CxSubject): Finding | null {
  const { resultCode, errorMessage } = said;
  const { config, place, identity } = subject;
  if (resultCode === success || resultCode === null) return null;
  const text = errorMessage === null ? "" : ` ("${errorMessage}")`;
  const fact = `${peer.host} answers the CER of ${identity} with Result-Code ${resultCode}${text}`;
  const lines = peerLines(identity, config.originRealm, peer.localHost ?? "<address of the CFS>");
  if (resultCode === unknownPeer) {
    const local = remedy(
      place("cx.peers[0].localHost"),
      "where the HSS looks at the address: the one that it knows",
    );
    return flaw("Cx", "wrong", `${fact}, unknown peer`, ...lines, local);
  }
  if (resultCode === noCommonApplication)
    return flaw(
      "Cx",
      "wrong",
      `${fact}: no application in common, it has no Cx`,
      remedy("FHoSS DiameterPeerHSS.xml", `<Auth id="${cxApplicationId}" vendor="${vendor3gpp}"/>`),
      remedy("Open5GS", "its HSS has Cx; see that hss.conf is the HSS's and not another function's"),
      remedy(place("cx.peers"), "or the node that has Cx"),
    );
  return flaw(
    "Cx",
    "wrong",
    fact,
    remedy("HSS", "its log says why"),
    remedy(place("cx.originRealm"), "its realm"),
  );
}

function judgeNames(said: SaidCapabilities, peer: ConfiguredPeer, at: string, subject: CxSubject): Finding[] {
  const { config, place } = subject;
  const findings: Finding[] = [];
  const { originHost, originRealm } = said;
  const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
  if (originHost === null)
    findings.push(
      flaw("Cx", "wrong", "the CEA has no Origin-Host", remedy("HSS", "its own name, as FQDN or Identity")),
    );
  else if (!same(originHost, peer.host))
    findings.push(
      flaw(
        "Cx",
        "wrong",
        `Origin-Host of the CEA is ${originHost}, ${peer.host} is configured`,
        remedy(place(`${at}.host`), originHost),
      ),
    );
  else findings.push(ok("Cx", `Origin-Host ${originHost}`));
  const isAgent = config.destinationHost !== undefined && !same(config.destinationHost, peer.host);
  if (originRealm === null || !same(originRealm, config.destinationRealm))
    findings.push(
      flaw(
        "Cx",
        isAgent ? "warn" : "wrong",
        `Origin-Realm of the CEA is ${originRealm ?? "missing"}, requests go to the realm ${config.destinationRealm}`,
        remedy(place("cx.destinationRealm"), originRealm ?? "the HSS's realm"),
      ),
    );
  else findings.push(ok("Cx", `Origin-Realm ${originRealm}`));
  if (isAgent)
    findings.push(
      note(
        "Cx",
        `${peer.host} is an agent before ${config.destinationHost}; whether that one answers is not seen here`,
      ),
    );
  return findings;
}

function judgeApplications(said: SaidCapabilities): Finding {
  const { vendorSpecificApplicationIds: specific, authApplicationIds, acctApplicationIds } = said;
  const shown = [
    ...specific.map(({ vendorId, applicationId }) => `${vendorId}:${applicationId}`),
    ...authApplicationIds.map((id) => (id === relayApplication ? "relay" : String(id))),
  ].join(", ");
  const isCx = (id: number) => id === cxApplicationId;
  if (specific.some(({ vendorId, applicationId }) => vendorId === vendor3gpp && isCx(applicationId)))
    return ok("Cx", `Vendor-Specific-Application-Id has Cx (${vendor3gpp}:${cxApplicationId}): ${shown}`);
  const auth = remedy("FHoSS DiameterPeerHSS.xml", `<Auth id="${cxApplicationId}" vendor="${vendor3gpp}"/>`);
  if (specific.some(({ applicationId }) => isCx(applicationId)) || authApplicationIds.some(isCx))
    return flaw(
      "Cx",
      "warn",
      `Cx is offered without the vendor ${vendor3gpp}: ${shown}; the CFS takes it`,
      auth,
    );
  if ([...authApplicationIds, ...acctApplicationIds].includes(relayApplication))
    return note(
      "Cx",
      "it is a relay: it takes every application, and whether an HSS is behind it is not seen here",
    );
  return flaw(
    "Cx",
    "wrong",
    `no Cx among the applications of the CEA (${shown || "none"})`,
    auth,
    remedy("HSS", "the node that has Cx"),
  );
}

function judgeRest(said: SaidCapabilities, peer: ConfiguredPeer): Finding[] {
  const { hostIpAddresses, supportedVendorIds, productName, vendorId, inbandSecurityIds } = said;
  const findings: Finding[] = [
    ok("Cx", `Product-Name ${productName ?? "missing"}, Vendor-Id ${vendorId ?? "missing"}`),
  ];
  if (hostIpAddresses.length === 0)
    findings.push(
      note("Cx", "no Host-IP-Address in the CEA: RFC 6733 demands it, some leave it out, nothing needs it"),
    );
  else if (!hostIpAddresses.includes(peer.address.host))
    findings.push(
      note(
        "Cx",
        `Host-IP-Address ${hostIpAddresses.join(", ")} is not the address that was called, ${peer.address.host}`,
      ),
    );
  else findings.push(ok("Cx", `Host-IP-Address ${hostIpAddresses.join(", ")}`));
  findings.push(
    supportedVendorIds.includes(vendor3gpp)
      ? ok("Cx", `Supported-Vendor-Id ${supportedVendorIds.join(", ")}`)
      : note(
          "Cx",
          `Supported-Vendor-Id ${supportedVendorIds.join(", ") || "missing"}: 3GPP's ${vendor3gpp} is not in it; the CFS does without`,
        ),
  );
  if (inbandSecurityIds.length > 0 && !inbandSecurityIds.includes(0))
    findings.push(
      flaw(
        "Cx",
        "wrong",
        "the HSS wants TLS inside the connection; the CFS has plain TCP",
        remedy("HSS", "No_TLS for this peer"),
      ),
    );
  return findings;
}

/** Everything that can be said of one configured peer. `index`: in `cx.peers`. */
export function judgePeer(facts: PeerFacts, index: number, subject: CxSubject): Finding[] {
  const peer = subject.config.peers[index];
  if (peer === undefined) return [];
  const at = `cx.peers[${index}]`;
  const { said, state } = facts;
  const isOpen = state === "I-Open" || state === "R-Open";
  if (said === null) return [judgeSilence(facts, peer, at, subject)];
  const refused = judgeResult(said, peer, subject);
  if (refused !== null) return [refused];
  const names = judgeNames(said, peer, at, subject);
  const exchanged = `${placeOf(peer, subject)} has taken the CER of ${subject.identity} (asked by ${subject.by})`;
  const rest = [...names, judgeApplications(said), ...judgeRest(said, peer)];
  if (isOpen) return [ok("Cx", exchanged), ...rest];
  if (rest.some(({ level }) => level === "wrong")) return rest;
  return [
    flaw(
      "Cx",
      "wrong",
      `${exchanged}, but it is ${state} now: ${facts.trouble ?? "it has closed the connection"}`,
      remedy("HSS", "its log: it goes away by itself, or another node calls as the same identity"),
    ),
    ...rest,
  ];
}

/** Whether RTR and PPR, which come to the CFS once it has written a name, find their way to the S-CSCF that serves. */
export function judgeServing(config: CxConfig, sCscfs: readonly string[], place: Place): Finding[] {
  if (config.adapter !== undefined) return [];
  const serving = config.serving ?? [];
  const missing = sCscfs.filter((name) => !serving.some(({ server }) => server === name));
  if (missing.length === 0) return [];
  const fact = `once the CFS has written a user's S-CSCF, the HSS sends RTR and PPR for him to the CFS; for ${missing.join(", ")} they go on only where a peer is an agent`;
  const line = `serving: [{ server: "${missing[0]}", address: { host: <its address>, port: <its Diameter port> } }, ...]`;
  return [note("Cx", fact, remedy(place("cx"), line))];
}
