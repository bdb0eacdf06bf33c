// Reads the user profile that an S-CSCF gets in User-Data. TS 29.228 annex B, E.
import type {
  ImsSubscription,
  InitialFilterCriteria,
  RegistrationType,
  ServicePointTrigger,
  ServiceProfile,
  SessionCase,
} from "@liquid-ims/diameter/cx/user-data";
import { SaxesParser } from "saxes";

const longest = 1_048_576;

/** An element; names are without prefix, the profile has no namespaces that mean anything. */
interface Element {
  readonly name: string;
  text: string;
  readonly children: Element[];
}

/** The root, null for what is no XML. */
function parseTree(xml: string): Element | null {
  if (xml.length > longest) return null;
  let failed = false;
  const document: Element = { name: "", text: "", children: [] };
  const open = [document];
  const parser = new SaxesParser();
  // Without a handler saxes throws; the document is the HSS's, so its errors are values.
  parser.on("error", () => {
    failed = true;
  });
  parser.on("opentag", ({ name }) => {
    const element: Element = { name: name.replace(/^.*:/, ""), text: "", children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on("closetag", () => void open.pop());
  const take = (part: string): void => {
    const element = open.at(-1);
    if (element !== undefined) element.text += part;
  };
  parser.on("text", take);
  parser.on("cdata", take);
  parser.write(xml).close();
  return failed ? null : (document.children[0] ?? null);
}

function all(element: Element, name: string): Element[] {
  return element.children.filter((child) => child.name === name);
}

function first(element: Element, name: string): Element | undefined {
  return element.children.find((child) => child.name === name);
}

/** Text of a child, null when there is none. */
function textOf(element: Element, name: string): string | null {
  return first(element, name)?.text.trim() ?? null;
}

/** xs:boolean. */
function isTrue(text: string | null): boolean {
  return text === "1" || text === "true";
}

const registrationTypes: ReadonlyMap<string, RegistrationType> = new Map([
  ["0", "initial registration"],
  ["1", "re-registration"],
  ["2", "de-registration"],
]);

const sessionCases: ReadonlyMap<string, SessionCase> = new Map([
  ["0", "originating"],
  ["1", "terminating registered"],
  ["2", "terminating unregistered"],
  ["3", "originating unregistered"],
]);

function readCondition(trigger: Element): ServicePointTrigger["condition"] | null {
  const uri = textOf(trigger, "RequestURI");
  if (uri !== null) return { kind: "RequestURI", value: uri };
  const method = textOf(trigger, "Method");
  if (method !== null) {
    const types = all(trigger, "Extension")
      .flatMap((extension) => all(extension, "RegistrationType"))
      .map(({ text }) => registrationTypes.get(text.trim()))
      .filter((type) => type !== undefined);
    return { kind: "Method", value: method, ...(types.length === 0 ? {} : { registrationTypes: types }) };
  }
  const header = first(trigger, "SIPHeader");
  if (header !== undefined) {
    const name = textOf(header, "Header");
    const content = textOf(header, "Content");
    if (name === null) return null;
    return { kind: "SIPHeader", header: name, ...(content === null ? {} : { content }) };
  }
  const value = sessionCases.get(textOf(trigger, "SessionCase") ?? "");
  return value === undefined ? null : { kind: "SessionCase", value };
}

/** Null for a condition that is not known here: then nothing can be said about the whole trigger. */
function readTrigger(trigger: Element): ServicePointTrigger | null {
  const condition = readCondition(trigger);
  if (condition === null) return null;
  const groups = all(trigger, "Group").map(({ text }) => Number(text.trim()));
  const negated = isTrue(textOf(trigger, "ConditionNegated"));
  return { groups, condition, ...(negated ? { negated } : {}) };
}

function readCriteria(criteria: Element): InitialFilterCriteria | null {
  const priority = textOf(criteria, "Priority");
  const server = first(criteria, "ApplicationServer");
  const serverName = server === undefined ? null : textOf(server, "ServerName");
  if (server === undefined || serverName === null || priority === null || !/^\d+$/.test(priority))
    return null;
  const extensions = all(server, "Extension");
  const asks = (name: string) => extensions.some((extension) => first(extension, name) !== undefined);
  const serviceInfo = textOf(server, "ServiceInfo");
  const read = {
    priority: Number(priority),
    applicationServer: {
      serverName,
      defaultHandling:
        textOf(server, "DefaultHandling") === "1"
          ? ("SESSION_TERMINATED" as const)
          : ("SESSION_CONTINUED" as const),
      ...(serviceInfo === null ? {} : { serviceInfo }),
      ...(asks("IncludeRegisterRequest") ? { includeRegisterRequest: true } : {}),
      ...(asks("IncludeRegisterResponse") ? { includeRegisterResponse: true } : {}),
    },
  };
  const point = first(criteria, "TriggerPoint");
  if (point === undefined) return read;
  const triggers = all(point, "SPT").map(readTrigger);
  const known = triggers.filter((trigger) => trigger !== null);
  if (known.length !== triggers.length) return null;
  const conjunctive = isTrue(textOf(point, "ConditionTypeCNF"));
  return { ...read, trigger: { conjunctive, servicePointTriggers: known } };
}

function readProfile(profile: Element): ServiceProfile {
  const criteria = all(profile, "InitialFilterCriteria").map(readCriteria);
  return {
    publicIdentities: all(profile, "PublicIdentity").flatMap((entry) => {
      const identity = textOf(entry, "Identity");
      if (identity === null) return [];
      const barring = textOf(entry, "BarringIndication");
      return [{ identity, ...(barring === null ? {} : { barred: isTrue(barring) }) }];
    }),
    initialFilterCriteria: criteria.filter((one) => one !== null).sort((a, b) => a.priority - b.priority),
  };
}

/**
 * The profile, criteria by priority; null when it is no IMSSubscription with an identity. Criteria that cannot be
 * read, or have a condition that is unknown here, are left out.
 */
export function parseUserData(xml: string): ImsSubscription | null {
  const root = parseTree(xml);
  if (root === null || root.name !== "IMSSubscription") return null;
  const privateIdentity = textOf(root, "PrivateID");
  const serviceProfiles = all(root, "ServiceProfile").map(readProfile);
  const named = serviceProfiles.some((profile) => profile.publicIdentities.length > 0);
  return privateIdentity === null || !named ? null : { privateIdentity, serviceProfiles };
}
