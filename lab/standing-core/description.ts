// Where everything of a standing core is, as the command that runs beside it is told.

/** The environment variable that holds a `CoreDescription` as JSON. */
export const coreVariable = "LIQUID_IMS_LAB_CORE";

export interface DescribedFunction {
  /** `pcscf1`. */
  readonly name: string;
  readonly fqdn: string;
  /** `host:port`. */
  readonly address: string;
}

export interface CoreDescription {
  readonly core: "embedded" | "kamailio";
  readonly domain: string;
  readonly pCscfs: readonly DescribedFunction[];
  readonly sCscfs: readonly DescribedFunction[];
  /** Root of os-cfs, `http://.../os-cfs/v1`. */
  readonly osCfs: string;
  /** The HSS's users: a CSV file, absolute (docs/hss.md). */
  readonly subscribers: string;
  /** Public identities of UEs with an LCF, registered through the first P-CSCF, which answer calls. */
  readonly ues: readonly string[];
  /** OP of AKA from which the users' OPc come, 32 hexadecimal digits; null: not known. */
  readonly op: string | null;
}

const described: readonly (keyof CoreDescription)[] = [
  "core",
  "domain",
  "pCscfs",
  "sCscfs",
  "osCfs",
  "subscribers",
  "ues",
  "op",
];

function isDescription(value: unknown): value is CoreDescription {
  return typeof value === "object" && value !== null && described.every((member) => member in value);
}

/** The core that this process runs beside; null where there is none. */
export function describedCore(environment: NodeJS.ProcessEnv): CoreDescription | null {
  const text = environment[coreVariable];
  if (text === undefined) return null;
  const value: unknown = JSON.parse(text);
  if (!isDescription(value))
    throw new Error(`${coreVariable} is no description of a core: leave the variable to "lab core"`);
  return value;
}
