// Third-party registration at the application servers whose criteria fit. TS 24.229 5.4.1.7 and 5.4.1.7A; the headers
// as Kamailio's S-CSCF writes them, with the UE's REGISTER in the body where the criteria ask for it.
import type { RegistrationType } from "@liquid-ims/diameter/cx/user-data";
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { buildRequest, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import type { SipStack } from "@liquid-ims/sip/stack";
import { liveBindings, type RegisteredUser } from "./bindings.ts";
import { criteriaMatch } from "./filter-criteria.ts";

export interface ThirdPartyRegistration {
  readonly serverName: string;
  readonly user: RegisteredUser;
  /** The UE's REGISTER that was accepted, or what stands for one when the network ends the registration. */
  readonly request: SipRequest;
  /** Default true; what the network ends has no REGISTER of a UE to show. */
  readonly isFromUe?: boolean;
  readonly registrationType: RegistrationType;
  /** Says Expires 0 and shows no REGISTER, whatever contacts stay. Default false. */
  readonly isToldAsEnd?: boolean;
  /** host.clock time. */
  readonly now: number;
}

/** Tells every application server whose criteria fit, by priority; nobody waits for their answers (DefaultHandling 0). */
export function sendThirdPartyRegisters(
  host: Host,
  stack: SipStack,
  registration: ThirdPartyRegistration,
): void {
  const { user, request, registrationType, serverName, now } = registration;
  const { isFromUe = true, isToldAsEnd = false } = registration;
  const failed = host.metrics.counter("third_party_register_failed_total", {
    help: "Third-party REGISTERs without a 2xx",
  });
  const longest = Math.max(
    0,
    ...liveBindings(user, now).map((binding) => Math.round((binding.expiresAt - now) / 1000)),
  );
  const identity = user.publicIdentities[0];
  const filtered = { request, registrationType, sessionCase: "originating" } as const;
  for (const criteria of user.initialFilterCriteria) {
    if (!criteriaMatch(criteria, filtered)) continue;
    const { serverName: server, includeRegisterRequest = false } = criteria.applicationServer;
    const copied = ["P-Charging-Vector", "P-Visited-Network-ID", "P-Access-Network-Info"]
      .map((name): HeaderPair => [name, request.headers.get(name) ?? ""])
      .filter(([, value]) => value !== "");
    const headers: HeaderPair[] = [
      ["From", `<${serverName}>;tag=${encodeHex(host.random.bytes(8))}`],
      ["To", `<${identity}>`],
      ["Call-ID", encodeHex(host.random.bytes(12))],
      ["CSeq", "10 REGISTER"],
      ["Max-Forwards", "70"],
      ["Contact", `<${serverName}>`],
      ["Expires", String(isToldAsEnd ? 0 : longest)],
      ["Event", "registration"],
      ["Path", [`<${serverName};lr>`, ...request.headers.values("Path")].join(",")],
      ["P-Associated-URI", user.publicIdentities.map((value) => `<${value}>`).join(", ")],
      ...copied,
    ];
    const shows = includeRegisterRequest && isFromUe && !isToldAsEnd;
    const body = shows ? serializeMessage(request) : new Uint8Array(0);
    if (shows) headers.push(["Content-Type", "message/sip"]);
    stack.request(buildRequest({ method: "REGISTER", uri: server, headers, body }), {
      handlers: {
        response(response) {
          if (response.status >= 300) failed.add();
        },
        failed: () => failed.add(),
      },
    });
  }
}
