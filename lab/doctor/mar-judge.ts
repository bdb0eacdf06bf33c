// What the HSS's ways with a MAR mean for the configuration of the CFS. Pure.
import type { CxConfig } from "@liquid-ims/cfs/config";
import { type Finding, flaw, note, ok, type Place, remedy } from "./finding.ts";
import type { MarTestFacts } from "./mar-test.ts";

export interface MarSubject {
  readonly config: CxConfig;
  readonly cfs: Place;
  readonly user: string;
}

const topic = "MAR and RTR";

function judgeOverwrite(
  facts: Extract<MarTestFacts, { kind: "done" }>,
  { config, cfs }: MarSubject,
): Finding {
  const { before, asked, after, refused } = facts;
  if (refused !== null)
    return flaw(
      topic,
      "wrong",
      `the HSS refuses a MAR with the name ${asked}: ${refused}`,
      remedy("HSS", "which node may send MAR, and for which names; the CFS's Origin-Host is its peer's"),
    );
  if (after === asked) return ok(topic, `a MAR overwrites the S-CSCF's name: ${before} became ${asked}`);
  const fact = `a MAR with the name ${asked} is answered with success, and the name stays ${after ?? "empty"}`;
  if (config.adapter !== undefined)
    return ok(topic, `${fact}: the CFS writes it by its adapter (cx.adapter, ${config.adapter.kind})`);
  return flaw(
    topic,
    "wrong",
    `${fact}: PyHSS does so. Transfers of S-CSCFs move nobody`,
    remedy(cfs("cx"), 'adapter: { kind: pyhss, url: "http://<PyHSS>:8080" }'),
  );
}

function judgeCancel(facts: Extract<MarTestFacts, { kind: "done" }>, { config, cfs }: MarSubject): Finding {
  const cancels = config.cancelsOldServer ?? false;
  const previous = config.marOriginHost === "previous";
  if (facts.refused !== null)
    return note(topic, "whether the HSS sends RTR on a MAR was not seen: it refused the MAR");
  if (facts.notTakenOver !== null)
    return note(
      topic,
      `whether the HSS sends RTR on a MAR was not seen: it takes none that names another node as its origin (${facts.notTakenOver})`,
    );
  if (facts.after !== facts.asked)
    return note(topic, "whether the HSS sends RTR when the name is overwritten was not seen: it was not");
  if (facts.cancelled === 0)
    return cancels
      ? flaw(
          topic,
          "warn",
          "the HSS sends no RTR when another node overwrites the name, so nothing cuts calls, but planned moves wait for their ends",
          remedy(cfs("cx.cancelsOldServer"), "false"),
        )
      : ok(topic, "the HSS sends no RTR when another node overwrites the name");
  const fact = "the HSS sends an RTR to the node that wrote the name before, as TS 29.228 8.1.1 has it";
  if (cancels || previous) return ok(topic, `${fact}; the CFS is set up for it`);
  return flaw(
    topic,
    "warn",
    `${fact}: OpenIMSCore's S-CSCF then cuts the user's calls within 10 s; Kamailio's does not`,
    remedy(
      cfs("cx"),
      "cancelsOldServer: true, where the S-CSCFs cut calls: planned moves then wait for their ends",
    ),
    remedy(cfs("cx"), "or marOriginHost: previous, where the HSS lets one node speak as another"),
  );
}

export function judgeMarTest(facts: MarTestFacts, subject: MarSubject): Finding[] {
  const { cfs, user } = subject;
  if (facts.kind === "not begun")
    return [
      flaw(
        topic,
        "wrong",
        `not tried, and nothing changed: ${facts.why}`,
        remedy("--user", "a registered user of a network with two S-CSCFs"),
        remedy(cfs("functions"), "every S-CSCF with its Server-Name"),
      ),
    ];
  const again = `${user} has to register again now: until then he cannot be called`;
  const restored =
    facts.restored === facts.before
      ? note(topic, `the name is ${facts.before} again; ${again}`)
      : flaw(
          topic,
          "wrong",
          `the name is ${facts.restored ?? "empty"} now, not ${facts.before} as before`,
          remedy("UE", again),
          remedy("HSS", `or set the S-CSCF of ${user} to ${facts.before} by hand`),
        );
  return [judgeOverwrite(facts, subject), judgeCancel(facts, subject), restored];
}
