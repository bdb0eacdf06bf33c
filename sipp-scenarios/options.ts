// The command line of `npm run sipp`. What is wrong is said in one line that names the option, its value and what is
// allowed.
import { type CallLoadRequest, readCallLoadOptions } from "./call-load/command.ts";
import { readThirdPartyRegister, type ThirdPartyRegisterRequest } from "./third-party-register/options.ts";
import { readUeOptions, type UeRequest } from "./ue/options.ts";
import { ueScenarioNames, ueScenarios } from "./ue/scenarios.ts";
import { readUsersOptions, type UsersRequest } from "./users-command.ts";

/** `usage` is for whoever called: nothing has been printed. */
export type Request =
  | { readonly kind: "list" }
  | ThirdPartyRegisterRequest
  | UeRequest
  | CallLoadRequest
  | UsersRequest;

export interface Scenario {
  readonly name: string;
  readonly summary: string;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "third-party-register",
    summary: "SIPp is an S-CSCF and tells a CFD of registrations",
  },
  ...ueScenarioNames.map((name) => ({ name, summary: ueScenarios[name].summary })),
  { name: "call-load", summary: "SIPp calls users steadily while they are moved (--transfer)" },
  { name: "users", summary: "no scenario: makes a file of users for SIPp and for an HSS" },
];

/** Reads the command line; never throws for what a person typed. */
export function readOptions(argv: readonly string[]): Request {
  const [name, ...rest] = argv;
  if (name === undefined || name === "--list" || name === "--help" || name === "-h") return { kind: "list" };
  if (name === "third-party-register") return readThirdPartyRegister(rest);
  if (name === "call-load") return readCallLoadOptions(rest);
  if (name === "users") return readUsersOptions(rest);
  const ue = ueScenarioNames.find((one) => one === name);
  if (ue !== undefined) return readUeOptions(ue, rest);
  const names = scenarios.map((scenario) => scenario.name).join(", ");
  return { kind: "usage", message: `scenario '${name}' is unknown; there are: ${names}` };
}
