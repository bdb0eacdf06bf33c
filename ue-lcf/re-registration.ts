// Registering through another P-CSCF, or anew through the present one, as a move asks. TS 24.229 5.1.1.2, RFC 3261 10.2.
//
// Contact byte-identical, same Call-ID with CSeq going on: the registration of lib/sip keeps both. The old flow is
// not touched: its dialogs go on.
import type { RegistrationTrouble } from "@liquid-ims/reference-points/cfs-ue";
import type { Host } from "@liquid-ims/runtime/host";
import type { Registration } from "@liquid-ims/sip/registration";
import type { Registered, RegistrationOutcome } from "@liquid-ims/sip/registration-outcome";

export type ReRegistrationResult =
  | {
      readonly outcome: "registered";
      readonly registered: Registered;
      readonly trouble: readonly RegistrationTrouble[];
    }
  | {
      readonly outcome: "failed";
      readonly status: number;
      readonly trouble: readonly RegistrationTrouble[];
      readonly detail: string;
    };

export interface ReRegistrationOptions {
  readonly host: Host;
  readonly registration: Registration;
  /** Tries through the new P-CSCF before it is given up. Default 3. */
  readonly attempts?: number;
}

/** Answers that another try may not get: overload, an element that is not there for now, or silence. */
const passing: ReadonlySet<number> = new Set([408, 480, 500, 503, 504]);

/** True where the same REGISTER may be answered better after a while. */
export function mayPass(outcome: RegistrationOutcome): boolean {
  return outcome.kind === "refused" && passing.has(outcome.status);
}

/** Between two tries, in ms; a Retry-After below `most` is kept to. */
const pause = { least: 500, most: 4000 } as const;

/** The Route value of a P-CSCF. */
export function routeOf(pCscf: string): string {
  return `<${pCscf};lr>`;
}

function statusOf(outcome: RegistrationOutcome): number {
  if (outcome.kind === "refused") return outcome.status;
  return outcome.kind === "failed" && outcome.cause !== "timeout" ? 503 : 408;
}

function retryAfterMs(outcome: RegistrationOutcome): number {
  const seconds = outcome.kind === "refused" ? outcome.retryAfter : null;
  return seconds === null ? 0 : Math.min(seconds * 1000, pause.most);
}

/** Statuses and how often each was met, in the order of their first. */
function count(statuses: readonly number[]): RegistrationTrouble[] {
  return [...new Set(statuses)].map((status) => ({
    status,
    count: statuses.filter((one) => one === status).length,
  }));
}

/**
 * Registers through `pCscf` (a SIP URI). When it fails for good the binding is refreshed through `previous`, because
 * a REGISTER whose 200 was lost may have moved it.
 */
export function reRegister(
  options: ReRegistrationOptions,
  pCscf: string,
  previous: string | null,
  done: (result: ReRegistrationResult) => void,
): void {
  const { host, registration, attempts = 3 } = options;
  const statuses: number[] = [];
  const attempt = (): void => {
    registration.register({ route: [routeOf(pCscf)] }, (outcome) => {
      if (outcome.kind === "registered") {
        cleanUp(registration, outcome, (registered) =>
          done({ outcome: "registered", registered, trouble: count(statuses) }),
        );
        return;
      }
      const status = statusOf(outcome);
      statuses.push(status);
      if (passing.has(status) && statuses.length < attempts) {
        const wait = pause.least + host.random.int(pause.most - pause.least);
        host.clock.after(Math.max(wait, retryAfterMs(outcome)), attempt, "registers again");
        return;
      }
      if (previous !== null && previous !== pCscf) registration.register({ route: [routeOf(previous)] });
      const why = outcome.kind === "refused" ? outcome.authentication : undefined;
      const detail = `REGISTER through ${pCscf} was answered ${status}${why === undefined ? "" : ` (${why})`}, ${statuses.length} times tried`;
      done({ outcome: "failed", status, trouble: count(statuses), detail });
    });
  };
  attempt();
}

/**
 * A stale binding of its own goes first, then the kept one is refreshed: the last that the CFD hears is a registration.
 * What is in `stale` or `unlisted` afterwards only the P-CSCF can name by which it was made (`leaveOldFlow`).
 */
function cleanUp(
  registration: Registration,
  registered: Registered,
  done: (registered: Registered) => void,
): void {
  if (registered.stale.length === 0) {
    done(registered);
    return;
  }
  registration.removeStale(registered.stale, (outcome, isLast) => {
    if (isLast) done(outcome.kind === "registered" ? outcome : registered);
  });
}

/**
 * Removes the binding that was made through `old` (a SIP URI) by the same way: a P-CSCF that writes the flow's address into
 * Contact makes the binding's very text of it again, which nobody else can send. Then the kept one is refreshed through
 * `present`, also when nothing was heard of the removal. For when no dialog uses the old flow any more. `heard` gets the
 * outcome of each.
 */
export function leaveOldFlow(
  registration: Registration,
  ways: { readonly contact: string; readonly old: string; readonly present: string },
  heard: (outcome: RegistrationOutcome, of: "removal" | "refresh") => void,
): void {
  const { contact, old, present } = ways;
  // Without its parameters it is not the Contact of the registration, whose own state goes on.
  const removal = { route: [routeOf(old)], contact: `<${contact}>`, expires: 0 };
  registration.register(removal, (outcome) => heard(outcome, "removal"));
  registration.register({ route: [routeOf(present)] }, (outcome) => heard(outcome, "refresh"));
}
