// Event: the package of a subscription. RFC 6665 8.2.1, 8.4.
import { formatParameters, type Parameters, scanParameters } from "./parameters.ts";
import { Scanner } from "./scanner.ts";

/** An event package with its templates (`presence.winfo`), and parameters. */
export interface EventHeader {
  readonly package: string;
  readonly parameters: Parameters;
}

/** Null when it is none. */
export function parseEvent(text: string): EventHeader | null {
  const scanner = new Scanner(text);
  scanner.skipSpace();
  const name = scanner.token();
  if (name === "") return null;
  const parameters = scanParameters(scanner);
  scanner.skipSpace();
  return parameters === null || !scanner.done ? null : { package: name, parameters };
}

/** As one value. */
export function formatEvent(event: EventHeader): string {
  return event.package + formatParameters(event.parameters);
}
