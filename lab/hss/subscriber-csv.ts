// The HSS's users as a CSV file (RFC 4180): one subscription a line, under a line with the names of the fields.
import { decodeHex, encodeHex } from "@liquid-ims/runtime/text";
import { parseSipUri } from "@liquid-ims/sip/uri";
import type { Subscriber, SubscriberAuthentication } from "../ims-core/subscriber.ts";

/** The fields; those that hold several values have them with spaces between. */
export const subscriberFields = [
  "private-identity",
  "public-identities",
  "authentication",
  "k",
  "opc",
  "amf",
  "password",
  "preferred-s-cscfs",
  "application-servers",
] as const;

export type SubscriberField = (typeof subscriberFields)[number];

/** What is wrong in one field of one line. Keys and passwords are never in it. */
export interface SubscriberError {
  /** From 1, which is the line with the names. */
  readonly line: number;
  readonly field: SubscriberField | null;
  /** What is there and what is allowed. */
  readonly problem: string;
}

export type ReadSubscribers =
  | { readonly ok: true; readonly subscribers: readonly Subscriber[] }
  | { readonly ok: false; readonly errors: readonly SubscriberError[] };

/** The values of a line; null when a quote is not closed or stands within a value. */
function splitLine(line: string): string[] | null {
  const values: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/.exec(rest);
    if (match === null) return null;
    values.push(match[1]?.replaceAll('""', '"') ?? (match[2] ?? "").trim());
    if (match[3] === "") return values;
    rest = rest.slice(match[0].length);
  }
}

/** Reads the fields of one line, and collects what is wrong with them. */
class LineReader {
  readonly #line: number;
  readonly #values: ReadonlyMap<string, string>;
  readonly errors: SubscriberError[] = [];

  constructor(line: number, values: ReadonlyMap<string, string>) {
    this.#line = line;
    this.#values = values;
  }

  value(field: SubscriberField): string {
    return this.#values.get(field) ?? "";
  }

  list(field: SubscriberField): string[] {
    return this.value(field)
      .split(/\s+/)
      .filter((value) => value !== "");
  }

  fail(field: SubscriberField, problem: string): void {
    this.errors.push({ line: this.#line, field, problem });
  }

  uris(field: SubscriberField, least: number): string[] {
    const uris = this.list(field);
    if (uris.length < least) this.fail(field, "is empty; give one SIP URI or more, with spaces between");
    for (const uri of uris) {
      const isTel = field === "public-identities" && /^tel:\+?[0-9-]+$/.test(uri);
      if (parseSipUri(uri) === null && !isTel)
        this.fail(field, `"${uri}" is no URI; give SIP URIs such as sip:alice@open-ims.test`);
    }
    return uris;
  }

  /** A value that must not be shown. */
  bytes(field: SubscriberField, count: number, empty: Uint8Array | null): Uint8Array {
    const text = this.value(field);
    if (text === "" && empty !== null) return empty;
    const bytes = decodeHex(text);
    if (bytes?.length === count) return bytes;
    this.fail(field, `has ${text.length} characters; give ${count * 2} hexadecimal digits`);
    return new Uint8Array(count);
  }
}

function readAuthentication(reader: LineReader): SubscriberAuthentication {
  const kind = reader.value("authentication");
  const unused = (...fields: SubscriberField[]): void => {
    for (const field of fields)
      if (reader.value(field) !== "") reader.fail(field, `has no meaning for ${kind}; leave it empty`);
  };
  switch (kind) {
    case "aka":
      unused("password");
      return {
        kind,
        k: reader.bytes("k", 16, null),
        opc: reader.bytes("opc", 16, null),
        amf: reader.bytes("amf", 2, new Uint8Array(2)),
      };
    case "digest": {
      unused("k", "opc", "amf");
      const password = reader.value("password");
      if (password === "") reader.fail("password", "is empty; give the password of SIP Digest");
      return { kind, password };
    }
    default:
      reader.fail("authentication", `"${kind}" is unknown; give aka or digest`);
      return { kind: "digest", password: "" };
  }
}

function readSubscriber(reader: LineReader): Subscriber {
  const privateIdentity = reader.value("private-identity");
  if (!/^[^@\s:]+@[^@\s:]+$/.test(privateIdentity))
    reader.fail("private-identity", `"${privateIdentity}" is none; give one such as alice@open-ims.test`);
  return {
    privateIdentity,
    publicIdentities: reader.uris("public-identities", 1),
    authentication: readAuthentication(reader),
    preferredServers: reader.uris("preferred-s-cscfs", 1),
    registerServers: reader.uris("application-servers", 0),
  };
}

/** What is wrong with the line of names. */
function readNames(names: readonly string[]): SubscriberError[] {
  const allowed = `the fields are ${subscriberFields.join(",")}`;
  const unknown = names.filter((name) => !subscriberFields.some((field) => field === name));
  const missing = subscriberFields.filter((field) => !names.includes(field));
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...unknown.map((name) => ({ line: 1, field: null, problem: `"${name}" is no field; ${allowed}` })),
    ...missing.map((field) => ({ line: 1, field, problem: `is missing; ${allowed}` })),
    ...twice.map((name) => ({ line: 1, field: null, problem: `"${name}" is there twice` })),
  ];
}

/** Reads a whole file: all subscribers, or everything that is wrong. Empty lines and lines with # are passed over. */
export function parseSubscribers(csv: string): ReadSubscribers {
  const lines = csv.replace(/^\ufeff/, "").split(/\r?\n/);
  const names = splitLine(lines[0] ?? "") ?? [];
  const errors: SubscriberError[] = readNames(names);
  if (errors.length > 0) return { ok: false, errors };
  const subscribers: Subscriber[] = [];
  const owners = new Map<string, number>();
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    if (index === 0 || text.trim() === "" || text.startsWith("#")) continue;
    const values = splitLine(text);
    if (values === null || values.length !== names.length) {
      const found = values === null ? 'a " in the wrong place' : `${values.length} values`;
      errors.push({
        line,
        field: null,
        problem: `has ${found}; give ${names.length} values with commas between`,
      });
      continue;
    }
    const reader = new LineReader(line, new Map(names.map((name, at) => [name, values[at] ?? ""])));
    const subscriber = readSubscriber(reader);
    const own = [
      ["private-identity", subscriber.privateIdentity],
      ...subscriber.publicIdentities.map((identity) => ["public-identities", identity] as const),
    ] as const;
    for (const [field, identity] of own) {
      const other = owners.get(identity);
      if (other !== undefined) reader.fail(field, `"${identity}" is in line ${other} already`);
      owners.set(identity, line);
    }
    errors.push(...reader.errors);
    subscribers.push(subscriber);
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, subscribers };
}

function quote(value: string): string {
  return /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The file that `parseSubscribers` reads. */
export function formatSubscribers(subscribers: readonly Subscriber[]): string {
  const rows = subscribers.map((subscriber) => {
    const { privateIdentity, publicIdentities, authentication, preferredServers, registerServers } =
      subscriber;
    const secrets =
      authentication.kind === "aka"
        ? [encodeHex(authentication.k), encodeHex(authentication.opc), encodeHex(authentication.amf), ""]
        : ["", "", "", authentication.password];
    return [
      ...[privateIdentity, publicIdentities.join(" "), authentication.kind, ...secrets],
      ...[preferredServers.join(" "), registerServers.join(" ")],
    ];
  });
  return [subscriberFields, ...rows].map((row) => `${row.map(quote).join(",")}\n`).join("");
}
