// What goes wrong between the CFS and the name server as problem details: each names server, zone, key, what was answered,
// and the remedy. RFC 2136 2.2, RFC 8945 5.2, RFC 9457.
import { noAuthority } from "@liquid-ims/dns/authority";
import type { UpdateOutcome } from "@liquid-ims/dns/updater";
import type { ProblemDetails } from "@liquid-ims/reference-points/os-cfs";
import { type ProblemType, problemRoot, problemTypes } from "../operations/problem.ts";

/** Whom the CFS speaks with, for people. */
export interface DnsSubject {
  /** `127.0.1.53:53`. */
  readonly server: string;
  readonly zone: string;
  /** Name of the key. */
  readonly key: string;
}

/** Problem details of a function operation, with members of their own for scripts. */
export type DnsProblem = ProblemDetails &
  DnsSubject & {
    readonly remedy: string;
    /** What the server answered: `REFUSED`, `BADKEY`; null when it answered nothing of the kind. */
    readonly code: string | null;
  };

type DnsProblemType = Extract<ProblemType, `dns-${string}` | "last-function">;

/** `said` is what happened, `remedy` what to do about it. */
export function dnsProblem(
  type: DnsProblemType,
  subject: DnsSubject,
  {
    said,
    remedy,
    code = null,
  }: { readonly said: string; readonly remedy: string; readonly code?: string | null },
): DnsProblem {
  const { status, title } = problemTypes[type];
  const { server, zone, key } = subject;
  // What the name server said begins with its address, which stands here already.
  const bare = said.startsWith(server) ? said.slice(server.length).replace(/^:? /, "") : said;
  const detail = `name server ${server}, zone ${zone}, key ${key}: ${bare}; ${remedy}`;
  return { type: `${problemRoot}${type}`, title, status, detail, remedy, code, server, zone, key };
}

interface Meaning {
  readonly type: DnsProblemType;
  readonly remedy: string;
}

function namePrimary(zone: string): string {
  return `name the primary server of ${zone} and the apex of its zone (dns.update.server, dns.update.zone)`;
}

/** By the error of the TSIG record, which says more than the code, then by the code. */
function meaningOf(outcome: UpdateOutcome & { kind: "refused" }, { server, zone, key }: DnsSubject): Meaning {
  switch (outcome.tsigError) {
    case "BADKEY":
      return {
        type: "dns-bad-key",
        remedy: `give the server the key ${key} with the same algorithm, or the CFS one that the server has (dns.update.key)`,
      };
    case "BADSIG":
      return {
        type: "dns-bad-signature",
        remedy: `give CFS (dns.update.key) and server the same secret for ${key}`,
      };
    case "BADTIME":
      return {
        type: "dns-bad-time",
        remedy: "set the clocks of both machines by NTP: 300 s apart is too much",
      };
    case "BADTRUNC":
      return { type: "dns-bad-truncation", remedy: `let the server take whole signatures of ${key}` };
    case null:
      break;
  }
  switch (outcome.code) {
    case "REFUSED":
      return {
        type: "dns-refused",
        remedy: `let the key change A, AAAA, SRV and NAPTR of ${zone} (BIND: update-policy { grant ${key} zonesub A AAAA SRV NAPTR; })`,
      };
    case "NOTAUTH":
    case "NOTZONE":
      return { type: "dns-not-zone", remedy: namePrimary(zone) };
    case "SERVFAIL":
      return {
        type: "dns-server-failure",
        remedy: `look at the log of ${server}: often its folder cannot be written, so that it has no journal`,
      };
    case "FORMERR":
    case "NOTIMP":
      return {
        type: "dns-not-understood",
        remedy: "use a server with RFC 2136 and RFC 8945, such as BIND 9",
      };
    case "YXDOMAIN":
    case "YXRRSET":
    case "NXDOMAIN":
    case "NXRRSET":
      return {
        type: "dns-changed-meanwhile",
        remedy: "let one CFS at a time change these records, and nobody change them by hand meanwhile",
      };
  }
}

/** What an update that was not done is called; null for one that was. */
export function problemOfUpdate(outcome: UpdateOutcome, subject: DnsSubject): DnsProblem | null {
  switch (outcome.kind) {
    case "done":
      return null;
    case "unanswered":
      return dnsProblem("dns-no-answer", subject, {
        said: outcome.detail,
        remedy: "start the name server, or let TCP to it pass; the zone is read before the next try",
      });
    case "unverifiable":
      return dnsProblem("dns-unverifiable", subject, {
        said: outcome.detail,
        remedy:
          "look who answers there, and compare secrets and clocks; the zone is read before the next try",
      });
    case "refused": {
      const { type, remedy } = meaningOf(outcome, subject);
      return dnsProblem(type, subject, {
        said: outcome.detail,
        remedy,
        code: outcome.tsigError ?? outcome.code,
      });
    }
  }
}

/** The zone could not be read. */
export function problemOfReading(
  { code, detail }: { readonly code: string | null; readonly detail: string },
  subject: DnsSubject,
): DnsProblem {
  if (code === noAuthority)
    return dnsProblem("dns-not-zone", subject, { said: detail, remedy: namePrimary(subject.zone) });
  if (code !== null)
    return dnsProblem("dns-query-failed", subject, {
      said: detail,
      remedy: `let the CFS ask ${subject.server} for ${subject.zone} (BIND: allow-query), and look at its log`,
      code,
    });
  return dnsProblem("dns-no-answer", subject, {
    said: detail,
    remedy: "start the name server, or let TCP to it pass; nothing was changed by this try",
  });
}
