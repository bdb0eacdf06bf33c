// The operation that an LCF has open: what it is about and what has become of its dialogs. cfs-ue 7.
import type { Command, DialogDescription, DialogReport, Move } from "@liquid-ims/reference-points/cfs-ue";
import { parseSipUri } from "@liquid-ims/sip/uri";
import { hostPortOf } from "./registration-stamp.ts";
import type { PresentRegistration, UePort } from "./ue-port.ts";

/** The open operation. */
export interface Operation {
  readonly id: string;
  /** Of the newest command. */
  sequence: number;
  move: Move | null;
  /** Dialogs that its registration leaves behind; each wants a result. */
  expected: readonly DialogDescription[];
  readonly results: Map<string, DialogReport>;
  /** A registration is to begin after the one under way. */
  isAgainDue: boolean;
  /** An S move's 200 has named the old S-CSCF once since the last command. */
  wasOld: boolean;
  /** The newest 200 is the one that was wanted. */
  isThere: boolean;
  /** A 200 has come. */
  isRegistered: boolean;
  /** When the registration that is left expires, by the CFS's clock. */
  readonly until: number | null;
}

/** What names a command. */
export type CommandName = Pick<Command, "operation" | "sequence">;

/** Dialogs of the operation that have no result yet. */
export function unreported(operation: Operation): readonly DialogDescription[] {
  return operation.expected.filter(({ id }) => !operation.results.has(id));
}

/**
 * What the registration that has come leaves behind: a dialog may have begun since it was asked for. One that is where it
 * should be already wants no result.
 */
export function leftBehind(
  { move, expected, results }: Operation,
  port: Pick<UePort, "dialogs" | "staleDialogs">,
): readonly DialogDescription[] {
  if (move === null) return [];
  const stale = port.staleDialogs();
  const isStale = new Set(stale.map(({ id }) => id));
  const dialogs = port.dialogs().map(({ id }) => id);
  const isHere = new Set(dialogs.filter((id) => !isStale.has(id)));
  const known = new Set(expected.map(({ id }) => id));
  return [
    ...expected.filter(({ id }) => results.has(id) || !isHere.has(id)),
    ...stale.filter(({ id }) => !known.has(id)),
  ];
}

/** The results for its last report, given the dialogs that are there: what has none has ended, or stays where it is. */
export function resultsOf(operation: Operation, dialogs: readonly DialogDescription[]): DialogReport[] {
  const known = new Set(operation.expected.map(({ id }) => id));
  const left = operation.expected.filter(({ id }) => !operation.results.has(id));
  const present = new Map(dialogs.map((dialog) => [dialog.id, dialog]));
  const until = operation.until === null ? {} : { until: operation.until };
  return [
    ...[...operation.results.values()].filter(({ id, result }) => known.has(id) || result !== "ended"),
    ...left.map(({ id }): DialogReport => {
      const still = present.get(id);
      if (still === undefined) return { id, result: "ended" };
      const reason = still.replaceable === true ? "not replaced in time" : still.replaceable;
      return { id, result: "pinned", reason, ...until };
    }),
  ];
}

/** Whether two moves go through the same P-CSCF. */
export function sameTarget(a: Move, b: Move): boolean {
  if (!("pCscf" in a.target) || !("pCscf" in b.target)) return false;
  return a.target.pCscf.name === b.target.pCscf.name && a.target.pCscf.port === b.target.pCscf.port;
}

/** Whether the Service-Route names that S-CSCF: by host, and by port where the name has one. */
export function namesServer(registration: PresentRegistration, serverName: string): boolean {
  const server = parseSipUri(serverName);
  const route = registration.sCscf;
  if (server === null) return route.startsWith(`${serverName.toLowerCase()}:`);
  return server.port === null
    ? route.startsWith(`${server.host.toLowerCase()}:`)
    : route === hostPortOf(serverName);
}
