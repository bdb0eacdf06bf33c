// A drained function fills again: users go away and register there afresh, and its standing order moves them. Nobody
// outside the I-CSCF can keep newcomers off a CSCF (docs/system.md).
import type { Host } from "@liquid-ims/runtime/host";
import type { ObservedRegistration } from "@liquid-ims/ue-lcf/observation";
import type { Oss } from "../oss.ts";
import type { Element } from "../topology.ts";
import type { Fleet } from "../ue/fleet.ts";
import { type Waiting, waitUntil } from "./wait-until.ts";

export interface RefillOptions {
  readonly fleet: Pick<Fleet, "registerAfresh" | "registrations">;
  readonly oss: Pick<Oss, "listUsers">;
  /** The drained function, and its name at os-cfs. */
  readonly drained: Element;
  readonly functionName: string;
  placeOf(registration: ObservedRegistration): string;
  readonly newcomers: readonly string[];
}

/** What the standing order may take, in milliseconds of the clock. */
const patience: Waiting = { limitMs: 30_000, what: "the standing order", orElse: "go on" };

/** What did not happen, a line each. */
export async function refill(host: Host, options: RefillOptions): Promise<string[]> {
  const { fleet, oss, drained, functionName, placeOf, newcomers } = options;
  if (newcomers.length === 0) return [];
  const failures: string[] = [];
  const { fqdn, address } = drained;
  // An S-CSCF is the HSS's choice.
  const through =
    drained.role === "pcscf" ? { name: fqdn, addresses: [address.host], port: address.port } : null;

  async function comeBack(user: string): Promise<void> {
    const result = await fleet.registerAfresh(user, through);
    const fate = result.ok ? `is at ${placeOf(result.registration)}` : result.problem;
    if (!result.ok || placeOf(result.registration) !== functionName)
      failures.push(`${user} was to register at ${functionName} afresh, and ${fate}`);
  }

  await Promise.all(newcomers.map(comeBack));

  function placeNow(user: string): string {
    const registration = fleet.registrations().get(user) ?? null;
    return registration === null ? "nowhere" : placeOf(registration);
  }

  const isMoved = (user: string): boolean => ![functionName, "nowhere"].includes(placeNow(user));
  // The phones' word, and the records'.
  await waitUntil(
    host,
    async () => newcomers.every(isMoved) && (await oss.listUsers(functionName)).length === 0,
    patience,
  );
  for (const user of newcomers) {
    if (!isMoved(user))
      failures.push(
        `${user} came to ${functionName}, and is at ${placeNow(user)}: its standing order has not moved him`,
      );
  }
  return failures;
}
