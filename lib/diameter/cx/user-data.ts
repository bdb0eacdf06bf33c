// The user profile that an S-CSCF gets in User-Data, as XML. TS 29.228 Annex B, E.

/** A condition on a request (TS 29.228 B.2.3); `group` numbers count from 0 within a trigger. */
export interface ServicePointTrigger {
  readonly negated?: boolean;
  readonly groups: readonly number[];
  readonly condition:
    | { readonly kind: "RequestURI"; readonly value: string }
    | {
        readonly kind: "Method";
        readonly value: string;
        readonly registrationTypes?: readonly RegistrationType[];
      }
    | { readonly kind: "SIPHeader"; readonly header: string; readonly content?: string }
    | { readonly kind: "SessionCase"; readonly value: SessionCase };
}

export type RegistrationType = "initial registration" | "re-registration" | "de-registration";
export type SessionCase =
  | "originating"
  | "terminating registered"
  | "terminating unregistered"
  | "originating unregistered";

export interface InitialFilterCriteria {
  /** Lower ones come first; no two are equal. */
  readonly priority: number;
  /** Absent: every request. */
  readonly trigger?: {
    /** True: groups are joined by AND, conditions within a group by OR. */
    readonly conjunctive: boolean;
    readonly servicePointTriggers: readonly ServicePointTrigger[];
  };
  readonly applicationServer: {
    /** A SIP URI. */
    readonly serverName: string;
    /** What happens when the server does not answer. */
    readonly defaultHandling: "SESSION_CONTINUED" | "SESSION_TERMINATED";
    readonly serviceInfo?: string;
    /** Ask for the REGISTER and its final response in the third-party REGISTER. */
    readonly includeRegisterRequest?: boolean;
    readonly includeRegisterResponse?: boolean;
  };
}

export interface ServiceProfile {
  readonly publicIdentities: readonly { readonly identity: string; readonly barred?: boolean }[];
  readonly initialFilterCriteria: readonly InitialFilterCriteria[];
}

export interface ImsSubscription {
  readonly privateIdentity: string;
  readonly serviceProfiles: readonly ServiceProfile[];
}

const registrationTypes: Readonly<Record<RegistrationType, number>> = {
  "initial registration": 0,
  "re-registration": 1,
  "de-registration": 2,
};

const sessionCases: Readonly<Record<SessionCase, number>> = {
  originating: 0,
  "terminating registered": 1,
  "terminating unregistered": 2,
  "originating unregistered": 3,
};

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Characters that XML 1.0 cannot say at all become U+FFFD. */
function escapeText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>]/g, (character) => escapes[character] ?? character);
}

function element(name: string, ...content: readonly string[]): string {
  const inside = content.join("");
  return inside === "" ? `<${name}/>` : `<${name}>${inside}</${name}>`;
}

function text(name: string, value: string | number): string {
  return element(name, escapeText(String(value)));
}

function formatCondition({ condition }: ServicePointTrigger): string {
  switch (condition.kind) {
    case "RequestURI":
      return text("RequestURI", condition.value);
    case "Method":
      return text("Method", condition.value);
    case "SIPHeader":
      return element(
        "SIPHeader",
        text("Header", condition.header),
        condition.content === undefined ? "" : text("Content", condition.content),
      );
    case "SessionCase":
      return text("SessionCase", sessionCases[condition.value]);
  }
}

function formatTrigger(trigger: ServicePointTrigger): string {
  const { condition } = trigger;
  const types = condition.kind === "Method" ? (condition.registrationTypes ?? []) : [];
  return element(
    "SPT",
    text("ConditionNegated", trigger.negated === true ? 1 : 0),
    ...trigger.groups.map((group) => text("Group", group)),
    formatCondition(trigger),
    types.length === 0
      ? ""
      : element("Extension", ...types.map((type) => text("RegistrationType", registrationTypes[type]))),
  );
}

function formatCriteria({ priority, trigger, applicationServer: server }: InitialFilterCriteria): string {
  const asked = [
    server.includeRegisterRequest === true ? element("IncludeRegisterRequest") : "",
    server.includeRegisterResponse === true ? element("IncludeRegisterResponse") : "",
  ].join("");
  return element(
    "InitialFilterCriteria",
    text("Priority", priority),
    trigger === undefined
      ? ""
      : element(
          "TriggerPoint",
          text("ConditionTypeCNF", trigger.conjunctive ? 1 : 0),
          ...trigger.servicePointTriggers.map(formatTrigger),
        ),
    element(
      "ApplicationServer",
      text("ServerName", server.serverName),
      text("DefaultHandling", server.defaultHandling === "SESSION_CONTINUED" ? 0 : 1),
      server.serviceInfo === undefined ? "" : text("ServiceInfo", server.serviceInfo),
      asked === "" ? "" : element("Extension", asked),
    ),
  );
}

function formatProfile({ publicIdentities, initialFilterCriteria }: ServiceProfile): string {
  return element(
    "ServiceProfile",
    ...publicIdentities.map(({ identity, barred }) =>
      element(
        "PublicIdentity",
        barred === undefined ? "" : text("BarringIndication", barred ? 1 : 0),
        text("Identity", identity),
      ),
    ),
    ...initialFilterCriteria.map(formatCriteria),
  );
}

/** The document, in one line. */
export function formatUserData({ privateIdentity, serviceProfiles }: ImsSubscription): string {
  const subscription = element(
    "IMSSubscription",
    text("PrivateID", privateIdentity),
    ...serviceProfiles.map(formatProfile),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>${subscription}`;
}
