// Says whether this machine can run the real core, and what to do where it cannot.
import { findNamespaces } from "./namespace.ts";
import { installLine, missingPrograms } from "./programs.ts";

/** Says what it finds; gives the exit code: 0 it can, 3 it cannot. */
export function examine(say: (line: string) => void): number {
  const missing = missingPrograms();
  for (const one of missing) say(`missing     ${one.program} (package ${one.package})`);
  if (missing.length > 0) say(`do          ${installLine(missing)}`);
  else say("programs    all there: Kamailio with its IMS modules, BIND, dumpcap");
  const needed = ["unshare", "setpriv", "ip"];
  if (missing.some((one) => needed.includes(one.program))) {
    say("namespaces  can be tried once these are there");
    return 3;
  }
  const namespaces = findNamespaces();
  say(
    `namespaces  ${namespaces.allowed ? `allowed: unshare ${namespaces.options.join(" ")}` : namespaces.reason}`,
  );
  return missing.length === 0 && namespaces.allowed ? 0 : 3;
}
