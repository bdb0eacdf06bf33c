// Proxy-CSCF of the lab. TS 24.229 5.2.
import type { Program } from "@liquid-ims/runtime/host";
import { formatAddress } from "@liquid-ims/runtime/network";
import { formatChallenge, parseChallenge } from "@liquid-ims/sip/header/challenge";
import { addressUri, parseNameAddress } from "@liquid-ims/sip/header/name-address";
import { parseVia } from "@liquid-ims/sip/header/via";
import { formatHost } from "@liquid-ims/sip/host";
import type { SipRequest, SipResponse } from "@liquid-ims/sip/message";
import { forward, type PreparedRequest } from "@liquid-ims/sip/proxy";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import type { MessageSource } from "@liquid-ims/sip/transport";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { addContactAlias, takeContactAlias } from "./contact-alias.ts";
import {
  addressOfRecord,
  type CscfNode,
  type CscfOptions,
  isInDialog,
  ownUri,
  reject,
  runCscf,
} from "./cscf.ts";

export interface PCscfOptions extends CscfOptions {
  /** Hosts, or `host:port` where UEs share the address, from which requests of the core come; everything else is a UE. */
  readonly coreHosts: readonly string[];
  /** Writes into Contact where a REGISTER came from, as stock Kamailio does: another port is another binding. Default false. */
  readonly addContactAlias?: boolean;
}

/** A UE that is registered through this P-CSCF, known by its flow. */
interface Registered {
  /** As the S-CSCF got it. */
  readonly contact: string;
  readonly identities: readonly string[];
  readonly serviceRoute: readonly string[];
  /** host.clock time. */
  readonly expiresAt: number;
}

/** 5.2.2: CK and IK are for this P-CSCF; a UE has its own. The lab's runs no IPsec and has no use for them. */
function withholdKeys(response: SipResponse): void {
  const challenge = parseChallenge(response.headers.get("WWW-Authenticate") ?? "");
  if (challenge === null) return;
  const { scheme, parameters } = challenge;
  const shown = [...parameters].filter(([name]) => name !== "ck" && name !== "ik");
  response.headers.set("WWW-Authenticate", formatChallenge({ scheme, parameters: new Map(shown) }));
}

/** A UE's flow: its address, and over a connection the port of its Via instead of the connection's own. */
function flowOf(request: SipRequest, source: MessageSource): string {
  if (source.protocol === "udp") return formatAddress(source.address);
  const via = parseVia(request.headers.get("Via") ?? "");
  return formatAddress({ host: source.address.host, port: via?.port ?? 5060 });
}

export function createPCscf(options: PCscfOptions): Program<CscfNode> {
  return (host) => {
    const registered = new Map<string, Registered>();
    const core = new Set(options.coreHosts);
    const strangers = host.metrics.counter("pcscf_forbidden_total", {
      help: "Requests of UEs not registered here",
    });
    let charging = 0;

    function isCore(request: SipRequest, source: MessageSource): boolean {
      return core.has(source.address.host) || core.has(flowOf(request, source));
    }

    function find(flow: string): Registered | null {
      const found = registered.get(flow);
      if (found === undefined) return null;
      if (found.expiresAt > host.clock.now()) return found;
      registered.delete(flow);
      return null;
    }

    /** 5.2.2: after the 200 the P-CSCF knows the UE's identities and Service-Route. */
    function learn(flow: string, contact: string, response: SipResponse): void {
      const mine = response.headers
        .values("Contact")
        .map((value) => parseNameAddress(value))
        .find((value) => value !== null && value.uri === contact);
      const expires = Number(mine?.parameters.get("expires") ?? response.headers.get("Expires") ?? 0);
      if (mine === undefined || !(expires > 0)) {
        // Another binding of the same UE may have been removed by it.
        if (contact === "*" || registered.get(flow)?.contact === contact) registered.delete(flow);
        return;
      }
      registered.set(flow, {
        contact,
        identities: response.headers.values("P-Associated-URI").map((value) => addressUri(value)),
        serviceRoute: response.headers.values("Service-Route"),
        expiresAt: host.clock.now() + expires * 1000,
      });
    }

    return runCscf(host, options, (stack) => {
      /** 5.2.2: towards the home network's entry point. */
      function register(transaction: ServerTransaction, request: SipRequest): void {
        const { source } = transaction;
        const flow = flowOf(request, source);
        const contacts = request.headers
          .values("Contact")
          .map((value) => (options.addContactAlias === true ? addContactAlias(value, source) : value));
        charging += 1;
        const vector = `icid-value="${options.fqdn}-${host.incarnation}-${charging}";icid-generated-at=${formatHost(options.listen.host)}`;
        forward(stack(), transaction, request, {
          branches: [
            {
              onRequest(copy) {
                if (options.addContactAlias === true) {
                  copy.headers.remove("Contact");
                  for (const contact of contacts) copy.headers.add("Contact", contact);
                }
                copy.headers.prepend("Path", `<${ownUri(options, "term")};lr>`);
                if (!copy.headers.values("Require").includes("path")) copy.headers.add("Require", "path");
                copy.headers.set("P-Charging-Vector", vector);
                copy.headers.set("P-Visited-Network-ID", options.homeDomain);
                copy.headers.remove("P-Asserted-Identity");
                copy.headers.remove("Route");
              },
            },
          ],
          onResponse(response) {
            if (response.status === 200) learn(flow, addressUri(contacts[0] ?? ""), response);
            else if (response.status === 401) withholdKeys(response);
          },
        });
      }

      /** 5.2.6.3: a request of a UE; it is known by its flow, and its identity is asserted. */
      function fromUe(transaction: ServerTransaction, { request }: PreparedRequest): void {
        const user = find(flowOf(request, transaction.source));
        if (user === null) {
          strangers.add();
          return reject(transaction, { status: 403 });
        }
        const initial = !isInDialog(request);
        const route = request.headers.values("Route").map((value) => addressUri(value));
        if (initial && route.join() !== user.serviceRoute.map((value) => addressUri(value)).join()) {
          return reject(transaction, { status: 400, reason: "Route is not the Service-Route" });
        }
        const preferred = addressUri(request.headers.get("P-Preferred-Identity") ?? "");
        const asserted = user.identities.includes(preferred) ? preferred : user.identities[0];
        forward(stack(), transaction, request, {
          recordRoute: ownUri(options),
          branches: [
            {
              onRequest(copy) {
                copy.headers.remove("P-Preferred-Identity");
                copy.headers.remove("P-Asserted-Identity");
                if (initial && asserted !== undefined)
                  copy.headers.add("P-Asserted-Identity", `<${asserted}>`);
              },
            },
          ],
        });
      }

      /** 5.2.6.4: a request to a UE; its responses carry the identity by which it was called. */
      function toUe(transaction: ServerTransaction, { request }: PreparedRequest): void {
        const alias = options.addContactAlias === true ? takeContactAlias(request.uri) : null;
        const contact = parseSipUri(alias?.uri ?? request.uri);
        const user =
          contact === null ? null : find(formatAddress({ host: contact.host, port: contact.port ?? 5060 }));
        const called = addressOfRecord(addressUri(request.headers.get("P-Called-Party-ID") ?? ""));
        const asserted =
          user?.identities.find((identity) => addressOfRecord(identity) === called) ?? user?.identities[0];
        forward(stack(), transaction, request, {
          recordRoute: ownUri(options),
          branches: [alias ?? {}],
          onResponse(response) {
            response.headers.remove("P-Preferred-Identity");
            response.headers.remove("P-Asserted-Identity");
            if (!isInDialog(request) && asserted !== undefined && response.status > 100) {
              response.headers.add("P-Asserted-Identity", `<${asserted}>`);
            }
          },
        });
      }

      return {
        request(transaction, prepared) {
          if (isCore(transaction.request, transaction.source)) toUe(transaction, prepared);
          else if (transaction.request.method === "REGISTER") register(transaction, prepared.request);
          else fromUe(transaction, prepared);
        },
        acceptAck(request, source) {
          return isCore(request, source) || find(flowOf(request, source)) !== null;
        },
      };
    });
  };
}
