// A UE against a registrar that follows a script, on the simulation.
import assert from "node:assert/strict";
import type { Host } from "@liquid-ims/runtime/host";
import { Simulation } from "@liquid-ims/runtime/simulation";
import { digestCredentials } from "@liquid-ims/sip/authentication/user-credentials";
import { buildResponse, type HeaderPair, type SipRequest } from "@liquid-ims/sip/message";
import { Registration, type RegistrationOptions } from "@liquid-ims/sip/registration";
import type { RegistrationOutcome } from "@liquid-ims/sip/registration-outcome";
import { openStack, type SipStack } from "@liquid-ims/sip/stack";

/** What the registrar answers to the 1st, 2nd, ... REGISTER, the last one also to all that follow; or to each. */
export type Script = readonly Line[] | ((request: SipRequest) => Line);
export type Line = readonly [status: number, ...headers: HeaderPair[]] | "silence";

export const contact = '<sip:alice@10.0.0.1:5060>;+sip.instance="<urn:uuid:1>";reg-id=1';
export const password = "secret";

export interface RegistrationWorld {
  readonly simulation: Simulation;
  readonly ue: Host;
  readonly registration: Registration;
  readonly received: SipRequest[];
  readonly outcomes: RegistrationOutcome[];
}

export async function world(
  script: Script,
  options: Partial<RegistrationOptions> = {},
): Promise<RegistrationWorld> {
  const simulation = new Simulation({ seed: 1 });
  const received: SipRequest[] = [];
  const address = { host: "10.0.0.2", port: 5060 };
  simulation.addHost("registrar", {
    addresses: [address.host],
    program: (host) => {
      host.spawn("open", async () => {
        await openStack(host, {
          listen: [{ protocol: "udp", address }],
          user: {
            request: (transaction) => {
              const line =
                typeof script === "function"
                  ? script(transaction.request)
                  : script[Math.min(received.length, script.length - 1)];
              received.push(transaction.request);
              if (line === undefined || line === "silence") return;
              const [status, ...headers] = line;
              transaction.respond(buildResponse(transaction.request, status, { headers }));
            },
            ack: () => undefined,
          },
        });
      });
    },
  });
  const ue = simulation.addHost("ue", {
    addresses: ["10.0.0.1"],
    program: (host) => {
      const stacks: SipStack[] = [];
      const stack = () => {
        const [only] = stacks;
        assert.ok(only);
        return only;
      };
      host.spawn("open", async () => {
        const local = { protocol: "udp", address: { host: "10.0.0.1", port: 5060 } } as const;
        stacks.push(
          await openStack(host, {
            listen: [local],
            user: { request: () => undefined, ack: () => undefined },
          }),
        );
      });
      return new Registration(host, stack, {
        registrar: "sip:home.example",
        identity: "sip:alice@home.example",
        contact,
        credentials: digestCredentials({ username: "alice@home.example", password }),
        ...options,
      });
    },
  });
  const outcomes: RegistrationOutcome[] = [];
  const registration = ue.node;
  registration.onOutcome = (outcome) => outcomes.push(outcome);
  await simulation.run({ ms: 1 });
  return { simulation, ue: ue.host, registration, received, outcomes };
}
