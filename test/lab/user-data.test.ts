// The profile as the S-CSCF reads it, and which of its criteria fit. TS 29.228 annex B, E; TS 23.218 5.2.
import assert from "node:assert/strict";
import test from "node:test";
import {
  formatUserData,
  type ImsSubscription,
  type ServicePointTrigger,
} from "@liquid-ims/diameter/cx/user-data";
import { criteriaMatch } from "@liquid-ims/lab/ims-core/filter-criteria";
import { parseUserData } from "@liquid-ims/lab/ims-core/user-data-reader";
import { buildRequest } from "@liquid-ims/sip/message";

const everything: ImsSubscription = {
  privateIdentity: 'a&b<"@x.test',
  serviceProfiles: [
    {
      publicIdentities: [{ identity: "sip:a@x.test" }, { identity: "tel:+49", barred: true }],
      initialFilterCriteria: [
        {
          priority: 1,
          applicationServer: { serverName: "sip:all.x.test", defaultHandling: "SESSION_TERMINATED" },
        },
        {
          priority: 2,
          trigger: {
            conjunctive: false,
            servicePointTriggers: [
              {
                groups: [0, 1],
                condition: {
                  kind: "Method",
                  value: "REGISTER",
                  registrationTypes: ["initial registration", "de-registration"],
                },
              },
              { groups: [1], negated: true, condition: { kind: "RequestURI", value: "x\\.test" } },
              { groups: [1], condition: { kind: "SIPHeader", header: "Accept" } },
              { groups: [2], condition: { kind: "SIPHeader", header: "Event", content: "reg.*" } },
              { groups: [2], condition: { kind: "SessionCase", value: "terminating unregistered" } },
            ],
          },
          applicationServer: {
            serverName: "sip:as.x.test",
            defaultHandling: "SESSION_CONTINUED",
            serviceInfo: "<info>&",
            includeRegisterRequest: true,
            includeRegisterResponse: true,
          },
        },
      ],
    },
  ],
};

test("TS 29.228 annex B: what is written is read again", () => {
  assert.deepEqual(parseUserData(formatUserData(everything)), everything);
});

test("TS 29.228 annex E: as other HSSs write it: declaration, white space, prefixes, priorities in any order", () => {
  const criteria = (priority: number, name: string) => `
    <t:InitialFilterCriteria><t:Priority>${priority}</t:Priority>
      <t:TriggerPoint><t:ConditionTypeCNF>true</t:ConditionTypeCNF>
        <t:SPT><t:ConditionNegated>false</t:ConditionNegated><t:Group>0</t:Group><t:Method>REGISTER</t:Method></t:SPT>
      </t:TriggerPoint>
      <t:ApplicationServer><t:ServerName>${name}</t:ServerName></t:ApplicationServer>
    </t:InitialFilterCriteria>`;
  const read = parseUserData(`<?xml version="1.0"?>
    <t:IMSSubscription xmlns:t="urn:x"><t:PrivateID> a@x.test </t:PrivateID><t:ServiceProfile>
      <t:PublicIdentity><t:Identity><![CDATA[sip:a@x.test]]></t:Identity></t:PublicIdentity>
      ${criteria(7, "sip:late.x.test")}${criteria(3, "sip:early.x.test")}
    </t:ServiceProfile></t:IMSSubscription>`);
  assert.equal(read?.privateIdentity, "a@x.test");
  assert.deepEqual(read.serviceProfiles[0]?.publicIdentities, [{ identity: "sip:a@x.test" }]);
  assert.deepEqual(
    read.serviceProfiles[0]?.initialFilterCriteria.map((one) => one.applicationServer.serverName),
    ["sip:early.x.test", "sip:late.x.test"],
  );
});

test("criteria that cannot be understood are left out, and the others stay", () => {
  const text = formatUserData(everything).replace("<SessionCase>2</SessionCase>", "<SessionDescription/>");
  assert.deepEqual(
    parseUserData(text)?.serviceProfiles[0]?.initialFilterCriteria.map((one) => one.priority),
    [1],
  );
});

test("what is no profile is none, and never a fault", () => {
  for (const text of [
    "",
    "<",
    "<a>",
    "<IMSSubscription/>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "\u0000",
  ])
    assert.equal(parseUserData(text), null, text);
});

function matches(triggers: readonly ServicePointTrigger[], conjunctive: boolean): boolean {
  const request = buildRequest({
    method: "REGISTER",
    uri: "sip:x.test",
    headers: [["Event", "registration"]],
  });
  return criteriaMatch(
    {
      priority: 0,
      trigger: { conjunctive, servicePointTriggers: triggers },
      applicationServer: { serverName: "sip:as.x.test", defaultHandling: "SESSION_CONTINUED" },
    },
    { request, sessionCase: "originating", registrationType: "re-registration" },
  );
}

const yes = { condition: { kind: "Method", value: "REGISTER" } } as const;
const no = { condition: { kind: "Method", value: "INVITE" } } as const;

test("TS 29.228 B.2.2: groups of alternatives that must all hold, and groups of which one must hold as a whole", () => {
  const table: [readonly ServicePointTrigger[], boolean, boolean][] = [
    [
      [
        { ...yes, groups: [0] },
        { ...no, groups: [0] },
      ],
      true,
      false,
    ],
    [
      [
        { ...yes, groups: [0] },
        { ...no, groups: [1] },
      ],
      false,
      true,
    ],
    [
      [
        { ...yes, groups: [0, 1] },
        { ...no, groups: [1] },
      ],
      true,
      true,
    ],
    [[{ ...no, groups: [0], negated: true }], true, true],
    [[{ ...yes, groups: [0], negated: true }], false, false],
  ];
  for (const [index, [triggers, conjunctive, disjunctive]] of table.entries())
    assert.deepEqual(
      [matches(triggers, true), matches(triggers, false)],
      [conjunctive, disjunctive],
      `row ${index}`,
    );
});

test("TS 29.228 B.2.3: each kind of condition", () => {
  const holds = (condition: ServicePointTrigger["condition"]) => matches([{ groups: [0], condition }], true);
  const method = (registrationTypes: "initial registration" | "re-registration") =>
    holds({ kind: "Method", value: "REGISTER", registrationTypes: [registrationTypes] });
  assert.deepEqual([method("re-registration"), method("initial registration")], [true, false]);
  assert.deepEqual(
    ["x\\.test", "y", "("].map((value) => holds({ kind: "RequestURI", value })),
    [true, false, false],
  );
  assert.ok(holds({ kind: "SIPHeader", header: "event" }));
  assert.ok(!holds({ kind: "SIPHeader", header: "Accept" }));
  assert.ok(holds({ kind: "SIPHeader", header: "Event", content: "^reg" }));
  assert.ok(!holds({ kind: "SIPHeader", header: "Event", content: "^presence" }));
  assert.ok(holds({ kind: "SessionCase", value: "originating" }));
  assert.ok(!holds({ kind: "SessionCase", value: "terminating registered" }));
});
