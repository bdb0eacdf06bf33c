// PyHSS's REST interface for `ims_subscriber` over what the lab's HSS holds, as its source has it: objects by number, found by
// IMSI and MSISDN; 400 for who is not there; GET, and PATCH of the S-CSCF. A user is registered there who has an S-CSCF.
import type { HttpAnswer, HttpCall } from "../http/server.ts";
import type { Registration, Registrations } from "./hss-registration.ts";

/** The members that matter, in PyHSS's spelling. */
interface ImsSubscriber {
  readonly ims_subscriber_id: number;
  readonly imsi: string;
  readonly msisdn: string | null;
  readonly scscf: string | null;
  readonly scscf_realm: string | null;
  readonly scscf_peer: string | null;
}

const root = "/ims_subscriber/";

function failed(reason: string): HttpAnswer {
  return { status: 400, body: JSON.stringify({ result: "Failed", reason }) };
}

/** What stands before the @ of the private identity. */
function imsiOf({ subscriber }: Registration): string {
  return subscriber.privateIdentity.split("@")[0] ?? subscriber.privateIdentity;
}

function msisdnOf({ subscriber }: Registration): string | null {
  const numbers = subscriber.publicIdentities.map((identity) => /^tel:\+?(\d+)/.exec(identity)?.[1]);
  return numbers.find((number) => number !== undefined) ?? null;
}

function parsed(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The names in a PATCH, by member; what is wrong with it. */
function namesIn(body: string): ReadonlyMap<string, string | null> | string {
  const given = parsed(body);
  if (given === null) return `body "${body}": must be a JSON object`;
  const names = new Map<string, string | null>();
  for (const [member, value] of Object.entries<unknown>({ ...given })) {
    if (member !== "scscf" && member !== "scscf_peer") continue;
    if (value !== null && typeof value !== "string")
      return `${member} ${JSON.stringify(value)}: must be a text or null`;
    names.set(member, value);
  }
  return names;
}

function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

/** Answers requests; `realm` is what it says for the S-CSCF's. */
export class PyHssInterface {
  readonly #registrations: readonly Registration[];
  readonly #realm: string;

  constructor(registrations: Registrations, realm: string) {
    this.#registrations = registrations.all();
    this.#realm = realm;
  }

  answer({ method, target, body }: HttpCall): HttpAnswer {
    if (!target.startsWith(root)) return { status: 404, body: JSON.stringify({ message: "not here" }) };
    const index = this.#find(target.slice(root.length));
    const registration = this.#registrations[index];
    if (registration === undefined) return failed(`${target}: there is no such subscriber`);
    if (method === "PATCH") {
      const problem = this.#patch(registration, body);
      if (problem !== null) return failed(problem);
    } else if (method !== "GET") return failed(`${method}: GET or PATCH`);
    return { status: 200, body: JSON.stringify(this.#describe(registration, index)) };
  }

  /** Where it stands; numbers begin with 1. -1: nowhere. */
  #find(path: string): number {
    const [kind = "", key = null] = path.split("/").map(decoded);
    if (kind === null || key === "") return -1;
    switch (kind) {
      case "ims_subscriber_imsi":
        return this.#registrations.findIndex((one) => imsiOf(one) === key);
      case "ims_subscriber_msisdn":
        return this.#registrations.findIndex((one) => msisdnOf(one) === key);
      default:
        return /^\d+$/.test(kind) ? Number(kind) - 1 : -1;
    }
  }

  /** What is wrong with it; null: done. */
  #patch(registration: Registration, body: string): string | null {
    const names = namesIn(body);
    if (typeof names === "string") return names;
    const server = names.get("scscf");
    const peer = names.get("scscf_peer");
    // No RTR and no authentication-pending: nobody hears of it.
    if (server === null) registration.state = "not registered";
    if (server !== undefined) registration.serverName = server;
    if (peer !== undefined) registration.diameterHost = peer;
    return null;
  }

  #describe(registration: Registration, index: number): ImsSubscriber {
    const { serverName, diameterHost } = registration;
    return {
      ims_subscriber_id: index + 1,
      imsi: imsiOf(registration),
      msisdn: msisdnOf(registration),
      scscf: serverName,
      scscf_realm: serverName === null ? null : this.#realm,
      scscf_peer: diameterHost,
    };
  }
}
