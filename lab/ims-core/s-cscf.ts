// Serving-CSCF of the lab: registrar, and both halves of a session. TS 24.229 5.4.
import { isSuccess } from "@liquid-ims/diameter/cx/experimental-result";
import { serverAssignment } from "@liquid-ims/diameter/cx/server-assignment";
import type { Program } from "@liquid-ims/runtime/host";
import { contactInstance } from "@liquid-ims/sip/header/contact";
import { addressUri } from "@liquid-ims/sip/header/name-address";
import type { SipRequest } from "@liquid-ims/sip/message";
import { makesDialog } from "@liquid-ims/sip/method";
import { forward, type PreparedRequest } from "@liquid-ims/sip/proxy";
import type { Branch } from "@liquid-ims/sip/proxy/forwarding";
import type { SipStack } from "@liquid-ims/sip/stack";
import type { ServerTransaction } from "@liquid-ims/sip/transaction-user";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { type Binding, liveBindings, type RegisteredUser } from "./bindings.ts";
import {
  addressOfRecord,
  type CscfNode,
  type CscfOptions,
  isInDialog,
  ownUri,
  reject,
  runCscf,
  watchCancel,
} from "./cscf.ts";
import { type CxClientOptions, type HssPeer, openCxClient } from "./cx-client.ts";
import { serveNetworkDeregistration } from "./network-deregistration.ts";
import { createRegEvent } from "./reg-event.ts";
import { createRegistrar, type Registrar } from "./registrar.ts";
import { createServedDialogs, type ServedDialogs, type ServedSide } from "./served-dialogs.ts";

export interface SCscfOptions extends CscfOptions {
  readonly hss: HssPeer;
  readonly realm: string;
  /** CFSs that pass on RTR and PPR of the HSS. Default none. */
  readonly controllers?: readonly HssPeer[];
  /** Longest registration granted, in seconds. Default 3,600. */
  readonly maximumExpires?: number;
  /**
   * As OpenIMSCore: on an RTR the user's contacts and dialogs are dropped at the registrar's next tick, drawn from 0 to
   * `afterMs`: BYE to both ends of his calls. Default null: the registration goes, calls stay.
   */
  readonly releaseSessionsOnRtr?: { readonly afterMs: number } | null;
  /**
   * As Kamailio and OpenIMSCore: the removal of one of several contacts is told as `Expires: 0`, and which it was is not
   * shown (trap T0). Default false: the seconds of those that remain, and the REGISTER.
   */
  readonly tellsRemovalAsEnd?: boolean;
  /** As Kamailio: a 200 lists the contacts of its REGISTER, not all of the user. Default false. */
  readonly listsOwnContacts?: boolean;
}

/** How a CSCF with these options calls its HSS. */
function cxOptions({ fqdn, homeDomain, listen, hss, controllers = [] }: SCscfOptions): CxClientOptions {
  return { originHost: fqdn, realm: homeDomain, localHost: listen.host, hss, controllers };
}

/** Contacts that a caller's Accept-Contact with `require;explicit` asks for (RFC 3841 7.2.4), by instance only. */
function wanted(request: SipRequest, bindings: readonly Binding[]): readonly Binding[] {
  const instances = request.headers
    .values("Accept-Contact")
    .filter((value) => /;\s*require\b/i.test(value))
    .map((value) => /\+sip\.instance="?<([^>]*)>/i.exec(value)?.[1]?.toLowerCase())
    .filter((value) => value !== undefined);
  if (instances.length === 0) return bindings;
  return bindings.filter(({ contact }) => {
    const instance = contactInstance(contact);
    return instance !== null && instances.includes(instance);
  });
}

export function createSCscf(options: SCscfOptions): Program<CscfNode> {
  return (host) => {
    const cx = openCxClient(host, cxOptions(options));
    const releases = options.releaseSessionsOnRtr ?? null;
    let registrar: Registrar | null = null;
    /** Null for an S-CSCF that keeps none: it lets its users' calls be. */
    let dialogs: ServedDialogs | null = null;
    const cut = host.metrics.counter("scscf_calls_cut_total", {
      help: "Calls ended because their user's registration was",
    });
    const network = serveNetworkDeregistration(host, cx, {
      registrar: () => users(),
      tickMs: releases?.afterMs ?? null,
    });

    const node = runCscf(host, options, (stack) => {
      const regEvent = createRegEvent(host, stack, {
        contact: `<${ownUri(options)}>`,
        find: (publicIdentity) => users().find(publicIdentity),
      });
      if (releases !== null) dialogs = createServedDialogs(stack, isOwnRoute);
      registrar = createRegistrar(
        host,
        cx,
        stack,
        {
          serverName: ownUri(options),
          serviceRoute: `<${ownUri(options, "orig")};lr>`,
          realm: options.realm,
          maximumExpires: options.maximumExpires ?? 3600,
          tellsRemovalAsEnd: options.tellsRemovalAsEnd ?? false,
          listsOwnContacts: options.listsOwnContacts ?? false,
        },
        {
          registered(user) {
            network.renewed(user);
            regEvent.changed(user);
          },
          expired(user) {
            cut.add(dialogs?.release(user.privateIdentity) ?? 0);
            regEvent.changed(user);
          },
        },
      );
      return {
        request(transaction, prepared) {
          if (regEvent.receive(transaction, prepared.request)) return;
          dispatch(stack(), transaction, prepared);
        },
      };
    });

    function users(): Registrar {
      if (registrar === null) throw new Error("the registrar is made before the first request");
      return registrar;
    }

    function dispatch(
      stack: SipStack,
      transaction: ServerTransaction,
      { request, route }: PreparedRequest,
    ): void {
      if (request.method === "REGISTER") return users().register(transaction, request);
      if (isInDialog(request)) {
        const onResponse = dialogs?.within(request);
        if (onResponse === null) return reject(transaction, { status: 403 });
        forward(stack, transaction, request, {
          recordRoute: ownUri(options),
          branches: [{}],
          ...(onResponse === undefined ? {} : { onResponse }),
        });
        return;
      }
      const side = route === null ? null : (parseSipUri(addressUri(route))?.user ?? null);
      if (side === "orig") originate(stack, transaction, request);
      else terminate(stack, transaction, request);
    }

    /** Whether a Route or Record-Route value is of this S-CSCF. */
    function isOwnRoute(value: string): boolean {
      const uri = parseSipUri(addressUri(value));
      return uri?.host.toLowerCase() === options.fqdn && (uri.port ?? 5060) === options.listen.port;
    }

    /** Forwards on behalf of a user who is served here, and keeps in mind what dialog may come of it. */
    function serve(
      stack: SipStack,
      transaction: ServerTransaction,
      request: SipRequest,
      served: {
        readonly user: RegisteredUser;
        readonly side: ServedSide;
        readonly branches: readonly Branch[];
      },
    ): void {
      const { user, side, branches } = served;
      const isFollowed = dialogs !== null && makesDialog(request.method);
      const dialog = isFollowed ? dialogs?.begin(request, side, user.privateIdentity) : undefined;
      const forwarding = forward(stack, transaction, request, {
        ...{ recordRoute: ownUri(options), branches },
        ...(dialog === undefined ? {} : { onResponse: (response) => dialog.response(response) }),
      });
      dialog?.forwarded(forwarding);
    }

    /** 5.4.3.2: only a user served here may originate. */
    function originate(stack: SipStack, transaction: ServerTransaction, request: SipRequest): void {
      const asserted = addressOfRecord(addressUri(request.headers.values("P-Asserted-Identity")[0] ?? ""));
      const user = asserted === null ? null : users().find(asserted);
      if (asserted === null || user === null) {
        // OpenIMSCore takes him over as unregistered, though another may serve him: trap T7.
        if (asserted === null || releases === null) return reject(transaction, { status: 403 });
        host.spawn("scscf asks for an unknown caller", () => unregistered(transaction, asserted));
        return;
      }
      if (parseSipUri(request.uri) === null) return reject(transaction, { status: 404 });
      serve(stack, transaction, request, { user, side: "orig", branches: [{}] });
    }

    /** 5.4.3.3. */
    function terminate(stack: SipStack, transaction: ServerTransaction, request: SipRequest): void {
      const called = addressOfRecord(request.uri);
      if (called === null) return reject(transaction, { status: 404 });
      const user = users().find(called);
      if (user === null) {
        host.spawn("scscf asks for an unregistered user", () => unregistered(transaction, called));
        return;
      }
      const bindings = wanted(request, liveBindings(user, host.clock.now()));
      if (bindings.length === 0) return reject(transaction, { status: 480 });
      serve(stack, transaction, request, {
        ...{ user, side: "term" },
        branches: bindings.map((binding) => ({
          uri: binding.contact.uri,
          routes: binding.path,
          onRequest: (copy) => copy.headers.set("P-Called-Party-ID", `<${request.uri}>`),
        })),
      });
    }

    /** 5.4.3.3, a user who is not registered here: the S-CSCF takes him over as unregistered, which is what real ones do. */
    async function unregistered(transaction: ServerTransaction, publicIdentity: string): Promise<void> {
      const isCancelled = watchCancel(transaction);
      const reply = await cx.ask(serverAssignment, {
        publicIdentities: [publicIdentity],
        serverName: ownUri(options),
        serverAssignmentType: "UNREGISTERED_USER",
        userDataAlreadyAvailable: "USER_DATA_NOT_AVAILABLE",
      });
      if (isCancelled()) return;
      const isUnknown = reply.kind === "answer" && !isSuccess(reply.result);
      // OpenIMSCore says 404 to both.
      reject(transaction, { status: isUnknown || releases !== null ? 404 : 480 });
    }

    return {
      ready: Promise.all([node.ready, cx.ready]).then(() => undefined),
      async stop() {
        await cx.stop();
        await node.stop();
      },
    };
  };
}
