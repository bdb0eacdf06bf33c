// Whether a command of the CFS reaches the LCF of a named user. cfs-ue 5, 6. Pure.
import { type Finding, flaw, note, ok, type Place, type Remedy, remedy } from "./finding.ts";
import type { PlannedUser, QueriedDevice, UserFacts, UsersFacts } from "./program-answers.ts";

export interface UserSubject {
  readonly user: string;
  readonly cfs: Place;
  /** Name under which UEs subscribe. */
  readonly cfsUri: string;
}

/** What keeps a command away, by the CFS's own words (cfs-ue/channel.ts). */
function remediesOf(reason: string, { cfs, cfsUri, user }: UserSubject): readonly [Remedy, ...Remedy[]] {
  const subscribe = remedy(
    "P-CSCF, S-CSCF",
    `SUBSCRIBE ${cfsUri} with Event: liquid-ims must pass: Kamailio's SEMS example blacklists SUBSCRIBE, OpenSIPS knows no event but reg (489)`,
  );
  switch (reason) {
    case "no LCF":
      return [
        remedy(
          "UE",
          `it has no LCF; or it registered before the CFS was there, and asks again after an hour: start the UE of ${user} anew`,
        ),
        remedy(cfs("listen"), `where the SRV records of ${cfsUri} lead (see DNS)`),
        subscribe,
      ];
    case "not bound":
      return [
        remedy(
          "S-CSCF, P-CSCF",
          "a NOTIFY of some kilobytes must reach the UE: over UDP, or over TCP at its contact port",
        ),
        remedy("P-CSCF", "the SUBSCRIBE carries one P-Asserted-Identity, the registered user's"),
      ];
    case "suspect":
    case "dialog failed":
      return [
        remedy(
          "S-CSCF, P-CSCF",
          "a NOTIFY in the dialog got no answer, or an error: their logs; the UE subscribes anew at its next registration",
        ),
      ];
    case "expired":
      return [remedy("UE", "its subscription was not refreshed: it is gone; let it register anew")];
    case "several devices":
      return [
        remedy(
          "HSS",
          "let the S-CSCF send the UE's REGISTER in the body (Include-Register-Request), so that contacts are known",
        ),
      ];
    default:
      return [remedy("CFS", `its log line "cfs-ue refused" for ${user} says why`)];
  }
}

function judgeRegistration(line: UserFacts, subject: UserSubject): Finding[] {
  const where = `${line.user} at ${line.contact ?? "an unknown contact"}, P-CSCF ${line.pCscf ?? "unknown"}, ${line.sCscf}`;
  if (line.unreachable !== null) {
    const fact = `${where}: no command reaches its LCF (${line.unreachable})`;
    return [flaw("user", "wrong", fact, ...remediesOf(line.unreachable, subject))];
  }
  return [ok("user", `${where}: its LCF has repeated a challenge that came to it in a NOTIFY`)];
}

function judgeQuery(
  { contact, result, detail, milliseconds, dialogs }: QueriedDevice,
  subject: UserSubject,
): Finding[] {
  const device = contact ?? "the device at an unknown contact";
  if (result === "answered") {
    const what = detail === "" ? `dialogs now: ${dialogs ?? 0}` : `it says: ${detail}`;
    return [ok("user", `${device} has answered a command after ${milliseconds ?? "some"} ms: ${what}`)];
  }
  if (result === "no answer")
    return [
      flaw("user", "wrong", `${device} gives ${detail} to a command`, ...remediesOf("suspect", subject)),
    ];
  // Why a command cannot be sent is said by the registration's own line.
  return detail === "a transfer commands this device now"
    ? [note("user", `${device} was not asked: ${detail}`)]
    : [];
}

export interface UserTried {
  /** Null: no command could be tried. */
  readonly query: readonly QueriedDevice[] | null;
  /** What a dry run says of him; null where none was asked for. */
  readonly plan: readonly PlannedUser[] | null;
}

/** Whether he is there, and whether a command reaches him. */
export function judgeUser(facts: UsersFacts, { query, plan }: UserTried, subject: UserSubject): Finding[] {
  const { user } = subject;
  const lines = facts.users.filter((line) => line.user === user || line.identities.includes(user));
  const unknown = facts.unknown.filter((line) => line.user === user);
  if (lines.length === 0 && unknown.length === 0)
    return [
      flaw(
        "user",
        "wrong",
        `${user} is not registered, as far as the location service knows`,
        remedy("UE", `register ${user}; if he is registered, see third-party REGISTER above`),
        remedy("--user", "the public identity as it stands in the To header, such as sip:alice@ims.test"),
      ),
    ];
  const astray = unknown.map(({ reason }) =>
    flaw(
      "user",
      "wrong",
      `the LCF of ${user} speaks with the CFS: ${reason}`,
      remedy("CFS", `its log line "cfs-ue subscription ended" for ${user} says what disagreed`),
      remedy(
        subject.cfs("functions"),
        "names and addresses of the P-CSCFs as the UE's Path and Record-Route have them",
      ),
    ),
  );
  const planned = (plan ?? []).map((line) =>
    line.to === null
      ? note("user", `a dry run would not move ${line.user}: ${line.reason}`)
      : ok("user", `a dry run would move ${line.user} to ${line.to}`),
  );
  const asked = (query ?? []).flatMap((device) => judgeQuery(device, subject));
  return [...lines.flatMap((line) => judgeRegistration(line, subject)), ...astray, ...asked, ...planned];
}
