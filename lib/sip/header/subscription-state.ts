// Subscription-State: what a NOTIFY says of its subscription. RFC 6665 4.1.3, 8.2.3.
import { parseDeltaSeconds } from "./delta-seconds.ts";
import { formatParameters, type Parameters, parameterText, scanParameters } from "./parameters.ts";
import { Scanner } from "./scanner.ts";

/** The state, in lower case, and what is known of its end. */
export interface SubscriptionState {
  /** "active", "pending", "terminated" or an extension's. */
  readonly state: string;
  /** Why it is terminated, in lower case. */
  readonly reason: string | null;
  /** Seconds left. */
  readonly expires: number | null;
  /** Seconds after which a new subscription may be tried. */
  readonly retryAfter: number | null;
  /** The other parameters. */
  readonly parameters: Parameters;
}

const own = new Set(["reason", "expires", "retry-after"]);

function secondsOf(parameters: Parameters, name: string): number | null {
  const text = parameterText(parameters, name);
  return text === null ? null : parseDeltaSeconds(text);
}

/** Null when it is none. A number that is none counts as absent. */
export function parseSubscriptionState(text: string): SubscriptionState | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const state = scanner.token().toLowerCase();
  if (state === "") return null;
  const parameters = scanParameters(scanner);
  scanner.skipSpace();
  if (parameters === null || !scanner.done) return null;
  return {
    state,
    reason: parameterText(parameters, "reason")?.toLowerCase() ?? null,
    expires: secondsOf(parameters, "expires"),
    retryAfter: secondsOf(parameters, "retry-after"),
    parameters: new Map([...parameters].filter(([name]) => !own.has(name))),
  };
}

/** As one value. */
export function formatSubscriptionState(value: SubscriptionState): string {
  const reason = value.reason === null ? "" : `;reason=${value.reason}`;
  const expires = value.expires === null ? "" : `;expires=${value.expires}`;
  const retryAfter = value.retryAfter === null ? "" : `;retry-after=${value.retryAfter}`;
  return value.state + reason + expires + retryAfter + formatParameters(value.parameters);
}
