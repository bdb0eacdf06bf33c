// The lab's network on the virtual clock, with bare user agents at its edge: what tests of the core need.
import type { Subscriber } from "@liquid-ims/lab/ims-core/subscriber";
import { type LabNetwork, type NetworkOptions, startNetwork } from "@liquid-ims/lab/network";
import { InProcessPlacement } from "@liquid-ims/lab/placement-in-process";
import { createVirtualPlatform } from "@liquid-ims/lab/platform-virtual";
import { type Addressing, createTopology, homeDomain, type Topology } from "@liquid-ims/lab/topology";
import { createSubscribers } from "@liquid-ims/lab/ue/subscribers";
import type { Host } from "@liquid-ims/runtime/host";
import { silentLog } from "@liquid-ims/runtime/log";
import { formatAddress } from "@liquid-ims/runtime/network";
import { Simulation } from "@liquid-ims/runtime/simulation";
import {
  akaCredentials,
  digestCredentials,
  type UserCredentials,
} from "@liquid-ims/sip/authentication/user-credentials";
import { createUsim } from "@liquid-ims/sip/authentication/usim";
import { Registration } from "@liquid-ims/sip/registration";
import type { RegistrationOutcome } from "@liquid-ims/sip/registration-outcome";
import { openStack } from "@liquid-ims/sip/stack";
import { UserAgent, type UserAgentHandlers } from "@liquid-ims/sip/user-agent";

export interface CoreWorld {
  readonly simulation: Simulation;
  readonly topology: Topology;
  readonly network: LabNetwork;
  readonly subscribers: readonly Subscriber[];
  /** The nodes of the elements, and the location service's rows. */
  readonly placement: InProcessPlacement;
  /** What was sent on every hop: `pcscf1 > icscf1 REGISTER sip:...`. */
  readonly hops: readonly string[];
  /** The same hops, with all that was sent. */
  readonly messages: readonly { readonly hop: string; readonly text: string }[];
  /** With the subscriber's own credentials, or others. */
  openUe(
    number: number,
    handlers?: UserAgentHandlers,
    credentials?: (host: Host, subscriber: Subscriber) => UserCredentials,
  ): Promise<BareUe>;
}

export interface BareUe {
  readonly host: Host;
  readonly agent: UserAgent;
  readonly identity: string;
  readonly contact: string;
  /** Registers through a P-CSCF (1 to 3) and sends by it from then on. */
  register(pCscf: number, expires?: number): Promise<RegistrationOutcome>;
}

const subscriberCount = 8;

export interface CoreWorldOptions {
  readonly seed?: number;
  /** Default: AKA, as in the lab. */
  readonly authentication?: "aka" | "digest";
  /** Short names of elements that the test starts itself. */
  readonly without?: readonly string[];
  /** P-CSCFs write the UE's address and port into Contact. */
  readonly addContactAlias?: boolean;
  /** S-CSCFs tell the removal of one of several contacts as real ones do. */
  readonly tellsRemovalAsEnd?: boolean;
  /** Third-party REGISTERs have the UE's own in their bodies. Default true. */
  readonly showsRegister?: boolean;
  /** S-CSCFs list in a 200 what its REGISTER was about, and no more. */
  readonly listsOwnContacts?: boolean;
  /** Default IPv4. */
  readonly addressing?: Addressing;
  /** What differs from the lab's network. */
  readonly network?: Pick<
    NetworkOptions,
    "hss" | "relaysPushes" | "releaseSessionsOnRtr" | "cancelsOldServer" | "maximumExpires"
  >;
}

/** A USIM in software, or the password. */
export function credentialsOf(host: Host, subscriber: Subscriber): UserCredentials {
  const { privateIdentity: username, authentication } = subscriber;
  if (authentication.kind === "digest")
    return digestCredentials({ username, password: authentication.password });
  const { k, opc } = authentication;
  const authenticator = createUsim({ crypto: host.crypto, keys: { k, opc } });
  return akaCredentials({ username, authenticator });
}

export async function openCoreWorld(options: CoreWorldOptions = {}): Promise<CoreWorld> {
  const { seed = 1, authentication = "aka", without = [], addContactAlias = false } = options;
  const { tellsRemovalAsEnd = false, listsOwnContacts = false, showsRegister = true } = options;
  const simulation = new Simulation({ seed });
  const topology = createTopology({ addressing: options.addressing ?? "IPv4" });
  const hops: string[] = [];
  const messages: { hop: string; text: string }[] = [];
  const names = new Map<string, string>();
  for (const element of [
    ...topology.pCscfs,
    ...topology.iCscfs,
    ...topology.sCscfs,
    topology.cfd,
    topology.cfs,
  ]) {
    names.set(element.address.host, element.name);
  }
  const tap = {
    sent(_protocol: "udp" | "tcp", from: { host: string }, to: { host: string }, data: Uint8Array) {
      const text = new TextDecoder().decode(data);
      const line = text.split("\r\n")[0] ?? "";
      if (!line.includes("SIP/2.0")) return;
      const hop = `${names.get(from.host) ?? from.host} > ${names.get(to.host) ?? to.host}`;
      hops.push(`${hop} ${line.replace(" SIP/2.0", "")}`);
      messages.push({ hop, text });
    },
  };
  const platform = createVirtualPlatform({ simulation, tap, log: silentLog });
  const subscribers = createSubscribers({
    count: subscriberCount,
    preferredServers: topology.sCscfs.map((element) => element.uri),
    registerServers: [`sip:${topology.cfd.fqdn}`],
    authentication,
  }).map((subscriber) => ({ ...subscriber, showsRegister }));
  const placement = new InProcessPlacement(platform);
  const network = await simulation.settle(
    startNetwork({
      topology,
      placement: {
        place: async (kind, element, spec) =>
          without.includes(element.name)
            ? { kill: () => undefined }
            : placement.place(
                kind,
                element,
                kind === "s-cscf" ? { ...spec, tellsRemovalAsEnd, listsOwnContacts } : spec,
              ),
        settle: () => placement.settle(),
        close: () => placement.close(),
      },
      osCfs: null,
      addContactAlias,
      ...options.network,
      subscribers,
      capacity: { msPerMessage: 0, queueMs: 0 },
      pace: { mode: "fixed", usersPerSecond: 5 },
      replaceDialogs: true,
    }),
  );

  async function openUe(
    number: number,
    handlers: UserAgentHandlers = {},
    credentials: (host: Host, subscriber: Subscriber) => UserCredentials = credentialsOf,
  ): Promise<BareUe> {
    const subscriber = subscribers[number - 1];
    if (subscriber === undefined) throw new Error(`there are ${subscriberCount} subscribers`);
    const listen = topology.ue(number);
    const identity = subscriber.publicIdentities[0] ?? "";
    const contact = `sip:ue${number}@${formatAddress(listen)}`;
    const { node, host } = simulation.addHost(`ue${number}`, {
      addresses: [listen.host],
      tap,
      program: (owner) => {
        const agent = new UserAgent(owner, {
          identity: { from: `<${identity}>`, contact: `<${contact}>`, route: [] },
          handlers,
        });
        const ready = openStack(owner, {
          listen: [
            { protocol: "udp", address: listen },
            { protocol: "tcp", address: listen },
          ],
          lookup: network.lookup(owner),
          user: agent,
        }).then((stack) => agent.attach(stack));
        return { agent, ready };
      },
    });
    await simulation.settle(node.ready);
    const registration = new Registration(host, () => node.agent.stack, {
      registrar: `sip:${homeDomain}`,
      identity,
      contact: `<${contact}>`,
      credentials: credentials(host, subscriber),
      refresh: false,
    });
    return {
      host,
      agent: node.agent,
      identity,
      contact,
      register(pCscf, expires = 600) {
        const route = `<${topology.pCscfs[pCscf - 1]?.uri};lr>`;
        const outcome = new Promise<RegistrationOutcome>((resolve) => {
          registration.register({ route: [route], expires }, (result) => {
            if (result.kind === "registered") {
              node.agent.identity = { ...node.agent.identity, route: [route, ...result.serviceRoute] };
            }
            resolve(result);
          });
        });
        return simulation.settle(outcome);
      },
    };
  }

  return { simulation, topology, network, subscribers, placement, hops, messages, openUe };
}
