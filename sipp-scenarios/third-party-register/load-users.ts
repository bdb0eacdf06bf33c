// The users of a load run: made up by number, or read from a file.
import { isIP } from "node:net";

/** A user as the REGISTERs show him. */
export interface LoadUser {
  /** Public identity. */
  readonly identity: string;
  readonly privateIdentity: string;
  readonly domain: string;
  /** Server-Name. */
  readonly sCscf: string;
  /** Host and port as in its Path entry. */
  readonly pCscf: string;
  readonly pCscfAddress: string;
  /** Contact URI of the UE. */
  readonly contact: string;
  /** Host and port of the UE. */
  readonly address: string;
  /** URN. */
  readonly instance: string;
  /** Call-ID of the UE's REGISTERs. */
  readonly callId: string;
}

/** What a users file says of one user. */
export interface NamedUser {
  readonly identity: string;
  readonly pCscf?: string;
  readonly pCscfAddress?: string;
  readonly sCscf?: string;
}

/** The wrong line of a users file. */
export class UsersFileError extends Error {
  override readonly name = "UsersFileError";
}

const domain = "open-ims.test";
const pCscfs = [1, 2, 3].map((number) => ({
  name: `pcscf${number}.${domain}:4060`,
  address: `127.0.1.${number}`,
}));
const sCscfs = [1, 2, 3].map((number) => `sip:scscf${number}.${domain}:6060`);

/** Users beside each other have different P-CSCFs; every third of them another S-CSCF. */
function functionsOf(index: number) {
  const pCscf = pCscfs[index % pCscfs.length];
  const sCscf = sCscfs[Math.floor(index / pCscfs.length) % sCscfs.length];
  if (pCscf === undefined || sCscf === undefined) throw new Error("no control function to choose from");
  return { pCscf: pCscf.name, pCscfAddress: pCscf.address, sCscf };
}

/**
 * The user with that index (from 0). `run` tells runs apart: the UE's Call-ID differs, as after a restart of the UE,
 * so that a CFD which knows the user from an earlier run does not take the REGISTERs for old ones.
 */
export function loadUser(index: number, run: string, named?: NamedUser): LoadUser {
  const number = index + 1;
  const identity = named?.identity ?? `sip:load${String(number).padStart(6, "0")}@${domain}`;
  const [name = "", realm = domain] = identity.replace(/^[a-z]+:/i, "").split("@");
  const host = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const functions = functionsOf(index);
  return {
    identity,
    privateIdentity: `${name}@${realm}`,
    domain: realm,
    sCscf: named?.sCscf ?? functions.sCscf,
    pCscf: named?.pCscf ?? functions.pCscf,
    pCscfAddress: named?.pCscfAddress ?? functions.pCscfAddress,
    contact: `sip:${name}@${host}:5060`,
    address: `${host}:5060`,
    instance: `urn:uuid:00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`,
    callId: `${run}-${number}@${host}`,
  };
}

/**
 * Reads a users file: one line for each user, `identity;P-CSCF;address of the P-CSCF;S-CSCF`, the last three may be
 * left out; empty lines and lines with # are passed over. Throws `UsersFileError` that names the line.
 */
export function parseUsers(text: string): readonly NamedUser[] {
  const users: NamedUser[] = [];
  const seen = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const cells = line.split(";").map((cell) => cell.trim());
    const [identity = "", pCscf = "", pCscfAddress = "", sCscf = ""] = cells;
    const wrong = (what: string) => new UsersFileError(`line ${index + 1}: ${what}`);
    if (cells.length > 4)
      throw wrong(`${cells.length} fields; identity;P-CSCF;address of the P-CSCF;S-CSCF are allowed`);
    if (!/^(sips?:[^@\s<>"]+@[^@\s<>"]+|tel:\+?[0-9.()-]+)$/i.test(identity))
      throw wrong(`identity "${identity}"; sip:user@domain or tel:number is allowed`);
    if (seen.has(identity)) throw wrong(`identity "${identity}" for the second time`);
    if (pCscf !== "" && !/^[^\s:<>"]+(:\d+)?$/.test(pCscf))
      throw wrong(`P-CSCF "${pCscf}"; host or host:port is allowed`);
    if (pCscfAddress !== "" && isIP(pCscfAddress) === 0)
      throw wrong(`address of the P-CSCF "${pCscfAddress}"; an IP address is allowed`);
    if (sCscf !== "" && !/^sips?:[^\s<>"]+$/i.test(sCscf))
      throw wrong(`S-CSCF "${sCscf}"; a SIP URI is allowed`);
    seen.add(identity);
    users.push({
      identity,
      ...(pCscf === "" ? {} : { pCscf }),
      ...(pCscfAddress === "" ? {} : { pCscfAddress }),
      ...(sCscf === "" ? {} : { sCscf }),
    });
  }
  return users;
}
