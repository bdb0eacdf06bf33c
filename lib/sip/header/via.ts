// Via: the way a request took and its response takes back. RFC 3261 20.42, 25.1; RFC 3581 3.
import { formatHost, parseHost } from "../host.ts";
import { formatParameters, type Parameters, scanParameters } from "./parameters.ts";
import { Scanner } from "./scanner.ts";

/** One Via value. */
export interface Via {
  /** Name and version: "SIP/2.0". */
  readonly protocol: string;
  /** In upper case: "UDP", "TCP". */
  readonly transport: string;
  /** Of sent-by; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number | null;
  readonly parameters: Parameters;
}

/** One Via value (lists are split by `Headers.values`); null when it is none. */
export function parseVia(text: string): Via | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const name = scanner.token();
  if (name === "" || !scanner.eat("/")) return null;
  const version = scanner.token();
  if (version === "" || !scanner.eat("/")) return null;
  const transport = scanner.token();
  if (transport === "" || !scanner.skipSpace()) return null;
  const host = parseHost(scanner.host());
  if (host === null) return null;
  let port: number | null = null;
  if (scanner.eat(":")) {
    const digits = scanner.digits();
    if (digits === "" || digits.length > 5 || Number(digits) > 65_535) return null;
    port = Number(digits);
  }
  const parameters = scanParameters(scanner);
  if (parameters === null) return null;
  scanner.skipSpace();
  if (!scanner.done) return null;
  return {
    protocol: `${name.toUpperCase()}/${version}`,
    transport: transport.toUpperCase(),
    host,
    port,
    parameters,
  };
}

/** As one value. */
export function formatVia(via: Via): string {
  const port = via.port === null ? "" : `:${via.port}`;
  return `${via.protocol}/${via.transport} ${formatHost(via.host)}${port}${formatParameters(via.parameters)}`;
}
