// What was given, before it is checked: a tree of values that know where they came from.

/** Where a value came from. */
export type Origin =
  | { readonly kind: "file"; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: "environment"; readonly variable: string }
  | { readonly kind: "default" };

export type Scalar = string | number | boolean | null;

export interface GivenMember {
  /** Where the key stands. */
  readonly origin: Origin;
  value: Given;
}

/** The environment writes into it, so lists and groups can be changed. */
export type Given =
  | { readonly kind: "scalar"; readonly value: Scalar; readonly origin: Origin }
  | { readonly kind: "list"; readonly items: Given[]; readonly origin: Origin }
  | { readonly kind: "group"; readonly members: Map<string, GivenMember>; readonly origin: Origin };

/** Something wrong with the configuration. */
export interface ConfigurationError {
  /** File or variable; null: neither, something is missing and there is no file. */
  readonly source: string | null;
  /** From 1; null in a variable. */
  readonly line: number | null;
  readonly column: number | null;
  /** `listen[0].port`; "" for the whole. */
  readonly path: string;
  /** What is wrong, what is allowed. */
  readonly message: string;
}

export function errorAt(origin: Origin, path: string, message: string): ConfigurationError {
  switch (origin.kind) {
    case "file":
      return { source: origin.file, line: origin.line, column: origin.column, path, message };
    case "environment":
      return { source: origin.variable, line: null, column: null, path, message };
    case "default":
      return { source: null, line: null, column: null, path, message };
  }
}

/** One line: `cfd.yaml:7:3: listen[0].port: ...`. */
export function formatConfigurationError(error: ConfigurationError): string {
  const { source, line, column, path, message } = error;
  const place = [source ?? "configuration", line, column].filter((part) => part !== null).join(":");
  return `${place}: ${path === "" ? "" : `${path}: `}${message}`;
}

/** Path of a member: `admin.port`. */
export function memberPath(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/** Plain values, for what is parsed as a whole. */
export function givenOf(value: unknown, origin: Origin): Given {
  if (Array.isArray(value))
    return { kind: "list", items: value.map((item) => givenOf(item, origin)), origin };
  if (typeof value === "object" && value !== null) {
    const members = new Map<string, GivenMember>();
    for (const [name, member] of Object.entries(value))
      members.set(name, { origin, value: givenOf(member, origin) });
    return { kind: "group", members, origin };
  }
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return { kind: "scalar", value: isScalar ? value : null, origin };
}
