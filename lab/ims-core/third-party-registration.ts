// Third-party registration at the application servers. TS 24.229 5.4.1.7 and 5.4.1.7A; the headers as Kamailio's
// S-CSCF writes them, with the UE's REGISTER in the body (Include-Register-Request).
import type { Host } from "@liquid-ims/runtime/host";
import { encodeHex } from "@liquid-ims/runtime/text";
import { buildRequest, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { serializeMessage } from "@liquid-ims/sip/serializer";
import type { SipStack } from "@liquid-ims/sip/stack";
import { liveBindings, type RegisteredUser } from "./bindings.ts";

export interface ThirdPartyRegistration {
  readonly serverName: string;
  readonly user: RegisteredUser;
  /** The UE's REGISTER that was accepted. */
  readonly request: SipRequest;
  /** host.clock time. */
  readonly now: number;
}

/** Tells every application server whose criteria match; nobody waits for their answers (DefaultHandling 0). */
export function sendThirdPartyRegisters(
  host: Host,
  stack: SipStack,
  registration: ThirdPartyRegistration,
): void {
  const { user, request, serverName, now } = registration;
  const failed = host.metrics.counter("third_party_register_failed_total", {
    help: "Third-party REGISTERs without a 2xx",
  });
  const longest = Math.max(
    0,
    ...liveBindings(user, now).map((binding) => Math.round((binding.expiresAt - now) / 1000)),
  );
  const identity = user.publicIdentities[0];
  for (const server of user.registerServers) {
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
      ["Expires", String(longest)],
      ["Event", "registration"],
      ["Path", [`<${serverName};lr>`, ...request.headers.values("Path")].join(",")],
      ["P-Associated-URI", user.publicIdentities.map((value) => `<${value}>`).join(", ")],
      ...copied,
      ["Content-Type", "message/sip"],
    ];
    stack.request(
      buildRequest({ method: "REGISTER", uri: server, headers, body: serializeMessage(request) }),
      {
        handlers: {
          response(response) {
            if (response.status >= 300) failed.add();
          },
          failed: () => failed.add(),
        },
      },
    );
  }
}
