// Requests outside a dialog. RFC 3261 8.1.1, 12.1.2, RFC 3608 6.1, RFC 3325 9.2.
import type { HeaderPair, SipRequest } from "../message.ts";
import { buildRequest } from "../message.ts";
import { type Body, bodyParts } from "./body.ts";
import { routeTowards } from "./dialog.ts";
import type { UserAgentCore } from "./user-agent-core.ts";

export interface OutOfDialogParts {
  readonly uri: string;
  /** Value of To; default the Request-URI. */
  readonly to?: string;
  readonly callId?: string;
  readonly localTag?: string;
  /** Route values; default those of the identity. */
  readonly route?: readonly string[];
  readonly headers?: Iterable<HeaderPair>;
  readonly body?: Body | null;
}

function inBrackets(uri: string): string {
  return uri.startsWith("<") ? uri : `<${uri}>`;
}

/** A first request of a new Call-ID, from the present identity; `contact`: it makes a dialog. */
export function outOfDialogRequest(
  core: UserAgentCore,
  method: string,
  parts: OutOfDialogParts,
  contact: boolean,
): SipRequest {
  const { identity } = core;
  const { uri, routes } = routeTowards(parts.uri, parts.route ?? identity.route);
  const body = bodyParts(parts.body);
  const headers: HeaderPair[] = [
    ["Max-Forwards", "70"],
    ...routes.map((route): HeaderPair => ["Route", route]),
    ["From", `${identity.from};tag=${parts.localTag ?? core.newTag()}`],
    ["To", parts.to ?? inBrackets(parts.uri)],
    ["Call-ID", parts.callId ?? core.newCallId()],
    ["CSeq", `1 ${method}`],
  ];
  if (contact) headers.push(["Contact", identity.contact]);
  if (identity.preferredIdentity !== undefined)
    headers.push(["P-Preferred-Identity", identity.preferredIdentity]);
  headers.push(...core.capabilities(), ...(parts.headers ?? []), ...body.headers);
  return buildRequest({
    method,
    uri,
    headers,
    ...(body.body === undefined ? {} : { body: body.body }),
  });
}
