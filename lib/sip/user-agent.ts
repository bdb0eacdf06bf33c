// User agent: what a node is towards SIP above its transactions. RFC 3261 8, 11, 12.2.2.
import type { Host } from "@liquid-ims/runtime/host";
import type { Body } from "./dialog/body.ts";
import type { IncomingRequest } from "./dialog/incoming-request.ts";
import type { Session } from "./dialog/session.ts";
import type { Outcome } from "./dialog/session-handlers.ts";
import type {
  InviteOptions,
  OutgoingInvite,
  OutgoingInviteHandlers,
} from "./dialog/session-invite-client.ts";
import type { IncomingInvite } from "./dialog/session-invite-server.ts";
import type { LocalIdentity, SessionPolicy } from "./dialog/user-agent-core.ts";
import type { HeaderPair, SipRequest } from "./message.ts";
import type { ServerTransaction, SipStack, StackOptions, TransactionUser } from "./stack.ts";
import type { Timers } from "./timers.ts";
import type { MessageSource, Target } from "./transport.ts";

export interface UserAgentHandlers {
  /** INVITE outside a dialog, valid so far as 8.2 goes. Without a handler: 480. */
  invite?(invite: IncomingInvite): void;
  /** Another request outside a dialog; false leaves it to the default: OPTIONS 200, others 405 (SUBSCRIBE 489, NOTIFY 481). */
  request?(incoming: IncomingRequest): boolean;
  /**
   * A request in a dialog that is not here, before its 481; false leaves it to that. `invite`: the INVITE of
   * ours, neither failed nor forgotten, whose Call-ID and tag it carries.
   */
  unknownDialog?(incoming: IncomingRequest, invite: OutgoingInvite | null): boolean;
}

export interface UserAgentOptions {
  readonly identity: LocalIdentity;
  readonly handlers: UserAgentHandlers;
  /** Those of the stack; default RFC 3261's. */
  readonly timers?: Partial<Timers>;
  /** Option tags that a Require may name and that Supported says. Default `replaces`. */
  readonly supported?: readonly string[];
  /** Methods in Allow. Default INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, NOTIFY. */
  readonly allow?: readonly string[];
  /** Packages in Allow-Events; default none. */
  readonly allowEvents?: readonly string[];
  /** Media types taken in an INVITE, else 415. Default: all. */
  readonly accept?: readonly string[];
  readonly policy?: Partial<SessionPolicy>;
}

export interface OutOfDialogOptions {
  readonly uri: string;
  readonly to?: string;
  readonly headers?: Iterable<HeaderPair>;
  readonly body?: Body | null;
  readonly route?: readonly string[];
  readonly target?: Target | null;
}

/** Put between a stack and its owner: `new UserAgent`, `openStack({ user })`, `attach`; or `openUserAgent`. */
export declare class UserAgent implements TransactionUser {
  constructor(host: Host, options: UserAgentOptions);
  /** For new dialogs and requests; existing dialogs keep theirs. */
  identity: LocalIdentity;
  get stack(): SipStack;
  /** Dialogs made by INVITE that are not over. */
  get sessions(): readonly Session[];
  attach(stack: SipStack): void;
  invite(options: InviteOptions, handlers: OutgoingInviteHandlers): OutgoingInvite;
  /** A request outside any dialog: OPTIONS, MESSAGE. */
  sendRequest(method: string, options: OutOfDialogOptions, outcome: (outcome: Outcome) => void): void;
  request(transaction: ServerTransaction): void;
  ack(request: SipRequest, source: MessageSource): void;
}

/** Opens a stack with a user agent on it. */
export declare function openUserAgent(
  host: Host,
  options: UserAgentOptions & Omit<StackOptions, "user" | "refuseMerged">,
): Promise<UserAgent>;
