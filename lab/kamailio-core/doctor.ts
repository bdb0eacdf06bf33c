// Says whether this machine can run the real core, and what to do where it cannot.
import { findNamespaces, type NamespaceFinding } from "./namespace-probe.ts";
import { installLine, missingPrograms, type NeededProgram } from "./programs.ts";

export interface Examined {
  missing(): readonly NeededProgram[];
  namespaces(): NamespaceFinding;
}

const thisMachine: Examined = { missing: missingPrograms, namespaces: () => findNamespaces() };

/** Without these the namespaces cannot be tried. */
const triedWith = ["unshare", "setpriv", "ip", "mount"];

/** Says what it finds; gives the exit code: 0 it can, 3 it cannot. */
export function examine(say: (line: string) => void, machine: Examined = thisMachine): number {
  const missing = machine.missing();
  for (const one of missing) say(`missing     ${one.program} (package ${one.package})`);
  if (missing.length > 0) say(`do          ${installLine(missing)}`);
  else say("programs    all there: Kamailio with its IMS modules, BIND, dumpcap");
  if (missing.some((one) => triedWith.includes(one.program))) {
    say("namespaces  can be tried once these are there");
    return 3;
  }
  const namespaces = machine.namespaces();
  say(
    `namespaces  ${namespaces.allowed ? `allowed: unshare ${namespaces.options.join(" ")}` : namespaces.reason}`,
  );
  return missing.length === 0 && namespaces.allowed ? 0 : 3;
}
