// What nobody can see from where the CFS stands, and how to look at it by hand.
import { type Finding, note, remedy } from "./finding.ts";

export interface UntoldSubject {
  readonly uri: string;
  readonly hasCx: boolean;
  readonly isMarTested: boolean;
}

const topic = "cannot be told";

export function untold({ uri, hasCx, isMarTested }: UntoldSubject): Finding[] {
  return [
    note(
      topic,
      `the users' filter criteria: Cx shows a profile to the serving S-CSCF alone (SAA). Only a REGISTER that has come to ${uri} shows that a user's profile is right; look at the others by hand`,
    ),
    note(
      topic,
      "a registration that runs out: no S-CSCF reports it (Kamailio, OpenIMSCore), so the CFD ends records by their Expires",
    ),
    ...(hasCx && !isMarTested
      ? [
          note(
            topic,
            "whether this HSS overwrites the S-CSCF's name on a MAR and sends RTR: asking changes a registration",
            remedy("doctor", "--user sip:<test user> --test-mar, with a user whom nobody needs"),
          ),
        ]
      : []),
    ...(hasCx
      ? [
          note(
            topic,
            "whether the HSS lets the old S-CSCF remove a moved user when his old registration runs out there (FHoSS does): the CFS lets such users register once more",
          ),
        ]
      : []),
    note(
      topic,
      "whether P-CSCFs rewrite contacts (Kamailio's add_contact_alias): a UE that moves then has two bindings for a while; the LCF removes the stale one",
    ),
  ];
}
