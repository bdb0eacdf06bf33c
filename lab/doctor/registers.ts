// Whether third-party REGISTERs arrive, what was missing in them, and whether their names are those of the
// configuration. TS 24.229 5.4.1.7, 5.4.1.7A. Pure.
import type {
  Lack,
  RefusalSighting,
  RegisterSighting,
  RegistersSeen,
} from "@liquid-ims/cfd/register-sightings";
import { isSameFunction } from "@liquid-ims/location-service/function-name";
import { criterionLines, includeRegisterLines } from "./filter-criteria.ts";
import { type Finding, flaw, formatSeconds, note, ok, type Place, remedy } from "./finding.ts";

const topic = "third-party REGISTER";

/** A registration as the location service has it. */
export interface RecordFacts {
  readonly impu: string;
  readonly pCscf: string | null;
  readonly sCscf: string;
  readonly contact: string | null;
}

export interface RegisterFacts {
  /** Null: no CFD could be asked. */
  readonly seen: RegistersSeen | null;
  /** Null: the location service could not be read. */
  readonly records: readonly RecordFacts[] | null;
  /** ms since 1970. */
  readonly now: number;
}

export interface RegisterSubject {
  /** Of the CFS. */
  readonly functions: readonly { readonly kind: string; readonly name: string }[];
  readonly cfs: Place;
  /** Null: no `--cfd` was given. */
  readonly cfd: Place | null;
  /** Who may register users at the CFD; empty without `--cfd`. */
  readonly sCscfs: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** AS name of the filter criteria. */
  readonly uri: string;
}

function ago(at: number, now: number): string {
  return `${formatSeconds(Math.max(0, (now - at) / 1000))} ago`;
}

function cfdPlace({ cfd }: RegisterSubject, path: string): string {
  return cfd === null ? `cfd.yaml ${path}` : cfd(path);
}

/** `tcp:[2001:db8::22]:40000` has the host `2001:db8::22`. */
function hostOf(source: string): string {
  return source
    .replace(/^[a-z]+:/, "")
    .replace(/:\d+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

/** One S-CSCF's registrations do not make another one welcome; some stranger's request is no fault of the core. */
function judgeStranger(
  { refused, from }: RegistersSeen & { readonly refused: RefusalSighting },
  fact: string,
  subject: RegisterSubject,
): Finding {
  const { at, source, detail } = refused;
  const host = hostOf(source);
  const name = /(sips?:\S+) is no configured/.exec(detail)?.[1] ?? "<its Server-Name>";
  const later = from.filter((sighting) => sighting.at > at);
  const isMended = later.some((one) => isSameFunction(one.sCscf, name) || hostOf(one.source) === host);
  const isOurs = subject.functions.some(
    (entry) => entry.kind === "S-CSCF" && isSameFunction(entry.name, name),
  );
  const level = !isMended && (isOurs || later.length === 0) ? "wrong" : "warn";
  const index = subject.sCscfs.findIndex((one) => one.name === name);
  const known = subject.sCscfs[index];
  const line =
    known === undefined
      ? remedy(cfdPlace(subject, "sCscfs"), `- { name: "${name}", addresses: ["${host}"] }`)
      : remedy(
          cfdPlace(subject, `sCscfs[${index}].addresses`),
          `addresses: [${[...known.addresses, host].map((one) => `"${one}"`).join(", ")}]`,
        );
  return flaw(topic, level, fact, line);
}

function judgeRefusal(seen: RegistersSeen, subject: RegisterSubject, now: number): Finding[] {
  const { refused, from } = seen;
  if (refused === null) return [];
  const { at, source, status, reason, detail } = refused;
  const fact = `a request from ${source} was refused ${ago(at, now)} with ${status}: ${detail}`;
  if (reason === "stranger") return [judgeStranger({ ...seen, refused }, fact, subject)];
  const level = from.some((sighting) => sighting.at > at) ? "warn" : "wrong";
  if (reason === "unusable" || reason === "method")
    return [
      flaw(topic, level, fact, remedy("S-CSCF", "what the refusal says; it is in the Warning header, too")),
    ];
  return [
    flaw(topic, level, fact, remedy(cfdPlace(subject, "store"), "the store: its disk, its owner, its size")),
  ];
}

function judgeNothing(facts: RegisterFacts, subject: RegisterSubject): Finding[] {
  const { seen, records } = facts;
  if (records !== null && records.length > 0) {
    const fact = `registrations recorded: ${records.length}, though the CFD has heard of none since its start`;
    return [note(topic, fact)];
  }
  if (seen?.refused != null) return [];
  const [first, ...others] = criterionLines(subject.uri);
  const fact = seen === null ? "no registration is recorded" : "no third-party REGISTER has arrived";
  return [
    flaw(
      topic,
      "wrong",
      `${fact}: register a user, and if still none comes, the user's profile sends none to ${subject.uri}, or the S-CSCF does not find it`,
      first,
      ...others,
      remedy(cfdPlace(subject, "listen"), "where that name leads (see DNS)"),
      remedy("S-CSCF", "users registered before the change keep their old profile: let them register anew"),
    ),
  ];
}

function judgeLack(lack: Lack, sighting: RegisterSighting, subject: RegisterSubject): Finding[] {
  const { sCscf, lacks, pCscfFrom } = sighting;
  switch (lack) {
    case "P-CSCF":
      return [
        flaw(
          topic,
          "wrong",
          `${sCscf}: neither Path nor icid-generated-at names the P-CSCF: its users cannot be moved between P-CSCFs`,
          ...includeRegisterLines,
          remedy(
            "Kamailio P-CSCF",
            'append_hf("Path: <sip:term@<host>:<port>;lr>\\r\\n") before the REGISTER goes on',
          ),
          remedy("P-CSCF", "P-Charging-Vector with icid-generated-at=<its address> (RFC 7315 4.6)"),
        ),
      ];
    case "embedded REGISTER":
      return [
        flaw(
          topic,
          "warn",
          `${sCscf}: no UE's REGISTER in the body: contact and private identity stay unknown until the LCF's hello says them, and two devices of a user look like one`,
          ...includeRegisterLines,
          remedy(
            "OpenIMSCore S-CSCF",
            "it never sends one: the CFD derives the private identity (impiRealm) and works without",
          ),
        ),
      ];
    case "P-Associated-URI":
      return [
        note(
          topic,
          `${sCscf}: no P-Associated-URI: only the identity of the To header is known of the implicit set`,
        ),
      ];
    case "Path":
      return lacks.includes("P-CSCF") || pCscfFrom === "embedded Path"
        ? []
        : [
            note(
              topic,
              `${sCscf}: no Path, the P-CSCF is known by the address of icid-generated-at`,
              remedy(cfdPlace(subject, "functions"), "the address of every P-CSCF with its name"),
            ),
          ];
    case "icid-generated-at":
      return [];
  }
}

function judgeSighting(sighting: RegisterSighting, subject: RegisterSubject, now: number): Finding[] {
  const { sCscf, source, count, at, pCscf, pCscfFrom, lacks } = sighting;
  const where = pCscf === null ? "P-CSCF unknown" : `P-CSCF ${pCscf} from ${pCscfFrom}`;
  const arrived = ok(
    topic,
    `${sCscf} (${source}) has told ${count} ${count === 1 ? "registration" : "registrations"}, the last ${ago(at, now)}: ${where}`,
  );
  return [arrived, ...lacks.flatMap((lack) => judgeLack(lack, sighting, subject))];
}

/** Names that came, against those of the CFS's table: the HSS compares S-CSCF names byte by byte. */
function judgeNames(facts: RegisterFacts, { functions, cfs }: RegisterSubject): Finding[] {
  const sighted = facts.seen?.from ?? [];
  const records = facts.records ?? [];
  const named = (kind: string) => functions.filter((entry) => entry.kind === kind).map(({ name }) => name);
  const servers = new Set([...sighted, ...records].map(({ sCscf }) => sCscf));
  const proxies = new Set([...sighted, ...records].flatMap(({ pCscf }) => (pCscf === null ? [] : [pCscf])));
  const findings: Finding[] = [];
  for (const name of servers) {
    if (named("S-CSCF").includes(name)) continue;
    const index = functions.findIndex((entry) => entry.kind === "S-CSCF" && isSameFunction(entry.name, name));
    const fact =
      index < 0
        ? `${name} serves users and is no function of the CFS: they cannot be moved from it`
        : `${name} serves users, and the CFS has it as ${functions[index]?.name}: the HSS compares the names byte by byte`;
    const place = index < 0 ? cfs("functions") : cfs(`functions[${index}].name`);
    const line = index < 0 ? `- { kind: S-CSCF, name: "${name}", addresses: [...] }` : name;
    findings.push(flaw(topic, "wrong", fact, remedy(place, line)));
  }
  for (const name of proxies)
    if (!named("P-CSCF").some((known) => isSameFunction(known, name)))
      findings.push(
        flaw(
          topic,
          "wrong",
          `${name} serves users and is no P-CSCF of the CFS: they cannot be moved from it`,
          remedy(cfs("functions"), `- { kind: P-CSCF, name: "${name}", addresses: [...] }`),
        ),
      );
  return findings;
}

function judgeRecords({ records }: RegisterFacts): Finding[] {
  if (records === null || records.length === 0) return [];
  const unknown = records.filter(({ pCscf }) => pCscf === null).length;
  const contacts = records.filter(({ contact }) => contact === null).length;
  const fact = `registrations recorded: ${records.length}; P-CSCF unknown of ${unknown}, contact unknown of ${contacts}`;
  return [ok(topic, fact)];
}

/** Everything that can be said of the REGISTERs that came, or did not. */
export function judgeRegisters(facts: RegisterFacts, subject: RegisterSubject): Finding[] {
  const { seen, now } = facts;
  const nothing = seen === null || seen.from.length === 0;
  return [
    ...(seen === null ? [] : seen.from.flatMap((sighting) => judgeSighting(sighting, subject, now))),
    ...(nothing ? judgeNothing(facts, subject) : []),
    ...(seen === null ? [] : judgeRefusal(seen, subject, now)),
    ...judgeRecords(facts),
    ...judgeNames(facts, subject),
  ];
}
